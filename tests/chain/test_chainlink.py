"""Dollars by Chainlink: answers that are not to be believed, and a real read of the batch.

The aggregators are constructed: no more than the two getters a feed is read by, with
answers set by hand.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from eth_utils.address import is_checksum_address

from monitor.amm.measure import measure
from monitor.chain.chainlink import Feed, Oracle, sequencer_fault
from monitor.chain.chainlink_feeds import FEEDS, HEARTBEATS_S, NATIVE, SEQUENCERS, TOKENS
from monitor.chain.reader import chain_reader
from monitor.chain.settings import ChainSettings, WatchSettings
from monitor.chain.usd_settings import UsdFeedSettings, UsdSettings, oracle_of, route_of
from monitor.chain.words import Answer
from monitor.devnet.local_chain import Devnet
from monitor.model.observation import Snapshot
from monitor.model.pool import UsdPrice
from monitor.signals.dollars import dollars

AT = datetime(2023, 3, 11, 8, tzinfo=UTC)
NOW = int(AT.timestamp())
HOUR = 3600
TOKEN, LESS = "0x" + "11" * 20, "0x" + "22" * 20
ETH = Feed(pair="ETH/USD", proxy="0x" + "e1" * 20, heartbeat_s=HOUR)
USDC = Feed(pair="USDC/USD", proxy="0x" + "e2" * 20, heartbeat_s=24 * HOUR)
GUESS = Feed(pair="UNI/USD", proxy="0x" + "e3" * 20, heartbeat_s=HOUR, assumed=True)
RATE = Feed(pair="WSTETH/ETH", proxy="0x" + "e4" * 20, heartbeat_s=24 * HOUR)
UPTIME = "0x" + "5e" * 20
REVERTED = Answer(
    False,
    bytes.fromhex("08c379a0")
    + b"".join(word.to_bytes(32) for word in (32, 15))
    + b"No data present".ljust(32, b"\0"),
)


def words(*values: int) -> Answer:
    return Answer(True, b"".join(value.to_bytes(32, signed=value < 0) for value in values))


EIGHT = words(8)


def answered(
    answer: int, *, ago: int = 60, round_id: int = 2**64 + 7, answered_in: int | None = None
) -> Answer:
    within = round_id if answered_in is None else answered_in
    return words(round_id, answer, NOW - ago, NOW - ago, within)


def price(told: Answer, scale: Answer = EIGHT, feed: Feed = ETH) -> UsdPrice:
    oracle = Oracle(routes={TOKEN: (feed,)})
    (got,) = oracle.about([TOKEN, LESS]).read([told, scale], AT)
    return got


def test_a_sound_answer_is_a_price_as_old_as_it_says() -> None:
    # 1,441.44 USD with 8 decimals.
    got = price(answered(144_144_000_000, ago=3540))
    assert (got.token, got.usd, got.source) == (TOKEN, 1441.44, "chainlink ETH/USD")
    assert got.updated_at == AT - timedelta(minutes=59)
    assert price(answered(144_144), words(2)).usd == 1441.44, "the decimals are the feed's own"


@pytest.mark.parametrize(
    ("told", "scale", "said"),
    [
        pytest.param(answered(0), words(8), "answers 0, which is no price", id="zero"),
        pytest.param(answered(-1), words(8), "answers -1, which is no price", id="negative"),
        pytest.param(
            words(7, 10**8, 0, 0, 7), words(8), "not finished its round", id="never updated"
        ),
        pytest.param(answered(10**8, ago=-61), words(8), "dated after its block", id="future"),
        pytest.param(
            words(7, 10**8, 2**255, 2**255, 7),
            words(8),
            "not finished",
            id="a date beyond all time",
        ),
        pytest.param(
            answered(10**8, ago=HOUR + 301),
            words(8),
            "is 1 h 5 m old, its heartbeat is 1 h",
            id="older than its heartbeat and the grace",
        ),
        pytest.param(
            answered(10**8, round_id=8, answered_in=7), words(8), "earlier round", id="carried over"
        ),
        pytest.param(Answer(False, b""), words(8), "nothing answers at its address", id="no code"),
        pytest.param(REVERTED, words(8), "No data present", id="reverted in words"),
        pytest.param(words(1), words(8), "another language", id="too short"),
        pytest.param(answered(10**8), Answer(False, b""), "its decimals", id="no decimals"),
        pytest.param(answered(10**8), words(2**200), "its decimals", id="mad decimals"),
    ],
)
def test_an_answer_not_to_be_believed_is_unknown_and_says_why(
    told: Answer, scale: Answer, said: str
) -> None:
    got = price(told, scale)
    assert got.usd is None
    assert got.note.startswith("chainlink ETH/USD ")
    assert said in got.note


def test_every_feed_has_its_own_heartbeat() -> None:
    two_hours = answered(10**8, ago=2 * HOUR)
    assert price(two_hours).usd is None
    assert price(two_hours, feed=USDC).usd == 1.0
    edge = HOUR + 300
    assert price(answered(10**8, ago=edge)).usd == 1.0
    assert price(answered(10**8, ago=edge + 1)).usd is None


def test_a_heartbeat_that_was_guessed_says_so_and_how_to_tell_it() -> None:
    got = price(answered(10**8, ago=2 * HOUR), feed=GUESS)
    assert "1 h is assumed of it: say heartbeat_s in [[usd.feed]]" in got.note


def test_a_route_multiplies_and_is_no_better_than_its_worst_feed() -> None:
    oracle = Oracle(routes={TOKEN: (RATE, ETH), LESS: (ETH,)})
    inquiry = oracle.about([TOKEN, LESS])
    assert [call.target for call in inquiry.calls()] == [RATE.proxy] * 2 + [ETH.proxy] * 2
    rate = answered(1_115_000_000_000_000_000, ago=5 * HOUR)
    both = [rate, words(18), answered(160_000_000_000), words(8)]
    first, second = inquiry.read(both, AT)
    assert (first.usd, first.source) == (1784.0, "chainlink WSTETH/ETH × ETH/USD")
    assert (first.updated_at, second.usd) == (AT - timedelta(hours=5), 1600.0)
    stale = [answered(10**18, ago=25 * HOUR), words(18), *both[2:]]
    first, second = inquiry.read(stale, AT)
    assert (first.usd, second.usd) == (None, 1600.0)
    assert "WSTETH/ETH is 25 h old" in first.note


@pytest.mark.parametrize(
    ("told", "said"),
    [
        pytest.param(words(9, 0, NOW - HOUR - 1, NOW, 9), "", id="up for more than an hour"),
        pytest.param(
            words(9, 0, NOW - HOUR, NOW, 9), "up again for no more than 1 h", id="an hour"
        ),
        pytest.param(words(9, 1, NOW - 9 * HOUR, NOW, 9), "the sequencer is down", id="down"),
        pytest.param(words(9, 2, NOW - 9 * HOUR, NOW, 9), "the sequencer is down", id="neither"),
        pytest.param(words(0, 0, 0, 0, 0), "has not told anything yet", id="zeros are not up"),
        pytest.param(Answer(False, b""), "nothing answers at its address", id="no feed there"),
    ],
)
def test_the_sequencer_s_word_holds_for_every_price_of_its_chain(told: Answer, said: str) -> None:
    assert said in sequencer_fault(told, AT)
    assert bool(sequencer_fault(told, AT)) is bool(said)
    oracle = Oracle(routes={TOKEN: (ETH,), LESS: (USDC,)}, sequencer=UPTIME)
    inquiry = oracle.about([TOKEN, LESS])
    assert inquiry.calls()[0].target == UPTIME
    sound = [answered(10**8), words(8)]
    for got in inquiry.read([told, *sound, *sound], AT):
        assert (got.usd is None) is bool(said)
        assert said in got.note


def test_tokens_no_feed_prices_are_not_asked_about_and_neither_is_the_sequencer() -> None:
    inquiry = Oracle(routes={TOKEN: (ETH,)}, sequencer=UPTIME).about([LESS])
    assert (inquiry.calls(), inquiry.read([], AT)) == ([], ())


def test_the_table_of_feeds_holds_together() -> None:
    for chain_id, tokens in TOKENS.items():
        for token, route in tokens.items():
            assert is_checksum_address(token) or token == NATIVE, token
            assert all(pair in FEEDS[chain_id] for pair in route), token
            assert route[-1].endswith("/USD"), token
    addresses = [proxy for feeds in FEEDS.values() for proxy in feeds.values()]
    assert all(is_checksum_address(one) for one in (*addresses, *SEQUENCERS.values()))
    for chain_id, beats in HEARTBEATS_S.items():
        assert beats.keys() <= FEEDS[chain_id].keys()


def test_known_tokens_find_their_feeds_by_address_and_a_peg_keeps_its_own_away() -> None:
    usdc = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"
    known = oracle_of("ethereum", 1, UsdSettings())
    assert known.routes[usdc][0].heartbeat_s == 86_400
    assert known.routes[NATIVE] == known.routes["0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"]
    assert usdc not in oracle_of("ethereum", 1, UsdSettings(pegged=(usdc.lower(),))).routes
    assert not oracle_of("ethereum", 1, UsdSettings(chainlink=False)).routes
    assert not oracle_of("devnet", 31337, UsdSettings()).routes
    assert oracle_of("base", 8453, UsdSettings()).sequencer == SEQUENCERS[8453]
    own = UsdSettings(sequencer={"celo": UPTIME})
    assert oracle_of("celo", 42220, own).sequencer == UPTIME


def fed(feed: Any, heartbeat_s: Any = ()) -> UsdFeedSettings:
    return UsdFeedSettings(chain="ethereum", token=TOKEN, feed=feed, heartbeat_s=heartbeat_s)


@pytest.mark.parametrize(
    ("feed", "heartbeat_s", "said"),
    [
        pytest.param((ETH.proxy,), (), "heartbeat_s: must be given", id="an address alone"),
        pytest.param(("STETH/ETH", "ETH/USD"), (HOUR,), "each feed has its own", id="one for two"),
        pytest.param(("STETH/ETH",), (), "the last must be in USD", id="not in dollars"),
        pytest.param(("WBTC/BTC", "ETH/USD"), (), "ETH/USD does not follow", id="no chain"),
        pytest.param(("ether",), (), 'a name like "ETH/USD"', id="neither name nor address"),
    ],
)
def test_a_feed_that_cannot_be_right_is_refused(
    feed: tuple[str, ...], heartbeat_s: tuple[int, ...], said: str
) -> None:
    with pytest.raises(ValueError, match=said.replace("(", r"\(")):
        fed(feed, heartbeat_s)


def test_a_feed_by_name_is_its_chain_s_own() -> None:
    (rate, eth) = route_of(fed(("STETH/ETH", "ETH/USD")), 1)
    assert (rate.proxy, rate.assumed, eth.heartbeat_s) == (FEEDS[1]["STETH/ETH"], True, HOUR)
    (told,) = route_of(fed(("ETH/USD",), (900,)), 1)
    assert (told.heartbeat_s, told.assumed) == (900, False)
    with pytest.raises(ValueError, match="no feed 'DOGE/USD' is known on this chain; known are "):
        route_of(fed(("DOGE/USD",)), 1)


# --- through the real reader ------------------------------------------------------------------

# Runtime code of the constructed aggregator: `decimals()` answers storage slot 0,
# `latestRoundData()` slots 1 to 5, and anything else reverts.
_DISPATCH = "5f3560e01c8063313ce56714601c5763feaf968c14602557" + "5f5ffd" + "00"
_DECIMALS = "5b5f545f5260205ff3"
_ROUND = "5b" + "".join(f"60{slot:02x}5460{32 * slot - 32:02x}52" for slot in range(1, 6))
CODE = "0x" + _DISPATCH + _DECIMALS + _ROUND + "60a05ff3"
Told = Callable[..., Awaitable[None]]
Read = Callable[..., Awaitable[Snapshot]]


@pytest.fixture
async def tell(devnet: Devnet) -> Told:
    """Sets what the aggregator at an address answers; dates are seconds before the head."""

    async def put(proxy: str, answer: int, *, ago: int = 0, decimals: int = 8) -> None:
        at = int((await devnet.head()).timestamp.timestamp()) - ago
        await devnet.rpc.call("anvil_setCode", proxy, CODE)
        for slot, value in enumerate((decimals, 7, answer, at, at, 7)):
            word = (value % 2**256).to_bytes(32).hex()
            await devnet.rpc.call("anvil_setStorageAt", proxy, f"0x{slot:064x}", "0x" + word)
        await devnet.mine()

    return put


@pytest.fixture
async def read(devnet: Devnet) -> Read:
    """Reads one snapshot of one position by a reader of the settings given."""
    token_id = await devnet.mint(devnet.deployment.wallets[0], 200, 300)

    async def taken(**usd: Any) -> Snapshot:
        made = devnet.deployment
        settings = ChainSettings(
            rpc=(devnet.url,), chain_id=devnet.chain_id, manager=made.manager, behind=0
        )
        feeds = [
            UsdFeedSettings(
                chain="devnet", token=made.weth, feed=(ETH.proxy,), heartbeat_s=(HOUR,)
            ),
            UsdFeedSettings(
                chain="devnet", token=made.usdc, feed=(USDC.proxy,), heartbeat_s=(24 * HOUR,)
            ),
        ]
        async with chain_reader(
            "devnet",
            settings,
            watches=[WatchSettings(chain="devnet", nft=(token_id,))],
            usd=UsdSettings(feed=tuple(feeds), **usd),
        ) as reader:
            assert await reader.snapshot(AT) is not None
            learned = reader.requests_made
            await devnet.mine()
            snapshot = await reader.snapshot(AT)
            assert snapshot is not None
            assert reader.requests_made - learned == 2, "prices cost no request of their own"
            return snapshot

    return taken


async def test_prices_come_in_the_batch_and_value_a_position(
    devnet: Devnet, tell: Told, read: Read
) -> None:
    await tell(ETH.proxy, 25_000_000_000)
    await tell(USDC.proxy, 880_000, decimals=6)
    snapshot = await read()
    got = {one.token: one for one in snapshot.usd}
    assert {token: one.usd for token, one in got.items()} == {
        devnet.deployment.weth: 250.0,
        devnet.deployment.usdc: 0.88,
    }
    assert got[devnet.deployment.usdc].updated_at is not None
    worth = dollars(snapshot.pools, snapshot.usd, ())
    (position,), (pool,) = snapshot.positions, snapshot.pools
    value = measure(position, pool, worth.prices).value
    assert value.usd == pytest.approx(0.88 * value.token0)


async def test_a_feed_past_its_heartbeat_is_unknown_at_the_block_s_own_time(
    devnet: Devnet, tell: Told, read: Read
) -> None:
    await tell(ETH.proxy, 25_000_000_000, ago=2 * HOUR)
    await tell(USDC.proxy, 10**8, ago=2 * HOUR)
    got = {one.token: one for one in (await read()).usd}
    assert "is 2 h old, its heartbeat is 1 h" in got[devnet.deployment.weth].note
    assert got[devnet.deployment.usdc].usd == 1.0


async def test_feeds_that_are_not_there_harm_nothing_but_prices(
    devnet: Devnet, tell: Told, read: Read
) -> None:
    await tell(USDC.proxy, 10**8)
    snapshot = await read()
    got = {one.token: one for one in snapshot.usd}
    assert "nothing answers at its address" in got[devnet.deployment.weth].note
    assert got[devnet.deployment.usdc].usd == 1.0
    assert (len(snapshot.positions), snapshot.missing) == (1, ())


async def test_a_sequencer_that_is_down_makes_every_price_of_the_chain_unknown(
    tell: Told, read: Read
) -> None:
    await tell(ETH.proxy, 25_000_000_000)
    await tell(USDC.proxy, 10**8)
    await tell(UPTIME, 1, ago=9 * HOUR, decimals=0)
    snapshot = await read(sequencer={"devnet": UPTIME})
    assert [(one.usd, one.note) for one in snapshot.usd] == [
        (None, "the sequencer is down, says its uptime feed")
    ] * 2
    await tell(UPTIME, 0, ago=9 * HOUR, decimals=0)
    assert all(one.usd for one in (await read(sequencer={"devnet": UPTIME})).usd)
