"""How each ratio, slope and statistic was worked out."""

import math
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from monitor.amm.amounts import amounts_for_liquidity, value_x192
from monitor.amm.capital import MICROSECOND, hodl_time
from monitor.amm.measure import worth_of
from monitor.amm.variants import Holdings
from monitor.signals.case import Case, Worked, num, percent
from monitor.signals.lookback import DAY, WEEK, pool_over, position_now, position_over
from monitor.signals.of_losses import compared
from monitor.signals.of_market import market
from monitor.signals.of_pool import realised_vol
from monitor.signals.of_time import fees_until

_Q96: Final = 1 << 96


def _price(case: Case) -> str:
    return f"sqrtPriceX96 {case.state.sqrt_price_x96}"


def _vol(span: timedelta, *, implied: bool) -> Worked:
    def worked(case: Case) -> str:
        over = pool_over(case.facts, case.there, span)
        assert not isinstance(over, str)
        if implied:
            sum_ = f"4 Σ fees / (L √P) = {num(over.now.implied - over.then.implied)}"
        else:
            sum_ = f"Σ ln² = {num(over.now.realised - over.then.realised)}"
        return f"√({sum_} / {num(over.length / timedelta(days=365))} a)"

    return worked


def _held(case: Case) -> Holdings:
    held = compared(case.facts, case.seen)
    assert held is not None
    return held


def _quoted(case: Case, value: int) -> str:
    """Return a value as `value_x192` counts it, in the quote token."""
    worth = worth_of(value, case.state, None)
    return num(worth.token1 if case.state.pool.quote == 1 else worth.token0)


def _quote(case: Case) -> str:
    return case.state.pool.pair.rpartition("/")[2]


def _il(case: Case) -> str:
    held = _held(case)
    return f"{_quoted(case, held.value)} / {_quoted(case, held.hodl)} {_quote(case)} - 1"


def _il_v2(case: Case) -> str:
    held = _held(case)
    ratio = (held.root / (held.root_then or held.root)) ** 2
    return f"2 √k / (1 + k) - 1 with k = {num(ratio)}"


def _il_of_initial(case: Case) -> str:
    held = _held(case)
    lost = f"({_quoted(case, held.value)} - {_quoted(case, held.hodl)})"
    return f"{lost} / {_entered(case, held, case.state.pool.quote)}"


def _il_chained(case: Case) -> str:
    links = case.seen.position.links or ()
    return f"Π (1 + r) - 1 over {len(links) + 1} of them" if links else "as position.il: one link"


def _all_in(token: int | None) -> Worked:
    def worked(case: Case) -> str:
        held, pool = _held(case), case.state.pool
        one = pool.quote if token is None else token
        worth = worth_of(held.come_to, case.state, None)
        now = worth.token0 if one == 0 else worth.token1
        coin = case.state.pool.token0 if one == 0 else case.state.pool.token1
        paid = (held.paid[one] or 0.0) / int(10**coin.decimals)
        return f"{num(now)} / {num(paid)} {coin.symbol} - 1"

    return worked


def _entered(case: Case, held: Holdings, token: int) -> str:
    coin = case.state.pool.token0 if token == 0 else case.state.pool.token1
    raw = held.entered[token] if held.entered else 0.0
    return f"{num(raw / int(10**coin.decimals))} {coin.symbol}"


def _vs_deposited(case: Case) -> str:
    held = _held(case)
    parts = [held.value, held.fees]
    outside = held.come_to - held.value - held.fees
    if outside:
        parts.append(outside)
    now = " + ".join(_quoted(case, one) for one in parts)
    return f"({now}) / {_quoted(case, held.put_in)} {_quote(case)} - 1"


def _delta(case: Case) -> str:
    return f"the base token of {case.amounts(case.told.amount0, case.told.amount1)}"


def _delta_usd(case: Case) -> str:
    return f"{_delta(case)}, at {case.price}"


def _gamma(case: Case) -> str:
    if not case.told.in_range:
        return "out of range delta stays what it is"
    return f"-L / (2 P^1.5) with L = {num(case.seen.position.liquidity)}, P = {case.price}"


def _efficiency(case: Case) -> str:
    if not case.told.in_range:
        return "out of range it has no depth"
    held, state = case.seen.position, case.state
    whole = 2 * held.liquidity * state.sqrt_price_x96 / _Q96 / int(10**state.pool.token1.decimals)
    return f"{num(whole)} / {num(case.told.value.token1)} {state.pool.token1.symbol}"


def _in_range(case: Case) -> str:
    held = case.seen.position
    return f"{held.tick_lower} <= {case.state.tick} < {held.tick_upper}"


def _out_of_range_s(case: Case) -> str:
    since = case.seen.out_since
    return f"first seen out at {since:%Y-%m-%d %H:%M:%S} UTC" if since else "in range"


def _time_in_range(case: Case) -> str:
    sums = position_now(case.facts, case.seen)
    assert sums is not None
    return f"{num(sums.inside_s)} s / {num(sums.seen_s)} s"


def _time_over(span: timedelta) -> Worked:
    def worked(case: Case) -> str:
        over = position_over(case.facts, case.seen, span)
        assert not isinstance(over, str)
        inside, seen = over.now.inside_s - over.then.inside_s, over.now.seen_s - over.then.seen_s
        return f"{num(inside)} s / {num(seen)} s"

    return worked


def _edge(side: str) -> Worked:
    def worked(case: Case) -> str:
        told = case.told
        if side == "lower":
            return f"1 - {num(told.price_lower)} / {num(told.price)}"
        return f"{num(told.price_upper)} / {num(told.price)} - 1"

    return worked


def _sigmas(side: str) -> Worked:
    def worked(case: Case) -> str:
        told = case.told
        vol = realised_vol(case.facts, case.there, DAY)[0] or 0.0
        daily = percent(vol * math.sqrt(1 / 365))
        if side == "lower":
            return f"ln({num(told.price)} / {num(told.price_lower)}) / {daily}"
        return f"ln({num(told.price_upper)} / {num(told.price)}) / {daily}"

    return worked


def _breakeven(case: Case) -> str:
    told, basis = case.told, case.basis
    fees = case.amounts(told.fees0 + basis.collected0, told.fees1 + basis.collected1)
    pool = case.state.pool
    lost = (basis.realised_token0, basis.realised_token1)[pool.quote] or 0
    coin = (pool.token0, pool.token1)[pool.quote]
    text = f"fees {fees}; hodl {case.amounts(basis.hodl0, basis.hodl1)}"
    if lost:
        text += f"; lost by withdrawals {num(lost / int(10**coin.decimals))} {coin.symbol}"
    return text


def _fee_apr(case: Case) -> str:
    told, basis, root = case.told, case.basis, case.state.sqrt_price_x96
    fees = value_x192(told.fees0 + basis.collected0, told.fees1 + basis.collected1, root)
    until = fees_until(case.facts, case.seen)
    assert basis.opened_at is not None
    passed = (until - basis.opened_at) // MICROSECOND
    mean = value_x192(*hodl_time(basis, until), root) // passed
    return f"{_quoted(case, fees)} / {_quoted(case, mean)} {_quote(case)} · 365 d / age"


def _fee_apr_over(span: timedelta) -> Worked:
    def worked(case: Case) -> str:
        over = position_over(case.facts, case.seen, span)
        assert not isinstance(over, str)
        earned = over.now.earned0 - over.then.earned0, over.now.earned1 - over.then.earned1
        held, root = case.seen.position, case.state.sqrt_price_x96
        at_work = amounts_for_liquidity(root, held.tick_lower, held.tick_upper, over.held_time)
        mean = value_x192(*at_work, root) // (over.length // MICROSECOND)
        return f"({case.amounts(*earned)}) / {_quoted(case, mean)} {_quote(case)} · 365 d / window"

    return worked


def _pcf(case: Case) -> str:
    told, basis = case.told, case.basis
    fees = case.amounts(told.fees0 + basis.collected0, told.fees1 + basis.collected1)
    return f"{num(told.total.usd or 0)} USD / (({fees}, at {case.price}) · 365 d / age)"


def _beta(case: Case) -> str:
    pool, told = case.state.pool, case.told
    base, quote = (told.amount0, pool.token0), told.value.token1
    if pool.quote == 0:
        base, quote = (told.amount1, pool.token1), told.value.token0
    held = num(base[0] / int(10 ** base[1].decimals))
    beta = market(case.facts, "capm.beta_eth", case.now).value
    return f"{num(float(beta or 0))} · {held} · {num(told.price)} / {num(quote)}"


RATIOS_WORKED: Final[Mapping[str, Worked]] = {
    "pool.price": _price,
    "pool.realised_vol_1d": _vol(DAY, implied=False),
    "pool.realised_vol_7d": _vol(WEEK, implied=False),
    "pool.implied_vol_1d": _vol(DAY, implied=True),
    "pool.implied_vol_7d": _vol(WEEK, implied=True),
    "position.il": _il,
    "position.il_v2": _il_v2,
    "position.il_of_initial": _il_of_initial,
    "position.il_chained": _il_chained,
    "position.vs_initial": _all_in(None),
    "position.vs_deposited": _vs_deposited,
    "position.vs_all_token0": _all_in(0),
    "position.vs_all_token1": _all_in(1),
    "position.delta": _delta,
    "position.delta_usd": _delta_usd,
    "position.gamma": _gamma,
    "position.efficiency": _efficiency,
    "position.in_range": _in_range,
    "position.out_of_range_s": _out_of_range_s,
    "position.time_in_range": _time_in_range,
    "position.time_in_range_1d": _time_over(DAY),
    "position.time_in_range_7d": _time_over(WEEK),
    "position.distance_lower": _edge("lower"),
    "position.distance_upper": _edge("upper"),
    "position.lower_sigmas": _sigmas("lower"),
    "position.upper_sigmas": _sigmas("upper"),
    "position.breakeven_lower": _breakeven,
    "position.breakeven_upper": _breakeven,
    "position.fee_apr": _fee_apr,
    "position.fee_apr_1d": _fee_apr_over(DAY),
    "position.fee_apr_7d": _fee_apr_over(WEEK),
    "position.pcf": _pcf,
    "position.beta": _beta,
}
