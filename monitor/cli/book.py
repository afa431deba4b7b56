"""`hedgewatch book`: what the hedge cost, is worth, and made good of the positions' loss."""

import argparse
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from monitor.alerts.figures import age, day, moment
from monitor.cli.lines import line
from monitor.cli.look import Look, looking, over
from monitor.hedge.book import Known, Ledger, Line, cost_share
from monitor.hedge.legs import spell_leg
from monitor.hedge.profiles import PROFILES, Profile, Score
from monitor.rules.marked import Marked
from monitor.signals.book import yearly_fees_usd
from monitor.signals.of_hedge import (
    BOOK,
    TARGET,
    lp_yield,
    offset_in_storms,
    offset_now,
    offset_of_layer,
    offset_since,
    scored,
)

CLAIM: Final = "60-75 %"
"""What the method's own page says its hedge makes good above VIX 30. Nobody has audited it."""

_HEAD: Final = ("", "state", "value", "P&L", "theta/day", "vega/pt", "days", "a year")
_WIDTHS: Final = (10, 10, 11, 11, 10, 9, 5, 7)
_LABEL: Final = 11
_MOST: Final = 10.0
"""Above a thousandfold percent a yearly rate says nothing but that it is young."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """Everything `hedgewatch book` shows of one look."""

    ledger: Ledger
    now: Known
    since: Known
    storm: Known
    cost: Known
    paid_share: Known
    earned: Known
    profile: Profile
    score: Score


def show(asked: argparse.Namespace) -> int:
    """Show the hedge book."""
    with looking(asked) as look:
        sheet = sheet_of(look)
        if asked.json:
            print(json.dumps(told(look, sheet), indent=2, ensure_ascii=False))
            return 0
        for text in (*_table(look, sheet.ledger), *_measures(look, sheet)):
            print(text)
    return 0


def sheet_of(look: Look) -> Sheet:
    """Return the book as it stands at a look, priced on what was last read."""
    facts, now = look.state.facts, look.now
    marked = Marked(facts, look.state.layers, now)
    ledger, fees = marked.ledger, yearly_fees_usd(facts, BOOK, now)
    paid = ledger.paid
    if paid[0] is not None:
        paid = (paid[0] / fees, "") if fees else (None, "a year's fees are not known")
    profile = PROFILES[look.settings.book.profile]
    return Sheet(
        ledger=ledger,
        now=offset_now(facts, ledger),
        since=offset_since(facts, ledger),
        storm=offset_in_storms(facts, ledger),
        cost=cost_share(ledger.theta, fees),
        paid_share=paid,
        earned=lp_yield(facts, now),
        profile=profile,
        score=scored(profile, facts, ledger, priced_on=marked.market, now=now),
    )


def _table(look: Look, ledger: Ledger) -> Iterator[str]:
    by = " and ".join(dict.fromkeys(one.by for one in ledger.lines if one.by))
    yield f"hedge book at {moment(ledger.at)}, USD{f', prices: {by}' if by else ''}"
    if not ledger.lines:
        yield "no hedge was ever booked: `hedgewatch layer fill` tells of a trade"
        return
    yield _joined(_HEAD)
    for one in ledger.lines:
        yield from _row(look, one)
    yield _joined(
        (
            "together",
            "",
            _usd(ledger.value),
            _signed(ledger.pnl),
            _signed(ledger.theta, 1),
            _signed(ledger.vega, 1),
            "",
            _rate(ledger.irr),
        )
    )


def _row(look: Look, one: Line) -> Iterator[str]:
    layer = one.layer
    yield _joined(
        (
            layer.layer + over(look, layer.scope),
            layer.status.value.replace("_", " "),
            _usd(one.value),
            _signed(one.pnl),
            _signed(one.theta, 1),
            _signed(one.vega, 1),
            "" if one.dte is None else f"{one.dte:.0f}",
            _rate(one.irr),
        )
    )
    legs = ", ".join(spell_leg(leg) for leg in layer.legs)
    if legs:
        yield line("  ", legs)
    share, _ = offset_of_layer(look.state.facts, one)
    if share is not None:
        verb = "made good" if share >= 0 else "lost on top"
        track = look.state.facts.hedged.get(BOOK)
        since = day(track.first.at) if track and track.untold else "the hedge's first trade"
        yield f"  {verb} {abs(share):.1%} of the IL since {since}"
    if one.theta[0] is not None and one.theta[1]:
        yield line("  theta/day: ", one.theta[1])
    unknown = (known[1] for known in (one.value, one.pnl, one.theta) if known[0] is None)
    for why in dict.fromkeys(unknown):
        yield line("  unknown: ", why)


def _measures(look: Look, sheet: Sheet) -> Iterator[str]:
    ledger = sheet.ledger
    if not ledger.lines:
        return
    track = look.state.facts.hedged.get(BOOK)
    yield ""
    yield _said(
        "cash",
        f"paid {_usd(ledger.spent)}, returned {_usd(ledger.returned)}; paid for what is held"
        f" {_usd(ledger.paid)}{_of_fees(sheet.paid_share)}",
    )
    yield _said("carry", f"{_percent(sheet.cost)} of a year's fees (model){_because(sheet.cost)}")
    began = f" {day(track.first.at)}" if track else " the first trade"
    for label, what, known in (
        ("IL offset", "now, of what is held and open", sheet.now),
        ("", f"since{began}", sheet.since),
        ("", f"while VIX > 30{_watched(look)}", sheet.storm),
    ):
        yield _said(label, f"{_percent(known, signed=True)}  {what}{_because(known)}")
    if track and track.untold:
        yield _said("", track.late)
    yield _said("", f"published claim: {CLAIM} above VIX 30 (claim, not measured)")
    earned = sheet.earned
    target: Known = earned if earned[0] is None else (TARGET * earned[0], "")
    yield _said(
        "yield",
        f"all layers {_percent(ledger.irr)} a year{_because(ledger.irr)}; {TARGET:g} x the"
        f" positions' yield: {_percent(target)}. A measure, never a gate",
    )
    yield _said("profile", f"{sheet.profile.name}: {sheet.profile.title}")
    value = "unknown" if sheet.score.value is None else str(sheet.score.value)
    yield _said("score", f"{value}, no gate")
    for what, so in sheet.score.told:
        yield _said("", f"{_VERDICTS[so]} {what}")
    yield "Not advice. What is priced by the model is the model's, not a market's."


def _of_fees(share: Known) -> str:
    return "" if share[0] is None else f", {_percent(share)} of a year's fees"


_VERDICTS: Final[Mapping[bool | None, str]] = {True: "yes", False: "no ", None: "?  "}


def _watched(look: Look) -> str:
    track = look.state.facts.hedged.get(BOOK)
    return f", {age(track.storm_s)} of it seen" if track and track.storm_s else ""


def _said(label: str, text: str) -> str:
    return line(f"{label:<{_LABEL}}", text)


def _joined(cells: tuple[str, ...]) -> str:
    name, state, *figures = cells
    told = [f"{cell:>{width}}" for cell, width in zip(figures, _WIDTHS[2:], strict=True)]
    return f"{name:<{_WIDTHS[0]}}{state:<{_WIDTHS[1]}}{''.join(told)}".rstrip()


def _usd(known: Known) -> str:
    return "unknown" if known[0] is None else f"{known[0]:z,.0f}"


def _signed(known: Known, digits: int = 0) -> str:
    return "unknown" if known[0] is None else f"{known[0]:+z,.{digits}f}"


def _rate(known: Known) -> str:
    """Return a yearly rate in few columns; a dash where there is none."""
    if known[0] is None:
        return "-"
    return f"{known[0]:+z.0%}" if known[0] < _MOST else ">999%"


def _percent(known: Known, *, signed: bool = False) -> str:
    if known[0] is None:
        return "unknown"
    return f"{known[0] * 100:{'+' if signed else ''}z,.1f} %"


def _because(known: Known) -> str:
    return f": {known[1]}" if known[0] is None and known[1] else ""


def told(look: Look, sheet: Sheet) -> dict[str, object]:
    """Return every figure by name; what is unknown is null, and `why` says why."""
    ledger, score = sheet.ledger, sheet.score
    return {
        "at": ledger.at.isoformat(),
        "layers": [_layer(one) for one in ledger.lines],
        **_figures(
            {
                "value_usd": ledger.value,
                "pnl_usd": ledger.pnl,
                "paid_usd": ledger.paid,
                "spent_usd": ledger.spent,
                "returned_usd": ledger.returned,
                "theta_usd_day": ledger.theta,
                "vega_usd_point": ledger.vega,
                "irr": ledger.irr,
                "il_offset_now": sheet.now,
                "il_offset_since": sheet.since,
                "il_offset_vix_above_30": sheet.storm,
                "cost_share_of_fees": sheet.cost,
                "paid_share_of_fees": sheet.paid_share,
                "lp_yield": sheet.earned,
            }
        ),
        "since": _since(look),
        "since_note": track.late if (track := look.state.facts.hedged.get(BOOK)) else "",
        "claim_vix_above_30": CLAIM,
        "profile": sheet.profile.name,
        "score": score.value,
        "score_of": [{"asked": what, "so": so} for what, so in score.told],
    }


def _layer(one: Line) -> dict[str, object]:
    figures: dict[str, Known] = {
        "value_usd": one.value,
        "pnl_usd": one.pnl,
        "paid_usd": one.paid,
        "spent_usd": one.spent,
        "returned_usd": one.returned,
        "theta_usd_day": one.theta,
        "vega_usd_point": one.vega,
        "irr": one.irr,
    }
    return {
        "layer": one.layer.layer,
        "scope": one.layer.scope,
        "state": one.layer.status.value,
        "legs": [spell_leg(leg) for leg in one.layer.legs],
        "days": one.dte,
        "priced_by": one.by,
        "carry": one.theta[1] if one.theta[0] is not None else "",
        **_figures(figures),
    }


def _figures(told: Mapping[str, Known]) -> dict[str, object]:
    why = {name: note for name, (value, note) in told.items() if value is None}
    return {**{name: value for name, (value, _) in told.items()}, "why": why}


def _since(look: Look) -> str | None:
    track = look.state.facts.hedged.get(BOOK)
    return track.first.at.isoformat() if track else None
