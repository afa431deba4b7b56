"""How many units of an instrument a layer asks for: named policies, each told with its formula."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from math import floor
from typing import Final

from monitor.hedge.contracts import Right, days_left, kind_of
from monitor.hedge.cost_of_money import ADJUSTMENTS, FACTORS, Money
from monitor.hedge.cover import Cover
from monitor.hedge.instruments import Unit
from monitor.hedge.limit import Limit
from monitor.hedge.market import Market
from monitor.hedge.shock import Shock
from monitor.hedge.worth import Holding, Worth, made_in, worth_of
from monitor.model.layer import PERPETUAL, Contract

DEFAULT_BETA: Final = 0.25
"""The share of a year's fees that a budget takes where a rule file names none."""

DEFAULT_SHOCK: Final = Shock(coins={"eth": -0.30, "btc": -0.30}, vix=45.0)

LEAST_RISE: Final = 15.0
"""How far the VIX rises in a shock at least, points: from 50 a "shock" to 45 would be a calm."""

_MOST: Final = 1_000_000
_YEAR_DAYS: Final = 365
_NEARLY: Final = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much of an instrument, as a rule file says it.

    policy: `fixed` (contracts), `fee_budget` (beta), `premium` (share of the covered value,
    spent at once; half of it while the VIX future of 30 days is above half_above), `il_share`
    (share of the loss in shock), `vega` (vega_usd, USD a volatility point) or `delta` (share of
    the covered positions' own, less what is held).
    adjust: `wacc`, `differential` or `both`. Caps, each a fraction: max_condor_share of the
    notional of condors held, max_capital_share of the covered value at risk; max_leverage, and
    min_distance to liquidation. over_hedge: true allows to cover more than is expected to be lost.
    """

    policy: str
    contracts: int | None = None
    beta: float | None = None
    share: float | None = None
    vega_usd: float | None = None
    half_above: float | None = None
    shock: Shock = DEFAULT_SHOCK
    adjust: str = ""
    max_condor_share: float | None = None
    max_capital_share: float | None = None
    max_leverage: float | None = None
    min_distance: float | None = None
    over_hedge: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What a size is worked out of.

    held: what already hedges the same positions; own: of that, what the layer itself holds.
    """

    unit: Unit
    market: Market
    at: datetime
    cover: Cover
    money: Money = field(default_factory=Money)
    held: tuple[Holding, ...] = ()
    own: tuple[Holding, ...] = ()
    leverage: float | None = None

    @property
    def one(self) -> tuple[Holding, ...]:
        """Return one unit as holdings."""
        return tuple((part.contract, part.weight) for part in self.unit.parts)

    @property
    def days(self) -> int:
        """Return days to the unit's expiry; a year of a perpetual."""
        expiry = self.unit.parts[0].contract.expiry
        return _YEAR_DAYS if expiry == PERPETUAL else max(days_left(expiry, self.at), 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sized:
    """How many units, and the formula with its figures. warnings: what caps took away.

    limits: what it was held to, so that it stays so in whole lots.
    """

    units: float
    words: str
    warnings: tuple[str, ...] = ()
    limits: tuple[Limit, ...] = ()


def asked_for(size: Size, desk: Desk) -> Sized | str:
    """Return how many units the policy asks for, adjusted and in whole ones, or why none."""
    worth = worth_of(desk.one, desk.market, desk.at)
    if isinstance(worth, str):
        return worth
    asked = _POLICIES[size.policy](size, desk, worth)
    if isinstance(asked, str):
        return asked
    if asked.units > _MOST:
        return f"{asked.words}: one is worth next to nothing, no size can be told"
    adjusted = _adjusted(size, desk, asked)
    if isinstance(adjusted, str) or not desk.own or size.policy not in _GIVEN:
        return adjusted
    given = _GIVEN[size.policy](size, desk, worth)
    return given if isinstance(given, str) else _less(adjusted, given)


def _less(asked: Sized, given: float) -> Sized | str:
    """Return what is left to buy of a size once the layer's own legs give so many units of it."""
    words = f"{asked.words}; less {given:,.3g} of {asked.units:,.3g} held"
    if asked.units - given <= _NEARLY:
        return f"{words}: nothing is left to add"
    return replace(asked, units=asked.units - given, words=words)


def whole(units: float, desk: Desk) -> float:
    """Return so many units as can be bought: rounded down, unless they are bought in part."""
    return float(floor(units + _NEARLY)) if desk.unit.whole else units


def yearly_usd(worth: Worth, desk: Desk) -> float:
    """Return the premium of holding one unit for a year, bought anew at each expiry."""
    return worth.outlay_usd * _YEAR_DAYS / desk.days


def risen(shock: Shock, market: Market) -> Shock:
    """Return a shock whose VIX is some points above where it is now, at least."""
    if shock.vix is None or market.vix.spot is None:
        return shock
    return replace(shock, vix=max(shock.vix, market.vix.spot + LEAST_RISE))


def is_strip(unit: Unit) -> bool:
    """Return whether one unit pays the whole loss at its expiry: options, bought in part."""
    return not unit.whole and all(kind_of(part.contract).option for part in unit.parts)


def paid_at(holdings: Sequence[Holding], price: float) -> float:
    """Return what options pay at expiry with their underlying at a price, USD."""
    total = 0.0
    for contract, n in holdings:
        kind = kind_of(contract)
        sign = 1 if kind.right is Right.CALL else -1
        total += n * kind.multiplier * max(sign * (price - contract.strike), 0.0)
    return total


def units_held(holdings: Sequence[Holding], unit: Unit) -> float:
    """Return how many units are held, by contracts like the unit's own: SPX counts as SPXW."""
    kinds = {_what(part.contract) for part in unit.parts}
    weight = sum(abs(part.weight) for part in unit.parts)
    held = sum(abs(n) for contract, n in holdings if _what(contract) in kinds)
    return held / weight if weight else 0.0


def _what(contract: Contract) -> tuple[str, Right]:
    kind = kind_of(contract)
    return kind.root, kind.right


def _fixed(size: Size, desk: Desk, worth: Worth) -> Sized | str:
    del desk, worth
    if size.contracts is None:
        return "size 'fixed' names no number of contracts"
    return Sized(units=size.contracts, words=f"fixed: {size.contracts}")


def _fee_budget(size: Size, desk: Desk, worth: Worth) -> Sized | str:
    if worth.outlay_usd <= 0:
        return "it has no premium for a fee budget to pay"
    fees = desk.cover.fees_year_usd
    if fees is None:
        return "the size is unknown: a year's fee income is not known yet"
    beta = DEFAULT_BETA if size.beta is None else size.beta
    budget, yearly = beta * fees, yearly_usd(worth, desk)
    if desk.unit.whole and budget < yearly:
        return (
            f"the budget of {budget:,.0f} USD a year holds no contract: "
            f"one, renewed every {desk.days} days, costs {yearly:,.0f}"
        )
    value = desk.cover.value_usd
    pcf = f", P/CF {value / fees:,.1f}" if value and fees else ""
    words = (
        f"fee budget: β {beta:g} × {fees:,.0f} USD of fees a year{pcf} = {budget:,.0f}; "
        f"one unit, renewed every {desk.days} d, costs {yearly:,.0f}"
    )
    return Sized(units=budget / yearly, words=words)


def _premium(size: Size, desk: Desk, worth: Worth) -> Sized | str:
    """Return what a share of the covered value buys: how a portfolio's weight is told."""
    value, share = desk.cover.value_usd, size.share or 0.0
    if worth.outlay_usd <= 0:
        return "it has no premium for a share of the value to pay"
    if value is None:
        return desk.cover.why or "the size is unknown: the covered value is not known"
    halved = ""
    if size.half_above is not None:
        curve = desk.market.vix.curve
        forward = curve.forward30() if curve else None
        if forward is None:
            return "the size is unknown: the VIX future of 30 days is not known"
        if forward.value > size.half_above:
            halved = f", half as VX {forward.value:.2f} is above {size.half_above:g}"
    budget = share * value * (0.5 if halved else 1.0)
    told = f"premium: {100 * share:.2f} % of {value:,.0f} USD{halved} = {budget:,.0f}"
    if desk.unit.whole and budget < worth.outlay_usd:
        return f"{told}: no contract, one costs {worth.outlay_usd:,.0f}"
    return Sized(
        units=budget / worth.outlay_usd, words=f"{told}; one costs {worth.outlay_usd:,.0f}"
    )


def _il_share(size: Size, desk: Desk, worth: Worth) -> Sized | str:
    del worth
    share = size.share or 0.0
    shock = risen(size.shock, desk.market)
    lost = -desk.cover.loss_usd(dict(shock.coins))
    if lost <= 0:
        return desk.cover.why or f"nothing covered is expected to lose at {shock.label}"
    asked = f"IL share: {100 * share:.0f} % of {lost:,.0f} USD lost at {shock.label}"
    if is_strip(desk.unit):
        return Sized(units=share, words=f"{asked}; one unit pays all of it at expiry")
    made = _each_makes(shock, desk)
    if isinstance(made, str):
        return made
    return Sized(units=share * lost / made, words=f"{asked}; one unit makes {made:,.0f} (model)")


def _each_makes(shock: Shock, desk: Desk) -> float | str:
    """Return what one unit makes in a shock, USD, above zero, or why none."""
    roots = {kind_of(part.contract).root for part in desk.unit.parts}
    if shock.vix is not None and desk.market.vix.spot is None and roots & {"vix", "spx"}:
        return f"what it makes at {shock.label} is unknown: the VIX is not known"
    made = made_in(desk.one, desk.market, shock, at=desk.at)
    if isinstance(made, str) or made > 0:
        return made
    return f"it makes nothing at {shock.label}"


def _vega(size: Size, desk: Desk, worth: Worth) -> Sized | str:
    del desk
    target = size.vega_usd or 0.0
    if worth.vega_usd * target <= 0:
        return f"one unit has a vega of {worth.vega_usd:,.0f} USD a point, not {target:+,.0f}"
    words = f"vega: {target:,.0f} USD a volatility point; one unit has {worth.vega_usd:,.1f}"
    return Sized(units=target / worth.vega_usd, words=words)


def _delta(size: Size, desk: Desk, worth: Worth) -> Sized | str:
    root = kind_of(desk.unit.parts[0].contract).root
    coins = sum(one.coins() for one in desk.cover.of(root))
    if not coins:
        return desk.cover.why or f"no covered position holds {root.upper()}"
    each = worth.delta.get(root, 0.0)
    if each >= 0:
        return (
            f"its delta of {each:+.3g} does not offset the positions' {coins:+.4g} {root.upper()}"
        )
    hedged = delta_held(desk.held, desk.market, desk.at, root=root)
    if isinstance(hedged, str):
        return hedged
    share = 1.0 if size.share is None else size.share
    told = f", {hedged:+,.4g} held" if hedged else ""
    words = (
        f"delta: {100 * share:.0f} % of the positions' {coins:,.4g} {root.upper()}{told}; "
        f"one unit has {each:+.3g}"
    )
    return Sized(units=max(share * coins + hedged, 0.0) / -each, words=words)


def delta_held(held: Sequence[Holding], market: Market, at: datetime, *, root: str) -> float | str:
    """Return the delta of what is held on a root, in its coins, or why that is not known."""
    on_it = [one for one in held if kind_of(one[0]).root == root]
    worth = worth_of(on_it, market, at)
    return worth if isinstance(worth, str) else worth.delta.get(root, 0.0)


_POLICIES: Final[Mapping[str, Callable[[Size, Desk, Worth], Sized | str]]] = {
    "fixed": _fixed,
    "fee_budget": _fee_budget,
    "premium": _premium,
    "il_share": _il_share,
    "vega": _vega,
    "delta": _delta,
}
POLICIES: Final = tuple(_POLICIES)


def _given_fixed(size: Size, desk: Desk, worth: Worth) -> float | str:
    del size, worth
    return units_held(desk.own, desk.unit)


def _given_premium(size: Size, desk: Desk, worth: Worth) -> float | str:
    """Return how many units a year's premium of the layer's own legs would buy."""
    del size
    own = worth_of(desk.own, desk.market, desk.at)
    if isinstance(own, str):
        return own
    yearly = sum(
        n * one.usd * _YEAR_DAYS / max(days_left(contract.expiry, desk.at), 1)
        for (contract, n), one in zip(desk.own, own.quotes, strict=True)
        if kind_of(contract).option
    )
    return yearly / yearly_usd(worth, desk)


def _given_outlay(size: Size, desk: Desk, worth: Worth) -> float | str:
    """Return how many units what the layer's own legs are worth now would buy."""
    del size
    own = worth_of(desk.own, desk.market, desk.at)
    return own if isinstance(own, str) else own.outlay_usd / worth.outlay_usd


def _given_share(size: Size, desk: Desk, worth: Worth) -> float | str:
    """Return how many units would make in the shock what the layer's own legs make in it."""
    del worth
    shock = risen(size.shock, desk.market)
    if is_strip(desk.unit):
        root = kind_of(desk.unit.parts[0].contract).root
        price = desk.market.coins[root].price * (1 + shock.coins.get(root, 0.0))
        options = [one for one in desk.own if kind_of(one[0]).option]
        all_ = paid_at(desk.one, price)
        return paid_at(options, price) / all_ if all_ else units_held(desk.own, desk.unit)
    each = _each_makes(shock, desk)
    own = made_in(desk.own, desk.market, shock, at=desk.at)
    if isinstance(each, str) or isinstance(own, str):
        return each if isinstance(each, str) else str(own)
    return own / each


def _given_vega(size: Size, desk: Desk, worth: Worth) -> float | str:
    del size
    own = worth_of(desk.own, desk.market, desk.at)
    return own if isinstance(own, str) else own.vega_usd / worth.vega_usd


_GIVEN: Final[Mapping[str, Callable[[Size, Desk, Worth], float | str]]] = {
    "fixed": _given_fixed,
    "fee_budget": _given_premium,
    "premium": _given_outlay,
    "il_share": _given_share,
    "vega": _given_vega,
}
"""How many units a layer's own legs amount to already; `delta` counts all that is held itself."""


def _adjusted(size: Size, desk: Desk, asked: Sized) -> Sized | str:
    """Return the size after what money costs; told with the formula."""
    for name in ADJUSTMENTS.get(size.adjust, ()):
        found = FACTORS[name](desk.money, desk.days)
        if isinstance(found, str):
            return found
        factor, told = found
        asked = replace(asked, units=asked.units * factor, words=f"{asked.words}; × {told}")
    return asked
