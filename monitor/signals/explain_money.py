"""How each measure of money was worked out."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from monitor.signals.case import Case, Worked, num, percent
from monitor.signals.lookback import DAY, position_now
from monitor.signals.of_money import dollars_a_quote
from monitor.signals.of_pool import realised_vol
from monitor.signals.track import STEP
from monitor.signals.turns import Sums

_Q96: Final = 1 << 96


def _sums(case: Case) -> Sums:
    sums = position_now(case.facts, case.seen)
    assert sums is not None
    return sums


def _total(case: Case) -> str:
    told = case.told
    return (
        f"{case.amounts(told.amount0, told.amount1)}"
        f" and owed {case.amounts(told.owed0, told.owed1)}, at {case.price}"
    )


def _principal(case: Case) -> str:
    return f"{case.amounts(case.told.amount0, case.told.amount1)}, at {case.price}"


def _fees(case: Case) -> str:
    told = case.told
    text = f"{case.amounts(told.fees0, told.fees1)}, at {case.price}"
    if (told.owed0, told.owed1) != (told.fees0, told.fees1):
        text += f"; owed {case.amounts(told.owed0, told.owed1)}, the rest of it principal"
    return text


def _collected(case: Case) -> str:
    return f"{case.amounts(case.basis.collected0, case.basis.collected1)}, at {case.price}"


def _earned(case: Case) -> str:
    sums = _sums(case)
    return f"{case.amounts(sums.earned0, sums.earned1)}, at {case.price}"


def _hodl(case: Case) -> str:
    return f"{case.amounts(case.basis.hodl0, case.basis.hodl1)}, at {case.price}"


def _il(case: Case) -> str:
    told, basis = case.told, case.basis
    return (
        f"({case.amounts(told.amount0, told.amount1)})"
        f" - ({case.amounts(basis.hodl0, basis.hodl1)}), at {case.price}"
    )


def _net_pnl(case: Case) -> str:
    told, basis = case.told, case.basis
    inside = case.amounts(told.amount0 + told.owed0, told.amount1 + told.owed1)
    out = case.amounts(
        basis.withdrawn0 - basis.uncollected0 + basis.collected0,
        basis.withdrawn1 - basis.uncollected1 + basis.collected1,
    )
    put_in = case.amounts(basis.deposited0 - basis.gifted0, basis.deposited1 - basis.gifted1)
    return f"({inside}) there + ({out}) collected - ({put_in}) deposited, at {case.price}"


def _flow_pnl(unit: str) -> Worked:
    def worked(case: Case) -> str:
        basis, told, token = case.basis, case.told, _token(case, unit)
        coin = case.state.pool.token0 if token == 0 else case.state.pool.token1
        received = basis.received_token0 if token == 0 else basis.received_token1
        paid = basis.paid_token0 if token == 0 else basis.paid_token1
        there = told.total.token0 if token == 0 else told.total.token1
        whole = [(raw or 0) / int(10**coin.decimals) for raw in (received, paid)]
        return (
            f"{num(there)} there + {num(whole[0])} collected - {num(whole[1])} paid, {coin.symbol}"
            f"{_priced(case, unit)}"
        )

    return worked


def _il_realised(unit: str) -> Worked:
    def worked(case: Case) -> str:
        basis, token = case.basis, _token(case, unit)
        coin = (case.state.pool.token0, case.state.pool.token1)[token]
        lost = (basis.realised_token0, basis.realised_token1)[token] or 0
        if not (basis.withdrawn0 or basis.withdrawn1):
            return f"nothing was withdrawn{_priced(case, unit)}"
        out = case.amounts(basis.withdrawn0, basis.withdrawn1)
        return (
            f"{num(lost / int(10**coin.decimals))} {coin.symbol}: {out} withdrawn,"
            f" each less its share of what was put in{_priced(case, unit)}"
        )

    return worked


def _token(case: Case, unit: str) -> int:
    """Return which token a unit counts in: dollars go by the quote token."""
    return case.state.pool.quote if unit == "usd" else ("token0", "token1").index(unit)


def _priced(case: Case, unit: str) -> str:
    each = dollars_a_quote(case.seen, case.state) if unit == "usd" else None
    coin = (case.state.pool.token0, case.state.pool.token1)[case.state.pool.quote]
    return "" if each is None else f"; 1 {coin.symbol} = {num(each)} USD now"


def _lvr_day(case: Case) -> str:
    vol, _ = realised_vol(case.facts, case.there, DAY)
    if not case.told.in_range:
        return "out of range: nothing is traded against it"
    root = case.state.sqrt_price_x96 / _Q96
    held, token1 = case.seen.position.liquidity, case.state.pool.token1
    return (
        f"{num(held)} · ({percent(vol or 0)})² · {num(root)} / 4 / 365"
        f" / 1e{token1.decimals} {token1.symbol}"
    )


def _lvr(case: Case) -> str:
    token1, raw = case.state.pool.token1, _sums(case).lvr
    whole = f"{num(raw / int(10**token1.decimals))} {token1.symbol}"
    return f"{whole} over steps of {STEP // timedelta(minutes=1)} min or of the polls"


def _markout(case: Case) -> str:
    held = case.seen.position
    return (
        f"net trades of {num(held.liquidity)} of liquidity between ticks"
        f" {held.tick_lower} and {held.tick_upper}, hour by hour; < 0: traded against"
    )


_BY_FAMILY: Final[Mapping[str, Worked]] = {
    "value": _total,
    "principal": _principal,
    "fees": _fees,
    "collected": _collected,
    "earned": _earned,
    "hodl": _hodl,
    "il": _il,
    "net_pnl": _net_pnl,
    "lvr_day": _lvr_day,
    "lvr": _lvr,
    "markout": _markout,
}


def _in_dollars(worked: Worked) -> Worked:
    def told(case: Case) -> str:
        each, token1 = case.told.usd_a_token1, case.state.pool.token1
        return worked(case) + ("" if each is None else f"; 1 {token1.symbol} = {num(each)} USD")

    return told


MONEY_WORKED: Final[Mapping[str, Worked]] = {
    **{
        f"position.{name}_{unit}": _in_dollars(worked) if unit == "usd" else worked
        for name, worked in _BY_FAMILY.items()
        for unit in ("token0", "token1", "usd")
    },
    **{f"position.flow_pnl_{unit}": _flow_pnl(unit) for unit in ("token0", "token1", "usd")},
    **{f"position.il_realised_{unit}": _il_realised(unit) for unit in ("token0", "token1", "usd")},
}
