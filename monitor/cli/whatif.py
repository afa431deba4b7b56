"""`hedgewatch whatif`: what a shock, or a grid of them, would do to the book."""

import argparse
import json
from collections.abc import Iterator, Sequence
from typing import Final

from monitor.alerts.figures import figure, moment, number
from monitor.alerts.ticket import DISCLAIMER
from monitor.cli.lines import line
from monitor.cli.look import Look, looking, over
from monitor.cli.whatif_chart import draw_grid
from monitor.errors import ConfigError, Fault
from monitor.hedge.shock import Shock
from monitor.hedge.whatif import COIN_MOVES, VIX_LEVELS, Book, Outcome, grid, left_out, outcome
from monitor.signals.book import live_positions
from monitor.signals.covered import cover_of
from monitor.signals.market import market_of

_PERCENT: Final = 100.0
_NAME: Final = 22
_CELL: Final = 8
_MODEL: Final = (
    "Model prices on both sides. A jump of the VIX reaches futures less the farther they are; "
    "the S&P 500 falls half a percent a point of VIX unless told; volatilities of coins stay "
    "unless told. Lost: against holding what is in the positions now."
)


def whatif(asked: argparse.Namespace) -> int:
    """Print one shock if any move is named, else the grid; write the PNG where one is asked for."""
    shock = _shock(asked)
    with looking(asked) as look:
        book = _book(look)
        if not live_positions(look.state.facts):
            print("No position is known yet: there is nothing to shock.")
            return 1
        table = grid(book) if shock is None or asked.png or asked.json else ()
        if asked.png:
            told = f"{next(_standing(book))}; {moment(book.at)}"
            asked.png.write_bytes(draw_grid(table, COIN_MOVES, VIX_LEVELS, told=told))
        if asked.json:
            print(
                json.dumps(
                    _document(book, outcome(book, shock) if shock else None, table), indent=1
                )
            )
            return 0
        lines = _one(look, book, outcome(book, shock)) if shock else _grid(book, table)
        print("\n".join(lines))
        print(f"\n{line('', _MODEL)}\n{DISCLAIMER}")
        if asked.png:
            print(f"written {asked.png}")
    return 0


def _book(look: Look) -> Book:
    facts = look.state.facts
    return Book(
        cover=cover_of(facts, "book", look.now),
        layers={key: one for key, one in look.state.layers.items() if one.legs},
        market=market_of(facts, look.now),
        at=look.now,
    )


def _shock(asked: argparse.Namespace) -> Shock | None:
    """Return the shock asked for; None where no move is named."""
    moves = {name: _move(name, getattr(asked, name)) for name in ("eth", "btc", "spx")}
    if asked.vix is not None and not 0 < asked.vix <= 200:  # noqa: PLR2004
        raise ConfigError([Fault(file="--vix", where="", reason="is above 0 and up to 200")])
    coins = {name: moves[name] for name in ("eth", "btc") if moves[name] is not None}
    if not coins and asked.vix is None and moves["spx"] is None and asked.dvol is None:
        return None
    return Shock(
        coins={name: move for name, move in coins.items() if move is not None},
        vix=asked.vix,
        spx=moves["spx"],
        coin_vol=(asked.dvol or 0.0) / _PERCENT,
    )


def _move(name: str, text: str | None) -> float | None:
    """Return a move as a fraction: `-30%` and `-0.3` are the same."""
    if text is None:
        return None
    try:
        move = float(text.removesuffix("%")) / (_PERCENT if text.endswith("%") else 1.0)
    except ValueError:
        move = float("nan")
    if not -1 < move <= 10:  # noqa: PLR2004
        reason = f"{text!r} is no move such as -30% or 0.2, above -100% and up to 1000%"
        raise ConfigError([Fault(file=f"--{name}", where="", reason=reason)])
    return move


def _one(look: Look, book: Book, found: Outcome) -> Iterator[str]:
    yield f"What if: {found.shock.label or 'volatilities alone'}"
    yield from _standing(book)
    yield ""
    yield _row("positions", found.value_usd)
    yield _row("  of it lost (IL)", found.loss_usd)
    for key, made in found.made.items():
        layer, _, scope = key.partition("|")
        name = f"{layer}{over(look, scope)}"
        if made is None:
            yield line(f"{name:<{_NAME}}", f"unknown: {found.unknown[key]}")
        else:
            yield _row(name, made)
    hedge = found.hedge_usd
    if not found.made:
        yield line(f"{'hedge':<{_NAME}}", "no layer is on")
    elif hedge is not None:
        yield _row("hedge together", hedge)
        yield _row("positions and hedge", found.value_usd + hedge)
    if found.made and found.offset is not None:
        yield f"{'IL offset':<{_NAME}}{figure(found.offset, 'fraction'):>14}"


def _standing(book: Book) -> Iterator[str]:
    market, told = book.market, []
    told += [f"{root.upper()} {number(coin.price, 0)}" for root, coin in market.coins.items()]
    told += [] if market.vix.spot is None else [f"VIX {market.vix.spot:.2f}"]
    told += [] if market.spx is None else [f"SPX {number(market.spx.spot, 0)}"]
    value = sum(one.value_usd for one in book.cover.held)
    yield f"Now: {', '.join(told) or 'no market is known'}; covered {figure(value, 'usd')}"
    for why in left_out(book.cover):
        yield line("", f"Left out: {why}.")


def _row(name: str, usd: float) -> str:
    sign = "+" if usd > 0 else ""
    return f"{name:<{_NAME}}{sign + number(usd, 0):>14} USD"


def _grid(book: Book, table: Sequence[Sequence[Outcome]]) -> Iterator[str]:
    yield "Impermanent loss and hedge together, USD, by coin's move and VIX"
    yield from _standing(book)
    yield ""
    heads = [_percent(one.shock.coins["eth"]) for one in table[0]]
    yield f"{'VIX':<6}" + "".join(f"{head:>{_CELL + 1}}" for head in heads)
    for level, row in zip(VIX_LEVELS, table, strict=True):
        yield f"{level:<6g}" + "".join(f"{_cell(one):>{_CELL + 1}}" for one in row)
    yield ""
    yield "Share of that loss offset by the hedge"
    for level, row in zip(VIX_LEVELS, table, strict=True):
        yield f"{level:<6g}" + "".join(f"{_share(one):>{_CELL + 1}}" for one in row)
    for key, why in {
        k: why for row in table for one in row for k, why in one.unknown.items()
    }.items():
        yield line("", f"{key.partition('|')[0]} is unknown: {why}.")


def _cell(one: Outcome) -> str:
    hedge = one.hedge_usd
    return "unknown" if hedge is None else number(one.loss_usd + hedge, 0)


def _share(one: Outcome) -> str:
    return "—" if one.offset is None else f"{number(one.offset * _PERCENT, 0)} %"


def _percent(move: float) -> str:
    return f"{'+' if move > 0 else ''}{number(move * _PERCENT, 0)} %"


def _document(
    book: Book, one: Outcome | None, table: Sequence[Sequence[Outcome]]
) -> dict[str, object]:
    return {
        "disclaimer": DISCLAIMER,
        "priced_by": "model",
        "left_out": list(left_out(book.cover)),
        "shock": None if one is None else _outcome(one),
        "grid": [_outcome(found) for row in table for found in row],
    }


def _outcome(one: Outcome) -> dict[str, object]:
    return {
        "coins": dict(one.shock.coins),
        "vix": one.shock.vix,
        "spx": one.shock.spx,
        "positions_usd": one.value_usd,
        "il_usd": one.loss_usd,
        "hedge_usd": one.hedge_usd,
        "layers": dict(one.made),
        "offset": one.offset,
        "unknown": dict(one.unknown),
    }
