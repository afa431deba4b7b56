"""`step`: one observation in, the new state and the alerts it made out. No clock, no I/O."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from monitor.alerts.alert import Alert
from monitor.alerts.compose import Occasion, compose, short_id
from monitor.alerts.deed import deed, traded, untold
from monitor.alerts.silence import SPOKEN
from monitor.hedge import layer as layers
from monitor.hedge.entry import backfilled, entered
from monitor.hedge.journal import traded_at
from monitor.hedge.mark import first_end
from monitor.model.layer import Action, LayerState, LayerStatus, Proposal, untouched
from monitor.model.observation import Observation, Snapshot, Verb, Word
from monitor.model.same import Same
from monitor.model.swift import altered, swift
from monitor.rules.desk import Book, proposed
from monitor.rules.ground import Footing, follow, shaken
from monitor.rules.lifecycle import Instance, Judged, Phase, Told, Turn, at_rest, unmoved
from monitor.rules.marked import Marked
from monitor.rules.pack import Pack, Rule
from monitor.rules.scopes import left, unknown_layer
from monitor.rules.sift import Case, Sieve, asleep
from monitor.rules.standing import NONE, Standing, moved, standing_of
from monitor.rules.surroundings import Given, View, blind_chains
from monitor.rules.verdict import Value
from monitor.signals.absorb import Lens, absorb
from monitor.signals.awaited import awaited
from monitor.signals.catalogue import Scope
from monitor.signals.facts import Facts
from monitor.signals.market import coins_of_day, market_of
from monitor.signals.of_hedge import hedged
from monitor.signals.rollback import dropped_since, reorg_of

MANY: Final = 6
"""So many rows are judged by columns at less cost than one by one."""

_ORDER: Final = (Action.REMOVE, Action.ROLL, Action.ADD, Action.NOTIFY)


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Everything the road remembers. Instances by `rule|scope`, layers by `layer|scope`.

    epoch: names the store, and so what began in it; part of every idempotency key.
    standing: what of the instances is not at rest; worked out anew where it is not theirs.
    """

    epoch: str = ""
    at: datetime | None = None
    facts: Facts = field(default_factory=Facts)
    instances: Mapping[str, Instance] = field(default_factory=dict)
    layers: Mapping[str, LayerState] = field(default_factory=dict)
    standing: Standing | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rulebook:
    """What the road judges by; replaced whole when rules are reloaded.

    rules: in order of precedence, remove before roll before add. max_gap: a silence
    longer than this restarts a rule's `for`. many: from how many pools or positions on
    they are judged together; a matter of speed alone. given: what answers rules in the
    facts' place, in tests of rule files.
    """

    packs: tuple[Pack, ...]
    rules: tuple[Rule, ...]
    lens: Lens
    max_gap: timedelta
    many: int = MANY
    given: Given | None = None


_with: Final = altered(State)
_view: Final = swift(View)
_judged: Final = swift(Judged)


def in_precedence(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    """Return rules with remove before roll before add before notify, else as given."""
    return tuple(sorted(rules, key=lambda rule: _ORDER.index(rule.action)))


def step(book: Rulebook, state: State, seen: Observation) -> tuple[State, tuple[Alert, ...]]:
    """Return the state after one observation, and the alerts to tell of it."""
    now = seen.observed_at if state.at is None else max(seen.observed_at, state.at)
    before = state
    if isinstance(seen, Word):
        state = _hear(book, replace(state, at=now), seen)
    else:
        if isinstance(seen, Snapshot):
            state = _shaken(state, seen)
        state = _with(state, at=now, facts=absorb(state.facts, seen, book.lens))
    if now >= first_end(Same(state.layers)):
        settled = {key: layers.settle(layer, now) for key, layer in state.layers.items()}
        state = state if settled == state.layers else replace(state, layers=settled)
    priced = Marked(state.facts, state.layers, now)
    if (told := _told(state.layers, priced)) != state.layers:
        state = replace(state, layers=told)
    facts = hedged(state.facts, state.layers, now, lambda: priced.ledger)
    if facts is not state.facts:
        state = _with(state, facts=facts)
    priced.move(state.facts, state.layers)
    new, alerts = _judge_all(book, state, priced, seen if isinstance(seen, Word) else None)
    deeds = _deeds(book, before, new, seen, alerts) if isinstance(seen, Word) else ()
    return new, (*alerts, *deeds)


def _deeds(
    book: Rulebook, before: State, new: State, seen: Word, told: tuple[Alert, ...]
) -> Iterator[Alert]:
    """Yield the event of a trade that no alert asked for."""
    key = f"{seen.layer}|{seen.scope}"
    after = new.layers.get(key)
    for pack in book.packs:
        for given in pack.layers:
            if given.id == seen.layer and untold(before.layers.get(key), after, seen, told):
                assert after is not None
                yield deed(given, after, seen, pack=pack.id, epoch=new.epoch)


def refusal(book: Rulebook, state: State, word: Word) -> str:
    """Return why a person's word cannot be taken, in one sentence, or an empty text."""
    if word.verb in SPOKEN:
        return ""  # of no concern to any rule or layer
    if word.verb in {Verb.ACK, Verb.SNOOZE}:
        known = [
            short_id(i, state.epoch) for i in state.instances.values() if i.phase is Phase.FIRING
        ]
        if word.alert in known:
            return ""
        return f"no alert {word.alert} is firing; firing: {', '.join(known) or 'none'}"
    if unknown := unknown_layer(book.rules, word, state.layers):
        return unknown
    layer = state.layers.get(f"{word.layer}|{word.scope}") or LayerState(
        layer=word.layer, scope=word.scope
    )
    return layers.refusal(layer, word)


def _hear(book: Rulebook, state: State, word: Word) -> State:
    if word.verb in SPOKEN or refusal(book, state, word):
        return state
    if word.verb in {Verb.ACK, Verb.SNOOZE}:
        return replace(state, instances=dict(_noted(state, word)))
    key = f"{word.layer}|{word.scope}"
    old = state.layers.get(key) or LayerState(layer=word.layer, scope=word.scope)
    now = state.at or word.observed_at
    at = traded_at(old, word)
    new = layers.hear(old, word, coins_of_day(state.facts, at, now))
    if word.verb in layers.TRADES:
        new = entered(old, new, market_of(state.facts, now), now)
    return replace(state, layers={**state.layers, key: new})


def _told(known: Mapping[str, LayerState], priced: Marked) -> Mapping[str, LayerState]:
    """Return layers with what was not known of their entry, as soon as they can be marked."""
    new = [one for one in known.values() if one.legs and one.extrinsic_at_entry_usd is None]
    if not new:
        return known
    told = {f"{one.layer}|{one.scope}": backfilled(one, priced.mark(one)) for one in new}
    return {**known, **told}


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
    book: Rulebook, state: State, priced: Marked, word: Word | None
) -> tuple[State, tuple[Alert, ...]]:
    now = priced.now
    docket = _Docket(book=book, state=state, priced=priced, word=word)
    sieve = Sieve(state.facts, state.layers, now, many=book.many)
    still = asleep(Same(book.rules), Same(state.layers), Same(docket.standing))
    for rule in book.rules:
        if rule.id in still and docket.layers == state.layers:
            continue
        astir = docket.standing.astir.get(rule.id, NONE)
        for case in sieve.cases(rule, astir, docket.layers, partial(docket.view, rule)):
            docket.judge(rule, case)
    standing = moved(docket.standing, docket.changed)
    # What did not change stays the same object, by which others tell.
    return _with(
        state,
        instances=standing.instances,
        standing=standing,
        layers=state.layers if docket.layers == state.layers else docket.layers,
    ), tuple(docket.alerts)


def _standing(state: State) -> Standing:
    known = state.standing
    if known is not None and known.instances is state.instances:
        return known
    return standing_of(state.instances)


def _doer(word: Word | None, layer: LayerState | None) -> str:
    """Return who acts on this very layer by the word being heard, or an empty text."""
    if word is None or layer is None or layer.status is LayerStatus.EXPIRED:
        return ""
    if word.verb not in layers.TRADES:
        return ""
    return word.by if (word.layer, word.scope) == (layer.layer, layer.scope) else ""


def _deed(word: Word | None, layer: LayerState | None) -> str:
    """Return what a word says was traded of a layer, in words."""
    return traded(layer, word) if word is not None and layer is not None else ""


def _blind(rule: Rule, facts: Facts, now: datetime) -> tuple[str, ...]:
    """Return the chains a rule over blindness fires for."""
    return blind_chains(facts, now) if "system.poll_age_s" in rule.when.names else ()


class _Docket:
    """One pass over the rules: instances and layers as they become, alerts as they come."""

    def __init__(self, *, book: Rulebook, state: State, priced: Marked, word: Word | None) -> None:
        self._book = book
        self._state = state
        self._facts = state.facts
        self._now = priced.now
        self._word = word
        self._footing = Footing(state.facts)
        self._marked = priced
        self.standing = _standing(state)
        self._noted: dict[tuple[str, timedelta | None], Value] = {}
        self.changed: dict[str, Instance] = {}
        self.layers = dict(state.layers)
        self.alerts: list[Alert] = []

    def judge(self, rule: Rule, case: Case) -> None:
        key = f"{rule.id}|{case.scope}"
        old = self._instance(key) or unmoved(rule.id, case.scope)
        judged = self._weighed(rule, old, case)
        if judged is None:
            return
        new, turns = follow(rule, old, judged, self._footing)
        if not turns:
            if new is not old and new != old:
                self.changed[key] = new
            if rule.layer is not None and not judged.barred:
                self._renew(rule, new)
            return
        # What is told is told with every number it came of.
        view = self.view(rule, case.scope)
        verdict = rule.when.judge(view)
        new, turns = follow(rule, old, replace(judged, when=verdict), self._footing)
        self.changed[key] = new
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

    def _weighed(self, rule: Rule, old: Instance, case: Case) -> Judged | None:
        """Return what is found now, without a trace; None where it can change nothing."""
        barred = "" if case.there else self._barred(rule, case.scope)
        if barred and at_rest(old) and old.dark_since is None:
            return None  # whatever is true
        view = None if case.there else self.view(rule, case.scope)
        when = case.when or rule.when.glance(view or self.view(rule, case.scope))
        if when.truth is False and at_rest(old):
            return None
        clear = case.clear
        open_ = old.phase is Phase.FIRING or old.lost is not None
        if clear is None and rule.clear is not None and open_:
            clear = rule.clear.glance(view or self.view(rule, case.scope))
        done = _doer(self._word, view.layer) if view else ""
        names, sources, waits = rule.when.names, self._book.lens.feeds, when.truth is None
        return _judged(
            now=self._now,
            when=when,
            clear=clear,
            max_gap=rule.max_gap or self._book.max_gap,
            barred=barred,
            done=done,
            deed=_deed(self._word, view.layer) if view and done else "",
            inhibited=self._inhibitor(rule, case.scope) if rule.inhibited_by else "",
            blind=_blind(rule, self._facts, self._now) if when.truth else (),
            awaited=awaited(self._facts, names, sources=sources, now=self._now) if waits else "",
        )

    def _barred(self, rule: Rule, scope: str) -> str:
        """Return why a rule's action does not apply now, or an empty text."""
        # What is there counts by the layers as they were before any rule was judged.
        barred = left(rule, self._facts, self._state.layers, scope)
        layer = self._layer(rule, scope)
        if barred or layer is None or rule.action is Action.NOTIFY:
            return barred
        if why := layers.may(rule.action, layer, rule=rule.id, top_up=rule.top_up):
            return why
        opens = rule.action in {Action.ADD, Action.ROLL} and rule.scope is Scope.POSITION
        gone = opens and self.view(rule, scope).value("layer.orphaned").value
        return f"what {layer.layer} would protect is gone" if gone else ""

    def _instance(self, key: str) -> Instance | None:
        return self.changed.get(key) or self.standing.instances.get(key)

    def view(self, rule: Rule, scope: str) -> View:
        return _view(
            facts=self._facts,
            scope=scope,
            now=self._now,
            max_age=rule.max_age,
            layer=self._layer(rule, scope),
            marked=self._marked,
            rule_errors=self.standing.errors,
            noted=self._noted,
            given=self._book.given,
        )

    def _layer(self, rule: Rule, scope: str) -> LayerState | None:
        if rule.layer is None:
            return None
        return self.layers.get(f"{rule.layer.id}|{scope}") or untouched(rule.layer.id, scope)

    def _renew(self, rule: Rule, instance: Instance) -> None:
        """Put back a proposal that a partial trade has used up, while its rule still fires."""
        layer = self._layer(rule, instance.scope)
        due = rule.action in {Action.ROLL, Action.REMOVE} and not instance.voided
        if layer is None or not due or instance.phase is not Phase.FIRING or layer.proposal:
            return
        made = self._proposal(rule, instance)
        self.layers[f"{layer.layer}|{layer.scope}"] = layers.propose(layer, made)

    def _inhibitor(self, rule: Rule, scope: str) -> str:
        for other in rule.inhibited_by:
            for where in dict.fromkeys((scope, "book")):
                instance = self._instance(f"{other}|{where}")
                if instance is not None and instance.phase is Phase.FIRING:
                    return other
        return ""

    def _propose(self, rule: Rule, instance: Instance, told: Told) -> Proposal | None:
        layer = self._layer(rule, instance.scope)
        if layer is None or rule.action is Action.NOTIFY:
            return None
        key = f"{layer.layer}|{layer.scope}"
        if told.turn in {Turn.FIRING, Turn.REPEAT}:
            proposal = self._proposal(rule, instance)
            self.layers[key] = layers.propose(layer, proposal)
            return proposal
        if told.turn is Turn.EXPIRED:
            self.layers[key] = layers.expire(layer, self._now)
        elif told.turn in {Turn.RESOLVED, Turn.RETRACTED}:
            self.layers[key] = layers.withdraw(layer, rule.id)
        return None if told.turn is Turn.RETRACTED else layer.proposal

    def _proposal(self, rule: Rule, instance: Instance) -> Proposal:
        view = self.view(rule, instance.scope)
        book = Book(
            facts=self._facts, market=self._marked.market, layers=self.layers, now=self._now
        )
        alert = short_id(instance, self._state.epoch)
        return proposed(rule, view, book, alert=alert, at=instance.proposed_at or self._now)
