"""Positions as cards, those that ask for a look first."""

from collections.abc import Iterator
from typing import Final

from monitor.alerts.compose import edges, price_told
from monitor.alerts.figures import age, figure
from monitor.signals.facts import PositionSeen
from monitor.signals.of_money import no_entry
from monitor.signals.of_position import OF_POSITION
from monitor.web.markup import Markup, Part, el, joined, said
from monitor.web.range_bar import range_bar
from monitor.web.seen import Seen
from monitor.web.words import note, section, unknown

_MOST: Final = 1_000
"""A page of more would be no page."""


def positions(seen: Seen) -> Markup:
    """Return the section."""
    there = sorted(seen.state.facts.positions.values(), key=lambda one: _rank(seen, one))
    cards = [_card(seen, one) for one in there[:_MOST]]
    more = len(there) - len(cards)
    return section(
        "positions",
        "Positions",
        el("ul", *cards, class_="cards") if cards else note("No position has been seen yet."),
        note(f"and {more:,} more: `hedgewatch positions` shows them") if more else None,
        [note(one) for one in _unread(seen)],
    )


def _rank(seen: Seen, one: PositionSeen) -> tuple[int, float]:
    """Return what comes first: unread, out of range, in range by loss; then empty and gone."""
    if one.gone:
        return 4, 0.0
    if one.unread or one.chain in seen.blind:
        return 0, 0.0
    if not one.position.liquidity:
        return 3, 0.0
    return (2 if one.measures.in_range else 1), one.measures.il or 0.0


def _card(seen: Seen, one: PositionSeen) -> Markup:
    old = one.unread or seen.blind.get(one.chain, "")
    state, told = _state(seen, one, old)
    head = el(
        "h3",
        el("span", seen.title(one), class_="id"),
        " ",
        el("span", said(one.pair)),
        " ",
        el("span", told, class_=f"badge {state}"),
    )
    body: Part = note(said(one.gone)) if one.gone else _body(seen, one, old)
    key = f"position:{one.position.key}"
    return el("li", head, body, class_=f"card {'old' if old or one.gone else state}", data_key=key)


def _state(seen: Seen, one: PositionSeen, old: str) -> tuple[str, str]:
    if one.gone:
        return "unknown", "gone"
    if old:
        return "unknown", "? unknown"
    if not one.position.liquidity:
        return "quiet", "○ empty"
    if one.measures.in_range:
        return "quiet", "○ in range"
    side = "▲ above" if one.measures.distance_upper < 0 else "▼ below"
    since = f" {age((seen.now - one.out_since).total_seconds())}" if one.out_since else ""
    return "pending", f"{side}{since}"


def _body(seen: Seen, one: PositionSeen, old: str) -> Markup:
    measures = one.measures
    where = "in range" if measures.in_range else "out of range"
    price = price_told(measures)
    words = f"price {price}, range {edges(measures)}, {'unknown now' if old else where}"
    return joined(
        range_bar(measures, words, dim=bool(old) or not one.position.liquidity),
        el("p", f"range {edges(measures)} · price {price}", class_="edges"),
        el("p", *_figures(seen, one, old), class_="figures"),
        note(said(old), "; figures of block ", f"{one.block.number:,}") if old else None,
        *(note(said(why)) for why in (() if old else _whys(seen, one))),
    )


def _figures(seen: Seen, one: PositionSeen, old: str) -> Iterator[Markup]:
    measures = one.measures
    share, _ = _in_range(seen, one)
    for label, value, unit in (
        ("IL", measures.il, "fraction"),
        ("fees", measures.fees_usd, "usd"),
        ("value", measures.total.usd, "usd"),
        ("time in range", share, "fraction"),
    ):
        # Figures of a block too old are unknown to rules, and so they are here.
        told = unknown() if old or value is None else el("b", figure(value, unit))
        yield el("span", label, " ", told)


def _in_range(seen: Seen, one: PositionSeen) -> tuple[float | None, str]:
    return OF_POSITION["position.time_in_range"](seen.state.facts, one, seen.now)


def _whys(seen: Seen, one: PositionSeen) -> Iterator[str]:
    """Yield why a figure that was read now is unknown all the same."""
    if one.measures.il is None:
        why = no_entry(one) if one.position.liquidity else one.position.basis_note
        if why:
            yield f"IL unknown: {why}"
    share, why = _in_range(seen, one)
    if share is None and why and one.position.liquidity:
        yield f"Time in range unknown: {why}"


def _unread(seen: Seen) -> Iterator[str]:
    """Yield what is watched and was never read."""
    for name in seen.ground.chains:
        chain = seen.state.facts.chains.get(name)
        for one in chain.missing if chain else ():
            if one.key not in seen.state.facts.positions:
                yield said(f"Not read: {one.key}: {one.reason}")
