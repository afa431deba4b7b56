"""What share of a spike's loss the hedge would pay, from where the VIX is."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from monitor.hedge.book import ledger_of
from monitor.hedge.curve import VixCurve
from monitor.hedge.mark import mark
from monitor.model.layer import BookedFill, Fill, LayerState, Leg
from monitor.signals.absorb import Lens, absorb
from monitor.signals.facts import Facts
from monitor.signals.of_hedge import coverage
from tests.hedge.markets import MARKET, VIX, VIX_DAYS, contract

AT = datetime(2026, 3, 2, 21, 30, tzinfo=UTC)
LENS = Lens(pegged=frozenset({"0x" + "11" * 20}), chains=frozenset({"main"}))


@pytest.mark.parametrize("spot", [12.0, 30.0, 44.0, 80.0])
def test_calls_on_the_vix_pay_in_a_spike_wherever_the_vix_is(spot: float, hand: Any) -> None:
    call = contract("vix.call", VIX_DAYS[2], 25.0)
    fill = Fill(contract=call, quantity=1, price=2.0)
    booked = BookedFill(fill=fill, at=AT, by="a@cli", word="w", cash_usd=-200.0)
    layer = LayerState(
        layer="L2", scope="book", legs=(Leg(contract=call, quantity=1),), journal=(booked,)
    )
    days = tuple((day, 0.9 * spot) for day in VIX_DAYS)
    vix = replace(VIX, spot=spot, curve=VixCurve(settlements=days, as_of=AT))
    market = replace(MARKET, vix=vix)
    ledger = ledger_of([layer], lambda one: mark(one.legs, market, AT), AT)
    facts = absorb(Facts(), hand.snapshot(AT, hand.position(1)), LENS)
    share, why = coverage(facts, ledger, market, AT)
    assert share is not None, why
    assert share > 0
