"""The markets hedges are priced on at one instant: what is quoted, else what is stated."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import lru_cache
from typing import Final

from monitor.hedge.black_scholes import Underlying
from monitor.hedge.contracts import COINS, KINDS, days_left, kind_of, years_left
from monitor.hedge.curve import Forward, VixCurve
from monitor.hedge.single import carry
from monitor.hedge.skew import COIN_SKEW, SPX_SKEW, VIX_SKEW, Skew, SkewedVol
from monitor.hedge.tenors import Tenors
from monitor.hedge.vol import VolAssumption
from monitor.model.layer import PERPETUAL, Contract
from monitor.model.quote import OptionQuote
from monitor.model.same import Same
from monitor.model.swift import swift

DIVIDEND: Final = 0.013
"""A year's dividends of the S&P 500 over its price, declared: about what they have been."""

_VIX: Final = "vix"
_SPX: Final = "spx"
_LOWEST_VOL: Final = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class VixMarket:
    """VIX futures and what their options are priced at. spot: told, never priced by.

    curve: None while no settlement is known that is new enough, and curve_why says why.
    expiries: the listed monthly ones, rising.
    """

    spot: float | None = None
    curve: VixCurve | None = None
    vol: VolAssumption = field(default_factory=VolAssumption)
    skew: Skew = VIX_SKEW
    expiries: tuple[date, ...] = ()
    curve_why: str = "no settlement of VIX futures is known"

    def __hash__(self) -> int:
        """Tell most markets apart; to count in all they hold would cost more than a price."""
        return hash((self.spot, self.vol.near, self.curve and self.curve.settlements[:1]))


@dataclass(frozen=True, slots=True, kw_only=True)
class SpxMarket:
    """The S&P 500. vols: of its options by days to expiry. rate, dividend: annual fractions.

    rate: None is not known, and prices say that they are at 0. morning, evening: expiries of SPX
    and of SPXW that are listed, rising.
    """

    spot: float
    vols: Tenors
    rate: float | None = 0.0
    dividend: float = DIVIDEND
    skew: Skew = SPX_SKEW
    morning: tuple[date, ...] = ()
    evening: tuple[date, ...] = ()

    def __hash__(self) -> int:
        """Tell most markets apart, as that of the VIX does."""
        return hash((self.spot, self.rate, self.vols))


@dataclass(frozen=True, slots=True, kw_only=True)
class CoinMarket:
    """A coin. price: USD. vols: of its options by days to expiry. expiries: listed, rising.

    vols: None where none is known, and vol_why says why: its perpetual has a price all the same.
    funding: what longs of its perpetual future pay shorts, a year, at the present rate; None
    where that is not known. funding_note: who says so, or why it is not known.
    """

    price: float
    vols: Tenors | None
    skew: Skew = COIN_SKEW
    expiries: tuple[date, ...] = ()
    source: str = "spot"
    vol_why: str = "its volatility is not known"
    funding: float | None = None
    funding_note: str = "its funding is not known"

    def __hash__(self) -> int:
        """Tell most markets apart, as that of the VIX does."""
        return hash((self.price, self.vols))


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """All markets at one instant. spx: None, and coins without a row, where not known.

    quotes: of contracts that an exchange quotes. unknown: by root, why it has no market.
    vol_shift: added to every volatility, an annual fraction (0.05 is 5 points).
    """

    vix: VixMarket = field(default_factory=VixMarket)
    spx: SpxMarket | None = None
    coins: Mapping[str, CoinMarket] = field(default_factory=dict)
    quotes: Mapping[Contract, OptionQuote] = field(default_factory=dict)
    unknown: Mapping[str, str] = field(default_factory=dict)
    vol_shift: float = 0.0

    def coin_usd(self, contract: Contract) -> float | None:
        """Return what one unit of a contract's own price is worth, USD; None if not known."""
        kind = kind_of(contract)
        if not kind.in_coin:
            return 1.0
        coin = self.coins.get(kind.root)
        return coin.price if coin else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What one contract is priced on.

    underlying: what Black-Scholes takes; of a VIX option and a coin's the forward, at no
    rate. vol: by strike; None of a future, and where none is known: vol_note says why.
    usd: of one unit of the contract's own price. note: where the forward comes from, and
    vol_note the volatility. funding: of a perpetual future, as its market has it, and nought
    of all else.
    """

    underlying: Underlying
    years: float
    vol: SkewedVol | None
    usd: float
    note: str
    vol_note: str = ""
    funding: float | None = 0.0
    funding_note: str = ""
    forward: float = field(init=False)

    def __post_init__(self) -> None:
        # Asked for at every strike.
        object.__setattr__(self, "forward", carry(self.underlying, self.years)[0])


_underlying: Final = swift(Underlying)


def shifted(market: Market, vol: float) -> Market:
    """Return the market with its volatilities raised by an annual fraction."""
    return replace(market, vol_shift=market.vol_shift + vol)


def after(market: Market, day: date) -> Market:
    """Return the market with only the expiries later than a day."""

    def later(days: tuple[date, ...]) -> tuple[date, ...]:
        return tuple(one for one in days if one > day)

    spx = market.spx
    if spx is not None:
        spx = replace(spx, morning=later(spx.morning), evening=later(spx.evening))
    return replace(
        market,
        vix=replace(market.vix, expiries=later(market.vix.expiries)),
        spx=spx,
        coins={
            root: replace(one, expiries=later(one.expiries)) for root, one in market.coins.items()
        },
    )


def ground(kind: str, expiry: date, market: Market, at: datetime) -> Ground | str:
    """Return what contracts of a kind and an expiry are priced on, or why that is not known."""
    root, contract = KINDS[kind].root, _any_of(kind, expiry)
    if root == _VIX:
        return _vix(contract, market.vix, market.vol_shift, at)
    if root == _SPX:
        if market.spx is None:
            return market.unknown.get(_SPX, "the S&P 500 is not known")
        return _spx(contract, market.spx, market.vol_shift, at)
    coin = market.coins.get(root)
    if coin is None:
        return market.unknown.get(root, f"the price of {root.upper()} is not known")
    return _coin(contract, coin, market.vol_shift, at)


@lru_cache(maxsize=1024)
def _any_of(kind: str, expiry: date) -> Contract:
    """Return a contract of no strike, which stands for all of its expiry."""
    return Contract(kind=kind, expiry=expiry, strike=0.0)


def listed(kind: str, market: Market) -> tuple[date, ...]:
    """Return the expiries known to be listed for a kind, rising; a perpetual's is its own."""
    what = KINDS[kind]
    if what.root in COINS:
        if not what.option:
            return (PERPETUAL,)
        coin = market.coins.get(what.root)
        return coin.expiries if coin else ()
    if what.root == _VIX:
        return market.vix.expiries
    if market.spx is None:
        return ()
    return market.spx.evening if what.ticker == "SPXW" else market.spx.morning


# A strip's dozen options stand on one ground, at each of a dozen shifts and shocks.
@lru_cache(maxsize=512)
def _vix(contract: Contract, vix: VixMarket, shift: float, at: datetime) -> Ground | str:
    """Undiscounted: three months' interest is well inside the error of the volatility."""
    forward = _forward(Same(vix.curve), contract.expiry) if vix.curve else None
    if forward is None:
        return vix.curve_why
    if not kind_of(contract).option:
        told = f"VX future {forward.value:.2f}, {forward.note}"
        return Ground(
            underlying=Underlying(spot=forward.value), years=0.0, vol=None, usd=1.0, note=told
        )
    days = days_left(contract.expiry, at)
    return Ground(
        underlying=_underlying(spot=forward.value),
        years=years_left(contract, at),
        vol=_vix_vol(Same(vix.vol), Same(vix.skew), days, shift),
        usd=1.0,
        note=_vix_note(Same(forward)),
        vol_note=_vol_note(Same(vix.vol), Same(vix.skew)),
    )


@lru_cache(maxsize=256)
def _forward(curve: Same[VixCurve], expiry: date) -> Forward | None:
    return curve.of.forward(expiry)


@lru_cache(maxsize=256)
def _vix_vol(vol: Same[VolAssumption], skew: Same[Skew], days: int, shift: float) -> SkewedVol:
    sigma = max(vol.of.at(days), _LOWEST_VOL)
    return SkewedVol(at_forward=sigma, skew=skew.of, source=vol.of.source, shift=shift)


@lru_cache(maxsize=256)
def _vix_note(forward: Same[Forward]) -> str:
    return f"VIX forward {forward.of.value:.2f}, {forward.of.note}"


@lru_cache(maxsize=256)
def _vol_note(vol: Same[VolAssumption], skew: Same[Skew]) -> str:
    return f"{vol.of.label}, {skew.of.label}: model"


@lru_cache(maxsize=512)
def _spx(contract: Contract, spx: SpxMarket, shift: float, at: datetime) -> Ground | str:
    if spx.skew.below <= 0:
        return f"wings of an index need a put skew above zero, was {spx.skew.below}"
    days = max(days_left(contract.expiry, at), 1)
    sigma, named = spx.vols.at(days)
    rate = "rate unknown, taken as 0 %" if spx.rate is None else f"rate {100 * spx.rate:.1f} %"
    return Ground(
        underlying=Underlying(spot=spx.spot, rate=spx.rate or 0.0, dividend=spx.dividend),
        years=years_left(contract, at),
        vol=SkewedVol(at_forward=sigma, skew=spx.skew, source=named, shift=shift),
        usd=1.0,
        note=f"SPX {spx.spot:,.0f}, {rate}, dividends {100 * spx.dividend:.1f} % (declared)",
        vol_note=f"{named} {100 * sigma:.1f} %, {spx.skew.label}: model",
    )


@lru_cache(maxsize=512)
def _coin(contract: Contract, coin: CoinMarket, shift: float, at: datetime) -> Ground | str:
    kind = kind_of(contract)
    spot = f"{kind.root.upper()} {coin.price:,.0f}, {coin.source}"
    if not kind.option:
        return Ground(
            underlying=Underlying(spot=coin.price),
            years=0.0,
            vol=None,
            usd=1.0,
            note=spot,
            funding=coin.funding,
            funding_note=coin.funding_note,
        )
    known = Ground(
        underlying=Underlying(spot=coin.price),
        years=years_left(contract, at),
        vol=None,
        usd=coin.price,
        note=f"{spot}, taken for its forward: model",
        vol_note=coin.vol_why,
    )
    if coin.vols is None:
        return known
    sigma, named = coin.vols.at(max(days_left(contract.expiry, at), 1))
    return replace(
        known,
        vol=SkewedVol(at_forward=sigma, skew=coin.skew, source=named, shift=shift),
        vol_note=f"{named} {100 * sigma:.0f} %, {coin.skew.label}: model",
    )
