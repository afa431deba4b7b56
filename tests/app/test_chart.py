"""A phone's chart: what is on it, and that it is drawn."""

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.alerts.alert import Alert
from monitor.app.chart import Band, Point, Scenery, scenery
from monitor.app.chart_drawn import draw
from monitor.app.drawing import SCENERY, drawn
from monitor.errors import Permanent
from monitor.pipeline import State, step
from monitor.store.course import CourseMark

AT = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
PAIR = "WETH/USDC"


def watched(hand: Any, *ticks: int) -> State:
    """Return the state after an hour at each of these ticks from the middle."""
    state, rules = State(), hand.book("lp_range")
    first = AT - HOUR * (len(ticks) - 1)
    full = hand.position(3, ticks=(-887220, 887220))
    for number, tick in enumerate(ticks):
        at = first + number * HOUR
        here = hand.snapshot(
            at, hand.position(), hand.position(2, ticks=(hand.tick + 60, hand.tick + 600)), full,
            tick=hand.tick + tick, number=number + 1,
        )  # fmt: skip
        state, _ = step(rules, state, here)
    state, _ = step(rules, state, hand.vix(27.4, AT, AT))
    return state


def mark(hours: float, **values: float | None) -> CourseMark:
    return CourseMark(at=int((AT - hours * HOUR).timestamp()), **values)


def values(points: tuple[Point, ...]) -> list[float | None]:
    return [one.value for one in points]


def test_a_price_is_told_in_the_pairs_quote_hour_by_hour(hand: Any) -> None:
    shown = scenery(watched(hand, 0, -2_000, 0), (), AT)
    told = [value for value in values(shown.prices) if value is not None]
    assert shown.pair == PAIR
    # The tick counts WETH per USDC: 2,000 lower is e^0.2 more USDC for one WETH.
    assert told[0] == pytest.approx(250, rel=1e-3)
    assert max(told) == pytest.approx(told[0] * 1.0001**2000, rel=1e-6)
    assert [one.at for one in shown.prices] == sorted(one.at for one in shown.prices)
    assert shown.prices[-1].at == AT


def test_ranges_are_told_the_largest_first_and_a_full_one_has_no_edges(hand: Any) -> None:
    shown = scenery(watched(hand, 0), (), AT)
    assert shown.bands[0].name == "#3"
    known = {one.name: one for one in shown.bands}
    assert known["#3"].edges is None
    assert known["#1"].inside
    assert not known["#2"].inside
    low, high = known["#1"].edges or (0, 0)
    assert high / low == pytest.approx(1.0001**2000, rel=1e-6)


def test_what_is_unknown_is_a_hole_and_what_is_old_is_left_out(hand: Any) -> None:
    marks = (
        mark(24 * 31, lost_usd=-1.0),
        mark(3, lost_usd=-10.0, hedge_usd=5.0, vix=20.0),
        mark(2),
        mark(1, lost_usd=-30.0, hedge_usd=9.0, vix=22.0),
    )
    shown = scenery(watched(hand, 0), marks, AT)
    assert values(shown.lost) == [-10.0, None, -30.0]
    assert values(shown.hedge) == [5.0, None, 9.0]
    assert values(shown.vix) == [20.0, 22.0, 27.4]


def test_a_vix_that_was_not_known_for_longer_than_a_market_closes_is_a_hole(hand: Any) -> None:
    shown = scenery(watched(hand, 0), (mark(24 * 9, vix=20.0), mark(1, vix=22.0)), AT)
    assert values(shown.vix) == [20.0, None, 22.0, 27.4]


def test_a_vix_too_old_to_be_believed_ends_in_a_hole(hand: Any) -> None:
    shown = scenery(watched(hand, 0), (mark(1, vix=22.0),), AT + 2 * HOUR)
    assert values(shown.vix) == [22.0, None]


@pytest.mark.parametrize("of", ["1", "#1", "weth/usdc", ""])
def test_a_chart_is_of_a_position_or_of_a_pair(hand: Any, of: str) -> None:
    assert scenery(watched(hand, 0), (), AT, of=of).pair == PAIR


def test_what_is_not_watched_is_told_with_what_is(hand: Any) -> None:
    with pytest.raises(Permanent, match="'77' is not watched; there is: WETH/USDC, 1, 2, 3"):
        scenery(watched(hand, 0), (), AT, of="77")
    with pytest.raises(Permanent, match="no pool was read yet"):
        scenery(State(), (), AT)


def test_an_alert_is_marked_by_its_words(hand: Any) -> None:
    state, rules = watched(hand, 0), hand.book("lp_range")
    fired: list[Alert] = []
    for number in (1, 2, 3):
        out = hand.snapshot(AT + number * HOUR, hand.position(), tick=hand.tick + 3_000)
        state, alerts = step(rules, state, out)
        fired += alerts
    (alert, *_) = fired
    shown = scenery(state, (), AT + 3 * HOUR, alert=alert)
    assert shown.moment == alert.at
    assert shown.words == f"{alert.action.value} {alert.layer or alert.rule}"


def painted(png: bytes) -> tuple[int, int]:
    from matplotlib.image import imread  # noqa: PLC0415 - an extra

    high, wide = imread(io.BytesIO(png), format="png").shape[:2]
    return wide, high


@pytest.mark.parametrize("known", [True, False], ids=["all is known", "nothing is known yet"])
def test_a_chart_is_a_picture_for_a_phone(hand: Any, *, known: bool) -> None:
    marks = (mark(30, lost_usd=-10.0, hedge_usd=5.0, vix=20.0), mark(1, lost_usd=-30.0))
    shown: Scenery = scenery(watched(hand, 0, 100), marks if known else (), AT)
    assert SCENERY.validate_json(SCENERY.dump_json(shown)) == shown
    png = draw(shown)
    assert painted(png) == (860, 1140)
    assert len(png) < 300_000


PRICES = tuple(Point(at=AT - n * HOUR, value=3_000.0 + 20 * n) for n in range(24, -1, -1))


def drawing(**changes: Any) -> Any:
    """Return a chart's pixels, dark ones true."""
    from matplotlib.image import imread  # noqa: PLC0415 - an extra

    empty = {"lost": (), "hedge": (), "vix": ()}
    given = {"at": AT, "pair": PAIR, "prices": PRICES, "bands": (), **empty} | changes
    return imread(io.BytesIO(draw(Scenery(**given))), format="png")[:, :, :3].max(axis=2) < 0.3


def test_an_edge_far_away_makes_the_price_no_flat_line() -> None:
    band = Band(name="#9", edges=(1.0, 1e6), inside=True)
    panel = drawing(bands=(band,))[115:430, 130:630]
    rows = panel.any(axis=1).nonzero()[0]
    assert rows.max() - rows.min() > 150


def test_a_long_name_of_a_pair_is_not_written_over_what_is_told_of_it() -> None:
    pair = "SUPERLONGTOKENSYMBOL/WRAPPEDSTAKEDUSDC"
    head = drawing(pair=pair, moment=AT, words="remove alvh.remove_after_spike")[20:60]
    empty = (~head.any(axis=0)).nonzero()[0]
    assert any(all(x + n in empty for n in range(15)) for x in empty if 100 < x < 700)


async def test_a_chart_that_takes_too_long_is_given_up(hand: Any) -> None:
    with pytest.raises(Permanent, match=r"the chart was not drawn in 0\.01 s"):
        await drawn(scenery(watched(hand, 0), (), AT), patience_s=0.01)
