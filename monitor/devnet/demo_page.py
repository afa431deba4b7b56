"""The demo's report: one page that needs nothing beside it."""

import base64
from collections.abc import Iterable, Iterator
from html import escape
from importlib.resources import files
from string import Template
from typing import Final

from monitor.alerts.alert import Alert
from monitor.devnet.demo import PACKS, VALUE_USD, VOLUME_USD
from monitor.devnet.demo_caveats import caveats
from monitor.devnet.demo_result import DemoResult
from monitor.hedge.vol import VolAssumption
from monitor.model.layer import Action
from monitor.timetravel.alert_lines import evidence, in_order, words
from monitor.timetravel.chart import SIZE
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

_ALT: Final = (
    "Four panels over the same time: ETH price with the positions' ranges; impermanent loss by "
    "position; hedge profit against loss in USD; VIX. The figures are in the tables of this page."
)


def page(result: DemoResult, chart: bytes) -> str:
    """Return the page in HTML; chart: a PNG, embedded. Whatever came from outside is escaped."""
    template = files("monitor.devnet") / "data" / "report.html"
    return Template(template.read_text(encoding="utf-8")).substitute(
        title=escape(_title(result)),
        lead=escape(_lead(result)),
        figures="\n".join(_row(name, told) for name, told in _figures(result).items()),
        shares="\n".join(_shares(result)),
        claim=escape(f"{CLAIM[0].upper()}{CLAIM[1:]}"),
        caveats="\n".join(f"<li>{escape(note)}</li>" for note in caveats(result)),
        alt=escape(_ALT),
        chart=base64.b64encode(chart).decode("ascii"),
        width=SIZE[0],
        height=SIZE[1],
        alerts="\n".join(_alerts(result)),
        vol=escape(f"Black-76 on the VIX futures, {VolAssumption().label.partition(':')[0]}."),
        packs=escape(", ".join(PACKS)),
        volume=f"{VOLUME_USD:,.0f}",
    )


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


def _row(name: str, told: str) -> str:
    return f'<tr><th scope="row">{escape(name)}</th><td>{_whole(told)}</td></tr>'


def _shares(result: DemoResult) -> Iterator[str]:
    for one in shares(result):
        lost, made = UNKNOWN, UNKNOWN
        if one.offset is not None:
            lost = money(one.offset.lost_usd, signed=True)
            made = money(one.offset.hedge_usd, signed=True)
        cells = (lost, made, share_word(one.offset))
        yield (
            f'<tr><th scope="row">{escape(one.label)}</th>'
            + "".join(f'<td class="number">{escape(cell)}</td>' for cell in cells)
            + "</tr>"
        )


def _alerts(result: DemoResult) -> Iterator[str]:
    names = ranges(result)
    for alert in in_order(result.alerts):
        cells = (
            (
                "brief when",
                f'<time datetime="{alert.at.isoformat()}">{alert.at:%d %b %H:%M}</time>',
            ),
            ("brief", f"{escape(alert.rule)} <code>{escape(alert.id)}</code>"),
            ("brief asked", escape(_event(alert))),
            ("brief", _whole(_about(alert, names))),
            ("", _lines(words(alert))),
            ("", f"<ul>{_items(evidence(alert))}</ul>"),
        )
        yield "<tr>" + "".join(f'<td class="{kind}">{cell}</td>' for kind, cell in cells) + "</tr>"


def _event(alert: Alert) -> str:
    asked = "" if alert.action is Action.NOTIFY else f"{alert.action.value}, "
    return f"{asked}{alert.state.value}"


def _about(alert: Alert, names: dict[int, str]) -> str:
    """Return whom an alert is about: a position by its number and range, else its scope."""
    if alert.position is None:
        return alert.scope
    token = alert.position.rpartition(":")[2]
    name = names.get(int(token)) if token.isdecimal() else None
    return f"#{token} {name}" if name else f"#{token}"


def _whole(text: str) -> str:
    """Return escaped text in which no range's name is broken over two lines."""
    return escape(text).replace("×/÷", "×/&NoBreak;÷")


def _lines(lines: Iterable[str]) -> str:
    return "<br>".join(escape(line) for line in lines)


def _items(texts: Iterable[str]) -> str:
    return "".join(f"<li>{escape(text)}</li>" for text in texts)
