"""What the demo's chart shows of the hedge and of what was only told."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from matplotlib.figure import Figure

from monitor.alerts.alert import Alert, AlertState
from monitor.hedge.legs import parse_leg
from monitor.hedge.mark import mark
from monitor.model.layer import Action
from monitor.model.observation import Verb, Word
from monitor.pipeline import State, step
from monitor.signals.market import market_of
from monitor.timetravel.chart import demo_chart, draw
from monitor.timetravel.panels import draw_hedge, draw_price, price_ticks
from monitor.timetravel.scene import Scene, Story, scene_of
from tests.some_alert import a_notice

START = datetime(2020, 3, 1, 22, 30, tzinfo=UTC)
CHART = demo_chart("t", "s")


def scene(day: int, value: float | None) -> Scene:
    return Scene(
        at=START + timedelta(days=day),
        price=200.0,
        vix=20.0,
        holdings=(),
        book_il=None,
        hedge_usd=10.0 * day,
        paid_usd=0.0,
        returned_usd=0.0,
        hedge_value_usd=value,
    )


def told(action: Action, day: int) -> Alert:
    at = START + timedelta(days=day)
    return a_notice(at, id="C4DE73", idem=f"{action}:{day}", key="k", action=action)


def story(*alerts: Alert) -> Story:
    return Story(
        alerts=alerts,
        scenes=(scene(0, 0.0), scene(1, 640.0), scene(2, 425.0)),
    )


def test_the_hedge_panel_shows_profit_and_value() -> None:
    panel = Figure().subplots()
    draw_hedge(panel, story())
    courses = [list(map(float, line.get_ydata())) for line in panel.get_lines()]
    assert [0.0, 640.0, 425.0] in courses
    assert [0.0, 10.0, 20.0] in courses
    words = [text.get_text() for text in panel.texts]
    assert "425  value" in words
    assert "+20  profit" in words


def test_what_is_only_told_is_marked_too() -> None:
    bare = draw(story(), CHART)
    assert draw(story(told(Action.NOTIFY, 1)), CHART) != bare
    assert draw(story(replace(told(Action.NOTIFY, 1), state=AlertState.REPEAT)), CHART) == bare


def test_the_value_of_the_hedge_is_that_of_all_its_legs(hand: Any) -> None:
    at = datetime(2020, 2, 14, 22, 30, tzinfo=UTC)
    leg = parse_leg("vix.call 2020-06-17 18 +4 @1.60")
    bought = Word(id="w", verb=Verb.FILL, observed_at=at, by="a@cli", layer="L2", fills=(leg,))
    state = State()
    settled = hand.settled(at.date(), {date(2020, 6, 17): 16.725}, at)
    for seen in (settled, hand.vix(13.68, at), bought):
        state, _ = step(hand.book("alvh"), state, seen)
    found = scene_of(state, at, 200.0)
    held = mark(state.layers["L2|book"].legs, market_of(state.facts, at), at)
    assert held is not None
    assert found.hedge_value_usd == held.value_usd
    # Cash and mark together are the profit: 4 calls of 100 at 1.60 were paid.
    assert found.hedge_usd is not None
    assert held.value_usd is not None
    assert abs(found.hedge_usd - (held.value_usd - 640.0)) < 1e-9


def test_prices_of_any_size_have_round_ticks() -> None:
    assert price_ticks(95.0, 420.0) == pytest.approx([100, 150, 200, 300, 400])
    assert price_ticks(0.0011, 0.0043) == pytest.approx([0.0015, 0.002, 0.003, 0.004])
    assert price_ticks(60.0, 5_000.0) == pytest.approx([100, 200, 400, 1_000, 2_000, 4_000])


def test_the_price_is_told_in_the_pair_s_own_tokens() -> None:
    panel = Figure().subplots()
    draw_price(panel, story(), pair="$EV$IL/DAI")
    assert panel.get_ylabel() == "DAI per $EV$IL (log)"
    assert "$EV$IL 200" in [text.get_text() for text in panel.texts]
