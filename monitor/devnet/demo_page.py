"""The demo's report: one page that needs nothing beside it."""

from collections.abc import Iterator
from html import escape
from importlib.resources import files
from string import Template
from typing import Final

from monitor.devnet.demo import PACKS, VALUE_USD, VOLUME_USD
from monitor.devnet.demo_caveats import caveats
from monitor.devnet.demo_result import DemoResult
from monitor.hedge.vol import VolAssumption
from monitor.model.layer import Action
from monitor.timetravel.alert_lines import in_order
from monitor.timetravel.figures import (
    CLAIM,
    UNKNOWN,
    fees_usd,
    money,
    percent,
    ranges,
    share_word,
    shares,
)
from monitor.timetravel.page import Head, alert_rows, embedded, items, numbers, page

_ALT: Final = (
    "Four panels over the same time: ETH price with the positions' ranges; impermanent loss by "
    "position; hedge profit against loss in USD; VIX. The figures are in the tables of this page."
)


def demo_page(result: DemoResult, chart: bytes, size: tuple[int, int]) -> str:
    """Return the page in HTML. chart: a PNG, embedded; size: its width and height in pixels."""
    template = files("monitor.devnet") / "data" / "demo.html"
    body = Template(template.read_text(encoding="utf-8")).substitute(
        shares="\n".join(_shares(result)),
        claim=escape(f"{CLAIM[0].upper()}{CLAIM[1:]}"),
        caveats=items(caveats(result)),
        alt=escape(_ALT),
        chart=embedded(chart),
        width=size[0],
        height=size[1],
        alerts="\n".join(alert_rows(in_order(result.alerts), ranges(result))),
        vol=escape(f"Black-76 on the VIX futures, {VolAssumption().label.partition(':')[0]}."),
        packs=escape(", ".join(PACKS)),
        volume=f"{VOLUME_USD:,.0f}",
    )
    title = _title(result)
    head = Head(title=title, heading=title, lead=_lead(result), facts=_figures(result))
    return page(head, body)


def _title(result: DemoResult) -> str:
    first, last = result.scenes[0].at, result.scenes[-1].at
    return f"Hedgewatch, {first.day} {first:%B} to {last.day} {last:%B %Y}"


def _lead(result: DemoResult) -> str:
    worst = result.worst_scene()
    add, roll, remove = (result.count(a) for a in (Action.ADD, Action.ROLL, Action.REMOVE))
    asked = f"Layers the rules asked to add: {add}, to roll: {roll}, to remove: {remove}."
    if worst is None:
        return f"{asked} How far the positions were behind holding is unknown."
    offset = result.offset_at(worst)
    made = money(offset.hedge_usd if offset else None, signed=True)
    return (
        f"{asked} On {worst.at.day} {worst.at:%B} the positions were {money(worst.loss_usd)} USD "
        f"against holding; the hedge stood at {made} USD by the model (share {share_word(offset)})."
    )


def _figures(result: DemoResult) -> dict[str, str]:
    first, last = result.scenes[0], result.scenes[-1]
    names = ranges(result)
    worst = (f"{name} {percent(result.worst(token), places=1)}" for token, name in names.items())
    heard = f"{result.heard} of {result.sent} heard"
    cash = f"paid {money(last.paid_usd)} USD, returned {money(last.returned_usd)} USD"
    size = f"{len(names)} of {VALUE_USD:,.0f} USD each"
    return {
        "period": f"{first.at:%Y-%m-%d %H:%M} to {last.at:%Y-%m-%d %H:%M} UTC",
        "positions": f"WETH/USDC 0.3 %, {size}: {', '.join(names.values())}",
        "blocks polled": f"{result.polls:,}, gaps {result.gaps:,}",
        "alerts": ", ".join(f"{action.value} {result.count(action)}" for action in Action),
        "over MQTT": f"{heard}, {result.undelivered} undelivered, {result.repeats} repeats",
        "worst IL": ", ".join(worst),
        "hedge (model)": f"{cash}, profit {money(last.hedge_usd, signed=True)} USD",
        "fees (invented volume)": f"{money(fees_usd(last))} USD at the end",
    }


def _shares(result: DemoResult) -> Iterator[str]:
    for one in shares(result):
        lost, made = UNKNOWN, UNKNOWN
        if one.offset is not None:
            lost = money(one.offset.lost_usd, signed=True)
            made = money(one.offset.hedge_usd, signed=True)
        yield numbers(one.label, (lost, made, share_word(one.offset)))
