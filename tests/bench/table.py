"""The figures of one bench run: as a table for people, as JSON for programs."""

import json
import textwrap
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

WIDTH = 80
_NAME, _VALUE, _UNIT, _LIMIT, _OK = 25, 8, 12, 8, 3
_AGAINST = WIDTH - _NAME - _VALUE - _UNIT - _LIMIT - _OK - 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured value. limit: None for a figure that is only told; against: what it is beside.

    at_least: whether the limit is the least instead of the most.
    """

    value: float
    unit: str
    against: str
    limit: float | None = None
    at_least: bool = False

    @property
    def ok(self) -> bool:
        """Return whether the limit holds; a figure without one cannot miss it."""
        if self.limit is None:
            return True
        return self.value >= self.limit if self.at_least else self.value <= self.limit


@dataclass(slots=True)
class Table:
    """Figures by name, in the order they were measured."""

    figures: dict[str, Figure] = field(default_factory=dict)

    def add(self, name: str, figure: Figure) -> None:
        """Take a figure in; a name comes once."""
        if name in self.figures:
            raise ValueError(f"{name} was measured twice")
        self.figures[name] = figure

    @property
    def missed(self) -> tuple[str, ...]:
        """Return the names of the figures beyond their limits."""
        return tuple(name for name, figure in self.figures.items() if not figure.ok)

    def write(self, file: Path) -> None:
        """Write name to figure as JSON."""
        told = {name: _told(figure) for name, figure in self.figures.items()}
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")

    def lines(self) -> Iterable[str]:
        """Yield the table, no line longer than a terminal is wide."""
        yield _row("figure", "value", "unit", "limit", "ok", "against")
        yield "-" * WIDTH
        for name, figure in self.figures.items():
            against = textwrap.wrap(figure.against, _AGAINST) or [""]
            limit = "" if figure.limit is None else f"{'>=' if figure.at_least else '<='} "
            limit += "" if figure.limit is None else f"{figure.limit:g}"
            verdict = "" if figure.limit is None else "ok" if figure.ok else "NO"
            yield _row(name, plain(figure.value), figure.unit, limit, verdict, against[0])
            for line in against[1:]:
                yield _row("", "", "", "", "", line)


def plain(value: float) -> str:
    """Return a figure with three digits that count, and never an exponent."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) >= 0.001 or not value else f"{value:.6f}"


def _told(figure: Figure) -> dict[str, object]:
    told = asdict(figure)
    return {key: told[key] for key in ("value", "unit", "limit")} | {
        "ok": figure.ok,
        "against": figure.against,
    }


def _row(*cells: str) -> str:
    name, value, unit, limit, ok, against = cells
    row = f"{name:<{_NAME}} {value:>{_VALUE}} {unit:<{_UNIT}} {limit:>{_LIMIT}} {ok:<{_OK}} "
    return (row + against).rstrip()
