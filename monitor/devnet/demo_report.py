"""What the demo leaves behind: a summary for the terminal and three files."""

import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from monitor.alerts.alert import AlertState
from monitor.devnet.demo_caveats import caveats
from monitor.devnet.demo_page import demo_page
from monitor.devnet.demo_result import DemoResult
from monitor.errors import Permanent
from monitor.model.layer import Action
from monitor.timetravel.alert_lines import in_order, json_line
from monitor.timetravel.chart import Chart, demo_chart, draw, size
from monitor.timetravel.figures import (
    CLAIM,
    UNKNOWN,
    money,
    percent,
    ranges,
    share_word,
    shares,
)

SOURCES: Final = (
    "Positions and IL: measured on a local chain with the Uniswap v3 contracts. "
    "Hedge: a model, Black-76 on VIX futures with a stated vol, not traded prices. "
    "ETH: Binance closes, six-hourly. VIX: Cboe daily closes. VIX futures: Cboe settlements, "
    "from May 2020 prices seen at 16:31 New York."
)

WIDTH: Final = 80
_LABEL: Final = 14
_TOLD_IF_ANY: Final = {
    AlertState.NODATA: "no data",
    AlertState.ERROR: "rule failed",
    AlertState.SEEN: "sees again",
}


def summary(result: DemoResult) -> list[str]:
    """Return the demo's outcome in lines of at most 80 columns; it needs at least one scene."""
    return [
        *_where(result),
        *_alerts(result),
        *_worst(result),
        *_hedge(result),
        *_offset(result),
        *(line for note in caveats(result) for line in textwrap.wrap(note, WIDTH)),
    ]


def write_files(result: DemoResult, out: Path) -> list[Path]:
    """Write the alerts, the chart and the page; return their paths. Raises Permanent."""
    shown = chart_of(result)
    chart = draw(result, shown)
    lines = "".join(f"{json_line(alert)}\n" for alert in in_order(result.alerts))
    files = {
        out / "alerts.jsonl": lines.encode(),
        out / "chart.png": chart,
        out / "report.html": demo_page(result, chart, size(shown)).encode(),
    }
    try:
        out.mkdir(parents=True, exist_ok=True)
        for path, content in files.items():
            path.write_bytes(content)
    except OSError as error:
        raise Permanent(f"the demo's files cannot be written to {out}: {error.strerror}") from error
    return list(files)


def chart_of(result: DemoResult) -> Chart:
    """Return what the demo's chart shows."""
    first, last = result.scenes[0].at, result.scenes[-1].at
    days = f"{first.day} {first:%B} to {last.day} {last:%B %Y}"
    return demo_chart(f"{days}, told on a local chain", SOURCES)


def _where(result: DemoResult) -> Iterator[str]:
    first, last = result.scenes[0].at, result.scenes[-1].at
    widths = " · ".join(name.removeprefix("×/÷") for name in ranges(result).values())
    yield f"{first:%Y-%m-%d} → {last:%m-%d}, WETH/USDC 0.3 %, ranges ×/÷ {widths}"
    yield from _told(
        "blocks", [f"{result.polls:,} polled", f"{result.gaps:,} gaps", f"in {result.took_s:.0f} s"]
    )


def _alerts(result: DemoResult) -> Iterator[str]:
    counts = {action.value: result.count(action) for action in Action}
    states = [alert.state for alert in result.alerts]
    rare = {word: states.count(state) for state, word in _TOLD_IF_ANY.items() if state in states}
    told = [f"{name} {count}" for name, count in (counts | rare).items()]
    yield from _told("alerts", [str(sum(counts.values())), *told])
    heard = f"{result.heard} of {result.sent} heard over MQTT"
    rest = [f"{result.undelivered} undelivered", f"{result.repeats} repeats"]
    yield from _told("messages", [heard, *rest])


def _worst(result: DemoResult) -> Iterator[str]:
    held = ranges(result).items()
    worst = [f"{name} {percent(result.worst(token), places=1)}" for token, name in held]
    yield from _told("worst IL", worst)


def _hedge(result: DemoResult) -> Iterator[str]:
    last = result.scenes[-1]
    gain = money(last.hedge_usd, signed=True)
    cash = [f"paid {money(last.paid_usd)}", f"returned {money(last.returned_usd)}"]
    yield from _told("hedge", [*cash, f"profit {gain} USD (model prices)"])


def _offset(result: DemoResult) -> Iterator[str]:
    yield f"{'IL offset':<20}{'IL, USD':>11}{'hedge, USD':>13}{'share':>9}"
    for one in shares(result):
        lost, made = UNKNOWN, UNKNOWN
        if one.offset is not None:
            lost = money(one.offset.lost_usd, signed=True)
            made = money(one.offset.hedge_usd, signed=True)
        row = f"  {one.label:<18}{lost:>11}{made:>13}{share_word(one.offset):>9}"
        yield f"{row}   {CLAIM}" if one.claimed else row


def _told(label: str, pieces: Iterable[str]) -> Iterator[str]:
    """Yield pieces side by side after a label, on as many lines as they need."""
    line = f"{label:<{_LABEL}}"
    for piece in pieces:
        if line.strip() and len(line.rstrip()) + 3 + len(piece) > WIDTH:
            yield line.rstrip()
            line = " " * _LABEL
        line += f"{piece}   "
    yield line.rstrip()
