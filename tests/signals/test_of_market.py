"""What a name of the market is: too old, frozen, resting on what is not known, or a value."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from monitor.model.observation import Readings
from monitor.model.reading import Reading
from monitor.signals.absorb import Lens, absorb
from monitor.signals.catalogue import BY_NAME, Scope
from monitor.signals.facts import Facts
from monitor.signals.of_market import OF_MARKET, Told, market

NEW_YORK = ZoneInfo("America/New_York")
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def new_york(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK).astimezone(UTC)


CLOSE = new_york("2020-02-21T16:15")  # a Friday's


def reading(name: str, value: float, as_of: datetime, key: str = "") -> Reading:
    return Reading(name=name, value=value, unit="u", as_of=as_of, source="made", key=key)


def absorbed(*readings: Reading) -> Facts:
    known = Facts()
    for one in readings:
        seen = Readings(source=one.source, observed_at=one.as_of, readings=(one,))
        known = absorb(known, seen, Lens())
    return known


# --- ages -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "known"),
    [
        pytest.param("2020-02-21T16:15", True, id="at once"),
        pytest.param("2020-02-23T12:00", True, id="on Sunday"),
        pytest.param("2020-02-24T10:05", True, id="35 minutes into Monday"),
        pytest.param("2020-02-24T10:06", False, id="36 minutes into it"),
        pytest.param("2020-02-24T16:15", False, id="at Monday's close"),
    ],
)
def test_a_value_ages_in_the_hours_of_its_market(now: str, known: bool) -> None:
    told = market(absorbed(reading("vix", 17.08, CLOSE)), "vix", new_york(now))
    assert (told.value is not None) is known
    assert bool(told.note) is not known
    assert (told.as_of, told.source) == (CLOSE, "made")


def test_what_is_too_old_says_so() -> None:
    known = absorbed(reading("vix", 17.08, CLOSE))
    told = market(known, "vix", new_york("2020-02-24T10:30"))
    assert told == Told(
        value=None,
        as_of=CLOSE,
        source="made",
        note="vix is 1 h old in session, limit 35 m",
        age_s=3600,
    )


def test_a_coin_ages_at_weekends_too() -> None:
    known = absorbed(reading("eth.price", 265.0, CLOSE))
    assert market(known, "eth.price", CLOSE + 5 * MINUTE).value == 265.0
    told = market(known, "eth.price", CLOSE + 6 * MINUTE)
    assert (told.value, told.note) == (None, "eth.price is 6 m old, limit 5 m")


@pytest.mark.parametrize(
    ("limit", "age", "value"),
    [
        pytest.param(10 * MINUTE, 10 * MINUTE, 17.08, id="just so old"),
        pytest.param(10 * MINUTE, 11 * MINUTE, None, id="older than the rule allows"),
        pytest.param(timedelta(days=9), 36 * MINUTE, None, id="no rule may loosen the catalogue's"),
        pytest.param(None, 30 * MINUTE, 17.08, id="the catalogue's own"),
    ],
)
def test_a_rule_may_ask_for_a_younger_value(
    limit: timedelta | None, age: timedelta, value: float | None
) -> None:
    noon = new_york("2020-02-21T12:00")
    told = market(absorbed(reading("vix", 17.08, noon)), "vix", noon + age, limit)
    assert told.value == value


def test_a_rule_may_ask_what_is_worked_out_to_rest_on_younger_values() -> None:
    noon = new_york("2020-02-21T12:00")
    known = absorbed(reading("vix", 17.0, noon), reading("vix3m", 20.0, noon + 8 * MINUTE))
    now = noon + 11 * MINUTE
    told = market(known, "vol.term", now)
    assert (told.value, told.as_of, told.age_s) == (pytest.approx(0.85), noon, 660)
    assert market(known, "vol.term", now, 11 * MINUTE).value == pytest.approx(0.85)
    told = market(known, "vol.term", now, 10 * MINUTE)
    assert (told.value, told.note) == (None, "vol.term rests on what is 11 m old, limit 10 m")


# --- frozen values --------------------------------------------------------------------------


def repeated(value: float, *stamps: str) -> Facts:
    return absorbed(*(reading("vix", value, new_york(one)) for one in stamps))


def test_a_value_that_repeats_under_new_stamps_is_noticed() -> None:
    stamps = [f"2020-02-21T{hour}:00" for hour in (10, 11, 12, 13)]
    known = repeated(17.08, *stamps)
    assert known.readings["vix|"].since == new_york("2020-02-21T10:00")
    assert market(known, "vix", new_york("2020-02-21T13:00")).value == 17.08, "three hours may be"
    told = market(repeated(17.08, *stamps, "2020-02-21T13:01"), "vix", new_york("2020-02-21T13:02"))
    assert told.value is None
    assert told.note == (
        "vix has been 17.08 for 3 h 1 m of its hours, however newly stamped: is its source frozen?"
    )


def test_another_value_ends_the_doubt() -> None:
    known = repeated(17.08, "2020-02-21T10:00", "2020-02-21T14:00")
    assert market(known, "vix", new_york("2020-02-21T14:00")).value is None
    moved = new_york("2020-02-21T14:01")
    seen = Readings(source="made", observed_at=moved, readings=(reading("vix", 17.09, moved),))
    assert market(absorb(known, seen, Lens()), "vix", moved).value == 17.09


def test_a_value_does_not_freeze_while_its_market_is_closed() -> None:
    known = repeated(17.08, "2020-02-21T16:10", "2020-02-21T16:15", "2020-02-24T09:35")
    assert market(known, "vix", new_york("2020-02-24T09:36")).value == 17.08


def test_another_source_that_says_the_same_is_not_frozen_with_the_first() -> None:
    known = repeated(17.08, "2020-02-21T10:00", "2020-02-21T13:01")
    assert market(known, "vix", new_york("2020-02-21T13:01")).value is None
    later = new_york("2020-02-21T13:02")
    other = replace(reading("vix", 17.08, later), source="another")
    known = absorb(known, Readings(source="vix", observed_at=later, readings=(other,)), Lens())
    assert market(known, "vix", later).value == 17.08
    assert known.readings["vix|"].since == later


@pytest.mark.parametrize("coin", ["eth", "btc"])
def test_a_funding_rate_that_is_clamped_for_weeks_is_true(coin: str) -> None:
    # Binance: 0.01 % in 8 h, 10.95 % a year, for 656 h without a break.
    name, rate = f"funding.{coin}_annual", 0.0001 * 3 * 365
    known = absorbed(*(reading(name, rate, CLOSE + n * HOUR) for n in range(657)))
    assert market(known, name, CLOSE + 656 * HOUR).value == rate


def test_breadth_that_repeats_over_three_sessions_is_frozen() -> None:
    closes = [new_york(f"2020-02-{day}T16:15") for day in (19, 20, 21)]
    for side in ("advances", "declines"):
        name = f"breadth.{side}"
        known = absorbed(*(reading(name, 1_500, at) for at in closes[:2]))
        assert market(known, name, closes[1]).value == 1_500, "two may be alike by chance"
        known = absorbed(*(reading(name, 1_500, at) for at in closes))
        assert market(known, name, CLOSE).note.endswith("is its source frozen?")


@pytest.mark.parametrize("coin", ["eth", "btc"])
def test_a_share_of_all_coins_that_stands_still_for_hours_is_frozen(coin: str) -> None:
    name = f"rotation.{coin}_share"
    known = absorbed(*(reading(name, 0.12, CLOSE + n * HOUR) for n in range(7)))
    assert market(known, name, CLOSE + 6 * HOUR).value == 0.12
    known = absorbed(*(reading(name, 0.12, CLOSE + n * HOUR) for n in range(8)))
    assert market(known, name, CLOSE + 7 * HOUR).value is None


def test_what_rests_on_a_frozen_value_is_unknown() -> None:
    known = repeated(17.08, "2020-02-21T10:00", "2020-02-21T14:00")
    told = market(known, "spx.expected_day", new_york("2020-02-21T14:00"))
    assert told.value is None
    assert told.note.endswith("is its source frozen?")


# --- inputs ---------------------------------------------------------------------------------


def test_what_was_never_read_is_unknown_and_so_is_what_rests_on_it() -> None:
    assert market(Facts(), "vix", CLOSE) == Told(value=None, note="vix has not been read yet")
    told = market(absorbed(reading("vix", 17.08, CLOSE)), "vol.term", CLOSE)
    assert (told.value, told.note) == (None, "vix3m has not been read yet")


def test_one_input_too_old_makes_it_unknown() -> None:
    noon = new_york("2020-02-21T12:00")
    known = absorbed(reading("vix3m", 18.0, noon), reading("vix", 17.08, noon + HOUR))
    told = market(known, "vol.term", noon + HOUR)
    assert (told.value, told.note) == (None, "vix3m is 1 h old in session, limit 35 m")
    assert told.as_of == noon


def test_each_input_ages_by_its_own_calendar() -> None:
    # On Saturday the VIX of Friday's close is new, and a coin's price of then is not.
    known = absorbed(reading("dvol.eth", 70.0, CLOSE), reading("vix", 17.08, CLOSE))
    saturday = new_york("2020-02-22T12:00")
    assert market(known, "spx.expected_day", saturday).value is not None
    assert market(known, "eth.expected_day", saturday).value is None


def test_the_reason_of_what_cannot_be_worked_out_is_told() -> None:
    told = market(absorbed(reading("vix", 17.08, CLOSE)), "ta.rsi_vix", CLOSE)
    assert told.value is None
    assert told.note == "1 of 15 sessions known without a gap"
    assert (told.source, told.as_of) == ("computed", CLOSE)


def test_every_computed_name_of_the_market_is_answered_and_no_other() -> None:
    computed = {one for one in BY_NAME.values() if one.inputs and one.scope is Scope.MARKET}
    assert set(OF_MARKET) == {signal.name for signal in computed}


# --- families -------------------------------------------------------------------------------

MARCH, APRIL = "2020-03-18", "2020-04-15"


def test_a_family_is_how_many_it_has() -> None:
    known = absorbed(
        reading("vx.settle", 15.8, CLOSE, MARCH), reading("vx.settle", 16.1, CLOSE, APRIL)
    )
    assert market(known, "vx.settle", CLOSE).value == 2
    assert market(Facts(), "vx.settle", CLOSE).note == "vx.settle has not been read yet"


@pytest.mark.parametrize(
    ("now", "known"),
    [
        pytest.param("2020-02-25T18:00", True, id="two sessions"),
        pytest.param("2020-02-26T15:59", True, id="the third is not over"),
        pytest.param("2020-02-26T16:00", False, id="three sessions"),
    ],
)
def test_a_family_is_as_old_as_its_newest_issue(now: str, known: bool) -> None:
    facts = absorbed(reading("vx.settle", 15.8, CLOSE, MARCH))
    assert (market(facts, "vx.settle", new_york(now)).value is not None) is known
    assert (market(facts, "vx.m1", new_york(now)).value is not None) is known


def test_a_new_issue_leaves_out_what_expired() -> None:
    older = reading("vx.settle", 14.9, new_york("2020-02-18T16:15"), "2020-02-19")
    known = absorbed(older, reading("vx.settle", 15.8, CLOSE, MARCH))
    assert market(known, "vx.settle", CLOSE).value == 1
    assert date.fromisoformat(MARCH).isoformat() in market(known, "vx.m1", CLOSE).note
