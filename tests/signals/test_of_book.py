"""What the book costs, earns and owes, worked out by hand; and what a position answers with."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, NoReturn

import pytest

from monitor.calendars.hours import Hours
from monitor.calendars.sessions import session_close, sessions_back
from monitor.hedge.book import ledger_of
from monitor.hedge.mark import Mark
from monitor.hedge.worth import Worth
from monitor.model.layer import BookedFill, Contract, Fill, LayerState, Leg
from monitor.model.position import Position
from monitor.model.reading import Reading
from monitor.rules.marked import Marked
from monitor.rules.surroundings import View
from monitor.rules.verdict import Value
from monitor.signals.absorb import Lens, absorb
from monitor.signals.bars import Bars, point
from monitor.signals.facts import Facts, SourceSeen
from monitor.signals.of_book import wacc

AT = datetime(2026, 3, 2, 21, 30, tzinfo=UTC)  # a Monday
USDC = "0x" + "11" * 20
LENS = Lens(pegged=frozenset({USDC}), chains=frozenset({"main"}))
TYPED = {"debt_usd": 200.0, "debt_rate": 0.06, "idle_usd": 50.0, "hedge_cost_usd": 10.0,
         "due_usd": 40.0}  # fmt: skip
LENT = {"aave.supply|main:USDC": 0.045}
FEES = 5 * 10**6, 2 * 10**16
"""Owed to the position: 5 USDC and 0.02 WETH."""


@pytest.fixture
def book(hand: Any) -> Callable[..., Facts]:
    """Return a maker of books of one position, ten days old, and what was typed and read."""

    def make(
        *held: Position,
        typed: Mapping[str, float] = TYPED,
        read: Mapping[str, float] = LENT,
        lens: Lens = LENS,
    ) -> Facts:
        told = {f"lp.{name}|": value for name, value in typed.items()} | dict(read)
        readings = {
            key: Reading(
                name=key.partition("|")[0],
                key=key.partition("|")[2],
                value=value,
                unit="",
                as_of=AT,
                source="test",
            )
            for key, value in told.items()
        }
        seen = hand.snapshot(AT, *(held or (aged(hand.position(1)),)))
        return replace(absorb(Facts(), seen, lens), readings=readings)

    return make


def aged(position: Position, days: float = 10, **basis: Any) -> Position:
    """Return a position whose whole story is known, with fees owed."""
    assert position.basis is not None
    known = replace(
        position.basis,
        source="events",
        opened_at=AT - timedelta(days=days),
        **basis,
    )
    return replace(position, basis=known, tokens_owed0=FEES[0], tokens_owed1=FEES[1])


def ask(facts: Facts, name: str, scope: str = "book") -> Value:
    return View(facts=facts, scope=scope, now=AT).value(name)


PRICE = 1e12 / 1.0001**221_100
"""USDC per WETH, which is the pool's token1."""


def worth(hand: Any) -> tuple[float, float, float]:
    """Return what the position holds in USDC and in WETH's dollars, and its fees in dollars."""
    root, width = 1.0001 ** (hand.tick / 2), 1.0001 ** (1_000 / 2)
    usdc = 10**16 * (1 / root - 1 / (root * width)) / 1e6
    weth = 10**16 * (root - root / width) / 1e18
    return usdc, weth * PRICE, 5 + 0.02 * PRICE


def test_the_cost_of_capital_weighs_what_is_owned_what_is_owed_and_the_hedge(
    book: Callable[..., Facts], hand: Any
) -> None:
    assets = sum(worth(hand)) + 50
    told = ask(book(), "book.wacc")
    expected = (assets - 200) / assets * 0.045 + 200 / assets * 0.06 + 10 / assets
    assert told.value == pytest.approx(expected, rel=1e-6)
    assert "lending USDC would earn, for the CAPM is unknown: eth.price has not been" in told.note
    assert told.source == "1 positions at block 1"


def test_where_the_capm_is_known_it_is_the_cost_of_equity(
    book: Callable[..., Facts], hand: Any
) -> None:
    read = {"eth.price|": 2000.0, "spx.price|": 6800.0, "rates.risk_free|": 0.04,
            "equity.erp|": 0.05}  # fmt: skip
    facts = replace(book(read=LENT | read), bars=weeks(1.5))
    assets = sum(worth(hand)) + 50
    expected = (assets - 200) / assets * (0.04 + 1.5 * 0.05) + 200 / assets * 0.06 + 10 / assets
    told = ask(facts, "book.wacc")
    assert told.value == pytest.approx(expected, rel=1e-6)
    assert "(CAPM)" in told.note


def weeks(beta: float) -> dict[str, Bars]:
    """Return a year of weeks in which ETH moved `beta` times as the index did."""
    days = [sessions_back(AT.date() - timedelta(days=3, weeks=n), 0) for n in range(54)][::-1]
    moves = [0.02 * math.sin(n) for n in range(54)]
    return {
        f"{name}|": Bars(
            bars=tuple(
                point(day, 1000 * math.exp(by * move), session_close(Hours.XNYS_CLOSE, day))
                for day, move in zip(days, moves, strict=True)
            )
        )
        for name, by in (("spx.price", 1.0), ("eth.price", beta))
    }


@pytest.mark.parametrize("missing", ["debt_usd", "idle_usd"])
def test_what_nobody_typed_is_not_nothing(missing: str, book: Callable[..., Facts]) -> None:
    typed = {name: value for name, value in TYPED.items() if name != missing}
    told = ask(book(typed=typed), "book.wacc")
    assert told.value is None
    typed_how = "type it in [feed.manual.values], 0 where there is none"
    assert told.note == f"lp.{missing} has not been read yet; {typed_how}"


def without(name: str) -> dict[str, float]:
    return {key: value for key, value in TYPED.items() if key != name}


def test_a_debt_s_rate_that_nobody_typed_is_the_cheapest_that_lending_pools_ask(
    book: Callable[..., Facts], hand: Any
) -> None:
    asked = LENT | {"aave.borrow|main:USDC": 0.08, "aave.borrow|polygon:USDC": 0.07}
    told = ask(book(typed=without("debt_rate"), read=asked), "book.wacc")
    assets = sum(worth(hand)) + 50
    expected = (assets - 200) / assets * 0.045 + 200 / assets * 0.07 + 10 / assets
    assert told.value == pytest.approx(expected, rel=1e-6)
    assert "at 7.00% (Aave's cheapest USDC: on polygon, of 2 chains)" in told.note
    typed = ask(book(read=asked), "book.wacc")
    assert "at 6.00% (typed)" in typed.note


def test_a_debt_s_rate_that_nobody_tells_is_unknown(book: Callable[..., Facts]) -> None:
    told = ask(book(typed=without("debt_rate")), "book.wacc")
    reason = "lp.debt_rate is not typed, and aave.borrow has not been read yet"
    assert (told.value, told.note) == (None, reason)


CALL = Contract(kind="vix.call", expiry=date(2026, 6, 17), strike=25.0)


def calls(theta: float | None) -> tuple[LayerState, Mark]:
    """Return a layer of calls that lose so much a day, and their mark; unpriced without it."""
    leg = Leg(contract=CALL, quantity=4)
    fill = Fill(contract=CALL, quantity=4, price=2.0)
    booked = BookedFill(fill=fill, at=AT, by="a@cli", word="w", cash_usd=-800.0)
    layer = LayerState(layer="L2", scope="book", legs=(leg,), journal=(booked,))
    worth = theta if theta is None else Worth(
        value_usd=800.0, outlay_usd=800.0, extrinsic_usd=800.0, delta={}, gamma={}, vega_usd=20.0,
        theta_usd=theta, quotes=(), by="model", note="",
    )  # fmt: skip
    value = None if theta is None else 800.0
    return layer, Mark(value_usd=value, extrinsic_usd=value, dte=107.0, worth=worth, note="no VIX")


def test_what_a_hedge_costs_is_its_own_theta_where_nobody_typed_it(
    book: Callable[..., Facts], hand: Any
) -> None:
    facts = book(typed=without("hedge_cost_usd"))
    layer, mark = calls(-3.0)
    found, note = wacc(facts, AT, lambda: ledger_of([layer], lambda _: mark, AT))
    assets = sum(worth(hand)) + 50
    expected = (assets - 200) / assets * 0.045 + 200 / assets * 0.06 + 3 * 365 / assets
    assert found == pytest.approx(expected, rel=1e-6)
    assert note.endswith("(the layers' theta, -3.00 USD a day)")
    assert "(typed)" in wacc(book(), AT, lambda: ledger_of([layer], lambda _: mark, AT))[1][-10:]


def test_a_hedge_that_has_no_price_has_no_cost_and_none_held_costs_nothing(
    book: Callable[..., Facts],
) -> None:
    facts = book(typed=without("hedge_cost_usd"))
    layer, mark = calls(None)
    told = wacc(facts, AT, lambda: ledger_of([layer], lambda _: mark, AT))
    assert told == (None, "lp.hedge_cost_usd is not typed, and L2: no VIX")
    found = View(facts=facts, scope="book", now=AT, marked=Marked(facts, {}, AT)).value("book.wacc")
    assert isinstance(found.value, float)
    assert found.note.endswith("hedge 0.00% (no layer is held)")


def test_a_cost_typed_too_long_ago_is_not_replaced(book: Callable[..., Facts]) -> None:
    facts = book()
    old = replace(facts.readings["lp.hedge_cost_usd|"], as_of=AT - timedelta(days=63))
    facts = replace(facts, readings={**facts.readings, "lp.hedge_cost_usd|": old})
    told = View(facts=facts, scope="book", now=AT, marked=Marked(facts, {}, AT)).value("book.wacc")
    assert (told.value, told.note) == (None, "lp.hedge_cost_usd is 63 d old, limit 62 d")


@pytest.mark.parametrize(
    ("typed", "expected", "note"),
    [
        pytest.param({"debt_usd": 0.0}, 0.045, "owed 0%", id="without debt its rate is not asked"),
        pytest.param({"debt_usd": 50_000.0}, None, "leave no equity", id="more owed than had"),
    ],
)
def test_the_ends_of_debt(
    typed: dict[str, float], expected: float | None, note: str, book: Callable[..., Facts]
) -> None:
    given = {"idle_usd": 0.0, "hedge_cost_usd": 0.0} | typed
    if typed["debt_usd"]:
        given["debt_rate"] = 0.06
    told = ask(book(typed=given), "book.wacc")
    assert told.value == (expected and pytest.approx(expected))
    assert note in told.note


def test_a_figure_typed_too_long_ago_is_unknown(book: Callable[..., Facts]) -> None:
    facts = book()
    old = replace(facts.readings["lp.debt_usd|"], as_of=AT - timedelta(days=32))
    told = ask(replace(facts, readings={**facts.readings, "lp.debt_usd|": old}), "book.wacc")
    assert (told.value, told.note) == (None, "lp.debt_usd is 32 d old, limit 31 d")


def test_price_over_cash_flow_is_value_over_a_years_fees(
    book: Callable[..., Facts], hand: Any
) -> None:
    usdc, weth, fees = worth(hand)
    expected = (usdc + weth + fees) / (fees * 36.5)
    facts = book()
    assert ask(facts, "book.pcf").value == pytest.approx(expected, rel=1e-6)
    assert ask(facts, "position.pcf", hand.key(1)).value == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    ("change", "note"),
    [
        pytest.param(
            lambda one: aged(one, 0.9), "it is younger than a day", id="younger than a day"
        ),
        pytest.param(
            lambda one: replace(aged(one), tokens_owed0=0, tokens_owed1=0),
            "no fees have been earned",
            id="without fees",
        ),
        pytest.param(
            lambda one: one,
            "the entry was stated in [[entry]], which tells nothing of what was collected",
            id="an entry that a person stated",
        ),
        pytest.param(
            lambda one: replace(one, basis=None, basis_note="no node tells its history"),
            "no node tells its history",
            id="no entry at all",
        ),
    ],
)
def test_why_a_position_has_no_price_over_cash_flow(
    change: Callable[[Position], Position], note: str, book: Callable[..., Facts], hand: Any
) -> None:
    facts = book(change(hand.position(1)))
    told = ask(facts, "position.pcf", hand.key(1))
    assert (told.value, told.note) == (None, note)
    assert ask(facts, "book.pcf").value is None


def test_a_book_without_dollars_says_so(book: Callable[..., Facts], hand: Any) -> None:
    facts = book(lens=replace(LENS, pegged=frozenset()))
    for name in ("book.wacc", "book.pcf", "book.quick_ratio"):
        told = ask(facts, name)
        assert (told.value, told.note) == (None, "not every position has a price in US dollars")
    told = ask(facts, "position.pcf", hand.key(1))
    assert told.note == "no token of the pool has a feed, or a peg in [usd]"


def test_a_stated_entry_in_the_book_is_told_beside_its_cash_flow(
    book: Callable[..., Facts], hand: Any
) -> None:
    stated = aged(hand.position(2))
    assert stated.basis is not None
    basis = replace(stated.basis, source="config")
    stated = replace(stated, basis=basis, tokens_owed0=0, tokens_owed1=0)
    told = ask(book(aged(hand.position(1)), stated), "book.pcf")
    assert told.value is not None
    assert told.note.endswith("; what #2 collected is not known")


def test_the_quick_ratio_counts_what_is_stable_and_what_is_due(
    book: Callable[..., Facts], hand: Any
) -> None:
    usdc, _, fees = worth(hand)
    told = ask(book(), "book.quick_ratio")
    assert told.value == pytest.approx((usdc + fees + 50) / 240, rel=1e-6)
    nothing = book(typed=TYPED | {"debt_usd": 0.0, "due_usd": 0.0})
    assert ask(nothing, "book.quick_ratio").note == "nothing is owed"


def test_a_dollar_coin_off_its_dollar_is_nothing_to_pay_with(
    book: Callable[..., Facts], hand: Any
) -> None:
    facts = book()
    (key, pool), *_ = facts.pools.items()
    _, _, fees = worth(hand)
    for usd, stable in ((0.951, True), (0.949, False), (1.051, False), (None, False)):
        seen = replace(facts, pools={key: replace(pool, usd0=usd)})
        told = ask(seen, "book.quick_ratio").value
        assert isinstance(told, float)
        assert (told > (fees + 50 + 1) / 240) is stable


def test_a_positions_beta_is_by_the_share_of_it_that_is_eth(
    book: Callable[..., Facts], hand: Any
) -> None:
    read = {"eth.price|": 2000.0, "spx.price|": 6800.0}
    facts = replace(book(read=read), bars=weeks(1.5))
    usdc, weth, _ = worth(hand)
    told = ask(facts, "position.beta", hand.key(1))
    assert told.value == pytest.approx(1.5 * weth / (usdc + weth), rel=1e-6)
    (key, pool), *_ = facts.pools.items()
    coin = replace(pool.state.pool.token1, symbol="WBTC")
    other = replace(pool, state=replace(pool.state, pool=replace(pool.state.pool, token1=coin)))
    told = ask(replace(facts, pools={key: other}), "position.beta", hand.key(1))
    assert told.note == "its base is WBTC, and only the beta of ETH is known"
    told = ask(book(), "position.beta", hand.key(1))
    assert (told.value, told.note) == (None, "eth.price has not been read yet")


class Unwalked(dict[str, Any]):
    """Positions that may be looked up, and fail whoever walks them all."""

    def values(self) -> NoReturn:  # type: ignore[override]
        pytest.fail("one position's figure walks over all of them")

    items = __iter__ = values  # type: ignore[assignment]


def test_one_positions_cash_flow_is_worked_out_of_that_one_alone(
    book: Callable[..., Facts], hand: Any
) -> None:
    facts = book()
    expected = ask(facts, "position.pcf", hand.key(1)).value
    alone = replace(facts, positions=Unwalked(facts.positions))
    assert ask(alone, "position.pcf", hand.key(1)).value == expected
    assert expected is not None
    elsewhere = replace(facts, chains={**facts.chains, "base": SourceSeen(name="base")})
    assert ask(elsewhere, "book.pcf").value is None, "a chain that has not answered yet"
    assert ask(elsewhere, "position.pcf", hand.key(1)).value == expected


class Counted(tuple[Any, ...]):  # noqa: SLOT001, one cannot count without room for it
    """Bars that count how often they are gone through."""

    walks = 0

    def __iter__(self) -> Iterator[Any]:
        self.walks += 1
        return super().__iter__()


def test_the_beta_all_positions_ask_for_is_regressed_once_till_a_price_comes(
    book: Callable[..., Facts], hand: Any
) -> None:
    read = {"eth.price|": 2000.0, "spx.price|": 6800.0}
    facts = replace(book(aged(hand.position(1)), aged(hand.position(2)), read=read), bars=weeks(2))
    counted = {key: Counted(bars.bars) for key, bars in facts.bars.items()}
    facts = replace(facts, bars={key: Bars(bars=bars) for key, bars in counted.items()})
    first, second = (ask(facts, "position.beta", hand.key(n)).value for n in (1, 2))
    assert first == second is not None
    assert [bars.walks for bars in counted.values()] == [1, 1]
    day = AT.date() - timedelta(days=AT.weekday() + 3)
    moved = facts.bars["eth.price|"].take(9_000.0, day, AT, 520)
    other = ask(
        replace(facts, bars={**facts.bars, "eth.price|": moved}), "position.beta", hand.key(1)
    )
    assert isinstance(other.value, float)
    assert other.value != first, "another price is another beta"
