"""What a layer covers, and that what it does not is told and counts in nothing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.signals.absorb import Lens, absorb
from monitor.signals.book import yearly_fees_usd
from monitor.signals.covered import cover_of
from monitor.signals.facts import Facts

AT = datetime(2026, 3, 2, 21, 30, tzinfo=UTC)
LENS = Lens(pegged=frozenset({"0x" + "11" * 20}), chains=frozenset({"main"}))


def told_in_dollars_and_in_a_coin(hand: Any) -> Facts:
    """Two positions alike, a month old, of which the second's quote token is worth 250 dollars."""
    basis = replace(
        hand.position(1).basis, opened_at=AT - timedelta(days=30), collected0=40_000_000
    )
    positions = [replace(hand.position(n), basis=basis) for n in (1, 2)]
    facts = absorb(Facts(), hand.snapshot(AT, *positions), LENS)
    ((pool, known),) = facts.pools.items()
    first, second = facts.positions.values()
    return replace(
        facts,
        pools={pool: known, "other": replace(known, usd0=250.0, usd1=250.0 * 250.0)},
        positions={
            first.position.key: first,
            second.position.key: replace(second, position=replace(second.position, pool="other")),
        },
    )


def test_what_is_not_against_dollars_is_told_and_counts_in_nothing(hand: Any) -> None:
    facts = told_in_dollars_and_in_a_coin(hand)
    first = next(iter(facts.positions.values()))
    cover = cover_of(facts, "book", AT)
    assert [one.key for one in cover.held] == [first.position.key]
    assert cover.why == ""
    assert cover.left_out == ("#2 is quoted in USDC, not in US dollars",)
    assert cover.value_usd == first.measures.total.usd
    assert cover.fees_year_usd == yearly_fees_usd(facts, first.position.key, AT)
    both = yearly_fees_usd(facts, "book", AT)
    assert both == pytest.approx(2 * (cover.fees_year_usd or 0.0))
    assert both


def test_where_nothing_is_covered_the_first_reason_is_given(hand: Any) -> None:
    facts = told_in_dollars_and_in_a_coin(hand)
    cover = cover_of(facts, "other", AT)
    assert (cover.held, cover.value_usd, cover.fees_year_usd) == ((), None, None)
    assert cover.why == "#2 is quoted in USDC, not in US dollars"
