"""The bench's own verdicts: what a missed limit looks like, and that it is told."""

import json
from pathlib import Path

import pytest

from tests.bench.table import WIDTH, Figure, Table


def told(value: float, *, limit: float | None = None, at_least: bool = False) -> Figure:
    return Figure(value=value, unit="times", limit=limit, at_least=at_least, against="x " * 40)


@pytest.mark.parametrize(
    ("figure", "ok"),
    [
        pytest.param(told(1.5, limit=1.5), True, id="the limit itself holds"),
        pytest.param(told(1.51, limit=1.5), False, id="beyond it does not"),
        pytest.param(told(4.9, limit=5, at_least=True), False, id="short of the least does not"),
        pytest.param(told(5.1, limit=5, at_least=True), True, id="above the least does"),
        pytest.param(told(1e9), True, id="without a limit none is missed"),
    ],
)
def test_a_limit_is_held_or_missed(figure: Figure, *, ok: bool) -> None:
    table = Table()
    table.add("it", figure)
    assert (figure.ok, table.missed) == (ok, () if ok else ("it",))


def test_the_table_fits_a_terminal_and_the_file_says_the_same(tmp_path: Path) -> None:
    table = Table()
    table.add("snapshot.naive_ratio", told(12345.678, limit=1.5))
    table.add("idle.rss", told(0.0001234))
    lines = list(table.lines())
    assert max(map(len, lines)) <= WIDTH
    assert "NO" in lines[2]
    file = tmp_path / "out" / "bench.json"
    table.write(file)
    first, second = json.loads(file.read_text("utf-8")).values()
    assert set(first) == {"value", "unit", "limit", "ok", "against"}
    assert (first["ok"], first["limit"], second["ok"], second["limit"]) == (False, 1.5, True, None)


def test_a_figure_is_measured_once() -> None:
    table = Table()
    table.add("it", told(1))
    with pytest.raises(ValueError, match="it was measured twice"):
        table.add("it", told(2))
