"""The book: what is summed, what is left out aloud, and when it is not known at all."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.amm.measure import Measures, Worth
from monitor.model.observation import Block, Missing, Snapshot
from monitor.model.pool import Pool, PoolState, Token
from monitor.model.position import Position
from monitor.rules.surroundings import View
from monitor.signals.absorb import Lens, absorb
from monitor.signals.book import book_il, book_value_usd, unheard, unpriced, yearly_fees_usd
from monitor.signals.facts import Facts, PoolSeen, PositionSeen, SourceSeen

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
YEAR = timedelta(days=365)
BLOCK = Block(number=1, hash="0x1", timestamp=AT)
READ = SourceSeen(name="main", good_at=AT)
WALLET, UNKNOWN = f"1:0x{'55' * 20}", f"1:0x{'44' * 20}:9"
USDC, FAKE = "0x" + "11" * 20, "0x" + "66" * 20


@pytest.fixture
def held(hand: Any) -> Any:
    """Return a maker of positions by hand: worth so much against holding so much.

    With `usd` false the figures are in whole units of the quote token alone.
    """

    def make(
        token_id: int, value: float, hodl: float, *, usd: bool = True, quote: str = USDC
    ) -> tuple[PositionSeen, PoolSeen]:
        def worth(amount: float) -> Worth:
            return Worth(token0=amount, token1=amount / 250, usd=amount if usd else None)

        state = pool(hand, quote)
        position: Position = replace(hand.position(token_id), pool=state.pool.key)
        seen = PositionSeen(
            chain="main",
            block=BLOCK,
            position=position,
            pair="WETH/USDC",
            measures=measured(worth(value), worth(hodl), fees=worth(10.0)),
        )
        return seen, PoolSeen(chain="main", block=BLOCK, state=state, price=250.0)

    return make


def measured(value: Worth, hodl: Worth, fees: Worth) -> Measures:
    return Measures(
        amount0=0,
        amount1=0,
        owed0=0,
        owed1=0,
        fees0=0,
        fees1=0,
        value=value,
        fees=fees,
        total=value,
        il=None,
        il_worth=None,
        hodl=hodl,
        il_realised_token1=None,
        il_realised_usd=None,
        in_range=True,
        price=250.0,
        price_lower=200.0,
        price_upper=300.0,
        distance_lower=0.2,
        distance_upper=0.2,
    )


def pool(hand: Any, quote: str) -> PoolState:
    """Return a pool that looks the same whatever it is quoted in: only addresses differ."""
    state: PoolState = hand.snapshot(AT).pools[0]
    looks = Token(address=quote, symbol="USDC", decimals=6)
    weth = Token(address="0x" + "77" * 20, symbol="WETH", decimals=18)
    made: Pool = replace(state.pool, address=f"0x33{quote[4:]}", token0=looks, token1=weth)
    return replace(state, pool=made)


def facts(*held: tuple[PositionSeen, PoolSeen], chain: SourceSeen = READ) -> Facts:
    return Facts(
        positions={seen.position.key: seen for seen, _ in held},
        pools={there.state.pool.key: there for _, there in held},
        chains={"main": READ, chain.name: chain},
    )


def opened(held: tuple[PositionSeen, PoolSeen], at: datetime | None) -> Any:
    seen, there = held
    assert seen.position.basis is not None
    basis = replace(seen.position.basis, opened_at=at)
    return replace(seen, position=replace(seen.position, basis=basis)), there


def test_the_book_is_all_positions_together(held: Any) -> None:
    book = facts(held(1, 90, 100), held(2, 45, 60))
    assert book_il(book) == 135 / 160 - 1
    assert book_value_usd(book) == 135
    assert unpriced(book) == 0


def test_a_position_in_what_only_looks_like_usdc_changes_nothing_and_is_counted(
    hand: Any,
) -> None:
    own = hand.snapshot(AT, hand.position(1), tick=hand.tick + 500)
    false = replace(own.pools[0], pool=pool(hand, FAKE).pool)
    gift = replace(hand.position(2), pool=false.pool.key, liquidity=10**30)
    sent: Snapshot = replace(own, pools=(*own.pools, false), positions=(*own.positions, gift))
    lens = Lens(pegged=frozenset({USDC}), chains=frozenset({"main"}))
    before, after = absorb(Facts(), own, lens), absorb(Facts(), sent, lens)
    assert before.positions.keys() < after.positions.keys()
    assert book_il(before) is not None
    assert book_il(after) == book_il(before)
    assert book_value_usd(after) == book_value_usd(before)
    assert (unpriced(before), unpriced(after)) == (0, 1)
    seen = View(facts=after, scope="book", now=AT).value("book.il")
    assert seen.note == "1 without a price in dollars left out"


def test_with_nobody_priced_the_quote_token_must_be_the_very_same(held: Any) -> None:
    one, same = held(1, 90, 100, usd=False), held(2, 45, 60, usd=False)
    assert book_il(facts(one, same)) == 135 / 160 - 1
    other = held(2, 45, 60, usd=False, quote=FAKE)
    assert book_il(facts(one, other)) is None, "the same symbol at another address"
    assert unpriced(facts(one, other)) == 0, "nobody is left out where nobody is priced"
    assert book_value_usd(facts(one, other)) is None


NO_ANSWER = "asked what the wallet holds, the manager says nothing"
REVERTED = "positions(9) reverted"


@pytest.mark.parametrize(
    ("chain", "sentence"),
    [
        pytest.param(
            SourceSeen(name="base"), "base has not been read yet", id="a chain never read"
        ),
        pytest.param(
            replace(READ, missing=(Missing(key=WALLET, reason=NO_ANSWER, wallet=True),)),
            NO_ANSWER,
            id="a wallet that cannot be read",
        ),
        pytest.param(
            replace(READ, missing=(Missing(key=UNKNOWN, reason=REVERTED),)),
            REVERTED,
            id="a position never seen that cannot be read",
        ),
    ],
)
def test_a_book_not_wholly_heard_of_is_unknown(chain: SourceSeen, sentence: str, held: Any) -> None:
    dated = opened(held(1, 90, 100), AT - YEAR)
    assert yearly_fees_usd(facts(dated), "book", AT) is not None
    book = facts(dated, chain=chain)
    assert unheard(book) == sentence
    assert (book_il(book), book_value_usd(book)) == (None, None)
    assert yearly_fees_usd(book, "book", AT) is None
    for name in ("book.il", "book.value_usd", "book.positions"):
        seen = View(facts=book, scope="book", now=AT).value(name)
        assert (seen.value, seen.note) == (None, sentence)


@pytest.mark.parametrize(
    "one",
    [
        pytest.param(Missing(key=UNKNOWN, reason="its NFT was burned", gone=True), id="burned"),
        pytest.param(Missing(key=f"1:0x{'33' * 20}", reason="no pool"), id="a pool without any"),
    ],
)
def test_what_is_missing_but_holds_nothing_of_the_book_blinds_nobody(
    one: Missing, held: Any
) -> None:
    book = facts(held(1, 90, 100), chain=replace(READ, missing=(one,)))
    assert unheard(book) == ""
    assert (book_il(book), book_value_usd(book)) == (90 / 100 - 1, 90)


def test_a_position_seen_before_and_unread_now_makes_the_book_unknown(held: Any) -> None:
    seen, there = opened(held(1, 90, 100), AT - YEAR)
    book = facts((replace(seen, unread=REVERTED), there), opened(held(2, 45, 60), AT - YEAR))
    assert (book_il(book), book_value_usd(book)) == (None, None)
    assert yearly_fees_usd(book, "book", AT) is None


def test_the_pace_of_fees_leaves_the_unpriced_out(held: Any) -> None:
    # Ten dollars of fees in a tenth of a year.
    own = opened(held(1, 90, 100), AT - YEAR / 10)
    assert yearly_fees_usd(facts(own), "book", AT) == pytest.approx(100)
    gift = held(2, 1e9, 1e9, usd=False, quote=FAKE)
    assert yearly_fees_usd(facts(own, gift), "book", AT) == pytest.approx(100)
    assert yearly_fees_usd(facts(gift), "book", AT) is None


@pytest.mark.parametrize(
    "since",
    [
        pytest.param(None, id="an entry without a date"),
        pytest.param(AT - timedelta(hours=23), id="younger than a day"),
    ],
)
def test_one_entry_without_a_pace_makes_all_of_it_unknown(
    since: datetime | None, held: Any
) -> None:
    dated = opened(held(1, 90, 100), AT - YEAR / 10)
    assert yearly_fees_usd(facts(dated, opened(held(2, 45, 60), since)), "book", AT) is None
