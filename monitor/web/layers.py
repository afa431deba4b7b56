"""Hedge layers as a ladder: state, legs, next date, and the ticket that is asked for."""

from collections.abc import Iterator
from datetime import datetime

from monitor.alerts.figures import day, moment
from monitor.alerts.ticket import ticket_lines
from monitor.hedge.book import Known
from monitor.hedge.contracts import days_left, expired
from monitor.hedge.legs import spell_leg
from monitor.model.layer import PERPETUAL, LayerState, LayerStatus, Proposal
from monitor.rules.scopes import ruleless
from monitor.web.markup import Markup, Part, el, said
from monitor.web.seen import Seen
from monitor.web.standing import Stand
from monitor.web.words import badge, known, note, section, until

_STANDS = {
    LayerStatus.PROPOSED: Stand.PENDING,
    LayerStatus.ROLL_DUE: Stand.PENDING,
    LayerStatus.REMOVE_DUE: Stand.FIRING,
    LayerStatus.EXPIRED: Stand.FIRING,
}


def layers(seen: Seen) -> Markup:
    """Return the section."""
    there = list(seen.state.layers.values())
    gone = {one.layer for one in ruleless(seen.ground.layers, seen.state.layers)}
    titles = {one.id: one.title for one in seen.ground.layers} | dict.fromkeys(
        gone, "no rule in force watches it: enable its pack, or close it"
    )
    rungs = [rung for name in titles for rung in _rungs(seen, there, name, titles[name])]
    return section(
        "layers",
        "Hedge layers",
        el("ol", *rungs, class_="ladder") if rungs else note("The enabled rules have no layers."),
        _together(seen),
    )


def _rungs(seen: Seen, there: list[LayerState], name: str, title: str) -> Iterator[Markup]:
    mine = [one for one in there if one.layer == name]
    # Of a layer off over many positions one line says all there is.
    live = [one for one in mine if one.status is not LayerStatus.OFF or one.legs]
    for one in live or mine[:1] or [LayerState(layer=name, scope="")]:
        yield _rung(seen, one, title)


def _rung(seen: Seen, one: LayerState, title: str) -> Markup:
    stand = _STANDS.get(one.status, Stand.QUIET)
    state = one.status.value.replace("_", " ")
    scope = "" if one.scope in {"", "book"} else f" {seen.name_of(one.scope)}"
    shape = "■ on" if one.status is LayerStatus.ON else None
    return el(
        "li",
        el(
            "h3",
            el("span", one.layer, scope, class_="id"),
            " ",
            badge(stand, state) if shape is None else el("span", shape, class_="badge on"),
            " ",
            el("span", said(title), class_="title"),
        ),
        el("p", ", ".join(spell_leg(leg) for leg in one.legs), class_="legs") if one.legs else None,
        el("p", _next(one, seen.now), class_="note") if one.legs else None,
        _worth(seen, one) if one.journal else None,
        _ticket(one.proposal, seen.now) if one.proposal else None,
        class_=f"rung {stand.value}{' on' if one.legs else ''}",
        data_key=f"layer:{one.layer}|{one.scope}",
    )


def _next(one: LayerState, now: datetime) -> str:
    """Return the nearest date of what is held."""
    dated = [leg.contract for leg in one.legs if leg.contract.expiry != PERPETUAL]
    live = [contract for contract in dated if not expired(contract, now)]
    if not live:
        return "awaits settlement" if dated else "no expiry"
    nearest = min(live, key=lambda contract: contract.expiry).expiry
    return f"next date {day(nearest)}, {int(days_left(nearest, now))} d"


def _worth(seen: Seen, one: LayerState) -> Markup:
    line = seen.marked.line(one)
    by = f" ({line.by})" if line.by else ""
    whys = _whys(line.value, line.pnl)
    return el("p", "value ", _usd(line.value), ", P&L ", _usd(line.pnl), by, whys, class_="note")


def _usd(told: Known) -> Markup:
    return known(told[0], "usd")


def _whys(*told: Known) -> str:
    """Return why any of these is unknown, each reason once; or nothing."""
    found = dict.fromkeys(said(why) for value, why in told if value is None and why)
    return f": {'; '.join(found)}" if found else ""


def _ticket(asked: Proposal, now: datetime) -> Part:
    if asked.expired:
        return note(f"{asked.action.value} was proposed, alert {asked.alert}; now void")
    void = ""
    if asked.expires_at is not None:
        void = f", void {moment(asked.expires_at, now)} ({until(asked.expires_at, now)})"
    head = f"{asked.action.value} proposed, alert {asked.alert}{void}"
    if asked.ticket is None:
        return note(head, f"; no ticket: {said(asked.note)}" if asked.note else "")
    lines = [el("li", said(text)) for text in ticket_lines(asked.ticket)]
    return el(
        "details",
        el("summary", head),
        el("ul", *lines, class_="ticket"),
        data_key=f"ticket:{asked.alert}:{asked.action.value}",
    )


def _together(seen: Seen) -> Part:
    ledger = seen.marked.ledger
    if not ledger.lines:
        return note("No hedge was ever booked.")
    return note(
        *("All layers: value ", _usd(ledger.value), ", P&L ", _usd(ledger.pnl), ", a day "),
        *(_usd(ledger.theta), _whys(ledger.value, ledger.pnl, ledger.theta), ". "),
        "Model prices unless a quote is named. Not advice.",
    )
