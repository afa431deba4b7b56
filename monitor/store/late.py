"""Rows whose text is written when somebody reads it: a store in memory seldom does."""

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from monitor.store.records import RowKey

Cell: TypeAlias = str | Callable[[], str] | None
"""A row's text, or what writes it; None for a row that is gone."""


class Rows(Mapping[RowKey, str | None]):
    """Rows by (kind, key). cells: taken over, not to be changed by whoever gave them."""

    __slots__ = ("cells",)

    def __init__(self, cells: dict[RowKey, Cell]) -> None:
        self.cells = cells

    def __getitem__(self, row: RowKey) -> str | None:
        cell = self.cells[row]
        return cell() if callable(cell) else cell

    def __iter__(self) -> Iterator[RowKey]:
        return iter(self.cells)

    def __len__(self) -> int:
        return len(self.cells)

    def __or__(self, other: Mapping[RowKey, str | None]) -> "Rows":
        return Rows({**self.cells, **other}) if other else self


def cells_of(rows: Mapping[RowKey, str | None]) -> Mapping[RowKey, Cell]:
    """Return rows without writing any."""
    return rows.cells if isinstance(rows, Rows) else dict(rows)
