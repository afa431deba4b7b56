"""The catalogue of pools and positions, each measure with its formula.

Words of the formulas: L liquidity; P the pool's price, token1 a token0, P0 at entry;
value: the principal's, fees apart; hodl: the tokens put in and still in, at P; fees: owed
and collected, at P; withdrawn: tokens taken out of liquidity but compounded fees, at P; put
in: every deposit but gifts and compounded fees. Amounts are exact integers until the last division.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from monitor.signals.signal import Kind, Signal, computed

_COUNTED: Final = {"token0": "token0", "token1": "token1", "usd": "USD"}


def _one(  # noqa: PLR0913 - as the rows below are read
    name: str,
    unit: str,
    meaning: str,
    definition: str,
    *,
    kind: Kind = Kind.NUMBER,
    windows: bool = False,
    inputs: tuple[str, ...] = (),
) -> Signal:
    made = computed(name, unit, meaning, kind=kind, windows=windows)
    return replace(made, definition=definition, inputs=inputs)


def _money(name: str, meaning: str, definition: str, *, windowed: str = "") -> Iterator[Signal]:
    """Yield a measure of money in its three units."""
    for unit, said in _COUNTED.items():
        full = f"position.{name}_{unit}"
        yield _one(full, unit, f"{meaning}, in {said}", definition, windows=unit == windowed)


_POOL: Final = (
    _one(
        "pool.price",
        "quote per base",
        "pool price in the pair's quote direction",
        "slot0's sqrtPriceX96 squared, whole tokens",
        windows=True,
    ),
    *(
        signal
        for days, said in (("1d", "a day"), ("7d", "a week"))
        for signal in (
            _one(
                f"pool.realised_vol_{days}",
                "fraction",
                f"volatility of the pool price over {said}, a year",
                "√(Σ ln(P'/P)² / years), zero mean, returns of 5 min or of the poll where that is"
                " longer; 12 at the least; the window is up to an hour longer than its name",
            ),
            _one(
                f"pool.implied_vol_{days}",
                "fraction",
                f"volatility the fees of {said} would pay for, a year",
                "2 √(fees for a unit of L / √P / years), from feeGrowthGlobal: Lambert's"
                " 2 φ √(volume / tick value) with a tick 2 φ wide; net of the protocol's part",
            ),
        )
    ),
)

_WORTH: Final = (
    *_money("value", "principal plus uncollected fees", "value + owed, at P", windowed="usd"),
    *_money(
        "principal", "what the liquidity is worth, fees apart", "amount0 · P + amount1, as a burn"
    ),
    *_money(
        "fees",
        "uncollected fees",
        "owed by feeGrowthInside mod 2^256, less principal withdrawn and not collected; unknown"
        " without its events unless tokensOwed is 0",
    ),
    *_money("collected", "fees taken out so far", "(Σ Collect - Σ Decrease) of each token, at P"),
    *_money(
        "earned",
        "fees earned since first watched",
        "Σ L · Δ feeGrowthInside, collected or not, at P",
    ),
    *_money(
        "hodl", "what holding would be worth", "deposits still in, at P: withdrawals take a share"
    ),
    *_money("il", "value less holding; <= 0", "value - hodl, fees apart"),
    *_money(
        "net_pnl",
        "profit over holding, fees included",
        "value + owed + Σ Collect - Σ Increase but gifts, all at P now; gas apart",
    ),
    *_money(
        "il_realised",
        "what withdrawals have lost against holding; <= 0",
        "Σ (Decrease - its share of liquidity of the hodl leg), each at its own price; USD: in the"
        " quote token, at that one's price now",
    ),
    *_money(
        "flow_pnl",
        "profit on what was paid in, each flow at its price",
        "value + owed at P + Σ Collect at its own price - Σ Increase but gifts at its own; USD: in"
        " the quote token, at that one's price now",
    ),
    *_money(
        "lvr_day",
        "loss to rebalancing a day, at present",
        "L vol² √P / 4 / 365 with vol = pool.realised_vol_1d; 0 out of range",
    ),
    *_money(
        "lvr",
        "loss to rebalancing since first watched",
        "Σ L (√P' - √P)² / √P over the steps of the pool price, as far as they lie in the range",
    ),
    *_money(
        "markout",
        "a day's net trades at the price an hour later",
        "Σ (Δ amount0 · P an hour later + Δ amount1) over hours; fees apart; < 0: traded against;"
        " trades that cancel within the hour are not seen",
    ),
)

_LOSSES: Final = (
    _one(
        "position.il",
        "fraction",
        "value without fees over holding, minus one; <= 0",
        "value / hodl - 1",
        windows=True,
    ),
    _one(
        "position.il_v2",
        "fraction",
        "the textbook's: a full range's loss at this price",
        "2 √k / (1 + k) - 1 with k = P / P0",
    ),
    _one(
        "position.il_of_initial",
        "fraction",
        "value less holding, over the value at entry",
        "(value - hodl) / value at P0, in the quote token",
    ),
    _one(
        "position.il_chained",
        "fraction",
        "loss over linked positions, one after another",
        "Π (1 + r) - 1, r = (realised + value - hodl) / (released + hodl) of each link",
    ),
    _one(
        "position.vs_initial",
        "fraction",
        "all it came to over the value at entry, minus one",
        "(value + fees + withdrawn) / put in at its own price - 1, in the quote token; the same as"
        " all in that token",
    ),
    _one(
        "position.vs_deposited",
        "fraction",
        "all it came to over holding all that was put in, minus one",
        "(value + fees + withdrawn) / put in - 1, all at P: Revert's pool PnL over put in, which is"
        " Σ Increase but gifts and compounded fees; what was withdrawn counts as still held",
    ),
    _one(
        "position.vs_all_token0",
        "fraction",
        "all it came to over all put in as token0, minus one",
        "(value + fees + withdrawn) / P / put in as token0 at its own price - 1",
    ),
    _one(
        "position.vs_all_token1",
        "fraction",
        "all it came to over all put in as token1, minus one",
        "(value + fees + withdrawn) / put in as token1 at its own price - 1",
    ),
)

_SLOPES: Final = (
    _one(
        "position.delta",
        "base",
        "base token held: how value answers to the price",
        "d value / d price = the base token of the principal",
    ),
    _one(
        "position.delta_usd", "usd", "base token held, in USD", "delta · the base token's USD price"
    ),
    _one(
        "position.gamma",
        "base per price",
        "how delta answers to the price; <= 0",
        "-L / (2 P^1.5) in range, P in the quote direction; 0 outside",
    ),
    _one(
        "position.efficiency",
        "ratio",
        "capital a full range would need for this depth",
        "2 L √P / value in range, 0 outside",
    ),
)

_RANGE: Final = (
    _one(
        "position.in_range",
        "bool",
        "tick_lower <= slot0.tick < tick_upper",
        "by slot0's own tick, never one worked out from the price",
        kind=Kind.BOOL,
    ),
    _one(
        "position.out_of_range_s",
        "s",
        "seconds since the price left the range; 0 inside",
        "now - the first observation out of range; the least it can be where it was first seen so",
    ),
    *(
        _one(
            f"position.time_in_range{days}",
            "fraction",
            f"time watched that was in range, {said}",
            "seconds in range / seconds watched; a state holds to the next poll, 2 h at most",
        )
        for days, said in (
            ("", "since first watched"),
            ("_1d", "over a day"),
            ("_7d", "over a week"),
        )
    ),
    _one(
        "position.distance_lower",
        "fraction",
        "how far the price may fall before the lower edge; < 0 below it",
        "1 - lower edge / price",
    ),
    _one(
        "position.distance_upper",
        "fraction",
        "how far the price may rise before the upper edge; < 0 above it",
        "upper edge / price - 1",
    ),
    _one(
        "position.lower_sigmas",
        "daily moves",
        "distance to the lower edge in usual daily moves",
        "ln(price / lower edge) / (vol √(1/365)) with vol = pool.realised_vol_1d",
    ),
    _one(
        "position.upper_sigmas",
        "daily moves",
        "distance to the upper edge in usual daily moves",
        "ln(upper edge / price) / (vol √(1/365)) with vol = pool.realised_vol_1d",
    ),
    _one(
        "position.breakeven_lower",
        "quote per base",
        "price below which loss outweighs the fees",
        "value(P) + fees(P) + il_realised = hodl(P), below the entry; all fees earned so far",
    ),
    _one(
        "position.breakeven_upper",
        "quote per base",
        "price above which loss outweighs the fees",
        "value(P) + fees(P) + il_realised = hodl(P), above the entry; all fees earned so far",
    ),
)

_YIELD: Final = (
    _one(
        "position.fee_apr",
        "fraction",
        "fees a year over holding as it was over time",
        "fees / mean of hodl over its age · 365 d / age, all at P; simple; loss apart; from a day"
        " of age on",
    ),
    *(
        _one(
            f"position.fee_apr_{days}",
            "fraction",
            f"fees a year over value, at the pace of {said}",
            "fees earned in the window / value of the mean liquidity over it, both at P · 365 d /"
            " window; simple; loss apart",
        )
        for days, said in (("1d", "a day"), ("7d", "a week"))
    ),
    _one(
        "position.pcf",
        "ratio",
        "price over cash flow: its value over a year's fees",
        "(value + owed) / (a year's fees at the pace of what is in now), in USD; from a day on",
    ),
    _one(
        "position.beta",
        "ratio",
        "beta to the S&P 500, where the base token is ETH",
        "capm.beta_eth · delta · price / value, fees apart",
        inputs=("eth.price", "spx.price"),
    ),
)

LP_SIGNALS: Final = (*_POOL, *_WORTH, *_LOSSES, *_SLOPES, *_RANGE, *_YIELD)
