"""What the book would gain or lose in a shock: its positions, and each layer of its hedge."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from monitor.hedge.book import NOUGHT_USD
from monitor.hedge.contracts import expired
from monitor.hedge.cover import Cover
from monitor.hedge.market import Market
from monitor.hedge.shock import Shock
from monitor.hedge.worth import held, made_in
from monitor.model.layer import LayerState, Leg

COIN_MOVES: Final = (-0.60, -0.45, -0.30, -0.15, 0.0, 0.15, 0.30, 0.50)
VIX_LEVELS: Final = (12.0, 20.0, 30.0, 45.0, 60.0, 80.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """What a shock comes upon. layers: by `layer|scope`."""

    cover: Cover
    layers: Mapping[str, LayerState]
    market: Market
    at: datetime

    def legs(self, key: str) -> tuple[Leg, ...]:
        """Return the legs of a layer that still trade."""
        return tuple(leg for leg in self.layers[key].legs if not expired(leg.contract, self.at))


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one shock does at once, USD, by the model.

    value_usd: change of the positions' value. loss_usd: of that what is lost against holding
    what is in them now, <= 0. made: by layer, None where one has no price, with the reason in
    `unknown`.
    """

    shock: Shock
    value_usd: float
    loss_usd: float
    made: Mapping[str, float | None]
    unknown: Mapping[str, str]

    @property
    def hedge_usd(self) -> float | None:
        """Return what all layers make together; None where one is not known."""
        known = [one for one in self.made.values() if one is not None]
        return sum(known) if len(known) == len(self.made) else None

    @property
    def offset(self) -> float | None:
        """Return what the hedge makes over what is lost against holding; None where nothing is."""
        made = self.hedge_usd
        if made is None or self.loss_usd > -NOUGHT_USD:
            return None
        return made / -self.loss_usd


def outcome(book: Book, shock: Shock) -> Outcome:
    """Return what a shock that comes now does."""
    moves = dict(shock.coins)
    made: dict[str, float | None] = {}
    unknown: dict[str, str] = {}
    for key in book.layers:
        legs = book.legs(key)
        if not legs:
            continue
        found = made_in(held(legs), book.market, shock, at=book.at)
        if isinstance(found, str):
            made[key], unknown[key] = None, found
        else:
            made[key] = found
    return Outcome(
        shock=shock,
        value_usd=sum(one.change_usd(moves.get(one.root, 0.0)) for one in book.cover.held),
        loss_usd=book.cover.loss_usd(moves),
        made=made,
        unknown=unknown,
    )


def left_out(cover: Cover) -> tuple[str, ...]:
    """Return why positions are not in the figures, or are and no shock moves them."""
    told = cover.left_out or ((cover.why,) if cover.why else ())
    still = ", ".join(f"#{one.key.rpartition(':')[2]}" for one in cover.held if not one.root)
    if not still:
        return told
    return (*told, f"{still}: in another coin than ETH or BTC, which no shock here moves")


def grid(
    book: Book, moves: Sequence[float] = COIN_MOVES, levels: Sequence[float] = VIX_LEVELS
) -> tuple[tuple[Outcome, ...], ...]:
    """Return outcomes by VIX level, then by move of every coin the positions hold."""
    return tuple(
        tuple(outcome(book, Shock(coins={"eth": move, "btc": move}, vix=level)) for move in moves)
        for level in levels
    )
