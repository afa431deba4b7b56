"""Lending rates over several chains, betas and the cost of equity, against algebra and NIST."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import pytest

from monitor.calendars.sessions import sessions_back
from monitor.model.reading import Reading
from monitor.signals.bars import Bars, point
from monitor.signals.facts import Facts
from monitor.signals.of_carry import proxy_fits
from monitor.signals.of_market import Told, market
from monitor.signals.regressions import Fit, quadratic, slope

NOW = datetime(2026, 3, 4, 21, 30, tzinfo=UTC)  # a Wednesday, half an hour after the close
MINUTE = timedelta(minutes=1)


def said(name: str, value: float, key: str = "", as_of: datetime = NOW) -> Reading:
    return Reading(name=name, value=value, unit="", as_of=as_of, source="test", key=key)


def facts(*readings: Reading, bars: Mapping[str, Bars] | None = None) -> Facts:
    return Facts(readings={f"{one.name}|{one.key}": one for one in readings}, bars=bars or {})


# --- lending rates ---------------------------------------------------------------------------

RATES = (
    said("aave.supply", 0.031, "ethereum:USDC"),
    said("aave.borrow", 0.045, "ethereum:USDC"),
    said("aave.borrow", 0.021, "ethereum:WETH"),
    said("aave.supply", 0.052, "base:USDC"),
    said("aave.borrow", 0.064, "base:USDC"),
    said("aave.borrow", 0.019, "base:WETH"),
    said("aave.supply", 0.044, "arbitrum:USDC"),
    said("aave.borrow", 0.049, "arbitrum:USDC"),
)


@pytest.mark.parametrize(
    ("name", "value", "where"),
    [
        pytest.param("rates.usdc_supply", 0.052, "base", id="the highest of what is paid"),
        pytest.param("rates.usdc_borrow", 0.045, "ethereum", id="the lowest of what is asked"),
        pytest.param("rates.eth_borrow", 0.019, "base", id="of WETH too"),
        pytest.param("rates.differential", 0.052 - 0.045, "base 5.20% − borrow on ethereum",
                     id="supply on one chain less borrow on another"),
    ],
)  # fmt: skip
def test_the_best_rate_of_all_chains(name: str, value: float, where: str) -> None:
    told = market(facts(*RATES), name, NOW)
    assert told.value == pytest.approx(value)
    assert where in told.note


def test_the_best_of_both_on_one_chain_makes_no_differential() -> None:
    # Base pays best and asks least, but it takes two chains: 0.052 - 0.045 or 0.044 - 0.040.
    cheap = [r for r in RATES if (r.name, r.key) != ("aave.borrow", "base:USDC")]
    told = market(facts(*cheap, said("aave.borrow", 0.040, "base:USDC")), "rates.differential", NOW)
    assert told.value == pytest.approx(0.052 - 0.045)
    alone = market(facts(*(r for r in RATES if "base" in r.key)), "rates.differential", NOW)
    assert alone.value is None
    assert alone.note.endswith("fresh are those of base")


def test_a_chain_not_read_for_long_is_left_out_and_one_alone_is_none() -> None:
    old = [
        replace(one, as_of=NOW - 16 * MINUTE) if one.key.startswith("base:") else one
        for one in RATES
    ]
    assert market(facts(*old), "rates.usdc_supply", NOW).value == 0.044
    assert market(facts(*old), "rates.differential", NOW).value == pytest.approx(0.044 - 0.045)
    only_weth = facts(said("aave.borrow", 0.02, "base:WETH"))
    told = market(only_weth, "rates.usdc_borrow", NOW)
    assert (told.value, told.note) == (None, "no chain tells a fresh aave.borrow of USDC")


# --- beta by weeks ---------------------------------------------------------------------------


def at_close(day: date) -> datetime:
    return datetime.combine(day, time(21), UTC)


def rows(closes: Mapping[date, float]) -> Bars:
    return Bars(bars=tuple(point(day, closes[day], at_close(day)) for day in sorted(closes)))


def week_ends(count: int, last: date) -> list[date]:
    """Return the last sessions of weeks, by hand: Fridays, or the day before a holiday's."""
    holidays = {
        date(2025, 4, 18): date(2025, 4, 17),  # Good Friday
        date(2025, 7, 4): date(2025, 7, 3),
    }
    fridays = [last - timedelta(weeks=n) for n in reversed(range(count))]
    return [holidays.get(day, day) for day in fridays]


ENDS = week_ends(53, date(2026, 2, 27))


def walk(start: float, steps: Sequence[float], days: Sequence[date]) -> dict[date, float]:
    """Return closes whose logarithms move by these steps."""
    closes, level = {days[0]: start}, math.log(start)
    for day, step in zip(days[1:], steps, strict=True):
        level += step
        closes[day] = math.exp(level)
    return closes


MOVES = [0.02 * math.sin(1.7 * n) + 0.001 for n in range(52)]
ANSWERS = [1.8 * move + 0.004 + 0.01 * math.cos(2.9 * n) for n, move in enumerate(MOVES)]


def beta(spx: Mapping[date, float], eth: Mapping[date, float], now: datetime = NOW) -> Told:
    seen = facts(
        said("eth.price", 2000.0, as_of=now),
        said("spx.price", 6800.0, as_of=now),
        bars={"spx.price|": rows(spx), "eth.price|": rows(eth)},
    )
    return market(seen, "capm.beta_eth", now)


def test_beta_is_covariance_over_variance_of_a_years_weeks() -> None:
    told = beta(walk(6000, MOVES, ENDS), walk(2500, ANSWERS, ENDS))
    expected = np.cov(MOVES, ANSWERS)[0, 1] / np.var(MOVES, ddof=1)
    assert told.value == pytest.approx(expected)
    assert told.note == "52 weeks to 2026-02-27"


def test_what_moves_twice_as_much_has_a_beta_of_two() -> None:
    twice = [2 * move for move in MOVES]
    assert beta(walk(6000, MOVES, ENDS), walk(2500, twice, ENDS)).value == pytest.approx(2)


def test_a_week_counts_once_its_last_session_has_closed() -> None:
    friday = datetime(2026, 3, 6, 20, 59, tzinfo=UTC)
    days = [*ENDS, date(2026, 3, 6)]
    spx, eth = walk(6000, [*MOVES, 0.5], days), walk(2500, [*ANSWERS, 0.0], days)
    before, after = beta(spx, eth, friday), beta(spx, eth, friday + MINUTE)
    assert before.note.endswith("2026-02-27")
    assert after.note.endswith("2026-03-06")
    kept = np.cov([*MOVES[1:], 0.5], [*ANSWERS[1:], 0.0])
    assert after.value == pytest.approx(kept[0, 1] / kept[0, 0])


def test_a_week_that_either_lacks_is_left_out_and_too_few_tell_nothing() -> None:
    spx, eth = walk(6000, MOVES, ENDS), walk(2500, ANSWERS, ENDS)
    without = {day: close for day, close in eth.items() if day != ENDS[20]}
    assert beta(spx, without).note == "50 weeks to 2026-02-27", "two returns with it"
    short = {day: eth[day] for day in ENDS[-40:]}
    assert beta(spx, short).value is None
    assert beta(spx, short).note == "39 of 40 weeks known of both"


def test_the_cost_of_equity_is_by_the_capm() -> None:
    twice = [2 * move for move in MOVES]
    seen = facts(
        said("eth.price", 2000.0),
        said("spx.price", 6800.0),
        said("rates.risk_free", 0.0375),
        said("equity.erp", 0.0433),
        bars={
            "spx.price|": rows(walk(6000, MOVES, ENDS)),
            "eth.price|": rows(walk(2500, twice, ENDS)),
        },
    )
    told = market(seen, "capm.cost_of_equity", NOW)
    assert told.value == pytest.approx(0.0375 + 2 * 0.0433)
    without = replace(seen, readings={k: v for k, v in seen.readings.items() if "erp" not in k})
    unknown = market(without, "capm.cost_of_equity", NOW)
    assert (unknown.value, unknown.note) == (None, "equity.erp has not been read yet")


# --- beta and convexity by sessions ----------------------------------------------------------

# NIST StRD, Pontius: load cells, a quadratic in 40 observations; certified values beside them.
LOADS = [150_000 * n for n in range(1, 21)] * 2
DEFLECTIONS = [
    float(one)
    for one in [
        "0.11019",
        "0.21956",
        "0.32949",
        "0.43899",
        "0.54803",
        "0.65694",
        "0.76562",
        "0.87487",
        "0.98292",
        "1.09146",
        "1.20001",
        "1.30822",
        "1.41599",
        "1.52399",
        "1.63194",
        "1.73947",
        "1.84646",
        "1.95392",
        "2.06128",
        "2.16844",
        "0.11052",
        "0.22018",
        "0.32939",
        "0.43886",
        "0.54798",
        "0.65739",
        "0.76596",
        "0.87474",
        "0.98300",
        "1.09150",
        "1.20004",
        "1.30818",
        "1.41613",
        "1.52408",
        "1.63159",
        "1.73965",
        "1.84696",
        "1.95445",
        "2.06177",
        "2.16829",
    ]
]
CERTIFIED = (0.673565789473684e-03, 0.732059160401003e-06, -0.316081871345029e-14)
DEVIATIONS = (0.107938612033077e-03, 0.157817399981659e-09, 0.486652849992036e-16)


def test_the_regression_gives_what_nist_certifies() -> None:
    solved = quadratic(np.array(LOADS, float), np.array(DEFLECTIONS))
    assert solved is not None
    assert solved[0] == pytest.approx(CERTIFIED, rel=1e-8)
    assert solved[1] == pytest.approx(DEVIATIONS, rel=1e-8)


def test_an_index_that_takes_two_values_has_no_curvature_to_tell() -> None:
    assert quadratic(np.array([0.01, -0.02] * 40), np.arange(80.0)) is None
    assert quadratic(np.zeros(80), np.arange(80.0)) is None
    assert slope([0.1, 0.1, 0.1], [1.0, 2.0, 3.0]) is None


def sessions(count: int, last: date = date(2026, 3, 4)) -> list[date]:
    return [sessions_back(last, n) for n in reversed(range(count))]


DAYS = sessions(301)
INDEX = [0.011 * math.sin(1.3 * n) + 0.004 * math.cos(0.7 * n) for n in range(300)]
FUND = [0.0002 + 0.8 * m - 6 * m * m + 0.002 * math.sin(5.1 * n) for n, m in enumerate(INDEX)]


def fits(
    closes: Mapping[date, float], spx: Mapping[date, float] | None = None, now: datetime = NOW
) -> Mapping[str, Fit | str]:
    index = walk(6000, INDEX, DAYS) if spx is None else spx
    seen = facts(
        said("proxy.price", 90.0, "vnq", as_of=at_close(max(closes))),
        bars={"proxy.price|vnq": rows(closes), "spx.price|": rows(index)},
    )
    return proxy_fits(seen, now)


def test_a_proxy_answers_as_least_squares_say_over_252_sessions() -> None:
    told = fits(walk(80, FUND, DAYS))["vnq"]
    assert isinstance(told, Fit)
    m, r = np.array(INDEX[-252:]), np.array(FUND[-252:])
    terms = np.column_stack((np.ones(252), m, m * m))
    found, rest, *_ = np.linalg.lstsq(terms, r, rcond=None)
    errors = np.sqrt(np.diag(rest[0] / 249 * np.linalg.inv(terms.T @ terms)))
    assert (told.beta, told.convexity) == pytest.approx(tuple(found[1:]))
    assert (told.beta_se, told.convexity_se) == pytest.approx(tuple(errors[1:]))
    assert (told.sessions, told.as_of) == (252, at_close(date(2026, 3, 4)))


def test_a_proxy_without_noise_has_exactly_its_own_figures() -> None:
    exact = [0.5 * m + 3 * m * m for m in INDEX]
    told = fits(walk(80, exact, DAYS))["vnq"]
    assert isinstance(told, Fit)
    assert (told.beta, told.convexity) == pytest.approx((0.5, 3.0))
    assert max(told.beta_se, told.convexity_se) < 1e-9


@pytest.mark.parametrize(
    ("keep", "sessions_", "why"),
    [
        pytest.param(lambda n: n >= 240, 60, "", id="61 closes are 60 returns"),
        pytest.param(lambda n: n >= 241, 0, "59 of 60 sessions known of both", id="one fewer"),
        pytest.param(lambda n: n not in {100, 200, 250}, 246, "",
                     id="a close that is missing takes two returns with it"),
    ],
)  # fmt: skip
def test_how_many_sessions_it_takes(keep: Callable[[int], bool], sessions_: int, why: str) -> None:
    closes = walk(80, FUND, DAYS)
    told = fits({day: closes[day] for n, day in enumerate(DAYS) if keep(n)})["vnq"]
    assert told == why if why else isinstance(told, Fit) and told.sessions == sessions_


def test_no_return_is_taken_over_a_session_that_the_index_lacks() -> None:
    spx = walk(6000, INDEX, DAYS)
    told = fits(walk(80, FUND, DAYS), {day: spx[day] for day in DAYS if day != DAYS[200]})["vnq"]
    assert isinstance(told, Fit)
    assert told.sessions == 251


def test_coins_trade_at_weekends_and_an_index_file_has_rows_on_holidays() -> None:
    closes, spx = walk(80, FUND, DAYS), walk(6000, INDEX, DAYS)
    plain = fits(closes, spx)
    weekend = {day + timedelta(days=1): 50.0 for day in DAYS if day.weekday() == 4}
    holiday = {date(2025, 12, 25): 1.0, date(2026, 1, 1): 1.0}
    assert fits(closes | weekend | holiday, spx | holiday) == plain


def test_nothing_to_come_is_looked_at_and_an_old_price_tells_nothing() -> None:
    closes = walk(80, FUND, DAYS)
    earlier = at_close(DAYS[-30]) + MINUTE
    past = {day: close for day, close in closes.items() if day <= DAYS[-30]}
    whole = facts(
        said("proxy.price", 90.0, "vnq", as_of=earlier),
        bars={"proxy.price|vnq": rows(closes), "spx.price|": rows(walk(6000, INDEX, DAYS))},
    )
    assert proxy_fits(whole, earlier) == fits(past, now=earlier)
    old = fits(past)["vnq"]
    assert old == "its price is 42 d old, limit 5 d"


def test_as_a_signal_a_family_is_counted() -> None:
    closes = walk(80, FUND, DAYS)
    seen = facts(
        said("spx.price", 6800.0),
        said("proxy.price", 90.0, "vnq"),
        said("proxy.price", 7.0, "uni"),
        bars={"proxy.price|vnq": rows(closes), "spx.price|": rows(walk(6000, INDEX, DAYS))},
    )
    told = market(seen, "proxy.beta", NOW)
    assert told.value == 1.0
    assert told.note.startswith("vnq 0.8")
    alone = replace(seen, bars={k: v for k, v in seen.bars.items() if "vnq" not in k})
    none = market(alone, "proxy.beta", NOW)
    assert none.value is None
    assert none.note.startswith("uni: 0 of 60 sessions known of both; vnq: ")
