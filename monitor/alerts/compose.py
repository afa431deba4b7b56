"""Making an alert out of a rule's turn: its identity, its words, its evidence."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

from monitor.alerts import retraction
from monitor.alerts.alert import Alert, AlertState
from monitor.alerts.figures import figure, precise
from monitor.alerts.ticket import fit_lines
from monitor.amm.measure import Measures
from monitor.hedge.legs import spell_leg
from monitor.model.layer import Proposal, Ticket
from monitor.model.observation import Block
from monitor.rules.lifecycle import Instance, Phase, Told, Turn
from monitor.rules.pack import Rule
from monitor.rules.surroundings import View, blind_chains
from monitor.rules.verdict import Scalar, Verdict
from monitor.signals.book import book_value_usd, live_positions, unpriced
from monitor.signals.catalogue import Scope
from monitor.signals.facts import PositionSeen

Lookup: TypeAlias = Callable[[str], Scalar | None]
_ENDS: Final = frozenset({Turn.RESOLVED, Turn.FILLED, Turn.RETRACTED})
_NEVER: Final = 1e-12
"""Prices below this, and above its inverse, are the ends of a full range."""

_WHOLE: Final = 100
"""Prices from here up are told without decimals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """One turn of one rule, with all that an alert tells of it."""

    rule: Rule
    instance: Instance
    told: Told
    view: View
    verdict: Verdict
    proposal: Proposal | None
    epoch: str = ""


def short_id(instance: Instance, epoch: str) -> str:
    """Return the six characters people call an episode by; the same for one episode always.

    epoch: of the store, so that a new store's first episode is not an old one's.
    """
    episode = f"{epoch}|{instance.rule}|{instance.scope}|{instance.seq}"
    return hashlib.sha256(episode.encode()).hexdigest()[:6].upper()


def compose(occasion: Occasion) -> Alert:
    """Return the alert for one turn."""
    rule, instance, view = occasion.rule, occasion.instance, occasion.view
    ticket = occasion.proposal.ticket if occasion.proposal else None
    lookup = _lookup(occasion, ticket)
    position = view.facts.positions.get(instance.scope)
    chain, block = _evidence(occasion, position)
    return Alert(
        id=short_id(instance, occasion.epoch),
        idem=_idem(occasion),
        key=f"{rule.id}|{instance.scope}",
        rule=rule.id,
        pack=rule.pack,
        scope=instance.scope,
        layer=rule.layer.id if rule.layer else None,
        layer_title=rule.layer.title if rule.layer else "",
        action=rule.action,
        state=AlertState(occasion.told.turn.value),
        severity=rule.severity,
        at=view.now,
        since=_since(occasion),
        title=rule.title.render(lookup),
        text=_text(occasion, lookup),
        subject=_subject(occasion, position),
        reason=_reason(occasion, block),
        position=position.position.key if position else None,
        block=block,
        chain=chain,
        trace=occasion.verdict.trace,
        values={name: lookup(name) for name in sorted(rule.when.names)},
        ticket=ticket,
        expires_at=occasion.proposal.expires_at if occasion.proposal else None,
        route=rule.route,
    )


def _since(occasion: Occasion) -> datetime:
    """Return since when the condition has been, or had been, true; of SEEN since when unknown."""
    if occasion.told.turn is Turn.SEEN:
        return occasion.instance.dark_since or occasion.view.now
    instance = occasion.instance
    begun = instance.since or (instance.ended if occasion.told.turn in _ENDS else None)
    return begun or occasion.view.now


def _blind(occasion: Occasion) -> tuple[str, ...]:
    """Return the chains the alert tells of, where its rule speaks of blindness."""
    if "system.poll_age_s" not in occasion.rule.when.names:
        return ()
    instance, view = occasion.instance, occasion.view
    open_ = instance.phase is Phase.FIRING or occasion.told.turn in _ENDS
    return (instance.blind if open_ else ()) or blind_chains(view.facts, view.now)


def _reason(occasion: Occasion, block: Block | None) -> str:
    if occasion.told.turn is Turn.RETRACTED:
        return retraction.reason(occasion.told.reason, block, occasion.verdict)
    return occasion.told.reason


def _text(occasion: Occasion, lookup: Lookup) -> str:
    """Return the rule's own words while it speaks; what a layer now holds once it was acted on."""
    match occasion.told.turn:
        case Turn.RESOLVED | Turn.SEEN:
            return ""
        case Turn.RETRACTED:
            return retraction.kept(occasion.view.layer, occasion.instance.filled_by)
        case Turn.FILLED:
            layer = occasion.view.layer
            legs = ", ".join(spell_leg(leg) for leg in layer.legs) if layer else ""
            return f"Now holds {legs}" if legs else "Now off"
        case _:
            text = occasion.rule.text.render(lookup)
            made = occasion.proposal
            if made is None or made.ticket is not None or not made.note:
                return text
            fit = fit_lines(made.fit) if made.fit else ()
            return "\n".join((text, f"No ticket: {made.note}.", *fit))


def _idem(occasion: Occasion) -> str:
    instance, told = occasion.instance, occasion.told
    turn = told.turn.value if told.number is None else f"{told.turn.value}.{told.number}"
    key = f"{instance.rule}:{instance.scope}:{instance.seq}:{turn}"
    return f"{occasion.epoch}:{key}" if occasion.epoch else key


def _lookup(occasion: Occasion, ticket: Ticket | None) -> Lookup:
    """Return what answers a template: the rule's signals, and the names only texts may use."""
    texts = _texts(occasion, ticket)
    return lambda name: texts[name] if name in texts else occasion.view.value(name).value


def _texts(occasion: Occasion, ticket: Ticket | None) -> Mapping[str, Scalar | None]:
    position = occasion.view.facts.positions.get(occasion.instance.scope)
    pool = occasion.view.facts.pools.get(
        position.position.pool if position else occasion.instance.scope
    )
    age = occasion.view.value("vix_age_s").value
    return {
        "ticket.legs": ", ".join(spell_leg(leg) for leg in ticket.legs) if ticket else None,
        "ticket.cost_usd": ticket.cost_usd if ticket else None,
        "ticket.cost_low_usd": ticket.cost_low_usd if ticket else None,
        "ticket.cost_high_usd": ticket.cost_high_usd if ticket else None,
        "ticket.priced_by": ticket.priced_by if ticket else None,
        "ticket.note": ticket.note if ticket else None,
        "position.label": label(position) if position else None,
        "pool.pair": pool.state.pool.pair if pool else None,
        "system.blind_chains": ", ".join(_blind(occasion)) or None,
        "layer.title": occasion.rule.layer.title if occasion.rule.layer else None,
        "vix_age": f"{age / 60:.0f} m" if isinstance(age, float) else None,
    }


def label(position: PositionSeen) -> str:
    """Return how people recognise a position: `#4471 WETH/USDC 1,800-2,600`."""
    return f"#{position.position.token_id} {position.pair} {edges(position.measures)}"


def edges(measures: Measures) -> str:
    """Return a range as people read it: `1,800-2,600`, or `full range`."""
    if measures.price_lower < _NEVER and measures.price_upper > 1 / _NEVER:
        return "full range"
    low, high = measures.price_lower, measures.price_upper
    return f"{precise(_price(low), low, high - low)}–{precise(_price(high), high, high - low)}"


def price_told(measures: Measures) -> str:
    """Return the price, as precise as its place in the range asks for."""
    stretch = measures.price_upper - measures.price_lower
    return precise(figure(measures.price, "quote per base"), measures.price, stretch)


def _price(value: float) -> str:
    return f"{value:,.0f}" if value >= _WHOLE else f"{value:.4g}"


def _subject(occasion: Occasion, position: PositionSeen | None) -> str:
    if position is not None:
        return label(position)
    rule, facts = occasion.rule, occasion.view.facts
    if rule.scope is Scope.POOL:
        pool = facts.pools.get(occasion.instance.scope)
        return f"{pool.state.pool.pair} {pool.price:,.2f}" if pool else ""
    if rule.pack == "self":
        return ""
    if not any(chain.good_at for chain in facts.chains.values()):
        return "Book: not read yet"
    held, value = live_positions(facts), book_value_usd(facts)
    count = f"{len(held)} position{'s' if len(held) != 1 else ''}"
    if without := unpriced(facts):
        count += f" ({without} unpriced, left out)"
    return f"Book: {count}, {value:,.0f} USD" if value is not None else f"Book: {count}"


def _evidence(occasion: Occasion, position: PositionSeen | None) -> tuple[str | None, Block | None]:
    if position is not None:
        return position.chain, position.block
    if blind := _blind(occasion):
        source = occasion.view.facts.chains.get(blind[0]) if len(blind) == 1 else None
        return (source.name, source.block) if source else (None, None)
    sources = [s for s in occasion.view.facts.chains.values() if s.block is not None]
    if len(sources) == 1:
        return sources[0].name, sources[0].block
    return None, None
