"""Shocks told to a phone: some thirty characters a line."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import product
from typing import Final

from monitor.alerts.figures import number
from monitor.app.brief_layers import over
from monitor.hedge.shock import Shock
from monitor.hedge.whatif import Book, Outcome, left_out, outcome
from monitor.pipeline import State
from monitor.signals.book import live_positions
from monitor.signals.covered import cover_of
from monitor.signals.market import market_of

_PERCENT: Final = 100.0
_MOVES: Final = (-0.45, -0.30, -0.15, 0.15)
_LEVELS: Final = (20.0, 30.0, 45.0, 60.0)
_CELL: Final = 6
_WHOLE: Final = 100.0
_VIX: Final = (0.0, 200.0)
_DVOL: Final = 200.0
_FORM: Final = "/whatif eth -30% vix 45"
_NAMES: Final = ("eth", "btc", "spx", "vix", "dvol")


def whatif_told(state: State, said: Sequence[str], now: datetime) -> Iterator[str]:
    """Yield what a shock such as `eth -30% vix 45` would do; without one, a small table."""
    if not live_positions(state.facts):
        yield "no position is known yet"
        return
    shock = read_shock(said)
    if isinstance(shock, str):
        yield shock
        yield _FORM
        return
    book = Book(
        cover=cover_of(state.facts, "book", now),
        layers={key: one for key, one in state.layers.items() if one.legs},
        market=market_of(state.facts, now),
        at=now,
    )
    yield from _table(book) if shock is None else _one(state, outcome(book, shock))
    for why in left_out(book.cover):
        yield f"Left out: {why}"
    yield "By the model. Not advice."


def read_shock(said: Sequence[str]) -> Shock | str | None:
    """Return a shock as it is typed, None where none is, or what is wrong with it in a sentence."""
    if not said:
        return None
    if len(said) % 2:
        return "a move after each name, as in"
    found: dict[str, float] = {}
    for name, text in zip(said[::2], said[1::2], strict=True):
        key = name.lower().removesuffix("=")
        if key not in _NAMES or key in found:
            return f"{name[:8]!r} is twice, or not in\n{', '.join(_NAMES)}:"
        value = _number(key, text)
        if value is None:
            return f"{text[:20]!r} is no {_MEANT.get(key, _MOVE)}"
        found[key] = value
    return Shock(
        coins={name: found[name] for name in ("eth", "btc") if name in found},
        vix=found.get("vix"),
        spx=found.get("spx"),
        coin_vol=found.get("dvol", 0.0) / _PERCENT,
    )


_MOVE: Final = "move such\nas -30%:"
_MEANT: Final[Mapping[str, str]] = {
    "vix": "VIX\nabove 0 and up to 200:",
    "dvol": "number of points\nfrom -200 to 200:",
}


def _number(key: str, text: str) -> float | None:
    """Return a move as a fraction, a VIX or points; None where it is none, or none that can be."""
    plain = text.replace("−", "-").replace(",", "")
    share = plain.endswith("%")
    try:
        value = float(plain.removesuffix("%"))
    except ValueError:
        return None
    if key == "vix":
        return value if _VIX[0] < value <= _VIX[1] and not share else None
    if key == "dvol":
        return value if -_DVOL <= value <= _DVOL and not share else None
    value = value / _PERCENT if share else value
    return value if -1 < value <= 10 else None  # noqa: PLR2004


def _one(state: State, found: Outcome) -> Iterator[str]:
    yield f"What if {found.shock.label or 'volatilities alone'}"
    yield f"positions {_usd(found.value_usd)}"
    yield f"IL {_usd(found.loss_usd)}"
    for key, made in found.made.items():
        layer, _, scope = key.partition("|")
        name = f"{layer}{over(state, scope)}"
        if made is None:
            yield f"{name} unknown:"
            yield f"  {found.unknown[key]}"
        else:
            yield f"{name} {_usd(made)}"
    if not found.made:
        yield "no layer is on"
        return
    hedge = found.hedge_usd
    yield "hedge unknown" if hedge is None else f"hedge {_usd(hedge)}"
    if hedge is not None:
        yield f"together {_usd(found.value_usd + hedge)}"
    if found.offset is not None:
        yield f"of IL offset {number(found.offset * _PERCENT, 0)} %"


def _table(book: Book) -> Iterator[str]:
    yield "IL and hedge, thousand USD"
    yield "VIX" + "".join(f"{_move(one):>{_CELL}}" for one in _MOVES)
    cells = {
        (level, move): outcome(book, Shock(coins={"eth": move, "btc": move}, vix=level))
        for level, move in product(_LEVELS, _MOVES)
    }
    for level in _LEVELS:
        row = (_cell(cells[level, move]) for move in _MOVES)
        yield f"{level:<3g}" + "".join(f"{one:>{_CELL}}" for one in row)
    if not book.layers:
        yield "no layer is on"
    unknown = {k: why for one in cells.values() for k, why in one.unknown.items()}
    for key, why in unknown.items():
        yield f"{key.partition('|')[0]} unknown: {why}"
    yield _FORM


def _cell(one: Outcome) -> str:
    hedge = one.hedge_usd
    if hedge is None:
        return "—"
    thousands = (one.loss_usd + hedge) / 1e3
    return number(thousands, 1 if abs(thousands) < _WHOLE else 0)


def _move(move: float) -> str:
    return f"{'+' if move > 0 else ''}{number(move * _PERCENT, 0)}%"


def _usd(usd: float) -> str:
    return f"{'+' if usd > 0 else ''}{number(usd, 0)} USD"
