"""`step`: one observation in, the new state and the alerts it made out. No clock, no I/O."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from monitor.alerts.alert import Alert
from monitor.alerts.compose import Occasion, compose, short_id
from monitor.hedge import layer as layers
from monitor.hedge.mark import Mark, mark
from monitor.model.layer import Action, LayerState, LayerStatus, Proposal, Ticket
from monitor.model.observation import Observation, Snapshot, Verb, Word
from monitor.rules.desk import draw
from monitor.rules.ground import Footing, follow, shaken
from monitor.rules.lifecycle import Instance, Judged, Phase, Told, Turn
from monitor.rules.pack import Pack, Rule
from monitor.rules.surroundings import View
from monitor.rules.verdict import Verdict
from monitor.signals.absorb import Lens, absorb
from monitor.signals.catalogue import Scope
from monitor.signals.facts import Facts
from monitor.signals.market import market_of
from monitor.signals.rollback import dropped_since, reorg_of

_ORDER: Final = (Action.REMOVE, Action.ROLL, Action.ADD, Action.NOTIFY)


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Everything the road remembers. Instances by `rule|scope`, layers by `layer|scope`.

    epoch: names the store, and so what began in it; part of every idempotency key.
    """

    epoch: str = ""
    at: datetime | None = None
    facts: Facts = field(default_factory=Facts)
    instances: Mapping[str, Instance] = field(default_factory=dict)
    layers: Mapping[str, LayerState] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rulebook:
    """What the road judges by; replaced whole when rules are reloaded.

    rules: in order of precedence, remove before roll before add. max_gap: a silence
    longer than this restarts a rule's `for`.
    """

    packs: tuple[Pack, ...]
    rules: tuple[Rule, ...]
    lens: Lens
    max_gap: timedelta


def in_precedence(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    """Return rules with remove before roll before add before notify, else as given."""
    return tuple(sorted(rules, key=lambda rule: _ORDER.index(rule.action)))


def step(book: Rulebook, state: State, seen: Observation) -> tuple[State, tuple[Alert, ...]]:
    """Return the state after one observation, and the alerts to tell of it."""
    now = seen.observed_at if state.at is None else max(seen.observed_at, state.at)
    if isinstance(seen, Word):
        state = _hear(book, replace(state, at=now), seen)
    else:
        if isinstance(seen, Snapshot):
            state = _shaken(state, seen)
        state = replace(state, at=now, facts=absorb(state.facts, seen, book.lens))
    settled = {key: layers.settle(layer, now) for key, layer in state.layers.items()}
    if settled != state.layers:
        state = replace(state, layers=settled)
    return _judge_all(book, state, now, seen if isinstance(seen, Word) else None)


def refusal(book: Rulebook, state: State, word: Word) -> str:
    """Return why a person's word cannot be taken, in one sentence, or an empty text."""
    if word.verb in {Verb.ACK, Verb.SNOOZE}:
        known = [
            short_id(i, state.epoch) for i in state.instances.values() if i.phase is Phase.FIRING
        ]
        if word.alert in known:
            return ""
        return f"no alert {word.alert} is firing; firing: {', '.join(known) or 'none'}"
    there = {rule.layer.id: rule.layer for rule in book.rules if rule.layer}
    if word.layer not in there:
        return f"no layer {word.layer}; the rules have {', '.join(sorted(there)) or 'none'}"
    scope = there[word.layer].scope
    if scope is Scope.BOOK and word.scope != "book":
        return f"layer {word.layer} covers the whole book: leave --position out"
    if scope is not Scope.BOOK and word.scope == "book":
        return f"layer {word.layer} covers a {scope.value}: name it with --position"
    layer = state.layers.get(f"{word.layer}|{word.scope}") or LayerState(
        layer=word.layer, scope=word.scope
    )
    return layers.refusal(layer, word)


def _hear(book: Rulebook, state: State, word: Word) -> State:
    if refusal(book, state, word):
        return state
    if word.verb in {Verb.ACK, Verb.SNOOZE}:
        return replace(state, instances=dict(_noted(state, word)))
    key = f"{word.layer}|{word.scope}"
    old = state.layers.get(key) or LayerState(layer=word.layer, scope=word.scope)
    new = layers.hear(old, word)
    if new.legs and any(fill.quantity > 0 for fill in word.fills):
        now = state.at or word.observed_at
        held = mark(new.legs, market_of(state.facts, now), now)
        new = replace(new, extrinsic_at_entry_usd=held.extrinsic_usd if held else None)
    return replace(state, layers={**state.layers, key: new})


def _noted(state: State, word: Word) -> Iterator[tuple[str, Instance]]:
    for key, instance in state.instances.items():
        if short_id(instance, state.epoch) != word.alert or instance.phase is not Phase.FIRING:
            yield key, instance
        elif word.verb is Verb.ACK:
            yield key, replace(instance, acked_by=word.by)
        else:
            yield key, replace(instance, snoozed_until=word.until)


def _shaken(state: State, seen: Snapshot) -> State:
    """Mark what rests on blocks that the snapshot's chain has dropped."""
    source = state.facts.chains.get(seen.chain)
    reorg = reorg_of(source, seen)
    since = dropped_since(source, reorg) if reorg else None
    if reorg is None or since is None:
        return state
    found = shaken(state.instances, seen.chain, reorg, since=since)
    return state if found is state.instances else replace(state, instances=found)


def _judge_all(
    book: Rulebook, state: State, now: datetime, word: Word | None
) -> tuple[State, tuple[Alert, ...]]:
    docket = _Docket(book=book, state=state, now=now, word=word)
    stirred = _stirred(state)
    for rule in book.rules:
        for scope in dict.fromkeys((*_scopes(rule, state), *stirred.get(rule.id, ()))):
            docket.judge(rule, scope)
    # What did not change stays the same object, by which others tell.
    return replace(
        state,
        instances=state.instances if docket.instances == state.instances else docket.instances,
        layers=state.layers if docket.layers == state.layers else docket.layers,
    ), tuple(docket.alerts)


def _scopes(rule: Rule, state: State) -> Iterator[str]:
    match rule.scope:
        case Scope.POOL:
            yield from state.facts.pools
        case Scope.POSITION:
            for key, seen in state.facts.positions.items():
                if not seen.gone or _has_layer(rule, state, key):
                    yield key
        case _:
            yield "book"


def _stirred(state: State) -> dict[str, list[str]]:
    """Return by rule the scopes it is not at rest over: these are judged, there or not.

    What ended on a block that was dropped is not at rest.
    """
    found: dict[str, list[str]] = {}
    for instance in state.instances.values():
        if instance.phase is not Phase.INACTIVE or instance.flag or instance.lost:
            found.setdefault(instance.rule, []).append(instance.scope)
    return found


def _left(rule: Rule, state: State, scope: str) -> str:
    """Return why a rule's position or pool is there no more, or an empty text."""
    facts = state.facts
    if rule.scope is Scope.POSITION and not _has_layer(rule, state, scope):
        seen = facts.positions.get(scope)
        if seen is None:
            return "the position is no longer watched"
        if seen.gone:
            return f"the position is gone: {seen.gone}"
        held = seen.measures
        return (
            "" if seen.position.liquidity or held.owed0 or held.owed1 else "the position is empty"
        )
    if rule.scope is Scope.POOL and scope not in facts.pools:
        unread = {one.key for chain in facts.chains.values() for one in chain.missing}
        return "" if scope in unread else "the pool is no longer watched"
    return ""


def _has_layer(rule: Rule, state: State, scope: str) -> bool:
    layer = state.layers.get(f"{rule.layer.id}|{scope}") if rule.layer else None
    return layer is not None and layer.status is not LayerStatus.OFF


class _Docket:
    """One pass over the rules: instances and layers as they become, alerts as they come."""

    def __init__(self, *, book: Rulebook, state: State, now: datetime, word: Word | None) -> None:
        self._book = book
        self._state = state
        self._facts = state.facts
        self._now = now
        self._word = word
        self._market = market_of(state.facts, now)
        self._footing = Footing(state.facts)
        self._marks: dict[str, Mark | None] = {}
        self._errors = sum(i.flag.value == "error" for i in state.instances.values())
        self.instances = dict(state.instances)
        self.layers = dict(state.layers)
        self.alerts: list[Alert] = []

    def judge(self, rule: Rule, scope: str) -> None:
        key = f"{rule.id}|{scope}"
        old = self.instances.get(key) or Instance(rule=rule.id, scope=scope)
        view = self._view(rule, scope)
        verdict = rule.when.judge(view)
        judged = self._judged(rule, old, view, verdict)
        new, turns = follow(rule, old, judged, self._footing)
        if new is not old and new != old:
            self.instances[key] = new
        if not turns and not judged.barred:
            self._renew(rule, new)
        for told in turns:
            proposal = self._propose(rule, new, told)
            occasion = Occasion(
                rule=rule,
                instance=told.of or new,
                told=told,
                view=view,
                verdict=verdict,
                proposal=proposal,
                epoch=self._state.epoch,
            )
            self.alerts.append(compose(occasion))

    def _view(self, rule: Rule, scope: str) -> View:
        layer = self._layer(rule, scope)
        return View(
            facts=self._facts,
            scope=scope,
            now=self._now,
            max_age=rule.max_age,
            layer=layer,
            mark=self._mark(layer),
            rule_errors=self._errors,
        )

    def _layer(self, rule: Rule, scope: str) -> LayerState | None:
        if rule.layer is None:
            return None
        key = f"{rule.layer.id}|{scope}"
        return self.layers.get(key) or LayerState(layer=rule.layer.id, scope=scope)

    def _mark(self, layer: LayerState | None) -> Mark | None:
        if layer is None or not layer.legs:
            return None
        key = f"{layer.layer}|{layer.scope}"
        if key not in self._marks:
            self._marks[key] = mark(layer.legs, self._market, self._now)
        return self._marks[key]

    def _judged(self, rule: Rule, old: Instance, view: View, verdict: Verdict) -> Judged:
        layer = view.layer
        barred = _left(rule, self._state, old.scope)
        if not barred and layer is not None and rule.action is not Action.NOTIFY:
            barred = layers.may(rule.action, layer, rule=rule.id, top_up=rule.top_up) or ""
            if rule.action in {Action.ADD, Action.ROLL} and view.value("layer.orphaned").value:
                barred = barred or f"what {layer.layer} would protect is gone"
        return Judged(
            now=self._now,
            when=verdict,
            clear=rule.clear.judge(view) if rule.clear and old.phase is Phase.FIRING else None,
            max_gap=rule.max_gap or self._book.max_gap,
            barred=barred,
            done=self._doer(layer),
            inhibited=self._inhibitor(rule, old.scope),
        )

    def _doer(self, layer: LayerState | None) -> str:
        """Return who acts on this very layer by the word being heard, or an empty text."""
        word = self._word
        if word is None or layer is None or layer.status is LayerStatus.EXPIRED:
            return ""
        return word.by if (word.layer, word.scope) == (layer.layer, layer.scope) else ""

    def _renew(self, rule: Rule, instance: Instance) -> None:
        """Put back a proposal that a partial trade has used up, while its rule still fires."""
        layer = self._layer(rule, instance.scope)
        due = rule.action in {Action.ROLL, Action.REMOVE} and not instance.voided
        if layer is None or not due or instance.phase is not Phase.FIRING or layer.proposal:
            return
        made = self._proposal(rule, instance, layer)
        self.layers[f"{layer.layer}|{layer.scope}"] = layers.propose(layer, made)

    def _inhibitor(self, rule: Rule, scope: str) -> str:
        for other in rule.inhibited_by:
            for where in dict.fromkeys((scope, "book")):
                instance = self.instances.get(f"{other}|{where}")
                if instance is not None and instance.phase is Phase.FIRING:
                    return other
        return ""

    def _propose(self, rule: Rule, instance: Instance, told: Told) -> Proposal | None:
        layer = self._layer(rule, instance.scope)
        if layer is None or rule.action is Action.NOTIFY:
            return None
        key = f"{layer.layer}|{layer.scope}"
        match told.turn:
            case Turn.FIRING | Turn.REPEAT:
                proposal = self._proposal(rule, instance, layer)
                self.layers[key] = layers.propose(layer, proposal)
                return proposal
            case Turn.EXPIRED:
                self.layers[key] = layers.expire(layer, self._now)
            case Turn.RESOLVED:
                self.layers[key] = layers.withdraw(layer, rule.id)
            case Turn.RETRACTED:
                self.layers[key] = layers.withdraw(layer, rule.id)
                return None
            case _:
                pass
        return layer.proposal

    def _proposal(self, rule: Rule, instance: Instance, layer: LayerState) -> Proposal:
        drawn = draw(rule, layer, self._facts, self._market, self._now)
        ticket = drawn if isinstance(drawn, Ticket) else None
        made_at = instance.proposed_at or self._now
        return Proposal(
            rule=rule.id,
            alert=short_id(instance, self._state.epoch),
            action=rule.action,
            at=made_at,
            expires_at=made_at + rule.expires if rule.expires else None,
            ticket=ticket,
            note="" if isinstance(drawn, Ticket) else drawn,
        )
