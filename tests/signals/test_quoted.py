"""What is quoted, as far as it is fresh; and what a chain costs a step."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from monitor.model.layer import Contract
from monitor.model.observation import Readings
from monitor.model.quote import OptionQuote
from monitor.pipeline import State, step
from monitor.signals.absorb import Lens, absorb
from monitor.signals.facts import Facts
from monitor.signals.market import market_of
from monitor.signals.quoted import ChainRow, chain_rows, quotes_of
from monitor.store.rows import changed_rows, restore
from tests.bench.timing import Times

NOW = datetime(2026, 10, 2, 20, 30, tzinfo=UTC)
OCTOBER, NOVEMBER = date(2026, 10, 30), date(2026, 11, 27)
DERIBIT, DERIVE = "deribit_options", "derive"


def quote(
    kind: str = "eth.put",
    strike: float = 2_000.0,
    *,
    expiry: date = OCTOBER,
    source: str = DERIBIT,
    age: timedelta = timedelta(minutes=1),
) -> OptionQuote:
    return OptionQuote(
        contract=Contract(kind=kind, expiry=expiry, strike=strike),
        source=source,
        as_of=NOW - age,
        mark=0.02,
        forward=2_125.0,
    )


def said(*quotes: OptionQuote, at: datetime = NOW) -> Readings:
    return Readings(source="quotes.eth", observed_at=at, readings=(), quotes=quotes)


def absorbed(*answers: Readings) -> Facts:
    facts = Facts()
    for one in answers:
        facts = absorb(facts, one, Lens())
    return facts


@pytest.mark.parametrize(
    ("age", "fresh"),
    [
        pytest.param(timedelta(0), True, id="stated now"),
        pytest.param(timedelta(minutes=35), True, id="35 minutes old"),
        pytest.param(timedelta(minutes=35, seconds=1), False, id="older"),
        pytest.param(-timedelta(minutes=1), True, id="clocks differ by a minute"),
        pytest.param(-timedelta(seconds=61), False, id="yet to come"),
    ],
)
def test_a_quote_prices_while_it_is_fresh(age: timedelta, fresh: bool) -> None:
    one, other = quote(age=age), quote(strike=2_100.0)
    assert (one.contract in quotes_of(absorbed(said(one)), NOW)) is fresh
    both = quotes_of(absorbed(said(one, other)), NOW)
    assert (one.contract in both) is fresh
    assert both[other.contract] is other


def test_an_answer_replaces_all_its_source_quoted_and_nobody_else_s() -> None:
    gone, stays, vix = quote(), quote(strike=2_100.0), quote("vix.call", 20.0, source="cboe")
    newer = replace(stays, mark=0.03)
    facts = absorbed(said(gone, stays), said(vix), said(newer))
    assert quotes_of(facts, NOW) == {newer.contract: newer, vix.contract: vix}


def test_an_answer_of_two_sources_is_kept_by_source() -> None:
    coin, index = quote(), quote("vix.call", 20.0, source="cboe")
    assert absorbed(said(coin, index)).quotes == {DERIBIT: (coin,), "cboe": (index,)}


def test_an_answer_that_quotes_nothing_leaves_them_to_grow_old() -> None:
    facts = absorbed(said(quote()), said())
    assert quotes_of(facts, NOW)
    assert not quotes_of(facts, NOW + timedelta(minutes=35))


@pytest.mark.parametrize("source", [DERIVE, "derive_btc"])
def test_derive_s_options_are_other_contracts_and_price_nothing(source: str) -> None:
    own, other = quote(), quote(source=source)
    facts = absorbed(said(own), said(other))
    assert market_of(facts, NOW).quotes == {own.contract: own}
    (row,) = chain_rows(facts, NOW, "eth", OCTOBER, source=source)
    assert row.put is other


def test_a_chain_is_told_by_strike() -> None:
    put, call = quote(strike=2_000.0), quote("eth.call", 2_000.0)
    far, later = quote("eth.call", 2_400.0), quote(expiry=NOVEMBER)
    old = quote(strike=1_000.0, age=timedelta(hours=1))
    facts = absorbed(said(far, put, call, later, old))
    assert chain_rows(facts, NOW, "eth", OCTOBER) == (
        ChainRow(strike=2_000.0, call=call, put=put, forward=2_125.0),
        ChainRow(strike=2_400.0, call=far, put=None, forward=2_125.0),
    )
    assert chain_rows(facts, NOW, "btc", OCTOBER) == ()
    assert chain_rows(facts, NOW, "eth", date(2026, 12, 25)) == ()
    assert chain_rows(facts, NOW, "eth", OCTOBER, source=DERIVE) == ()


def test_the_morning_s_chain_is_not_the_evening_s() -> None:
    morning = quote("spx.put", 6_000.0, source="cboe_options")
    evening = quote("spxw.put", 6_000.0, source="cboe_options")
    facts = absorbed(said(morning, evening))
    assert [row.put for row in chain_rows(facts, NOW, "spx", OCTOBER)] == [morning]
    assert [row.put for row in chain_rows(facts, NOW, "spxw", OCTOBER)] == [evening]


def test_a_restart_forgets_quotes_until_the_next_poll(hand: Any) -> None:
    state, _ = step(hand.book(), State(), said(quote()))
    assert state.facts.quotes
    rows = {key: text for key, text in changed_rows(State(), state).items() if text is not None}
    assert rows
    assert not restore(rows, ()).facts.quotes


def test_fifteen_hundred_quotes_cost_a_step_a_few_milliseconds(hand: Any) -> None:
    book = hand.book("alvh")
    state, _ = step(book, State(), hand.snapshot(NOW, hand.position()))

    def answer(minute: int) -> Readings:
        chain = (
            quote(right, 1_000.0 + 10 * i, expiry=day, age=timedelta(0))
            for right in ("eth.put", "eth.call")
            for day in (OCTOBER, NOVEMBER, date(2026, 12, 25))
            for i in range(250)
        )
        return said(*chain, at=NOW + timedelta(minutes=minute))

    times = Times()
    for minute in range(9):
        seen = answer(minute)
        with times.measured():
            state, _ = step(book, state, seen)
            assert len(market_of(state.facts, seen.observed_at).quotes) == 1_500
    assert times.least_cpu < 0.015, times.least_cpu
