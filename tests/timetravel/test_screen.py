"""The screen's turns are the step's, on every storm that ships; and it says what it cannot see."""

from dataclasses import replace

import pytest

from monitor.alerts.alert import AlertState
from monitor.app.replay import Replay
from monitor.app.rulebook import load_enabled, rulebook
from monitor.config import RulesSettings, Settings, UsdSettings
from monitor.pipeline import Rulebook
from monitor.timetravel.events import EVENTS
from monitor.timetravel.film import OF_A_POSITION, OF_THE_BOOK, film
from monitor.timetravel.pool import CHAIN, USDC, Held, ModelPool
from monitor.timetravel.screen import Screen, asked_by, blind_to
from monitor.timetravel.tape import tape

PACKS = ("alvh", "lp_range", "crypto_dvol", "term_structure", "vx_basis", "vxth_hard")
HELD = (Held(width=1.2, value_usd=50_000.0), Held(width=2.0, value_usd=100_000.0))


def book(*packs: str) -> Rulebook:
    rules = RulesSettings(enabled=packs, max_gap="25h")
    settings = Settings(usd=UsdSettings(pegged=(USDC,)), rules=rules)
    made = rulebook(settings, load_enabled(settings))
    return replace(made, lens=replace(made.lens, chains=frozenset({CHAIN})))


def screened(rules: Rulebook, event: str) -> Screen:
    names = frozenset(
        name for rule in rules.rules if not blind_to(rule, rules) for name in asked_by(rule)
    )
    reel = film(EVENTS[event], names - OF_A_POSITION - OF_THE_BOOK, rules.lens.windows)
    return Screen(rules, reel, reel.positions(HELD))


@pytest.mark.parametrize(
    "event",
    # The whole year takes as long as the others together.
    [pytest.param(e, marks=[pytest.mark.soak] if e == "bear_2022" else []) for e in EVENTS],
)
@pytest.mark.timeout(300)
def test_its_turns_are_those_of_the_step(event: str) -> None:
    rules = book(*PACKS)
    screen = screened(rules, event)
    found = [
        (screen.film.at[one.row], one.rule, one.scope, one.turn.value) for one in screen.turned()
    ]
    seen = {rule.id for rule in screen.rules}
    told = Replay(rules).run(tape(EVENTS[event], ModelPool(held=HELD, fee_share=1.0))).alerts
    expected = [
        (one.at, one.rule, one.scope.rpartition(":")[2], one.state.value)
        for one in told
        if one.state in {AlertState.FIRING, AlertState.RESOLVED} and one.rule in seen
    ]
    assert expected
    assert sorted(found) == sorted(expected)


def test_it_says_what_it_cannot_see() -> None:
    rules = book("alvh", "lp_range", "hedge_book")
    why = {rule.id: blind_to(rule, rules) for rule in rules.rules}
    assert why["L1.add"] == why["alvh.hold"] == why["range.out"] == ""
    assert why["L1.roll"] == "it asks for layer.dte"
    assert why["L1.remove"] == "it asks for what depends on trades"
    assert any(text.startswith("it asks for book.") for text in why.values())


def test_two_rules_that_add_to_one_layer_bar_each_other_and_so_cannot_be_told_apart() -> None:
    rules = book("alvh")
    one = next(rule for rule in rules.rules if rule.id == "L1.add")
    twice = replace(rules, rules=(*rules.rules, replace(one, id="L1.more")))
    assert blind_to(one, twice) == "2 rules add to layer L1"
