"""What rules may ask of the chain that their pool or position is on."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from monitor.signals.catalogue import BY_NAME
from monitor.signals.facts import Facts
from monitor.signals.of_market import Told, believed

_MEMBERS: Final[Mapping[str, tuple[str, str]]] = {
    "chain.usdc_supply": ("aave.supply", "USDC"),
    "chain.usdc_borrow": ("aave.borrow", "USDC"),
    "chain.weth_borrow": ("aave.borrow", "WETH"),
    "chain.eth_usd": ("chainlink.usd", "ETH/USD"),
    "chain.btc_usd": ("chainlink.usd", "BTC/USD"),
    "chain.usdc_usd": ("chainlink.usd", "USDC/USD"),
}


def chain_told(facts: Facts, name: str, chain: str, now: datetime) -> Told:
    """Return a name of a chain now. chain: its name in config."""
    if name == "chain.block_age_s":
        source = facts.chains.get(chain)
        if source is None or source.block is None:
            return Told(value=None, note=f"{chain} has not been read yet")
        at = source.block.timestamp
        return Told(value=max(0.0, (now - at).total_seconds()), as_of=at, source=chain)
    family, symbol = _MEMBERS[name]
    key = f"{family}|{chain}:{symbol}"
    reading = facts.readings.get(key)
    if reading is None:
        unread = f"{family} of {symbol} on {chain} has not been read yet"
        refused = (one for feed in facts.feeds.values() for one in feed.missing if one.key == key)
        return Told(value=None, note=next((one.reason for one in refused), unread))
    return believed(BY_NAME[family], reading, now, None)
