"""P/E compression, rotation, token values and the method's regimes, each put together by hand."""

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta

import pytest

from monitor.calendars.sessions import sessions_back
from monitor.model.reading import Reading
from monitor.signals.bars import Bars, point
from monitor.signals.facts import Facts
from monitor.signals.of_market import Told, market

NOW = datetime(2026, 3, 4, 21, 30, tzinfo=UTC)  # a Wednesday, half an hour after the close
TODAY = NOW.date()
DAY = timedelta(days=1)


def said(name: str, value: float, key: str = "", as_of: datetime = NOW) -> Reading:
    return Reading(name=name, value=value, unit="", as_of=as_of, source="test", key=key)


def facts(*readings: Reading, bars: Mapping[str, Bars] | None = None) -> Facts:
    return Facts(readings={f"{one.name}|{one.key}": one for one in readings}, bars=bars or {})


def rows(closes: Mapping[date, float], hour: int = 21) -> Bars:
    return Bars(
        bars=tuple(
            point(day, closes[day], datetime.combine(day, time(hour), UTC))
            for day in sorted(closes)
        )
    )


# --- P/E -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "expected", "note"),
    [
        # 63 sessions before 27 February 2026 was 25 November 2025.
        pytest.param({"2025-11-25": 30.0, "2026-02-27": 27.0}, math.log(0.9), "of 2025-11-25",
                     id="a tenth less a quarter later"),
        pytest.param({"2025-10-31": 30.0, "2025-11-26": 29.0, "2026-02-27": 27.0}, math.log(0.9),
                     "of 2025-10-31", id="a figure stands until the next is typed"),
        pytest.param({"2025-11-26": 29.0, "2026-02-27": 27.0}, None, "about 2025-11-25 is known",
                     id="a day too young is no figure of a quarter ago"),
        pytest.param({"2025-09-23": 30.0, "2026-02-27": 27.0}, None, "about 2025-11-25 is known",
                     id="nor is one that was old by then"),
    ],
)  # fmt: skip
def test_pe_compression(typed: Mapping[str, float], expected: float | None, note: str) -> None:
    closes = {date.fromisoformat(day): value for day, value in typed.items()}
    last = max(closes)
    reading = said("equity.pe", closes[last], as_of=datetime.combine(last, time(12), UTC))
    told = market(facts(reading, bars={"equity.pe|": rows(closes, 12)}), "equity.pe_change63", NOW)
    assert told.value == (expected and pytest.approx(expected))
    assert note in told.note


# --- rotation --------------------------------------------------------------------------------


def rotation(shares: Sequence[float], *, without: frozenset[int] = frozenset()) -> Told:
    """Return the score of shares of so many days to today, less some days before it."""
    days = {n: TODAY - n * DAY for n in range(len(shares)) if n not in without}
    closes = {day: shares[len(shares) - 1 - n] for n, day in days.items()}
    reading = said("rotation.eth_share", shares[-1])
    return market(facts(reading, bars={"rotation.eth_share|": rows(closes)}), "rotation.eth", NOW)


SHARES = [0.12 + 0.01 * math.sin(n / 17) + 0.003 * math.cos(n / 5) for n in range(500)]


def test_rotation_is_the_last_change_among_those_of_the_year_before() -> None:
    changes = [later - earlier for earlier, later in zip(SHARES, SHARES[20:], strict=False)]
    year = changes[-366:-1]
    expected = (changes[-1] - statistics.mean(year)) / statistics.stdev(year)
    told = rotation(SHARES)
    assert told.value == pytest.approx(expected)
    assert told.note.endswith("among 365 before")


def test_rotation_takes_120_changes_and_both_ends_of_the_last() -> None:
    assert rotation(SHARES[:141]).value is not None
    assert rotation(SHARES[:140]).note == "119 of 120 changes before it known"
    assert rotation(SHARES, without=frozenset({20})).note == "its share of 2026-02-12 is not known"
    assert rotation(SHARES, without=frozenset({300})).note.endswith("among 363 before")


# --- a token ---------------------------------------------------------------------------------

TOKEN = {
    "token.price": 10.0,
    "token.supply": 1e8,
    "token.fees_30d": 30e6,
    "token.holders_30d": 9e6,
    "token.emissions_30d": 3e6,
    "token.growth": 0.02,
    "token.discount": 0.12,
}


def token(name: str, **other: float) -> Told:
    given = TOKEN | {f"token.{key}": value for key, value in other.items()}
    return market(facts(*(said(one, value) for one, value in given.items())), name, NOW)


def test_gordons_value_of_a_token_and_the_gap_to_its_price() -> None:
    # 6 m in 30 days are 73 m a year, 74.46 m the next; over 10 %, by 100 m tokens: 7.446 each.
    assert token("token.ddm_value").value == pytest.approx(7.446)
    assert token("token.ddm_gap").value == pytest.approx(10 / 7.446 - 1)
    assert token("token.pf").value == pytest.approx(1e9 / 365e6)


@pytest.mark.parametrize(
    ("other", "value", "gap", "note"),
    [
        pytest.param({"growth": 0.12}, None, None, "no less than the 12.0% asked for",
                     id="growth that reaches what is asked for has no value"),
        pytest.param({"growth": -0.05}, 6 * 365 / 30 * 0.95 / 0.17 / 100, None, "",
                     id="a shrinking dividend has one"),
        pytest.param({"emissions_30d": 12e6}, -3 * 365 / 30 * 1.02 / 0.10 / 100, None,
                     "diluted by no less than it pays", id="dilution above what is paid"),
    ],
)  # fmt: skip
def test_values_at_their_limits(
    other: dict[str, float], value: float | None, gap: float | None, note: str
) -> None:
    told = token("token.ddm_value", **other)
    assert told.value == (value and pytest.approx(value))
    if note:
        apart = token("token.ddm_gap", **other)
        assert (apart.value, note in apart.note) == (gap, True)


def test_what_was_not_typed_is_not_nothing() -> None:
    without = {name: value for name, value in TOKEN.items() if "emissions" not in name}
    seen = facts(*(said(one, value) for one, value in without.items()))
    told = market(seen, "token.ddm_value", NOW)
    assert (told.value, told.note) == (None, "token.emissions_30d has not been read yet")


# --- Big Top ---------------------------------------------------------------------------------


def walked(steps: Sequence[float], start: float = 5000.0) -> Bars:
    """Return closes to today that move by these fractions."""
    closes, level = {}, start
    days = [sessions_back(TODAY, n) for n in reversed(range(len(steps)))]
    for day, step in zip(days, steps, strict=True):
        level *= 1 + step
        closes[day] = level
    return rows(closes)


def breadth(net: float) -> dict[str, Bars]:
    days = [sessions_back(TODAY, n) for n in range(40)]
    sides = {"advances": 1500 + net / 2, "declines": 1500 - net / 2}
    return {f"breadth.{side}|": rows(dict.fromkeys(days, n)) for side, n in sides.items()}


def big_top(spx: Bars, net: float) -> Told:
    seen = facts(
        said("spx.price", spx.bars[-1].close),
        said("breadth.advances", 1500 + net / 2),
        said("breadth.declines", 1500 - net / 2),
        bars={"spx.price|": spx, **breadth(net)},
    )
    return market(seen, "regime.big_top", NOW)


RISING = [0.001 + 0.0001 * (n % 7) for n in range(300)]
CHOPPY = [(0.012, -0.0095)[n % 2] for n in range(300)]


@pytest.mark.parametrize(
    ("steps", "net", "expected", "note"),
    [
        pytest.param(RISING, -200, True, "RSI 100; its breadth falls",
                     id="high, overbought, and fewer and fewer go along"),
        pytest.param(RISING, 200, False, "does not fall against it", id="all go along"),
        pytest.param([*RISING, -0.04], -200, False, "highest",
                     id="more than 3 % below the year's highest"),
        pytest.param([*RISING, -0.028], -200, False, "no bearish divergence",
                     id="within 3 % of it, but no longer overbought"),
        pytest.param(CHOPPY, -200, False, "no bearish divergence", id="a rise of small steps"),
        pytest.param(RISING[:251], -200, None, "251 of 252 sessions", id="a year is not known"),
    ],
)  # fmt: skip
def test_big_top_by_price_and_breadth(
    steps: list[float], net: float, expected: bool | None, note: str
) -> None:
    told = big_top(walked(steps), net)
    assert told.value is expected, told.note
    assert note in told.note


def bent(second: float) -> Bars:
    """Return a year of calm, a fast high of 13,000, and a slow one of `second` six days ago."""
    calm = [10_000.0 + 100 * (n % 2) for n in range(260)]
    fast = [10_000 + 375.0 * n for n in range(1, 9)]
    fall = [13_000 - 400.0 * n for n in range(1, 7)]
    gap = second - fall[-1]
    slow = [fall[-1] + gap * share for share in (0.3, 0.2, 0.5, 0.4, 0.7, 0.6, 0.9, 0.8, 1.0)]
    closes = [*calm, *fast, *fall, *slow, *(second - 50 * n for n in range(1, 7))]
    days = [sessions_back(TODAY, n) for n in reversed(range(len(closes)))]
    return rows(dict(zip(days, closes, strict=True)))


@pytest.mark.parametrize(
    ("second", "expected", "note"),
    [
        pytest.param(13_200, True, "bearish against its MACD: 13,000.00, MACD",
                     id="higher on a lower MACD"),
        pytest.param(14_000, False, "no bearish divergence from its MACD",
                     id="higher on a higher MACD, though the RSI is lower"),
    ],
)  # fmt: skip
def test_big_top_goes_by_the_divergence_of_the_macd(
    second: float, expected: bool, note: str
) -> None:
    spx = bent(second)
    told = big_top(spx, -200)
    assert told.value is expected, told.note
    assert note in told.note
    facts_of_price = facts(said("spx.price", spx.bars[-1].close), bars={"spx.price|": spx})
    assert market(facts_of_price, "ta.divergence_spx", NOW).value == "bearish", "both times"
    rsi = market(facts_of_price, "ta.rsi_spx", NOW).value
    assert isinstance(rsi, float)
    assert rsi < 70


def test_what_fails_settles_it_whatever_else_is_unknown() -> None:
    assert big_top(walked(RISING[:200]), -200).value is None, "a year is not known"
    assert big_top(walked(RISING[:200]), 200).value is False, "breadth does not fall"


ALTERNATING = 0.008
REALISED = ALTERNATING * math.sqrt(30 / 29) * math.sqrt(252)
"""A sample of fifteen moves up and fifteen down by one logarithm: its deviation, by the year."""


def big_top_vol(*, vix: float = 26.0, m1: float, m2: float, known: int = 260) -> Told:
    up = math.exp(ALTERNATING) - 1
    down = math.exp(-ALTERNATING) - 1
    spx = walked([(up, down)[n % 2] for n in range(40)])
    days = [sessions_back(TODAY, n) for n in range(known)]
    levels = dict.fromkeys(days, 18.0) | {TODAY: vix}
    settled = datetime(2026, 3, 4, 21, 15, tzinfo=UTC)
    seen = facts(
        said("vix", vix),
        said("spx.price", spx.bars[-1].close),
        said("vx.settle", m1, "2026-03-18", settled),
        said("vx.settle", m2, "2026-04-15", settled),
        bars={"vix|": rows(levels), "spx.price|": spx},
    )
    return market(seen, "regime.big_top_vol", NOW)


DEAR = 118 * REALISED
"""A nearest future 18 % above what was realised, in points."""


@pytest.mark.parametrize(
    ("ask", "expected", "note"),
    [
        pytest.param(lambda: big_top_vol(m1=DEAR + 0.01, m2=1.121 * (DEAR + 0.01)), True,
                     "VIX 26.00, mean 18.04", id="all three"),
        pytest.param(lambda: big_top_vol(m1=DEAR - 0.05, m2=1.13 * DEAR), False,
                     "vx.over_realised 1.1", id="futures not dear enough"),
        pytest.param(lambda: big_top_vol(m1=DEAR + 0.01, m2=1.119 * (DEAR + 0.01)), False,
                     "vx.slope 0.119", id="not enough contango"),
        pytest.param(lambda: big_top_vol(vix=17.0, m1=DEAR + 0.01, m2=1.13 * (DEAR + 0.01)), False,
                     "VIX 17.00", id="a VIX below its mean"),
        pytest.param(lambda: big_top_vol(m1=DEAR + 0.01, m2=1.13 * (DEAR + 0.01), known=199), None,
                     "199 of 200 sessions", id="200 sessions are not known"),
    ],
)  # fmt: skip
def test_big_top_by_volatility(ask: Callable[[], Told], expected: bool | None, note: str) -> None:
    told = ask()
    assert told.value is expected, told.note
    assert note in told.note
