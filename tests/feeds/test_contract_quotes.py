"""Single contracts' quotes: which contract each is of, in whose unit, and which are kept."""

import asyncio
import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.clock import ManualClock
from monitor.errors import Transient
from monitor.feeds.cboe_options import CboeOptions
from monitor.feeds.chooser import FallbackFeed
from monitor.feeds.deribit_options import option_quotes, parse_summaries
from monitor.feeds.derive import parse_quotes
from monitor.feeds.http import Web
from monitor.feeds.near import within_days, within_reach
from monitor.feeds.port import Feed, ScriptedFeed, quoted_by
from monitor.feeds.provider import FeedSettings, providers
from monitor.feeds.shared import SharedFeed
from monitor.feeds.witness import Witness
from monitor.model.layer import Contract
from monitor.model.quote import OptionQuote

NOW = datetime(2026, 10, 2, 20, 30, tzinfo=UTC)
STAMP_MS = 1_790_972_990_000  # 2026-10-02 20:29:50 UTC
STAMPED = datetime(2026, 10, 2, 20, 29, 50, tzinfo=UTC)


def summary(name: str, **changed: object) -> dict[str, object]:
    return {
        "instrument_name": name,
        "bid_price": 0.0235,
        "ask_price": 0.0245,
        "mark_price": 0.0241,
        "mark_iv": 60.0,
        "underlying_price": 2_125.0,
        "creation_timestamp": STAMP_MS,
    } | changed


def deribit(*rows: object) -> dict[str, str]:
    return {"body": json.dumps({"jsonrpc": "2.0", "result": rows})}


def told(*rows: object) -> tuple[OptionQuote, ...]:
    """Return what is kept of an answer of Deribit's."""
    witness = Witness(source="deribit_options", now=NOW)
    options = parse_summaries(deribit(*rows)["body"], witness)
    return within_reach(within_days(option_quotes(options, witness.source), witness))


def feed_of(provider: str, server: Any, site: Web, clock: ManualClock) -> Feed:
    return providers()[provider].build(site, clock, FeedSettings(base_url=server.url))


async def test_deribit_s_names_become_contracts_priced_in_coin(
    server: Any, site: Web, clock: ManualClock
) -> None:
    server.answers(**deribit(summary("ETH-26MAR27-1800-P"), summary("ETH-9OCT26-2500-C")))
    feed = feed_of("deribit_options", server, site, clock)
    await feed.read()
    put, call = quoted_by(feed)
    assert put == OptionQuote(
        contract=Contract(kind="eth.put", expiry=date(2027, 3, 26), strike=1_800.0),
        source="deribit_options",
        as_of=STAMPED,
        bid=0.0235,
        ask=0.0245,
        mark=0.0241,
        forward=2_125.0,
        tradable_forward=False,
    )
    assert put.price == pytest.approx(0.024), "the middle, in ETH"
    assert call.contract == Contract(kind="eth.call", expiry=date(2026, 10, 9), strike=2_500.0)


async def test_btc_is_a_call_of_its_own(server: Any, site: Web, clock: ManualClock) -> None:
    server.answers(**deribit(summary("BTC-30OCT26-60000-P", underlying_price=64_000.0)))
    feed = feed_of("deribit_btc_options", server, site, clock)
    (count,) = await feed.read()
    (quote,) = quoted_by(feed)
    assert (count.name, count.value, count.source) == ("quotes.btc", 1, "deribit_btc_options")
    assert quote.contract == Contract(kind="btc.put", expiry=date(2026, 10, 30), strike=60_000.0)
    (request,) = server.asked
    assert request.query["currency"] == "BTC"


@pytest.mark.parametrize(
    ("bid", "ask", "price"),
    [
        pytest.param(0.0235, 0.0245, 0.024, id="both sides: their middle"),
        pytest.param(None, 0.0245, 0.0241, id="no bid: the mark"),
        pytest.param(0.0, 0.0245, 0.0241, id="a bid of 0 stands for none"),
        pytest.param(0.0250, 0.0245, 0.0241, id="crossed: the mark"),
    ],
)
def test_one_side_is_no_price(bid: float | None, ask: float, price: float) -> None:
    (quote,) = told(summary("ETH-30OCT26-1800-P", bid_price=bid, ask_price=ask))
    assert quote.price == pytest.approx(price)


@pytest.mark.parametrize(
    ("index", "listed"),
    [
        pytest.param("ETH-30OCT26", True, id="the future of its expiry"),
        pytest.param("SYN.ETH-30OCT26", False, id="Deribit's own sum, where there is no future"),
        pytest.param("index_price", False, id="the index"),
        pytest.param(None, False, id="nothing is said"),
    ],
)
def test_a_forward_can_be_traded_where_a_future_is_listed(
    index: str | None, *, listed: bool
) -> None:
    (quote,) = told(summary("ETH-30OCT26-1800-P", underlying_index=index))
    assert quote.tradable_forward == listed


@pytest.mark.parametrize(
    ("name", "changed", "kept"),
    [
        pytest.param("ETH-30OCT26-709-C", {}, True, id="a third of 2,125 is 708.3"),
        pytest.param("ETH-30OCT26-708-C", {}, False, id="beyond a third"),
        pytest.param("ETH-30OCT26-6375-C", {}, True, id="three times"),
        pytest.param("ETH-30OCT26-6376-C", {}, False, id="beyond three times"),
        pytest.param("ETH-6NOV27-2100-C", {}, True, id="400 days out"),
        pytest.param("ETH-7NOV27-2100-C", {}, False, id="401 days out"),
        pytest.param("ETH-30OCT26-2100-C", {"underlying_price": 0.0}, False, id="no forward"),
        pytest.param(
            "ETH-30OCT26-2100-C",
            {"bid_price": None, "ask_price": None, "mark_price": None},
            False,
            id="no price at all",
        ),
    ],
)
def test_what_no_hedge_is_priced_by_is_not_kept(
    name: str, changed: dict[str, object], *, kept: bool
) -> None:
    assert len(told(summary(name, **changed))) == kept


quotes = st.builds(
    OptionQuote,
    contract=st.builds(
        Contract,
        kind=st.just("eth.call"),
        expiry=st.dates(date(2026, 9, 1), date(2029, 1, 1)),
        strike=st.floats(1, 1e6),
    ),
    source=st.just("x"),
    as_of=st.just(NOW),
    mark=st.none() | st.floats(1e-4, 1),
    forward=st.none() | st.floats(1, 1e6),
)


@given(st.lists(quotes, max_size=20))
def test_what_is_kept_was_there_and_is_near(some: list[OptionQuote]) -> None:
    kept = within_reach(within_days(some, Witness(source="x", now=NOW)))
    assert set(map(id, kept)) <= set(map(id, some))
    for one in some:
        days = (one.contract.expiry - NOW.date()).days
        near = one.forward is not None and 1 / 3 <= one.contract.strike / one.forward <= 3
        edge = one.forward is not None and (
            one.contract.strike / one.forward == pytest.approx(3)
            or one.contract.strike / one.forward == pytest.approx(1 / 3)
        )
        if not edge:
            assert (one in kept) is (near and 0 <= days <= 400 and one.mark is not None)


def listed(symbol: str, **changed: object) -> dict[str, object]:
    return {
        "option": symbol,
        "bid": 1.85,
        "ask": 1.95,
        "iv": 0.9,
        "open_interest": 1_204.0,
        "delta": 0.4,
    } | changed


def cboe(*rows: object, symbol: str = "^VIX", price: float = 17.2) -> dict[str, str]:
    data = {
        "options": list(rows),
        "symbol": symbol,
        "current_price": price,
        "last_trade_time": "2026-10-02T16:14:00",
    }
    return {"body": json.dumps({"timestamp": "2026-10-02 20:15:03", "data": data})}


async def test_vix_options_are_those_of_the_month_and_weeklies_are_not(
    server: Any, site: Web, clock: ManualClock
) -> None:
    server.answers(
        **cboe(
            listed("VIX261118C00020000"),
            listed("VIX261118P00017500", delta=-0.45),
            listed("VIXW261104C00020000"),
            listed("VIX261118C00130000", delta=0.011),
            listed("VIX261118C00010000", delta=0.985),
        )
    )
    feed = feed_of("cboe_vix_options", server, site, clock)
    (count,) = await feed.read()
    call, put = quoted_by(feed)
    assert call == OptionQuote(
        contract=Contract(kind="vix.call", expiry=date(2026, 11, 18), strike=20.0),
        source="cboe_vix_options",
        as_of=datetime(2026, 10, 2, 20, 14, tzinfo=UTC),
        bid=1.85,
        ask=1.95,
    )
    assert call.price == pytest.approx(1.90)
    assert put.contract == Contract(kind="vix.put", expiry=date(2026, 11, 18), strike=17.5)
    assert (count.name, count.value, count.as_of) == ("quotes.vix", 2, call.as_of)
    assert [one.path for one in server.asked] == ["/options/_VIX.json"]


async def test_spx_settles_in_the_morning_and_spxw_in_the_evening(
    server: Any, site: Web, clock: ManualClock
) -> None:
    server.answers(
        **cboe(
            listed("SPX261120P06000000", delta=-0.2),
            listed("SPXW261120P06000000", delta=-0.2, bid=0.0),
            symbol="^SPX",
            price=6_715.79,
        )
    )
    feed = CboeOptions(web=site, clock=clock, base_url=server.url)
    assert [one.name for one in await feed.read()] == ["quotes.spx"]
    morning, evening = feed.quotes()
    assert [one.contract.kind for one in (morning, evening)] == ["spx.put", "spxw.put"]
    assert evening.bid is None
    assert evening.price is None, "Cboe states no mark: a side that is missing is no price"


async def test_a_chain_of_far_contracts_alone_is_no_answer(
    server: Any, site: Web, clock: ManualClock
) -> None:
    server.answers(**cboe(listed("VIX261118C00130000", delta=0.0)))
    with pytest.raises(Transient, match="quotes no option near enough to price by"):
        await feed_of("cboe_vix_options", server, site, clock).read()


def test_derive_quotes_in_dollars() -> None:
    ticker = {
        "t": STAMP_MS,
        "a": "61.2",
        "b": "0",
        "M": "60.7",
        "option_pricing": {"i": "0.6", "f": "2125", "df": "0.997"},
    }
    text = json.dumps({"id": "1", "result": {"tickers": {"ETH-20261030-2100-P": ticker}}})
    (quote,) = parse_quotes(text, Witness(source="derive", now=NOW))
    assert quote == OptionQuote(
        contract=Contract(kind="eth.put", expiry=date(2026, 10, 30), strike=2_100.0),
        source="derive",
        as_of=STAMPED,
        ask=61.2,
        mark=60.7,
        forward=2_125.0,
        discount=0.997,
    )


async def test_one_question_serves_readings_and_quotes_of_all_who_ask(
    server: Any, site: Web, clock: ManualClock
) -> None:
    server.answers(**deribit(summary("ETH-30OCT26-2000-P")))
    shared = SharedFeed(feed_of("deribit_options", server, site, clock), fresh_s=60)
    asked = [FallbackFeed(signal="quotes.eth", feeds=[shared], clock=clock) for _ in range(3)]
    await asyncio.gather(*(one.read() for one in asked))
    assert [len(one.quotes()) for one in asked] == [1, 1, 1]
    assert asked[0].quotes() is asked[1].quotes()
    assert len(server.asked) == 1


async def test_what_fails_or_is_old_hands_no_quotes_on(
    server: Any, site: Web, clock: ManualClock
) -> None:
    server.answers(**deribit(summary("ETH-30OCT26-2000-P")))
    feed = FallbackFeed(
        signal="quotes.eth", feeds=[feed_of("deribit_options", server, site, clock)], clock=clock
    )
    await feed.read()
    assert feed.quotes()
    await clock.advance(36 * 60)
    await feed.read()
    assert not feed.quotes(), "the answer is 36 minutes old"
    server.script = []
    server.answers(status=503)
    with pytest.raises(Transient):
        await feed.read()
    assert not feed.quotes()


def test_a_feed_that_quotes_nothing_has_no_quotes() -> None:
    assert quoted_by(ScriptedFeed("vix", [()])) == ()
