"""`hedgewatch positions`: every position watched, in a table of at most 80 columns."""

import argparse
import asyncio
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from monitor.alerts.compose import edges, price_told
from monitor.alerts.figures import age, figure
from monitor.app.direct import read_directly, wallet_watches
from monitor.app.present import clock_of
from monitor.chain.settings import WatchSettings, checked_address
from monitor.cli.lines import COLUMNS, cut, line
from monitor.cli.look import Look, looking
from monitor.config import Settings, load_settings
from monitor.errors import ConfigError, Fault
from monitor.pipeline import State
from monitor.rules.surroundings import CHAIN_MAX_AGE
from monitor.signals.facts import PositionSeen
from monitor.signals.of_money import no_entry
from monitor.signals.of_position import OF_POSITION

_HEAD: Final = ("position", "pair", "range", "now", "IL", "fees", "in range", "value")
_UNITS: Final = "range, now: quote token a base token; fees, value: USD; in range: while watched"
_INSIDE: Final = _HEAD.index("in range")
_FIGURES: Final = 3
"""Columns from here on are numbers, and end alike."""

_MOST_BAR: Final = 13
_WHOLE_BAR: Final = 5
"""In fewer columns than these a bar has no room for a word."""

_GIVING_WAY: Final = ((1, 6, _WHOLE_BAR), (_INSIDE, 4, 3), (1, 4, 3), (0, 6, 3))
"""Where it is too wide: which column, how narrow it may be, and the bar there is to be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """One position. cells: one for each of _HEAD; why: what stands in place of its figures."""

    seen: PositionSeen
    cells: tuple[str, ...]
    why: str = ""


def positions(asked: argparse.Namespace) -> int:
    """Show every position watched: range, price now, loss, fees, value."""
    if asked.wallet:
        look = _held_now(asked)
        _show(look, nothing="no position there")
        return 1 if any(one.gap for one in look.state.facts.chains.values()) else 0
    with looking(asked) as look:
        _show(look)
    return 0


def _show(look: Look, *, nothing: str = "no position seen yet") -> None:
    for text in (*_table(look, nothing), *_notes(look), *_footer(look)):
        print(text)


def _held_now(asked: argparse.Namespace) -> Look:
    """Return what wallets hold at the heads of the configured chains, read now."""
    settings = load_settings(asked.config)
    wallets = [_address(one) for one in asked.wallet]
    watches = wallet_watches(settings, wallets)
    return _read_now(settings, watches)


def lines_now(settings: Settings, watches: Mapping[str, Sequence[WatchSettings]]) -> list[str]:
    """Return the table of what is watched, by chain, as it is now; read for this alone."""
    look = _read_now(settings, watches)
    return [*_table(look, "no position there"), *_notes(look), *_footer(look)]


def _read_now(settings: Settings, watches: Mapping[str, Sequence[WatchSettings]]) -> Look:
    now = clock_of(settings).now()
    facts = asyncio.run(read_directly(settings, watches, now=now))
    return Look(settings=settings, state=State(at=now, facts=facts), now=now)


def _address(text: str) -> str:
    try:
        return checked_address(text)
    except ValueError as error:
        fault = Fault(file="--wallet", where="", reason=f"{error}, was {text!r}")
        raise ConfigError([fault]) from error


def _table(look: Look, nothing: str) -> Iterator[str]:
    rows = [_row(look, seen) for seen in look.state.facts.positions.values()]
    if not rows:
        yield nothing
        return
    widths = _widths([row.cells for row in rows])
    bar = min(COLUMNS - sum(widths) - len(widths), _MOST_BAR)
    yield _joined(_HEAD, "", widths, bar)
    for row in rows:
        if row.why:
            yield line(_joined(row.cells[:2], "", widths, 0), row.why)
        else:
            yield _joined(row.cells, _bar(row.seen, look, bar), widths, bar)
    yield _UNITS


def _row(look: Look, seen: PositionSeen) -> _Row:
    measures = seen.measures
    why = f"gone: {seen.gone}" if seen.gone else f"not read: {seen.unread}" if seen.unread else ""
    if why:
        cells = (name_of(look, seen), seen.pair, *[""] * len(_HEAD[2:]))
        return _Row(seen=seen, cells=cells, why=why)
    cells = (
        name_of(look, seen),
        seen.pair,
        edges(measures),
        price_told(measures),
        "unknown" if measures.il is None else figure(measures.il, "fraction"),
        _usd(measures.fees_usd),
        _in_range(look, seen),
        _usd(measures.total.usd),
    )
    return _Row(seen=seen, cells=cells)


def name_of(look: Look, seen: PositionSeen) -> str:
    """Return what people call a position: `#2`, with its chain where several are configured."""
    several = len(look.settings.chain) > 1
    return f"#{seen.position.token_id}" + (f" {seen.chain}" if several else "")


def _in_range(look: Look, seen: PositionSeen) -> str:
    """Return how much of the time watched it was in range, in whole percent; a dash at first."""
    share, _ = OF_POSITION["position.time_in_range"](look.state.facts, seen, look.now)
    return "—" if share is None else f"{math.floor(share * 100)} %"


def _usd(value: float | None) -> str:
    return "unknown" if value is None else figure(value, "usd").removesuffix(" USD")


def _widths(rows: Sequence[tuple[str, ...]]) -> list[int]:
    """Return the columns' widths; names and a head give way where it would be too wide."""
    widths = [max(map(len, column)) for column in zip(_HEAD, *rows, strict=True)]
    for column, least, bar in _GIVING_WAY:
        over = sum(widths) + len(widths) + bar - COLUMNS
        if over > 0:
            widths[column] = max(widths[column] - over, min(least, widths[column]))
    return widths


def _joined(cells: Sequence[str], bar: str, widths: Sequence[int], size: int) -> str:
    told = [
        f"{cut(cell, width):{'<' if column < _FIGURES else '>'}{width}}"
        for column, (cell, width) in enumerate(zip(cells, widths, strict=False))
    ]
    return " ".join([*told[:2], f"{bar:<{size}}", *told[2:]])


def _bar(seen: PositionSeen, look: Look, size: int) -> str:
    """Return where the price is in the range, in `size` characters, at least three."""
    measures = seen.measures
    if not seen.position.liquidity:
        return "empty" if size >= _WHOLE_BAR else "∅"
    low, high = math.log(measures.price_lower), math.log(measures.price_upper)
    share = (math.log(measures.price) - low) / (high - low)
    if not measures.in_range:
        side = "▼" if share < 0.5 else "▲"  # noqa: PLR2004 - the middle of the range
        side = f"out {side}" if size >= _WHOLE_BAR else side
        since = age((look.now - seen.out_since).total_seconds()) if seen.out_since else ""
        return f"{side} {since}" if since and len(side) + len(since) < size else side
    spot = min(max(int(share * (size - 2)), 0), size - 3)
    return "├" + "─" * spot + "●" + "─" * (size - 3 - spot) + "┤"


def _notes(look: Look) -> Iterator[str]:
    """Yield what no row tells: why an IL or dollars are unknown, wallets and pools not read."""
    for seen in look.state.facts.positions.values():
        note = no_entry(seen) if seen.position.liquidity else seen.position.basis_note
        if note and seen.measures.il is None and not (seen.gone or seen.unread):
            yield line(f"{name_of(look, seen)} IL unknown: ", note)
    doubts = {pool.usd_note: None for pool in look.state.facts.pools.values() if pool.usd_note}
    for note in doubts:
        yield line("no USD    ", note)
    for name in look.settings.chain:
        chain = look.state.facts.chains.get(name)
        for one in chain.missing if chain else ():
            if one.key not in look.state.facts.positions:
                yield line("unread    ", f"{one.key}: {one.reason}")


def _footer(look: Look) -> Iterator[str]:
    old = False
    for name in look.settings.chain:
        chain = look.state.facts.chains.get(name)
        yield line(f"{name} ", look.source(chain))
        if chain is not None and chain.good_at is not None:
            old = old or look.now - chain.good_at > CHAIN_MAX_AGE
    if old:
        limit = age(CHAIN_MAX_AGE.total_seconds())
        yield f"Figures older than {limit} are not of now: rules take them for unknown."
