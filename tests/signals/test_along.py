"""Indicators over a whole past at once: as if asked at each instant, and soon done."""

import math
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

import pytest

from monitor.calendars.hours import Hours
from monitor.calendars.sessions import session_close, sessions_back
from monitor.model.observation import Past
from monitor.model.reading import Bar, Reading
from monitor.signals.bars import Bars, point
from monitor.signals.catalogue import BY_NAME
from monitor.signals.facts import Facts
from monitor.signals.of_market import ALONG, market
from monitor.signals.series import span
from monitor.signals.take_past import absorb_past, warmed
from tests.bench.timing import Times

LAST = date(2026, 11, 27)
NOW = datetime(2026, 11, 28, 17, tzinfo=UTC)
KEPT = timedelta(days=800)


def days(hours: Hours, count: int) -> list[date]:
    if hours is Hours.ALWAYS:
        return [LAST - timedelta(days=n) for n in range(count - 1, -1, -1)]
    return [sessions_back(LAST, n) for n in range(count - 1, -1, -1)]


def bars(name: str, count: int, *, still: int = 0, seed: int = 0) -> tuple[Bar, ...]:
    """Return a bar a session, the first `still` of one value."""
    hours = BY_NAME[name].hours
    return tuple(
        point(
            day,
            1_000.0 if n < still else 1_000 + 90 * math.sin(n / 9 + seed) + n * 7_919 % 37,
            session_close(hours, day),
        )
        for n, day in enumerate(days(hours, count))
    )


def known(name: str, inputs: Mapping[str, Bars], at: datetime) -> float | None:
    """Return what a name is where all its inputs were read by an instant, and no later ones."""
    seen = {key: until for key, one in inputs.items() if (until := one.until(at)).bars}
    readings = {
        f"{key}|": Reading(
            name=key, value=one.bars[-1].close, unit="u", as_of=one.bars[-1].at, source="made"
        )
        for key, one in seen.items()
    }
    facts = Facts(readings=readings, bars={f"{key}|": one for key, one in seen.items()})
    value = market(facts, name, at).value
    assert value is None or isinstance(value, float)
    return value


@pytest.mark.parametrize("name", sorted(ALONG))
def test_a_past_is_what_would_have_been_told_at_each_of_its_instants(name: str) -> None:
    # A run that does not move at first, then one behind a gap.
    inputs = {
        key: Bars(bars=tuple(one for n, one in enumerate(bars(key, 130, still=20, seed=n_key))
                             if n != 65))
        for n_key, key in enumerate(BY_NAME[name].inputs)
    }  # fmt: skip
    facts = warmed(Facts(bars={f"{key}|": one for key, one in inputs.items()}), {name: KEPT}, NOW)
    instants = [bar.at for bar in next(iter(inputs.values())).bars]
    told = ((at, known(name, inputs, at)) for at in instants)
    expected = {at: value for at, value in told if value is not None}
    found = {one.at: one.value for one in facts.series[f"{name}|"].samples}
    assert found == pytest.approx(expected, abs=1e-9)
    assert len(expected) > 50


@pytest.mark.parametrize(
    "name", ["ta.macd_spx_hist", "ta.rsi_spx", "vol.hv20_spx", "breadth.mcclellan"]
)
def test_two_years_are_taken_up_in_a_moment(name: str) -> None:
    windows = {name: span("250d").reach(BY_NAME[name].hours)}
    *others, last = BY_NAME[name].inputs
    facts = Facts(bars={f"{key}|": Bars(bars=bars(key, 520)) for key in others})
    pulled = Past(id="p", source="made", observed_at=NOW, name=last, bars=bars(last, 520))
    times = Times()
    for _ in range(3):
        with times.measured():
            after = absorb_past(facts, pulled, windows)
    assert len(after.series[f"{name}|"].samples) > 200
    assert times.least_cpu < 0.15, "of the loop's time, on a slow machine"
