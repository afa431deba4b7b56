"""The README's figures of past storms: `python -m tests.figures` writes them anew."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from monitor.cli.parser import parser
from monitor.cli.timetravel import replayed
from monitor.timetravel.figures import percent
from monitor.timetravel.outcome import Outcome
from monitor.timetravel.report_words import alarm_word, dark_word, hedge_word, rate, share_cell
from monitor.timetravel.told import Told

ROOT: Final = Path(__file__).parents[1]
README: Final = ROOT / "README.md"
SHOWN: Final = ("covid_2020", "bear_2022")
BEGIN: Final = "<!-- `make figures` writes from here -->\n"
END: Final = "<!-- to here -->\n"

Cell = Callable[[Outcome], str]


def both(cell: Callable[[Outcome, bool], str]) -> Cell:
    """Return a cell of a figure without the hedge and with it."""
    return lambda one: f"{cell(one, False)} → {cell(one, True)}"


ROWS: Final[tuple[tuple[str, Cell], ...]] = (
    (
        "deepest drawdown, LP → hedged",
        both(lambda one, hedged: percent(one.drawdown[hedged, False], places=1)),
    ),
    (
        "worst IL → hedged",
        both(lambda one, hedged: percent(one.hedged_il if hedged else one.worst_il, places=1)),
    ),
    ("IL offset at the worst moment", lambda one: share_cell(one, one.at_worst)),
    ("IL offset while VIX > 30, net", lambda one: share_cell(one, one.storm)),
    ("IL offset, start to end", lambda one: share_cell(one, one.whole)),
    ("the hedge's cost by the year", lambda one: percent(one.cost, places=1)),
    (
        "XIRR with modelled fees, LP → hedged",
        both(lambda one, hedged: rate(one.irr[hedged])),
    ),
)


def figures() -> str:
    """Return the README's part, from replays of both storms."""
    return "\n".join(line for event in SHOWN for line in _event(event))


def written(readme: str) -> str:
    """Return a README with its figures made anew."""
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{figures()}{END}{after}"


def _event(event: str) -> Iterator[str]:
    told = replayed(
        parser().parse_args(["timetravel", event, "--config", str(ROOT / "config.toml")])
    )
    names = " | ".join(one.name for one in told.outcomes)
    yield f"| `{event}` | {names} |"
    yield f"|---{'|--:' * len(told.outcomes)}|"
    for name, cell in ROWS:
        yield f"| {name} | {' | '.join(cell(one) for one in told.outcomes)} |"
    yield ""
    yield f"{told.days}; {', '.join(told.packs)}. Hedge: {hedge_word(told)}."
    yield f"Alerts a month: {told.book.alerts_month:.1f}; false alarms: {alarm_word(told)}."
    if told.dark:
        yield f"Not judged: {dark_word(told.dark)}."
    yield ""
    yield from _claims(told)
    yield ""


def _claims(told: Told) -> Iterator[str]:
    for one in told.findings:
        yield (
            f"* “{one.claim}”, {one.reading}: **{one.verdict.value}**."
            f" {one.measured[0].upper()}{one.measured[1:]}; {one.why}."
        )


if __name__ == "__main__":
    README.write_text(written(README.read_text(encoding="utf-8")), encoding="utf-8")
