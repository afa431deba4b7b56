"""Breadth by hand: sums, a slope, two exponential means; and what is not known of it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest

from monitor.calendars.hours import Hours
from monitor.calendars.sessions import session_close, sessions_back
from monitor.model.observation import Readings
from monitor.model.reading import Reading
from monitor.signals.absorb import Lens, absorb
from monitor.signals.bars import Bars, point
from monitor.signals.catalogue import BY_NAME
from monitor.signals.facts import Facts
from monitor.signals.of_breadth import OF_BREADTH

FRIDAY = date(2026, 6, 12)
EVENING = datetime(2026, 6, 12, 23, tzinfo=UTC)
DAY = timedelta(days=1)


def sessions(values: Sequence[float], *missing: int, last: date = FRIDAY) -> Bars:
    """Return a bar a session up to `last`, less those that many sessions before it."""
    kept = [
        (sessions_back(last, back), value)
        for back, value in zip(reversed(range(len(values))), values, strict=True)
        if back not in missing
    ]
    return Bars(
        bars=tuple(point(day, value, session_close(Hours.XNYS_CLOSE, day)) for day, value in kept)
    )


def breadth(nets: Sequence[float], *missing: int) -> dict[str, Bars]:
    """Return advances and declines that differ by these; only the advances have gaps."""
    return {
        "breadth.advances|": sessions([1500 + net for net in nets], *missing),
        "breadth.declines|": sessions([1500.0 for _ in nets]),
    }


def ask(name: str, bars: Mapping[str, Bars], now: datetime = EVENING) -> tuple[Any, str]:
    return OF_BREADTH[name](Facts(bars=bars), now)


def test_every_name_of_the_catalogue_is_answered() -> None:
    computed = {one for one, signal in BY_NAME.items() if signal.inputs}
    assert set(OF_BREADTH) == {name for name in computed if name.startswith("breadth.")}


def test_the_line_sums_what_more_rose_than_fell() -> None:
    assert ask("breadth.ad_line", breadth([300, -500, 1200])) == (1000, "since 2026-06-10")
    assert ask("breadth.ad_line", breadth([300, -500, 1200], 1)) == (1200, "since 2026-06-12")
    assert ask("breadth.ad_line", {})[0] is None
    known = breadth([300, -500, 1200])
    yesterday = ask("breadth.ad_line", known, EVENING - DAY)
    assert yesterday == (-200, "since 2026-06-10"), "what is to come is not seen"


@pytest.mark.parametrize(
    ("nets", "slope"),
    [
        pytest.param([100.0] * 20, 100, id="a hundred more a session"),
        pytest.param([9999.0, *[100.0] * 19], 100, id="where the line stands is chance"),
        pytest.param([-7777.0, *[-40.0] * 20], -40, id="of 20 sessions"),
        pytest.param([-7777.0, *[0.0] * 10, 1.0, *[0.0] * 9], 50 / 665, id="and of no more"),
        # The line is 0 ten times, then 1 ten times: Σ(x − 9.5)·y = 145 − 95, Σ(x − 9.5)² = 665.
        pytest.param([*[0.0] * 10, 1.0, *[0.0] * 9], 50 / 665, id="a step half way"),
    ],
)
def test_slope_of_the_line(nets: list[float], slope: float) -> None:
    value, note = ask("breadth.ad_slope20", breadth(nets))
    assert value == pytest.approx(slope)
    assert note == "20 sessions to 2026-06-12"


def exact(nets: Sequence[int], period: int) -> Fraction:
    mean = Fraction(sum(nets[:period]), period)
    for net in nets[period:]:
        mean += Fraction(2, period + 1) * (net - mean)
    return mean


def test_mcclellan_oscillator_by_hand() -> None:
    # 38 even sessions and one of 400 more: a tenth of it by the shorter mean, whose weight is
    # 2/20; a 39th by the longer, which begins with a simple mean.
    value, _ = ask("breadth.mcclellan", breadth([*[0.0] * 38, 400.0]))
    assert value == pytest.approx(400 / 10 - 400 / 39)
    # One more even session takes a tenth, and a twentieth, away.
    value, _ = ask("breadth.mcclellan", breadth([*[0.0] * 38, 400.0, 0.0]))
    assert value == pytest.approx(40 * 0.9 - 400 / 39 * 0.95)


def test_mcclellan_oscillator_of_many_sessions() -> None:
    nets = [(n * 7919) % 2001 - 1000 for n in range(200)]
    value, note = ask("breadth.mcclellan", breadth([float(net) for net in nets]))
    assert value == pytest.approx(float(exact(nets, 19) - exact(nets, 39)))
    assert note.endswith("over 200 sessions")


@pytest.mark.parametrize(("name", "count"), [("breadth.ad_slope20", 20), ("breadth.mcclellan", 39)])
def test_it_is_unknown_while_a_session_is_missing(name: str, count: int) -> None:
    nets = [float(n % 3) for n in range(count)]
    assert ask(name, breadth(nets))[0] is not None
    missing = f"{count - 1} of {count} sessions known without a gap"
    assert ask(name, breadth(nets[1:])) == (None, missing)
    value, note = ask(name, breadth([*nets, *nets], 5))
    assert value is None
    assert note.startswith("5 of ")


RISES, FALLS = [5000.0 + n for n in range(21)], [5000.0 - n for n in range(21)]


@pytest.mark.parametrize(
    ("nets", "index", "expected"),
    [
        pytest.param(-100.0, RISES, True, id="the index rises, the breadth falls"),
        pytest.param(100.0, RISES, False, id="both rise"),
        pytest.param(-100.0, FALLS, False, id="both fall"),
        pytest.param(100.0, FALLS, False, id="the breadth rises"),
        pytest.param(0.0, RISES, False, id="level breadth does not fall"),
        pytest.param(-100.0, [5000.0] * 21, False, id="a level index does not rise"),
    ],
)
def test_divergence(nets: float, index: list[float], expected: bool) -> None:
    known = {**breadth([nets] * 20), "spx.price|": sessions(index)}
    value, note = ask("breadth.divergence", known)
    assert value is expected
    assert note.endswith("to 2026-06-12")


@pytest.mark.parametrize(
    ("nets", "index"),
    [
        pytest.param(19, sessions(RISES), id="19 sessions of breadth"),
        pytest.param(20, sessions(RISES[1:]), id="20 sessions of the index"),
        pytest.param(20, sessions(RISES, 7), id="a session of the index is missing"),
        pytest.param(20, sessions(RISES, last=date(2026, 6, 11)), id="the last one is"),
    ],
)
def test_divergence_is_unknown(nets: int, index: Bars) -> None:
    value, _ = ask("breadth.divergence", {**breadth([-100.0] * nets), "spx.price|": index})
    assert value is None


def test_the_index_is_looked_at_over_the_sessions_of_the_breadth() -> None:
    # On Monday the index has fallen through the floor; the breadth known is still Friday's.
    monday = datetime(2026, 6, 15, 15, tzinfo=UTC)
    index = sessions(RISES).take(4000.0, date(2026, 6, 15), monday, 99)
    known = {**breadth([-100.0] * 20), "spx.price|": index}
    assert ask("breadth.divergence", known, monday)[0] is True


# --- proxies --------------------------------------------------------------------------------


def holding(key: str, as_of: datetime = EVENING) -> Reading:
    return Reading(name="proxy.price", key=key, value=1, unit="usd", as_of=as_of, source="made")


def coin(closes: Sequence[float]) -> Bars:
    days = [FRIDAY - n * DAY for n in reversed(range(len(closes)))]
    return Bars(
        bars=tuple(
            point(day, value, datetime(day.year, day.month, day.day, 22, tzinfo=UTC))
            for day, value in zip(days, closes, strict=True)
        )
    )


UP, DOWN, LEVEL = [*[1.0] * 49, 2.0], [*[1.0] * 49, 0.5], [1.0] * 50


@pytest.mark.parametrize(
    ("bars", "expected"),
    [
        pytest.param({"A": coin(UP), "B": coin(DOWN)}, (0.5, "1 of 2"), id="one of two"),
        pytest.param({"A": coin(LEVEL)}, (0, "0 of 1"), id="at its mean is not above it"),
        pytest.param({"A": coin(UP), "REIT": sessions(UP)}, (1, "2 of 2"), id="a fund rests"),
        pytest.param(
            {"A": coin(UP), "B": coin(DOWN[1:])}, (1, "1 of 1 known of 2"), id="one is too young"
        ),
        pytest.param(
            {"A": coin(UP), "REIT": sessions([*DOWN, 1.0], 3)},
            (1, "1 of 1 known of 2"),
            id="a session of the fund is missing",
        ),
        pytest.param(
            {"A": Bars(bars=(*coin(UP).bars[:9], *coin(UP).bars[10:]))},
            (None, "none of 1 proxies has 50 sessions known without a gap"),
            id="a day of the coin is missing",
        ),
        pytest.param(
            {}, (None, "none of 0 proxies has 50 sessions known without a gap"), id="none at all"
        ),
    ],
)
def test_share_of_proxies_above_their_mean(bars: Any, expected: tuple[Any, str]) -> None:
    known = Facts(
        readings={f"proxy.price|{key}": holding(key) for key in bars},
        bars={f"proxy.price|{key}": one for key, one in bars.items()},
    )
    assert OF_BREADTH["breadth.proxy"](known, EVENING) == expected


def test_a_proxy_that_is_no_longer_quoted_does_not_count() -> None:
    known = Facts(
        readings={
            "proxy.price|A": holding("A"),
            "proxy.price|B": holding("B", EVENING - 5 * DAY - timedelta(seconds=1)),
        },
        bars={"proxy.price|A": coin(UP), "proxy.price|B": coin(DOWN)},
    )
    assert OF_BREADTH["breadth.proxy"](known, EVENING) == (1, "1 of 1 known of 2")


def test_readings_one_by_one_give_what_a_history_gives() -> None:
    nets = [float((n * 37) % 901 - 450) for n in range(60)]
    joined = breadth(nets)
    known = Facts()
    for rose, fell in zip(
        *(joined[f"breadth.{one}|"].bars for one in ("advances", "declines")), strict=True
    ):
        readings = tuple(
            Reading(
                name=f"breadth.{one}", value=bar.close, unit="count", as_of=bar.at, source="wsj"
            )
            for one, bar in (("advances", rose), ("declines", fell))
        )
        seen = Readings(source="wsj", observed_at=rose.at + timedelta(hours=1), readings=readings)
        known = absorb(known, seen, Lens())
    assert {key: bars.bars for key, bars in known.bars.items()} == {
        key: bars.bars for key, bars in joined.items()
    }
    for name in ("breadth.ad_line", "breadth.ad_slope20", "breadth.mcclellan"):
        assert OF_BREADTH[name](known, EVENING) == ask(name, joined)
