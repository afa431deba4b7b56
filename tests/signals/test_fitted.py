"""Weeks joined across markets, and the published figures of a narrow range's basis risk."""

import csv
import os
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from monitor.calendars.hours import Hours
from monitor.calendars.sessions import is_session, session_close
from monitor.hedge.cover import Cover, Covered
from monitor.hedge.fit import Tracked, tracked, weekly_il
from monitor.hedge.il_strip import Range
from monitor.model.reading import Bar
from monitor.signals.bars import Bars, point
from monitor.signals.facts import Facts
from monitor.signals.fitted import Fits, fits_of, weeks_of

DAY = timedelta(days=1)
FIRST_WEEK = date(2018, 1, 3)
FIRST = date(2024, 1, 3)  # a Wednesday
WEEKS = 20
# Each week ETH moves by this factor, and the VIX rises by that many points in it.
MOVES = [1.0 + 0.01 * (n % 5) * (-1) ** n for n in range(WEEKS)]


def eth(until: date = date(2024, 6, 30)) -> Bars:
    bars, price = [], 2000.0
    for n in range((until - FIRST).days + 1):
        day = FIRST + n * DAY
        if n and n % 7 == 0:
            price *= MOVES[n // 7 - 1] if n // 7 <= WEEKS else 1.0
        bars.append(point(day, price, session_close(Hours.ALWAYS, day)))
    return Bars(bars=tuple(bars))


def vix(until: date = date(2024, 6, 30), level: float = 14.0) -> Bars:
    days = [FIRST + n * DAY for n in range((until - FIRST).days + 1)]
    return Bars(
        bars=tuple(
            point(day, level + abs(MOVES[min((day - FIRST).days // 7, WEEKS) - 1] - 1) * 100,
                  session_close(Hours.CBOE_VIX, day))
            for day in days
            if is_session(day)
        )
    )  # fmt: skip


def facts(coin: Bars, index: Bars) -> Facts:
    return Facts(bars={"eth.price|": coin, "vix|": index})


def held(*values: float, width: float = 1.2, root: str = "eth") -> Cover:
    return Cover(
        held=tuple(
            Covered(
                key=f"1:0x44:{n}",
                root=root,
                range=Range(lower=2000 / width, upper=2000 * width, entry=2100.0),
                liquidity=1.0,
                value_usd=value,
            )
            for n, value in enumerate(values)
        )
    )


def fits(found: Fits | str) -> Fits:
    assert isinstance(found, Fits), found
    return found


def test_a_week_ends_on_wednesday_and_counts_once_it_is_over() -> None:
    wednesday = date(2024, 5, 22)  # the twentieth
    weeks = weeks_of(eth(), vix(), Bars(), Bars(), until=wednesday)
    assert weeks.ends[0] == FIRST + 7 * DAY
    assert weeks.ends[-1] == wednesday
    assert list(weeks.ratios) == pytest.approx(MOVES)
    assert (
        weeks_of(eth(), vix(), Bars(), Bars(), until=wednesday - DAY).ends[-1]
        == wednesday - 7 * DAY
    )
    assert np.isnan(weeks.dvol_rise).all()


def test_a_holiday_takes_the_session_before() -> None:
    # Juneteenth of 2024, 19 June, is a Wednesday on which Cboe is closed.
    weeks = weeks_of(eth(), vix(), Bars(), Bars(), until=date(2024, 6, 20))
    assert weeks.ends[-1] == date(2024, 6, 19)
    tuesday = next(bar.close for bar in vix().bars if bar.day == date(2024, 6, 18))
    assert weeks.vix[-1] == tuesday


def test_what_is_published_later_is_not_known_yet() -> None:
    eve = datetime(2024, 5, 22, 23, 59, tzinfo=UTC)
    early = fits(fits_of(facts(eth(), vix()), held(1.0), eve))
    later = fits(fits_of(facts(eth(), vix()), held(1.0), eve + timedelta(minutes=2)))
    assert early.by["move"].note == "19 weeks to 2024-05-15"
    assert later.by["move"].note == "20 weeks to 2024-05-22"
    same = fits(fits_of(facts(eth(eve.date() - DAY), vix(eve.date() - DAY)), held(1.0), eve))
    assert early.by == same.by


def test_il_follows_the_squared_move_of_the_coin() -> None:
    now = datetime(2024, 5, 24, tzinfo=UTC)
    found = fits(fits_of(facts(eth(), vix()), held(1.0), now))
    move = found.by["move"]
    assert move.r2 is not None
    assert move.r2 > 0.98
    assert move.corr is not None
    assert move.corr < 0
    assert move.calm_share == 1.0
    assert found.by["dvol"].r2 is None
    assert found.by["dvol"].note == "0 of 12 weeks are known"


def test_what_gains_and_loses_alike_is_held_against_both() -> None:
    now = datetime(2024, 5, 24, tzinfo=UTC)
    levels = [14.0 + n * n * 7 % 11 for n in range(WEEKS + 1)]
    ends = [FIRST + n * 7 * DAY for n in range(WEEKS + 1)]
    index = Bars(
        bars=tuple(
            point(day, level, session_close(Hours.CBOE_VIX, day))
            for day, level in zip(ends, levels, strict=True)
        )
    )
    found = fits(fits_of(facts(eth(), index), held(1.0, width=1e6), now))
    # A full range: IL is 2√r / (1 + r) - 1. numpy's own correlation.
    moves = np.array(MOVES)
    il = 2 * np.sqrt(moves) / (1 + moves) - 1
    for driver, made in (("short", 1 - moves), ("vix_linear", np.diff(levels))):
        assert made.min() < 0
        fit = found.by[driver]
        assert fit.corr == pytest.approx(np.corrcoef(il, made)[0, 1], abs=1e-5)
        assert fit.corr != pytest.approx(np.corrcoef(il, np.maximum(made, 0))[0, 1], abs=0.01)
    assert found.by["short"].driver == "ETH's falls less rises"
    assert found.by["vix_linear"].driver == "spot VIX's rises less falls"


def settled(first: date, last: date) -> dict[str, Bars]:
    """Settlements of a monthly future 7 and of one 35 days after each Wednesday, day by day.

    On a Wednesday the constant 30 days lie 23/28 of the way from one to the other. The nearer
    settles at 20 points and what the week is times 3, the later 2 above it.
    """
    found: dict[str, list[Bar]] = {}
    for n in range((last - first).days // 7 + 1):
        day = first + n * 7 * DAY
        level = 20.0 + 3.0 * (n * n % 7)
        for days, above in ((7, 0.0), (35, 2.0)):
            key = f"vx.settle|{day + days * DAY}"
            bar = point(day, level + above, session_close(Hours.XNYS_CLOSE, day))
            found.setdefault(key, []).append(bar)
    return {key: Bars(bars=tuple(bars)) for key, bars in found.items()}


def with_futures(first: date, last: date = date(2024, 5, 22)) -> Facts:
    known = facts(eth(), vix())
    return replace(known, bars={**known.bars, **settled(first, last)})


def test_the_vix_is_its_forward_of_thirty_days_where_its_settlements_are_known() -> None:
    now = datetime(2024, 5, 24, tzinfo=UTC)
    found = fits(fits_of(with_futures(FIRST), held(1.0, width=1e6), now))
    levels = np.array([20.0 + 3.0 * (n * n % 7) for n in range(WEEKS + 1)])  # + 23/28 · 2, each
    moves = np.array(MOVES)
    il = 2 * np.sqrt(moves) / (1 + moves) - 1
    rises = np.diff(levels)
    for driver, made in (("vix", np.maximum(rises, 0.0)), ("vix_linear", rises)):
        assert found.by[driver].corr == pytest.approx(np.corrcoef(il, made)[0, 1], abs=1e-5)
    assert found.by["vix"].driver == "the VIX forward's rises"
    assert found.by["vix_linear"].driver == "the VIX forward's rises less falls"
    assert found.by["vix"].note == "20 weeks to 2024-05-22"


@pytest.mark.parametrize(
    ("first", "driver", "note"),
    [
        # 12 weeks of 20: a fit can be made of them, and they are more than half.
        (date(2024, 2, 28), "the VIX forward's rises", "12 weeks to 2024-05-22"),
        (date(2024, 3, 6), "spot VIX's rises", "20 weeks to 2024-05-22"),
    ],
)
def test_a_forward_of_too_few_weeks_gives_way_to_the_spot_and_it_is_said(
    first: date, driver: str, note: str
) -> None:
    now = datetime(2024, 5, 24, tzinfo=UTC)
    told = fits(fits_of(with_futures(first), held(1.0), now)).by["vix"]
    assert (told.driver, told.note) == (driver, note)


def test_calm_is_by_the_spot_whatever_the_forward_says() -> None:
    now = datetime(2024, 5, 24, tzinfo=UTC)
    known = with_futures(FIRST)  # up to 38 points
    assert fits(fits_of(known, held(1.0), now)).by["vix"].calm_share == 1.0


def test_too_few_weeks_say_how_many_there_are() -> None:
    found = fits(fits_of(facts(eth(), vix()), held(1.0), datetime(2024, 3, 1, tzinfo=UTC)))
    assert found.by["move"].r2 is None
    assert found.by["move"].note == "8 of 12 weeks are known"
    assert found.by["move"].calm_share is None


def test_the_largest_positions_stand_for_a_book_and_it_is_said() -> None:
    now = datetime(2024, 5, 24, tzinfo=UTC)
    many = held(1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0)
    told = fits(fits_of(facts(eth(), vix()), many, now)).by["move"].note
    assert told == "20 weeks to 2024-05-22, of the 5 largest of 7 positions"


def test_a_book_without_coins_has_no_fit_and_says_why() -> None:
    now = datetime(2024, 5, 24, tzinfo=UTC)
    assert fits_of(Facts(), held(1.0, root=""), now) == (
        "no covered position is in ETH or BTC against US dollars"
    )
    assert fits_of(Facts(), Cover(why="a wallet cannot be read"), now) == "a wallet cannot be read"


def test_the_published_figures_of_a_narrow_range() -> None:
    """Weekly IL of x/1.2, 2018 to 2024: corr -0.25, R² 6 %, 12.8 % of it while the VIX is above 30.

    By closes of Yahoo's; Binance's give -0.241, 5.8 % and 12.3 %.
    """
    coin, index = (extra(name) for name in ("ethusdt_1d_binance_spot.csv", "vix_daily.csv"))
    eth_bars = Bars(bars=tuple(point(d, c, session_close(Hours.ALWAYS, d)) for d, c in coin))
    vix_bars = Bars(
        bars=tuple(point(d, c, session_close(Hours.CBOE_VIX, d)) for d, c in index if is_session(d))
    )
    il, rise, vix_at, move, last = [], [], [], [], FIRST_WEEK
    # Two years at a time, as that is as far as a fit looks back.
    for until in (date(2019, 12, 25), date(2021, 12, 22), date(2023, 12, 20), date(2024, 12, 25)):
        weeks = weeks_of(eth_bars, vix_bars, Bars(), Bars(), until=until)
        fresh = [n for n, end in enumerate(weeks.ends) if end > last]
        il += list(weekly_il(1.2, weeks.ratios)[fresh])
        rise += list(weeks.rises("vix")[fresh])
        move += list(weeks.rises("move")[fresh])
        vix_at += list(weeks.vix[fresh])
        last = until
    on_vix, on_move = (tracked(np.array(il), np.array(x)) for x in (rise, move))
    assert isinstance(on_vix, Tracked)
    assert isinstance(on_move, Tracked)
    assert len(il) == pytest.approx(364, abs=1)
    assert on_vix.corr == pytest.approx(-0.25, abs=0.02)
    assert on_vix.r2 == pytest.approx(0.06, abs=0.01)
    share = sum(one for one, seen in zip(il, vix_at, strict=True) if seen > 30) / sum(il)
    assert share == pytest.approx(0.128, abs=0.01)
    assert on_move.r2 > 0.9


def extra(name: str) -> list[tuple[date, float]]:
    folder = os.environ.get("HEDGEWATCH_DATA")
    if not folder:
        pytest.skip(f"EXTRA: HEDGEWATCH_DATA names no folder with {name}")
    with (Path(folder) / name).open(encoding="ascii") as file:
        return [
            (date.fromisoformat(row["date"]), float(row["close"])) for row in csv.DictReader(file)
        ]
