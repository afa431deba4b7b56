"""What tests measured, gathered over a run of pytest into one file: `-p tests.soak.figures`.

Kept of the tests are those that are long, and those that tell a figure.
"""

import json
from pathlib import Path
from typing import Any, Final

import pytest

OUT: Final = Path("out") / "soak.json"
PROPERTY: Final = "figure"
"""The name under which a test's report carries a figure."""

_gathered: Final = dict[str, dict[str, Any]]()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out whatever neither is long nor tells a figure."""
    kept = [one for one in items if one.get_closest_marker("soak") or tells_figure(one)]
    config.hook.pytest_deselected(items=[one for one in items if one not in kept])
    items[:] = kept


def tells_figure(item: pytest.Item) -> bool:
    """Return whether a test asks for the fixture that figures are told by."""
    return PROPERTY in getattr(item, "fixturenames", ())


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Take a test's figures in; one that told none is told by whether it passed."""
    told = [value for name, value in report.user_properties if name == PROPERTY]
    if report.when == "call" or report.outcome != "passed":
        _gathered.update(gathered(report.nodeid, report.outcome, report.duration, told))


def gathered(
    test: str, outcome: str, seconds: float, told: list[dict[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Return a test's figures by name; a skipped or failed one always leaves an entry."""
    figures = {one["name"]: {k: v for k, v in one.items() if k != "name"} for one in told}
    if figures and outcome == "passed":
        return figures
    measured = f"pytest {test}: {outcome}"
    own = {"value": round(seconds, 1), "unit": "s", "limit": None, "measured": measured}
    return figures | {test: own | {"ok": outcome == "passed"}}


def pytest_sessionfinish() -> None:
    """Write the file, anew each time."""
    if _gathered:
        OUT.parent.mkdir(parents=True, exist_ok=True)
        OUT.write_text(json.dumps(_gathered, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say where the figures are, and which of them miss their limits."""
    missed = sorted(name for name, figure in _gathered.items() if not figure["ok"])
    terminalreporter.write_line(f"{len(_gathered)} figures in {OUT}")
    for name in missed:
        terminalreporter.write_line(f"missed: {name}", red=True)
