"""What money costs, from the signals that know it to the ticket that is sized by it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.model.layer import LayerState, Ticket
from monitor.model.observation import Readings
from monitor.model.reading import Reading
from monitor.pipeline import Rulebook, State, step
from monitor.rules.desk import Book, draw
from monitor.signals.market import market_of

AT = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
PACK = """\
schema = 1
[pack]
id = "money"
title = "Puts by what money costs"
evidence = "claim"
sources = []
[[layer]]
id = "W"
title = "ETH puts"
scope = "book"
instrument = { kind = "eth.put", dte = 60, moneyness = 0.80 }
size = { policy = "il_share", share = 1.0, adjust = "wacc" }
  [[layer.rule]]
  id = "W.add"
  action = "add"
  when = 'vix > 1.0'
"""
TYPED = {"lp.debt_usd|": 100_000.0, "lp.idle_usd|": 0.0}
LENT = {
    "aave.supply|main:USDC": 0.03,
    "aave.borrow|main:USDC": 0.05,
    "aave.borrow|polygon:USDC": 0.045,
}
MARKETS = {"eth.price|": 250.0, "dvol.eth|": 60.0}


@pytest.fixture
def drawn(hand: Any, tmp_path: Path) -> Callable[..., Ticket | str]:
    """Return what draws the layer's ticket on what was typed and read."""
    file = tmp_path / "money.toml"
    file.write_text(PACK)
    book: Rulebook = hand.book(files=(file,))

    def draw_up(told: dict[str, float]) -> Ticket | str:
        rows = tuple(
            Reading(
                name=key.partition("|")[0],
                key=key.partition("|")[2],
                value=value,
                unit="",
                as_of=AT,
                source="test",
            )
            for key, value in told.items()
        )
        seen = (
            Readings(source="test", observed_at=AT, readings=rows),
            hand.snapshot(AT, *(earning(hand.position(n)) for n in range(1, 21))),
        )
        state = State()
        for one in seen:
            state, _ = step(book, state, one)
        (rule,) = [one for one in book.rules if one.id == "W.add"]
        desk = Book(facts=state.facts, market=market_of(state.facts, AT), layers={}, now=AT)
        return draw(rule, LayerState(layer="W", scope="book"), desk)

    return draw_up


def earning(position: Any) -> Any:
    basis = replace(position.basis, source="events", opened_at=AT - timedelta(days=30))
    return replace(position, basis=basis, tokens_owed0=200 * 10**6)


def test_a_ticket_says_where_each_part_of_what_money_costs_is_from(
    drawn: Callable[..., Ticket | str],
) -> None:
    ticket = drawn(TYPED | LENT | MARKETS)
    assert isinstance(ticket, Ticket), ticket
    assert "what lending USDC would earn, for the CAPM is unknown" in ticket.sized
    assert "at 4.50% (Aave's cheapest USDC: on polygon, of 2 chains)" in ticket.sized
    assert "hedge 0.00% (no layer is held)" in ticket.sized


def test_what_a_person_types_goes_before_what_pools_ask(
    drawn: Callable[..., Ticket | str],
) -> None:
    ticket = drawn(TYPED | LENT | MARKETS | {"lp.debt_rate|": 0.06, "lp.hedge_cost_usd|": 0.0})
    assert isinstance(ticket, Ticket), ticket
    assert "at 6.00% (typed), hedge 0.00% (typed)" in ticket.sized


@pytest.mark.parametrize(
    ("left_out", "why"),
    [
        ("lp.debt_usd|", "lp.debt_usd has not been read yet; type it in [feed.manual.values]"),
        ("aave.supply|main:USDC", "the cost of equity is unknown"),
        ("aave.borrow|", "lp.debt_rate is not typed, and"),
    ],
)
def test_what_nobody_knows_is_a_size_refused(
    left_out: str, why: str, drawn: Callable[..., Ticket | str]
) -> None:
    every = TYPED | LENT | MARKETS
    told = drawn({key: value for key, value in every.items() if not key.startswith(left_out)})
    assert isinstance(told, str)
    assert told.startswith(f"the size is unknown: {why}")
