"""Prices in US dollars from Chainlink's feeds, read in the batch of their block.

A feed says when it was written, and nobody but its reader minds: every answer is held
to its own feed's heartbeat, and what does not hold is unknown, with the reason.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from typing import Final, NamedTuple

from monitor.chain.abi import encode_call
from monitor.chain.failures import revert_reason
from monitor.chain.words import WORD, Answer, Call, sint, uint
from monitor.model.pool import UsdPrice

_AGGREGATOR: Final = "chainlink_aggregator"
_ROUND_SIZE: Final = 5 * WORD
_CALLS_A_FEED: Final = 2
_MOST_DECIMALS: Final = 36
GRACE_S: Final = 300
"""Past its heartbeat a round is begun, and may be a little late in reaching the chain."""
AHEAD_S: Final = 60
RECOVERY_S: Final = 3600
"""How long a sequencer has to be up again before prices written through it are believed."""
_UP: Final = 0
_MINUTE: Final = 60
_HOUR: Final = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """One aggregator's proxy. pair: as Chainlink names it, like `ETH/USD`.

    assumed: whether the heartbeat is our guess and nowhere documented.
    """

    pair: str
    proxy: str
    heartbeat_s: int
    assumed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Oracle:
    """What prices the tokens of one chain.

    routes: by EIP-55 token address, the feeds to multiply. sequencer: the uptime feed
    of the chain's sequencer, empty where it has none.
    """

    routes: Mapping[str, tuple[Feed, ...]] = field(default_factory=dict)
    sequencer: str = ""

    def about(self, tokens: Collection[str]) -> "Inquiry":
        """Return what to ask for these tokens; nothing where no feed prices any."""
        routes = {token: self.routes[token] for token in tokens if token in self.routes}
        feeds = tuple(dict.fromkeys(feed for route in routes.values() for feed in route))
        return Inquiry(routes=routes, feeds=feeds, sequencer=self.sequencer if feeds else "")


class _Rate(NamedTuple):
    value: Fraction
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """The calls about prices in one batch, and what their answers mean."""

    routes: Mapping[str, tuple[Feed, ...]] = field(default_factory=dict)
    feeds: tuple[Feed, ...] = ()
    sequencer: str = ""

    def calls(self) -> list[Call]:
        """Return the calls: the sequencer's feed first, then two a feed."""
        latest = encode_call(_AGGREGATOR, "latestRoundData")
        decimals = encode_call(_AGGREGATOR, "decimals")
        calls = [Call(self.sequencer, latest)] if self.sequencer else []
        for feed in self.feeds:
            calls += [Call(feed.proxy, latest), Call(feed.proxy, decimals)]
        return calls

    def read(self, answers: Sequence[Answer], at: datetime) -> tuple[UsdPrice, ...]:
        """Return a price a token, or why it has none. at: the block's own time."""
        first = 0
        down = ""
        if self.sequencer:
            first, down = 1, sequencer_fault(answers[0], at)
        rates = {
            feed: down or _rate(feed, answers[index], answers[index + 1], at)
            for feed, index in zip(
                self.feeds, range(first, first + _CALLS_A_FEED * len(self.feeds), 2), strict=True
            )
        }
        return tuple(
            _price(token, route, [rates[feed] for feed in route])
            for token, route in self.routes.items()
        )


def sequencer_fault(answer: Answer, at: datetime) -> str:
    """Return why prices on a rollup are not to be believed now, or an empty text."""
    if not answer.ok or len(answer.data) < _ROUND_SIZE:
        return f"the sequencer's uptime feed does not tell: {_silence(answer)}"
    status, since = sint(answer.data, 1), uint(answer.data, 2)
    if status != _UP:
        return "the sequencer is down, says its uptime feed"
    if not since:
        # Before its first round the feed answers zeros, which read as "up".
        return "the sequencer's uptime feed has not told anything yet"
    up_s = at.timestamp() - since
    if up_s <= RECOVERY_S:
        return f"the sequencer is up again for no more than {_spell(RECOVERY_S)}"
    return ""


def _rate(feed: Feed, told: Answer, scale: Answer, at: datetime) -> _Rate | str:
    """Return a feed's answer, or why it is not to be believed."""
    name = f"chainlink {feed.pair}"
    if not told.ok or len(told.data) < _ROUND_SIZE:
        return f"{name} gives no answer: {_silence(told)}"
    if not scale.ok or len(scale.data) != WORD or uint(scale.data, 0) > _MOST_DECIMALS:
        return f"{name} does not tell its decimals"
    round_id, answer, _, updated, answered_in = (sint(told.data, word) for word in range(5))
    age_s = int(at.timestamp()) - updated
    faults = (
        (answer <= 0, f"answers {answer}, which is no price"),
        (updated <= 0, "has not finished its round"),
        (age_s < -AHEAD_S, "is dated after its block"),
        (answered_in < round_id, "carries over an answer of an earlier round"),
        (age_s > feed.heartbeat_s + GRACE_S, f"is {_spell(age_s)} old, {_limit(feed)}"),
    )
    for wrong, said in faults:
        if wrong:
            return f"{name} {said}"
    value = Fraction(answer, 10 ** uint(scale.data, 0))
    return _Rate(value, datetime.fromtimestamp(updated, UTC))


def _limit(feed: Feed) -> str:
    beat = _spell(feed.heartbeat_s)
    if feed.assumed:
        return f"{beat} is assumed of it: say heartbeat_s in [[usd.feed]]"
    return f"its heartbeat is {beat}"


def _price(token: str, route: Sequence[Feed], rates: Sequence[_Rate | str]) -> UsdPrice:
    """Return the product of a route's rates, as old as the oldest of them."""
    source = "chainlink " + " × ".join(feed.pair for feed in route)
    value, oldest = Fraction(1), None
    for rate in rates:
        if isinstance(rate, str):
            return UsdPrice(token=token, usd=None, source=source, note=rate)
        value *= rate.value
        oldest = rate.updated_at if oldest is None else min(oldest, rate.updated_at)
    return UsdPrice(token=token, usd=float(value), source=source, updated_at=oldest)


def _silence(answer: Answer) -> str:
    if answer.ok:
        return "it speaks another language than an aggregator's"
    if not answer.data:
        return "nothing answers at its address"
    return revert_reason(answer.data.hex()) or "it reverted"


def _spell(seconds: int) -> str:
    if seconds < _MINUTE:
        return f"{seconds} s"
    minutes = seconds // _MINUTE
    if seconds < _HOUR:
        return f"{minutes} m"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} m" if minutes else f"{hours} h"
