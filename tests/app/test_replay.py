"""Past storms through the daemon's own road: the same each time, and as the rules say."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from monitor.alerts.alert import AlertState
from monitor.alerts.wire import to_json
from monitor.app.replay import Replay, Replayed, price_of
from monitor.app.rulebook import load_enabled, rulebook
from monitor.cli.timetravel import replay_book
from monitor.config import RulesSettings, Settings, UsdSettings
from monitor.model.layer import Action
from monitor.pipeline import Rulebook
from monitor.rules.loader import load_packs
from monitor.timetravel.events import EVENTS, Window
from monitor.timetravel.fills import Fills, ModelFills, NoFills
from monitor.timetravel.pool import CHAIN, POOL_KEY, USDC, Held, ModelPool
from monitor.timetravel.tape import tape

CRASH = Window(first=date(2020, 2, 14), last=date(2020, 3, 20), title="the crash")


def book(*packs: str) -> Rulebook:
    settings = Settings(
        usd=UsdSettings(pegged=(USDC,)), rules=RulesSettings(enabled=packs, max_gap="25h")
    )
    made = rulebook(settings, load_enabled(settings))
    return replace(made, lens=replace(made.lens, chains=frozenset({CHAIN})))


def replayed(window: Window, *packs: str, fills: Fills | None = None) -> Replayed:
    pool = ModelPool(held=(Held(width=1.5, value_usd=100_000.0),), fee_share=1.0)
    replay = Replay(book(*packs), fills or NoFills(), price_of(POOL_KEY))
    return replay.run(tape(window, pool))


def test_two_replays_are_identical_to_the_byte() -> None:
    first, second = (replayed(CRASH, "alvh", "lp_range", fills=ModelFills()) for _ in range(2))
    assert first.alerts
    assert [to_json(one) for one in first.alerts] == [to_json(one) for one in second.alerts]
    assert first.scenes == second.scenes


def test_what_comes_after_changes_nothing_that_was_told_before() -> None:
    packs = ("alvh", "lp_range", "macro_window", "term_structure", "vx_basis", "carry")
    cut = Window(first=CRASH.first, last=date(2020, 3, 6), title="until the first week of March")
    whole = [one for one in replayed(CRASH, *packs, fills=ModelFills()).alerts if one.at < cut.ends]
    part = [one for one in replayed(cut, *packs, fills=ModelFills()).alerts if one.at < cut.ends]
    assert cut.last < CRASH.last
    assert len(whole) > 20
    assert list(map(to_json, part)) == list(map(to_json, whole))


def test_the_spring_of_2020_asks_to_add_to_roll_and_to_remove() -> None:
    found = replayed(EVENTS["covid_2020"], "alvh", fills=ModelFills())
    began = [one.action for one in found.alerts if one.state is AlertState.FIRING]
    assert {Action.ADD, Action.ROLL, Action.REMOVE} <= set(began)
    removed = next(one for one in found.alerts if one.action is Action.REMOVE)
    assert removed.at.date() == date(2020, 6, 5)  # 24.52, the lowest close after the spike
    assert all(not layer.legs for layer in found.state.layers.values())


def test_opening_below_fifteen_never_came_in_2022() -> None:
    found = replayed(EVENTS["bear_2022"], "alvh", fills=ModelFills())
    assert not [one for one in found.alerts if one.action is Action.ADD]


@pytest.mark.parametrize("pack", ["alvh", "alvh_442"])
def test_nothing_is_bought_that_would_have_to_be_rolled_at_once(pack: str) -> None:
    # With 21 days or less the first layer rolls, and of the expiries about 30 days away the
    # nearest had 16 days on 3 January 2022 and 19 on 1 November 2019.
    for first in (date(2022, 1, 3), date(2019, 11, 1)):
        window = Window(first=first, last=first + timedelta(days=2), title="bought")
        found = replayed(window, pack, fills=ModelFills())
        began = {one.action for one in found.alerts if one.state is AlertState.FIRING}
        assert Action.ROLL not in began


def test_the_24_february_crosses_twenty_and_twenty_five_in_one_step() -> None:
    found = replayed(CRASH, "alvh")
    fired = {
        one.rule: one.at
        for one in found.alerts
        if one.state is AlertState.FIRING and one.rule in {"alvh.hold", "alvh.no_trades"}
    }
    assert fired["alvh.hold"] == fired["alvh.no_trades"]
    assert fired["alvh.hold"].date() == date(2020, 2, 24)


def test_where_nobody_trades_no_layer_is_on() -> None:
    found = replayed(CRASH, "alvh")
    assert all(not layer.legs for layer in found.state.layers.values())
    assert {one.paid_usd for one in found.scenes} == {0}


def test_rules_of_which_nothing_was_ever_known_are_told_from_those_that_were_quiet() -> None:
    # DVOL begins in March 2021, and no table of days of PPI ships; VIX is had of all these days.
    dark = replayed(CRASH, "alvh", "crypto_dvol", "macro_window").dark
    assert set(dark) == {
        *("dvol.high", "dvol.extreme", "dvol.jump", "dvol.low"),
        *("macro.ppi", "macro.hot"),
    }
    # A DVOL close is fresh for minutes, and after the midnight's block: and that is known enough.
    yen = Window(first=date(2024, 7, 29), last=date(2024, 8, 9), title="the yen")
    assert replayed(yen, "alvh", "crypto_dvol", "il_strip").dark == ()
    # In range it waits for DVOL; out of range it is known not to hold, and that is no calm.
    assert replayed(CRASH, "il_strip").dark == ("S1.add",)


def test_an_empty_tape_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        Replay(book("alvh")).run(())


def fired(window: Window, pack: str) -> dict[str, list[datetime]]:
    """Return when each rule of a pack began to fire."""
    found: dict[str, list[datetime]] = {}
    for one in replayed(window, pack).alerts:
        if one.state is AlertState.FIRING:
            found.setdefault(one.rule, []).append(one.at)
    return found


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type]


def test_releases_and_decisions_of_2020_fire_where_history_says() -> None:
    found = fired(EVENTS["covid_2020"], "macro_window")
    # The Fed cut on 3 March at 10:00 New York and on Sunday 15 March at 17:00; then its
    # meetings of 29 April and 10 June. That of 18 March was cancelled.
    assert found["macro.fomc"][:2] == [utc(2020, 3, 3, 15), utc(2020, 3, 15, 21)]
    assert [at.date() for at in found["macro.fomc"][2:]] == [date(2020, 4, 28), date(2020, 6, 9)]
    # 1.59 % on the 3rd, 1.09 % on the 4th; 1.10 % on the 13th, 0.25 % on the 16th: each is
    # published on the morning after.
    assert found["macro.unscheduled"] == [utc(2020, 3, 5, 14), utc(2020, 3, 17, 13)]
    days = [at.date() for at in found["macro.cpi"]]
    assert days == [date(2020, 3, 10), date(2020, 4, 9), date(2020, 5, 11), date(2020, 6, 9)]
    assert "macro.hot" not in found  # prices fell
    assert "macro.ppi" not in found  # nobody has its days


def test_prices_of_march_2022_surprise_when_they_are_out_and_no_decision_was_unscheduled() -> None:
    found = fired(EVENTS["bear_2022"], "macro_window")
    # CPI-U 287.504 after 283.716: +1.34 % in the month, +0.63 % in the mean of the year before.
    assert found["macro.hot"] == [utc(2022, 4, 12, 12, 30)]
    assert "macro.unscheduled" not in found
    assert len(found["macro.cpi"]) == 12
    assert len(found["macro.fomc"]) == 8


SHORT = """\
schema = 1
[pack]
id = "short"
title = "Calls that are left to expire"
evidence = "claim"
sources = ["https://example.org"]
[[layer]]
id = "S1"
title = "VIX calls, 30 days"
scope = "book"
instrument = { kind = "vix.call", dte = 30, delta = 0.50 }
size = { policy = "fixed", contracts = 4, over_hedge = true }
  [[layer.rule]]
  id = "S1.add"
  action = "add"
  when = 'vix < 15.0'
  cooldown = "90d"
  text = "calm"
"""


def test_calls_that_expire_are_settled_as_their_future_was_the_evening_before(
    tmp_path: Path,
) -> None:
    path = tmp_path / "short.toml"
    path.write_text(SHORT)
    pool = ModelPool(held=(Held(width=1.5, value_usd=100_000.0),), fee_share=1.0)
    replay = Replay(replay_book(load_packs([path])), ModelFills(), price_of(POOL_KEY), settles=True)
    found = replay.run(tape(CRASH, pool))
    (layer,) = found.state.layers.values()
    bought, settled = layer.journal
    assert bought.fill.contract.expiry == date(2020, 3, 18)
    # Of 17 March 2020, the last day they traded: VIX closed at 75.91, the future settled at 68.825.
    strike = bought.fill.contract.strike
    assert settled.at.date() == date(2020, 3, 17)
    assert settled.cash_usd == pytest.approx(4 * 100 * (68.825 - strike))
    assert bought.cash_usd is not None
    assert found.scenes[-1].hedge_usd == pytest.approx(bought.cash_usd + settled.cash_usd)
