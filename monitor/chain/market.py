"""What markets on a chain say now: lending rates and prices, all in one call at its head."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple, TypeAlias

from monitor.chain.aave import POOLS, LendingPool
from monitor.chain.aave import SOURCE as AAVE
from monitor.chain.abi import encode_call
from monitor.chain.chainlink import Inquiry, Oracle
from monitor.chain.chainlink_feeds import FEEDS, SEQUENCERS
from monitor.chain.endpoints import Endpoints
from monitor.chain.heads import check_witness, header
from monitor.chain.multicall import Pinned
from monitor.chain.registry import Chain
from monitor.chain.rpc import Endpoint
from monitor.chain.singly import Manner
from monitor.chain.usd_settings import UsdSettings, known_feed
from monitor.chain.words import Answer, Call, uint
from monitor.clock import Clock
from monitor.errors import Permanent, Transient
from monitor.model.observation import Block, Missing
from monitor.model.reading import Reading

CHAINLINK: Final = "chainlink"
_USD: Final = "chainlink.usd"
PAIRS: Final = ("ETH/USD", "BTC/USD", "USDC/USD")
MARKET_S: Final = 60.0
"""How often a chain's market is asked."""

_log = logging.getLogger(__name__)
_Told: TypeAlias = tuple[list[Reading], dict[str, str]]


def market_name(chain: str) -> str:
    """Return what the market of a chain is called beside the feeds."""
    return f"{chain} market"


def sources_on(chain_id: int | None, usd: UsdSettings) -> tuple[str, ...]:
    """Return which of the two a chain is known to have."""
    aave = (AAVE,) if chain_id in POOLS else ()
    return (*aave, CHAINLINK) if usd.chainlink and _pairs(chain_id) else aave


class _Seen(NamedTuple):
    """What one block's batch gave."""

    block: Block
    answers: Sequence[Answer]


@dataclass(slots=True, kw_only=True)
class ChainMarket:
    """Gives `aave.supply`, `aave.borrow` and `chainlink.usd` of one chain.

    sources: which of them to ask. A rate or a price that is missing where others come is
    logged once, and its return once.
    """

    chain: Chain
    endpoints: Endpoints
    clock: Clock
    sources: Sequence[str] = (AAVE, CHAINLINK)
    usd: UsdSettings = field(default_factory=UsdSettings)
    _manners: dict[Endpoint, Manner] = field(default_factory=dict, init=False)
    _lost: Mapping[str, str] = field(default_factory=dict, init=False)
    _unpriced: Mapping[str, str] = field(default_factory=dict, init=False)

    @property
    def name(self) -> str:
        """Return the market's name, as `status` and the log tell it."""
        return market_name(self.chain.name)

    def refused(self) -> tuple[Missing, ...]:
        """Return the prices the chain's last answer gave no reason to believe, and why."""
        return tuple(
            Missing(key=f"{_USD}|{key}", reason=why) for key, why in self._unpriced.items()
        )

    async def read(self) -> tuple[Reading, ...]:
        """Return what the chain says at its head; raise Transient or Permanent.

        What is missing is left out, and where prices are, `refused` tells them. Where
        nothing is there that ever was it is Permanent.
        """
        now = self.clock.now()
        lent, prices = self._lending(), self._inquiry()
        calls = [*(lent.calls() if lent else ()), *prices.calls()]
        if not calls:
            raise Permanent(f"neither Aave v3 nor Chainlink is known on {self.chain.name}")
        seen = await self.endpoints.first_that_works(
            lambda endpoint: self._ask(endpoint, calls, now), now
        )
        at = seen.block.timestamp
        if at - now > self.clock.lead:
            raise Transient(f"{self.chain.name} stamps its head {at:%H:%M} UTC, which is to come")
        found, unlisted = self._rates(lent, seen)
        quotes, unpriced = self._quotes(prices, seen)
        if not found and not quotes and not unpriced:
            raise Permanent("; ".join(unlisted.values()))
        self._unpriced = unpriced
        self._tell({**unlisted, **unpriced})
        return (*found, *quotes)

    async def _ask(self, endpoint: Endpoint, calls: Sequence[Call], now: datetime) -> _Seen:
        """Return the answers at the head, all of one endpoint and one block."""
        block = (await header(endpoint, "latest")).block
        await self.endpoints.weigh(endpoint, block, now)
        pinned = Pinned(
            endpoint=endpoint,
            multicall=self.chain.multicall,
            block=block.number,
            manner=self._manners.setdefault(endpoint, Manner()),
        )
        witness = Call(self.chain.multicall, encode_call("multicall3", "getCurrentBlockTimestamp"))
        first, *answers = await pinned.ask_once([witness, *calls])
        if not first.ok:
            raise Transient(f"{endpoint.host} answered the batch without a block time")
        check_witness(pinned, block, uint(first.data, 0))
        return _Seen(block, answers)

    def _lending(self) -> LendingPool | None:
        return POOLS.get(self.chain.chain_id) if AAVE in self.sources else None

    def _inquiry(self) -> Inquiry:
        """Return what to ask of Chainlink, whose feeds stand where an inquiry has its tokens."""
        name, chain_id = self.chain.name, self.chain.chain_id
        pairs = _pairs(chain_id) if CHAINLINK in self.sources else ()
        oracle = Oracle(
            routes={pair: (known_feed(chain_id, pair),) for pair in pairs},
            sequencer=self.usd.sequencer.get(name, SEQUENCERS.get(chain_id, "")),
        )
        return oracle.about(pairs)

    def _rates(self, lent: LendingPool | None, seen: _Seen) -> _Told:
        """Return the rates told, and by key why others are not."""
        if lent is None:
            return [], {}
        answers = seen.answers[: len(lent.tokens)]
        return lent.read(answers, self.chain.name, seen.block.timestamp)

    def _quotes(self, prices: Inquiry, seen: _Seen) -> _Told:
        """Return the prices that hold, and by key why others do not."""
        if not prices.feeds:
            return [], {}
        found, lost = list[Reading](), dict[str, str]()
        answers = seen.answers[-len(prices.calls()) :]
        for one in prices.read(answers, seen.block.timestamp):
            key = f"{self.chain.name}:{one.token}"
            if one.usd is None or one.updated_at is None:
                lost[key] = f"{one.note}, on {self.chain.name}"
                continue
            reading = Reading(
                name=_USD,
                key=key,
                value=one.usd,
                unit="usd",
                as_of=one.updated_at,
                source=CHAINLINK,
            )
            found.append(reading)
        return found, lost

    def _tell(self, lost: Mapping[str, str]) -> None:
        """Log what is newly missing, and what is back."""
        for key in lost.keys() - self._lost.keys():
            _log.warning("%s: %s", self.name, lost[key])
        for key in self._lost.keys() - lost.keys():
            _log.info("%s: %s is told again", self.name, key)
        self._lost = lost


def _pairs(chain_id: int | None) -> tuple[str, ...]:
    known = FEEDS.get(chain_id or 0, {})
    return tuple(pair for pair in PAIRS if pair in known)
