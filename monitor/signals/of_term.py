"""The term structure of the VIX: its indices, and the futures on it."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from operator import attrgetter, itemgetter
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from monitor.calendars.hours import Hours
from monitor.calendars.sessions import session_close, sessions_between
from monitor.signals.answers import Found, OfMarket
from monitor.signals.bars import Bars, day_of, point
from monitor.signals.facts import Facts, newest
from monitor.signals.lookback import instant
from monitor.signals.of_realised import hv30_spx

_NEW_YORK: Final = ZoneInfo("America/New_York")
_MONTH: Final = timedelta(days=30)
_APART: Final = timedelta(days=36)
"""Monthly expiries lie 27 to 36 days apart: five weeks, and a day where a holiday moves one."""
_NEAR: Final = _MONTH + _APART
"""No later expiry bears on the constant 30 days: one lies at or before it, or is missing."""
_ONE_TIME: Final = timedelta(minutes=35)
"""So far apart two free quotes may be stamped, each 15 to 20 minutes late."""
_PERCENT: Final = 100.0
_SETTLED: Final = "vx.settle|"
_FULL: Final = 0.01
_RAMP: Final = (13.0, 17.0)
_HALF_ABOVE: Final = 30.0
_NONE_ABOVE: Final = 50.0
_REGIMES: Final = ((0.85, "steep"), (0.917, "contango"), (1.0, "flat"))
"""Upper bounds: Harwood left short volatility at 0.917 and above; at 1 the curve is inverted."""


class Settled(NamedTuple):
    """One monthly future at its daily settlement."""

    expiry: date
    price: float


def _ratio(above: str, below: str) -> OfMarket:
    def answer(facts: Facts, _now: datetime) -> Found:
        first, second = newest(facts, above), newest(facts, below)
        assert first is not None
        assert second is not None
        if not _together(first.as_of, second.as_of):
            told = " and ".join(f"{one.name} of {instant(one.as_of)}" for one in (first, second))
            return None, f"{told} are not of one time"
        return first.value / second.value, f"{first.value:.2f} / {second.value:.2f}"

    return answer


def _together(one: datetime, other: datetime) -> bool:
    """Say whether two values are of one session and one time in it; after its close it is over."""
    day = day_of(Hours.CBOE_VIX, one)
    if day_of(Hours.CBOE_VIX, other) != day:
        return False
    close = session_close(Hours.CBOE_VIX, day)
    return abs(min(one, close) - min(other, close)) <= _ONE_TIME


def _regime(facts: Facts, now: datetime) -> Found:
    term, note = _ratio("vix", "vix3m")(facts, now)
    if not isinstance(term, float):
        return None, note
    named = next((name for bound, name in _REGIMES if term < bound), "inverted")
    return named, f"VIX / VIX3M {term:.3f} = {note}"


def settled(facts: Facts) -> tuple[date, Sequence[Settled]]:
    """Return the session of the newest settlement, and its futures by expiry."""
    rows = [one for one in facts.readings.values() if one.name == "vx.settle"]
    as_of = max(one.as_of for one in rows)
    session = day_of(Hours.XNYS_CLOSE, as_of)
    found = (Settled(date.fromisoformat(one.key), one.value) for one in rows if one.as_of == as_of)
    return session, sorted(one for one in found if one.expiry > session)


def trading(facts: Facts, now: datetime) -> tuple[date, Sequence[Settled]]:
    """Return the same, less the futures that have expired since: by the day in New York."""
    session, curve = settled(facts)
    today = now.astimezone(_NEW_YORK).date()
    return session, [one for one in curve if one.expiry > today]


def _nth(place: int) -> OfMarket:
    def answer(facts: Facts, now: datetime) -> Found:
        _, curve = trading(facts, now)
        if len(curve) <= place:
            return None, f"{len(curve)} monthly futures that still trade are settled"
        return curve[place].price, f"expires {curve[place].expiry}"

    return answer


def forward30(session: date, curve: Sequence[Settled]) -> Found:
    """Return the VIX future of a constant 30 days: linear in calendar days between two.

    curve: those that expire after the session, by expiry. For some days after an expiry the
    nearest may expire later than in 30 days; then it is that, as nothing lies before it.
    Unknown where a month is missing around the 30 days.
    """
    target = session + _MONTH
    after = bisect_left(curve, target, key=lambda one: one.expiry)
    if after == len(curve):
        return None, f"no future settled expires on {target} or later"
    far = curve[after]
    if after == 0:
        if far.expiry - session > _APART:
            return None, f"no future settled expires between {session} and {far.expiry}"
        return far.price, f"expires {far.expiry}"
    near = curve[after - 1]
    if far.expiry - near.expiry > _APART:
        return None, f"no future settled expires between {near.expiry} and {far.expiry}"
    share = (target - near.expiry) / (far.expiry - near.expiry)
    note = f"{near.price:.2f} to {near.expiry}, {far.price:.2f} to {far.expiry}"
    return near.price + share * (far.price - near.price), note


def _forward30(facts: Facts, _now: datetime) -> Found:
    return forward30(*settled(facts))


def forwards(facts: Facts, now: datetime) -> Bars:
    """Return that future's settlement at each session of which it is known."""
    members = ((key, bars) for key, bars in facts.bars.items() if key.startswith(_SETTLED))
    return _forwards(tuple((key, bars.until(now)) for key, bars in members))


# Remembered: bars are the same ones from one settlement to the next.
@lru_cache(maxsize=8)
def _forwards(members: tuple[tuple[str, Bars], ...]) -> Bars:
    curves: dict[date, list[Settled]] = {}
    stamps: dict[date, datetime] = {}
    for key, bars in sorted(members, key=itemgetter(0)):
        expiry = date.fromisoformat(key.removeprefix(_SETTLED))
        begin = bisect_left(bars.bars, expiry - _NEAR, key=attrgetter("day"))
        for bar in bars.bars[begin:]:
            if bar.day < expiry:
                curves.setdefault(bar.day, []).append(Settled(expiry, bar.close))
                stamps[bar.day] = bar.at
    found = ((day, forward30(day, curves[day])[0]) for day in sorted(curves))
    return Bars(bars=tuple(point(day, f, stamps[day]) for day, f in found if isinstance(f, float)))


def _ramp_weight(facts: Facts, _now: datetime) -> Found:
    """Return the weight of the softened gate: a ramp from 13 to 17, then Cboe's steps."""
    forward, note = forward30(*settled(facts))
    if not isinstance(forward, float):
        return None, note
    if forward > _HALF_ABOVE:
        return (0.0 if forward > _NONE_ABOVE else _FULL / 2), note
    low, high = _RAMP
    return _FULL * min(max((forward - low) / (high - low), 0.0), 1.0), note


def _slope(facts: Facts, now: datetime) -> Found:
    _, curve = trading(facts, now)
    if len(curve) < 2:  # noqa: PLR2004 (a slope has two ends)
        return None, f"{len(curve)} monthly futures that still trade are settled"
    return curve[1].price / curve[0].price - 1, f"{curve[1].price:.2f} / {curve[0].price:.2f}"


def _against_vix(facts: Facts, now: datetime) -> tuple[date, Settled, float] | str:
    """Return the settlement's session, the nearest future and the VIX at that session's close."""
    session, curve = trading(facts, now)
    if not curve:
        return "no monthly future that still trades is settled"
    bars = facts.bars.get("vix|", Bars()).until(now).bars
    spot = next((bar.close for bar in reversed(bars) if bar.day == session), None)
    if spot is None:
        return f"the VIX of {session} is not known"
    return session, curve[0], spot


def _basis(facts: Facts, now: datetime) -> Found:
    found = _against_vix(facts, now)
    if isinstance(found, str):
        return None, found
    session, front, spot = found
    return front.price / spot - 1, f"{front.price:.2f} / {spot:.2f}, close of {session}"


def _roll_day(facts: Facts, now: datetime) -> Found:
    """Simon and Campasano's daily roll: what the future loses a business day to the VIX."""
    found = _against_vix(facts, now)
    if isinstance(found, str):
        return None, found
    session, front, spot = found
    days = sessions_between(session, front.expiry)
    if not days:
        return None, f"no session lies between {session} and the expiry on {front.expiry}"
    return (front.price - spot) / days, f"({front.price:.2f} − {spot:.2f}) / {days} business days"


def _m1_days(facts: Facts, now: datetime) -> Found:
    session, curve = trading(facts, now)
    if not curve:
        return None, "no monthly future that still trades is settled"
    return float(sessions_between(session, curve[0].expiry)), f"{session} to {curve[0].expiry}"


def _over_realised(facts: Facts, now: datetime) -> Found:
    realised, note = hv30_spx(facts, now)
    if not isinstance(realised, float):
        return None, note
    if not realised:
        return None, f"the S&P 500 has not moved over {note}"
    front, why = _nth(0)(facts, now)
    if not isinstance(front, float):
        return None, why
    return front / (_PERCENT * realised), f"{front:.2f} / {_PERCENT * realised:.2f}"


OF_TERM: Final[Mapping[str, OfMarket]] = {
    "vol.term": _ratio("vix", "vix3m"),
    "vol.term9": _ratio("vix9d", "vix"),
    "vol.regime": _regime,
    "vx.m1": _nth(0),
    "vx.m2": _nth(1),
    "vx.forward30": _forward30,
    "vx.ramp_weight": _ramp_weight,
    "vx.slope": _slope,
    "vx.basis": _basis,
    "vx.roll_day": _roll_day,
    "vx.m1_days": _m1_days,
    "vx.over_realised": _over_realised,
}
