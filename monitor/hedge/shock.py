"""What markets and positions are after a shock: the assumptions are declared here, and are models.

A VIX that jumps moves near futures most: each by the jump times exp(-4 x years), the pull of
a mean-reverting VIX with a half-life of two months. The S&P 500 falls half a percent for a point
of VIX where its own fall is not told, and its volatilities rise with the VIX. Volatilities
of coins and of the VIX stay as they are, unless told.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from math import exp
from typing import Final

from monitor.hedge.contracts import days_left
from monitor.hedge.market import CoinMarket, Market, SpxMarket, VixMarket
from monitor.hedge.tenors import Tenors
from monitor.model.layer import Contract
from monitor.model.quote import OptionQuote

PULL: Final = 4.0
"""How fast the VIX comes back, a year: the share of a jump left after t years is exp(-4t)."""

SPX_A_POINT: Final = 0.005
"""How far the S&P 500 falls for a point of VIX, a fraction: 34 % for 68 points in 2020."""

_YEAR: Final = 365.0
_LEAST_VIX: Final = 5.0
_LEAST_VOL: Final = 0.03
_NO_QUOTES: Final[Mapping[Contract, OptionQuote]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shock:
    """A sudden move. coins: fractions by root, -0.3 is a fall of 30 %. vix: index points.

    spx: a fraction; None follows the VIX. coin_vol: added to coins' volatilities, annual fraction.
    """

    coins: Mapping[str, float]
    vix: float | None = None
    spx: float | None = None
    coin_vol: float = 0.0

    @property
    def label(self) -> str:
        """Return the shock in words: `ETH −30 %, VIX 45`."""
        told = [f"{root.upper()} {_percent(move)}" for root, move in self.coins.items()]
        told += [] if self.vix is None else [f"VIX {self.vix:g}"]
        told += [] if self.spx is None else [f"SPX {_percent(self.spx)}"]
        return ", ".join(told)


SPIKES: Final = (
    Shock(coins={"eth": -0.30, "btc": -0.25}, vix=45.0),
    Shock(coins={"eth": -0.45, "btc": -0.40}, vix=75.0),
)
"""A 2020-like spike, milder, and as on 12 March: ETH fell by 43 %, the VIX closed at 75."""


def unreached(market: Market, shock: Shock, roots: Collection[str]) -> str:
    """Return why a shock does not say what becomes of what is written on these; mostly empty.

    A jump of the VIX moves futures and the S&P 500 by how far it jumps, and from where is to
    be known.
    """
    if shock.vix is None or market.vix.spot is not None or not {"vix", "spx"}.intersection(roots):
        return ""
    why = market.unknown.get("vix", "the VIX is not known")
    return f"how far it is to VIX {shock.vix:g} is unknown: {why}"


def shocked(market: Market, shock: Shock, at: datetime) -> Market:
    """Return the markets after a shock, nothing quoted: the model prices alone."""
    jump = 0.0
    if shock.vix is not None and market.vix.spot is not None:
        jump = shock.vix - market.vix.spot
    return replace(
        market,
        vix=_vix(market.vix, jump, at),
        spx=None if market.spx is None else _spx(market.spx, jump, shock.spx),
        coins={root: _coin(coin, shock, root) for root, coin in market.coins.items()},
        quotes=_NO_QUOTES,
    )


def unquoted(market: Market) -> Market:
    """Return the market with nothing quoted: what a shocked one is compared with."""
    return replace(market, quotes=_NO_QUOTES)


def _vix(vix: VixMarket, jump: float, at: datetime) -> VixMarket:
    if not jump or vix.curve is None:
        return vix
    moved = tuple(
        (day, max(value + jump * exp(-PULL * max(days_left(day, at), 0) / _YEAR), _LEAST_VIX))
        for day, value in vix.curve.settlements
    )
    curve = replace(vix.curve, settlements=moved)
    return replace(vix, spot=None if vix.spot is None else vix.spot + jump, curve=curve)


def _spx(spx: SpxMarket, jump: float, told: float | None) -> SpxMarket:
    move = -SPX_A_POINT * jump if told is None else told
    return replace(spx, spot=spx.spot * max(1 + move, 0.01), vols=_raised(spx.vols, jump / 100))


def _coin(coin: CoinMarket, shock: Shock, root: str) -> CoinMarket:
    move = shock.coins.get(root, 0.0)
    vols = None if coin.vols is None else _raised(coin.vols, shock.coin_vol)
    return replace(coin, price=coin.price * max(1 + move, 1e-6), vols=vols)


def _raised(vols: Tenors, by: float) -> Tenors:
    return Tenors(
        known=tuple(replace(one, sigma=max(one.sigma + by, _LEAST_VOL)) for one in vols.known)
    )


def _percent(move: float) -> str:
    return f"{'−' if move < 0 else '+'}{abs(move) * 100:g} %"
