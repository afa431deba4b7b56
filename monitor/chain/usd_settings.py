"""What `config.toml` says about prices in US dollars, and the feeds it comes to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Final

from eth_utils.address import is_address
from pydantic import BeforeValidator, ConfigDict, Field

from monitor.chain.chainlink import Feed, Oracle
from monitor.chain.chainlink_feeds import (
    ASSUMED_QUIET_S,
    ASSUMED_S,
    DOLLARS,
    FEEDS,
    HEARTBEATS_S,
    SEQUENCERS,
    TOKENS,
)
from monitor.chain.settings import Address, checked_address

_STRICT: Final = ConfigDict(extra="forbid")
_LONGEST_S: Final = 7 * 86_400
_PAIR_PARTS: Final = 2


def _listed(given: Any) -> Any:  # noqa: ANN401 - whatever the file holds
    return [given] if isinstance(given, str | int) else given


@dataclass(frozen=True, slots=True, kw_only=True)
class UsdFeedSettings:
    """One `[[usd.feed]]`: what prices a token.

    feed: a feed's name on its chain, like `ETH/USD`, or its proxy's address; several are
    multiplied, the last in dollars. heartbeat_s: one for each; those of feeds known by
    name may be left out all together.
    """

    __pydantic_config__: ClassVar = _STRICT

    chain: str
    token: Address
    feed: Annotated[tuple[str, ...], BeforeValidator(_listed), Field(min_length=1, max_length=3)]
    heartbeat_s: Annotated[
        tuple[Annotated[int, Field(strict=True, gt=0, le=_LONGEST_S)], ...],
        BeforeValidator(_listed),
    ] = ()

    def __post_init__(self) -> None:
        if self.heartbeat_s and len(self.heartbeat_s) != len(self.feed):
            raise ValueError(
                f"heartbeat_s: each feed has its own, so give {len(self.feed)}, "
                f"was {len(self.heartbeat_s)}"
            )
        if not self.heartbeat_s and any(is_address(one) for one in self.feed):
            raise ValueError("heartbeat_s: must be given, for nothing on chain tells a feed's")
        _check_chained(self.feed)


@dataclass(frozen=True, slots=True, kw_only=True)
class UsdSettings:
    """`[usd]`.

    pegged: token addresses the owner counts as one US dollar each; none by default, and
    no feed overrules them. chainlink: whether feeds are read at all. feed: what prices a
    token besides, or otherwise than, those known. sequencer: uptime feeds by chain.
    """

    __pydantic_config__: ClassVar = _STRICT

    pegged: tuple[Address, ...] = ()
    chainlink: bool = True
    feed: tuple[UsdFeedSettings, ...] = ()
    sequencer: Mapping[str, Address] = field(default_factory=dict)


def oracle_of(name: str, chain_id: int, usd: UsdSettings) -> Oracle:
    """Return what prices the tokens of the chain called `name`; raise ValueError if it cannot."""
    if not usd.chainlink:
        return Oracle()
    pegged = {token.lower() for token in usd.pegged}
    routes = {
        token: tuple(known_feed(chain_id, pair) for pair in pairs)
        for token, pairs in TOKENS.get(chain_id, {}).items()
    }
    routes |= {one.token: route_of(one, chain_id) for one in usd.feed if one.chain == name}
    return Oracle(
        routes={token: route for token, route in routes.items() if token.lower() not in pegged},
        sequencer=usd.sequencer.get(name, SEQUENCERS.get(chain_id, "")),
    )


def route_of(one: UsdFeedSettings, chain_id: int) -> tuple[Feed, ...]:
    """Return the feeds a `[[usd.feed]]` means; raise ValueError where a name is not known."""
    beats: Iterable[int | None] = one.heartbeat_s or [None] * len(one.feed)
    return tuple(
        _feed(given, chain_id, heartbeat_s)
        for given, heartbeat_s in zip(one.feed, beats, strict=True)
    )


def _feed(given: str, chain_id: int, heartbeat_s: int | None) -> Feed:
    if heartbeat_s is not None and is_address(given):
        proxy = checked_address(given)
        return Feed(pair=f"{proxy[:6]}…{proxy[-4:]}", proxy=proxy, heartbeat_s=heartbeat_s)
    known = FEEDS.get(chain_id, {})
    if given not in known:
        names = ", ".join(sorted(known)) or "none; give its address"
        raise ValueError(f"no feed {given!r} is known on this chain; known are {names}")
    if heartbeat_s is not None:
        return Feed(pair=given, proxy=known[given], heartbeat_s=heartbeat_s)
    return known_feed(chain_id, given)


def known_feed(chain_id: int, pair: str) -> Feed:
    """Return a feed of FEEDS with its heartbeat; raise KeyError where it is not there."""
    documented = HEARTBEATS_S.get(chain_id, {}).get(pair)
    quiet = pair in DOLLARS or not pair.endswith("/USD")
    return Feed(
        pair=pair,
        proxy=FEEDS[chain_id][pair],
        heartbeat_s=documented or (ASSUMED_QUIET_S if quiet else ASSUMED_S),
        assumed=documented is None,
    )


def _check_chained(feeds: tuple[str, ...]) -> None:
    """Raise ValueError unless named feeds lead from one to the next, and to dollars."""
    for given in feeds:
        if is_address(given):
            checked_address(given)
        elif len(given.split("/")) != _PAIR_PARTS:
            raise ValueError(f'feed: a name like "ETH/USD" or an address, was {given!r}')
    for one, following in zip(feeds, (*feeds[1:], "USD/"), strict=True):
        if is_address(one) or is_address(following):
            continue
        if one.split("/")[1] != following.split("/")[0]:
            last = following == "USD/"
            told = "the last must be in USD" if last else f"{following} does not follow"
            raise ValueError(f"feed: {one} is in {one.split('/')[1]}: {told}")
