"""A film's columns are what the daemon's own facts say at each row."""

from datetime import date

import pytest

from monitor.rules.functions import Input
from monitor.signals.absorb import Lens, absorb
from monitor.signals.facts import Facts
from monitor.signals.of_market import market
from monitor.signals.of_position import OF_POSITION
from monitor.timetravel.events import Window
from monitor.timetravel.film import OF_A_POSITION, film
from monitor.timetravel.pool import CHAIN, USDC, Held, ModelPool
from monitor.timetravel.tape import tape

SPRING = Window(first=date(2020, 2, 28), last=date(2020, 3, 20), title="the crash")
_DUST = 1e-10
"""The contract counts in whole millionths of a USDC, of 100,000 here: so near are doubles."""
NAMES = frozenset({"vix", "eth.price", "vol.term", "vx.forward30"})


@pytest.mark.parametrize("width", [1.2, 2.0, None])
def test_a_position_is_what_the_pool_says_of_it(width: float | None) -> None:
    held = Held(width=width, value_usd=100_000.0)
    strip = film(SPRING, frozenset(), {}).positions((held,))[0]
    facts, lens = Facts(), Lens(pegged=frozenset({USDC}), chains=frozenset({CHAIN}))
    told = ModelPool(held=(held,), fee_share=1.0)
    for row, seen in enumerate(tape(SPRING, told)):
        facts = absorb(facts, seen, lens)  # type: ignore[arg-type]
        for one in facts.positions.values():
            for name in OF_A_POSITION:
                value, _ = OF_POSITION[name](facts, one, strip.film.at[row])
                assert strip.column(name).value[row] == pytest.approx(value, rel=1e-9, abs=_DUST)


def test_the_market_is_believed_or_not_as_the_facts_are() -> None:
    reel = film(SPRING, NAMES, {})
    facts, unknown = Facts(), 0
    for row, seen in enumerate(tape(SPRING, ModelPool(held=(), fee_share=0.0))):
        facts = absorb(facts, seen, Lens())  # type: ignore[arg-type]
        for name in NAMES:
            expected = market(facts, name, reel.at[row]).value
            value, cloud = reel.column(Input(name), None)
            dark = bool(cloud if isinstance(cloud, int) else cloud[row])
            assert dark == (expected is None)
            assert dark or value[row] == expected
            unknown += dark
    assert unknown  # before its first print a name is unknown
