"""What one contract is worth and how it moves: by its exchange's quote, else by the model."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Final

from monitor.hedge.black_scholes import Underlying
from monitor.hedge.contracts import Right, kind_of
from monitor.hedge.market import Ground, Market, ground
from monitor.hedge.single import carry, implied_vol, single
from monitor.model.layer import Contract
from monitor.model.quote import OptionQuote
from monitor.model.swift import swift

MODEL: Final = "model"
_POINT: Final = 0.01
_YEAR_DAYS: Final = 365
_YEAR_MINUTES: Final = _YEAR_DAYS * 24 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """One contract bought.

    price: as its exchange states it: index points, coin, USD. usd: what it is worth.
    intrinsic_usd: of a future its whole worth. delta: USD for a rise of the underlying by one
    point or dollar; gamma: of that delta. vega_usd: USD for a volatility point; theta_usd:
    USD for a calendar day that passes, of a perpetual future its funding at the present rate
    and None where that is not known; carry_note: who says so, or why not. sides: both, in
    words, where it is quoted. by: `model`, or who quotes it. note: what it rests on.
    """

    price: float
    usd: float
    intrinsic_usd: float
    delta: float
    gamma: float = 0.0
    vega_usd: float = 0.0
    theta_usd: float | None = 0.0
    carry_note: str = ""
    sigma: float | None = None
    bid_usd: float | None = None
    ask_usd: float | None = None
    sides: str = ""
    by: str = MODEL
    note: str = ""
    vol_note: str = ""


_quote: Final = swift(Quote)


def quote(contract: Contract, market: Market, at: datetime) -> Quote | str:
    """Return a contract's quote, or why it has none.

    A price quoted by an exchange goes before the model's; its own volatility is then what it
    is shifted by. Black-Scholes on the index, Black-76 on the future of a VIX option's expiry and
    on a coin's forward.
    """
    base = ground(contract.kind, contract.expiry, market, at)
    return base if isinstance(base, str) else quote_on(contract, base, market)


def quote_on(contract: Contract, base: Ground, market: Market) -> Quote | str:
    """Return a contract's quote on the ground of its kind and expiry, or why it has none."""
    if not kind_of(contract).option:
        return _future(contract, base)
    return _option(contract, base, market)


def _future(contract: Contract, base: Ground) -> Quote:
    each = kind_of(contract).multiplier
    price = base.forward
    worth = price * each * base.usd
    return Quote(
        price=price,
        usd=worth,
        intrinsic_usd=worth,
        delta=float(each),
        theta_usd=None if base.funding is None else -base.funding * worth / _YEAR_DAYS + 0.0,
        carry_note=base.funding_note,
        note=base.note,
    )


def _option(contract: Contract, base: Ground, market: Market) -> Quote | str:
    told = market.quotes.get(contract)
    if told is None or told.price is None:
        stated = _stated(contract, base)
        return base.vol_note if stated is None else _priced(contract, base, stated)
    if told.forward is not None and kind_of(contract).in_coin:
        base = replace(base, underlying=Underlying(spot=told.forward))
    own = _implied(contract, base, told.price)
    sigma = _stated(contract, base) if own is None else max(own + market.vol_shift, _POINT)
    if sigma is None:
        return base.vol_note
    found = _priced(contract, base, sigma)
    each = kind_of(contract).multiplier * base.usd
    shifted = market.vol_shift and own is not None
    return replace(
        found,
        price=found.price if shifted else told.price,
        usd=found.usd if shifted else told.price * each,
        bid_usd=None if told.bid is None else told.bid * each,
        ask_usd=None if told.ask is None else told.ask * each,
        by=told.source,
        sides=_sides(told, contract),
        note=f"quoted by {told.source}",
        vol_note="" if own is None else f"implied vol {100 * own:.0f} %",
    )


def _sides(told: OptionQuote, contract: Contract) -> str:
    """Return both sides in the exchange's own unit: `bid 0.0235, ask 0.0245 ETH`."""
    kind = kind_of(contract)
    form, unit = (".4f", f" {kind.ticker}") if kind.in_coin else (".2f", "")
    sides = [
        f"{name} {side:{form}}" for name, side in (("bid", told.bid), ("ask", told.ask)) if side
    ]
    return f"{', '.join(sides)}{unit}" if sides else ""


def _priced(contract: Contract, base: Ground, sigma: float) -> Quote:
    kind, strike, years = kind_of(contract), contract.strike, base.years
    call = kind.right is Right.CALL
    of, forward = base.underlying, base.forward if kind.in_coin else 1.0
    found = single(of, strike, sigma=sigma, years=years, call=call)
    usd = kind.multiplier * (base.usd / forward if kind.in_coin else 1.0)
    # What the forward moves by for a dollar of the coin, at the same basis.
    moves = forward / base.usd if kind.in_coin else 1.0
    gap = (1 if call else -1) * (float(of.spot) - strike)
    return _quote(
        price=found.price / forward if kind.in_coin else found.price,
        usd=found.price * usd,
        intrinsic_usd=max(gap, 0.0) * usd,
        delta=found.delta * usd * moves,
        gamma=found.gamma * usd * moves**2,
        vega_usd=found.vega * _POINT * usd,
        theta_usd=found.theta_day * usd,
        sigma=sigma,
        note=base.note,
        vol_note=base.vol_note,
    )


def _stated(contract: Contract, base: Ground) -> float | None:
    """Return the volatility of the contract's strike where nobody quotes it; None if unknown."""
    if base.vol is None:
        return None
    return base.vol.of_one(base.forward, contract.strike, years=base.years)


def _implied(contract: Contract, base: Ground, price: float) -> float | None:
    """Return the volatility a quoted price implies; None where there is none.

    By the time left to the nearest minute, one at least, so that marking anew does not solve anew.
    """
    if base.years <= 0 or contract.strike <= 0:
        return None
    kind, minutes = kind_of(contract), max(round(base.years * _YEAR_MINUTES), 1)
    forward, discount, _ = carry(base.underlying, minutes / _YEAR_MINUTES)
    premium = price * forward if kind.in_coin else price / discount
    call = kind.right is Right.CALL
    found = _solved(premium, forward, strike=contract.strike, minutes=minutes, call=call)
    return found if found > 0 else None


@lru_cache(maxsize=8192)
def _solved(premium: float, forward: float, *, strike: float, minutes: int, call: bool) -> float:
    years = minutes / _YEAR_MINUTES
    return implied_vol(premium, forward, strike=strike, years=years, call=call)


def grounds(quotes: Iterable[Quote]) -> str:
    """Return what prices rest on, each thing once: the forwards, then the volatilities.

    Of a single contract its two sides too, where it is quoted.
    """
    every = tuple(quotes)
    if len(every) == 1:
        (one,) = every
        return "; ".join(part for part in (one.note, one.sides, one.vol_note) if part)
    notes = dict.fromkeys(one.note for one in every if one.note)
    vols = dict.fromkeys(one.vol_note for one in every if one.vol_note)
    return "; ".join((*notes, *vols))


def priced_by(quotes: Iterable[Quote]) -> str:
    """Return who gave the prices, each once: `model`, `deribit`, or `deribit and model`."""
    return " and ".join(sorted({one.by for one in quotes}))
