"""A past as columns: every observation of a tape a row, and each name a column over them all.

Readings are taken into facts by the daemon's own road, and believed by its own functions, for
each stretch over which they stay the same; what a position is follows from the price by the
formulas of `monitor.amm`, on doubles. Nothing of a hedge is in it.
"""

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from monitor.calendars.hours import Hours
from monitor.model.observation import Block, Observation, Past, Readings, Snapshot
from monitor.rules.columns import Column
from monitor.rules.crowd import column_of
from monitor.rules.functions import Input
from monitor.rules.verdict import Scalar
from monitor.signals.absorb import Lens, absorb
from monitor.signals.catalogue import BY_NAME, Kind, Scope
from monitor.signals.facts import Facts
from monitor.signals.of_market import market
from monitor.signals.of_surface import OF_SURFACE
from monitor.signals.series import Series, span
from monitor.signals.windows import over_window
from monitor.timetravel.events import Window
from monitor.timetravel.pool import Held, edges_of
from monitor.timetravel.tape import tape

Figures: TypeAlias = NDArray[np.float64]

OF_A_POSITION: Final = frozenset(
    {
        "position.il",
        "position.in_range",
        "position.distance_lower",
        "position.distance_upper",
        "position.out_of_range_s",
    }
)
OF_THE_BOOK: Final = frozenset({"book.il"})
_NO_PRICE: Final = float("nan")
_EMPTY: Final = Snapshot(
    chain="model",
    chain_id=1,
    block=Block(number=0, hash="", timestamp=datetime.min),  # noqa: DTZ901 - never read
    observed_at=datetime.min,  # noqa: DTZ901
    pools=(),
    positions=(),
)


def known_name(name: str) -> bool:
    """Return whether a film has a name: the market's, and what a price alone tells."""
    if name in OF_A_POSITION or name in OF_THE_BOOK:
        return True
    signal = BY_NAME[name]
    return signal.scope is Scope.MARKET and name not in OF_SURFACE and name != "vix_age_s"


@dataclass(slots=True)
class Prices:
    """Stands in the pool's place and notes its prices: a tape moves it as it would a pool."""

    told: list[tuple[datetime, float]] = field(default_factory=list)

    def snapshot(self, at: datetime, price: float) -> Snapshot:
        """Note a block."""
        self.told.append((at, price))
        return _EMPTY


@dataclass(frozen=True)
class Film:
    """Rows in the order of a tape. at: when each was observed; first: the first block's row.

    price: at each row, USDC a WETH, not a number before the first block. facts: the market's.
    """

    at: Sequence[datetime]
    price: Figures
    facts: Sequence[Facts]
    first: int

    @cached_property
    def seconds(self) -> Figures:
        """Return when each row was observed, UTC seconds."""
        return np.array([one.timestamp() for one in self.at])

    @cached_property
    def _kept(self) -> dict[tuple[Input, timedelta | None], Column]:
        return {}

    def column(self, asked: Input, limit: timedelta | None) -> Column:
        """Return a name of the market, or a window over it. limit: of its age, a rule's own."""
        key = (asked, limit)
        if key not in self._kept:
            made = self._window(asked, limit) if asked.function else self._name(asked.name, limit)
            kind = Kind.BOOL if asked.function.startswith("crossed") else BY_NAME[asked.name].kind
            self._kept[key] = column_of(made, kind)
        return self._kept[key]

    def _name(self, name: str, limit: timedelta | None) -> list[Scalar | None]:
        signal = BY_NAME[name]
        if signal.inputs or signal.keyed:
            return self._each(lambda row: market(self.facts[row], name, self.at[row], limit).value)
        found: list[Scalar | None] = [None] * len(self.at)
        for first, end in self._stretches(lambda facts: facts.readings.get(f"{name}|")):

            def told(row: int) -> Scalar | None:
                return market(self.facts[row], name, self.at[row], limit).value

            value = told(first)
            if value is None:
                continue
            # What grows too old in a stretch stays so to its end.
            last = end if told(end - 1) is not None else _first_dark(told, first, end)
            found[first:last] = [value] * (last - first)
        return found

    def _window(self, asked: Input, limit: timedelta | None) -> list[Scalar | None]:
        signal = BY_NAME[asked.name]
        present = self.column(Input(asked.name), limit).cloud
        dark = np.broadcast_to(np.asarray(present) != 0, len(self.at))

        def told(row: int) -> Scalar | None:
            series = self._series(row, asked.name)
            if series is None or dark[row]:
                return None
            window = over_window(
                asked.function, series, asked.argument, now=self.at[row], hours=signal.hours
            )
            return window.value

        if not _by_samples(asked):
            return self._each(told)
        found: list[Scalar | None] = [None] * len(self.at)
        for first, end in self._stretches(lambda facts: facts.series.get(f"{asked.name}|")):
            lit = next((row for row in range(first, end) if not dark[row]), None)
            if lit is not None:
                found[first:end] = [told(lit)] * (end - first)
        return [None if hidden else one for one, hidden in zip(found, dark.tolist(), strict=True)]

    def _series(self, row: int, name: str) -> Series | None:
        return self.facts[row].series.get(f"{name}|")

    def _each(self, told: Callable[[int], Scalar | None]) -> list[Scalar | None]:
        return [told(row) for row in range(len(self.at))]

    def _stretches(self, pick: Callable[[Facts], object]) -> Iterator[tuple[int, int]]:
        """Yield [first, end) of the rows over which something is one very object."""
        first = 0
        for row in self._changes:
            if pick(self.facts[row]) is not pick(self.facts[first]):
                yield first, row
                first = row
        yield first, len(self.at)

    @cached_property
    def _changes(self) -> list[int]:
        """Return the rows whose facts are others than the row's before."""
        return [n for n in range(1, len(self.at)) if self.facts[n] is not self.facts[n - 1]]

    def positions(self, held: Sequence[Held]) -> tuple["Strip", ...]:
        """Return what each of several positions is at every row."""
        return tuple(Strip(film=self, held=one) for one in held)


def _first_dark(told: Callable[[int], Scalar | None], first: int, end: int) -> int:
    return first + bisect_left(range(first, end), True, key=lambda row: told(row) is None)


def _by_samples(asked: Input) -> bool:
    """Return whether a window changes with its samples alone, and not as time goes by."""
    if not isinstance(asked.argument, str):
        return True
    over = span(asked.argument)
    return BY_NAME[asked.name].hours is not Hours.ALWAYS and over.sessions is not None


@dataclass(frozen=True)
class Strip:
    """One position along a film, by the formulas of a range of prices [lower, upper]."""

    film: Film
    held: Held

    @cached_property
    def edges(self) -> tuple[float, float]:
        """Return the lower and the upper price, at the ticks the model pool would take."""
        return edges_of(self.held.width, float(self.film.price[self.film.first]))

    @cached_property
    def worth(self) -> tuple[Figures, Figures]:
        """Return (what it is worth, what holding would be), USDC; it begins as its value."""
        price, start = self.film.price, float(self.film.price[self.film.first])
        base, quote = _amounts(price, *self.edges)
        base0, quote0 = _amounts(np.array([start]), *self.edges)
        scale = self.held.value_usd / float(base0[0] * start + quote0[0])
        return scale * (base * price + quote), scale * (base0[0] * price + quote0[0])

    @cached_property
    def il(self) -> Figures:
        """Return its impermanent loss, a fraction <= 0."""
        value, hodl = self.worth
        return value / hodl - 1

    @cached_property
    def in_range(self) -> NDArray[np.bool_]:
        """Return where the price is inside: the pool's ticks fall as its price in USDC rises."""
        lower, upper = self.edges
        inside: NDArray[np.bool_] = (self.film.price > lower) & (self.film.price <= upper)
        return inside

    @cached_property
    def out_of_range_s(self) -> Figures:
        """Return for how long it has been outside, seconds."""
        rows, outside = np.arange(len(self.film.at)), ~self.in_range
        left = outside & ~np.concatenate(([False], outside[:-1]))
        since = np.maximum.accumulate(np.where(left, rows, 0))
        return np.where(outside, self.film.seconds - self.film.seconds[since], 0.0)

    def column(self, name: str) -> Column:
        """Return one of OF_A_POSITION."""
        lower, upper = self.edges
        match name:
            case "position.in_range":
                return Column(self.in_range)
            case "position.distance_lower":
                return Column(1 - lower / self.film.price)
            case "position.distance_upper":
                return Column(upper / self.film.price - 1)
            case "position.out_of_range_s":
                return Column(self.out_of_range_s)
            case _:
                return Column(self.il)


def _amounts(price: Figures, lower: float, upper: float) -> tuple[Figures, Figures]:
    """Return (WETH, USDC) of a unit of liquidity."""
    root = np.sqrt(np.clip(price, lower, upper))
    return 1 / root - 1 / np.sqrt(upper), root - np.sqrt(lower)


def book_il(strips: Sequence[Strip]) -> Column:
    """Return the loss of all positions together; unknown before the first block."""
    if not strips:
        return Column(np.nan, np.int8(1))
    value = sum((one.worth[0] for one in strips), np.zeros(1))
    hodl = sum((one.worth[1] for one in strips), np.zeros(1))
    il: NDArray[Any] = value / hodl - 1
    return Column(il, np.where(np.isnan(il), np.int8(1), np.int8(0)))


def film(window: Window, names: Collection[str], windows: Mapping[str, timedelta]) -> Film:
    """Return a story's film with what these names of the market rest on.

    windows: as a lens has them.
    """
    prices = Prices()
    return filmed(tape(window, prices), prices, names, windows)


def filmed(
    told: Iterable[Observation],
    prices: Prices,
    names: Collection[str],
    windows: Mapping[str, timedelta],
) -> Film:
    """Return the film of a tape whose blocks are `prices`' own."""
    lens, asked = Lens(windows=windows), _resting_on(names)
    at, facts, rows, blocks = list[datetime](), list[Facts](), list[int](), 0
    known = Facts()
    for seen in told:
        if seen is _EMPTY:
            blocks += 1
            at.append(prices.told[-1][0])
        else:
            at.append(seen.observed_at)
            known = _taken(known, seen, asked, lens)
        rows.append(blocks - 1)
        facts.append(known)
    known_prices = np.array([_NO_PRICE, *(price for _, price in prices.told)])
    return Film(
        at=at,
        price=known_prices[np.array(rows) + 1],
        facts=facts,
        first=int(np.argmax(np.array(rows) >= 0)),
    )


def _taken(facts: Facts, seen: Observation, asked: Collection[str], lens: Lens) -> Facts:
    """Return the facts after what was read, as far as it is asked for."""
    match seen:
        case Past() if seen.name in asked:
            return absorb(facts, seen, lens)
        case Readings() if any(one.name in asked for one in seen.readings):
            return absorb(facts, seen, lens)
        case _:
            return facts


def _resting_on(names: Collection[str]) -> frozenset[str]:
    """Return names with all they are computed from."""
    found, left = set[str](), list(names)
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left += BY_NAME[name].inputs
    return frozenset(found)
