"""Which coin a token stands for, and when it is a dollar."""

from typing import Final

STABLE: Final = 0.05
"""A token counts as US dollars while it is worth no further than this from one."""

_COINS: Final = {
    "eth": ("ETH", "WETH", "WETH.E"),
    "btc": ("BTC", "WBTC", "CBBTC", "TBTC", "BTCB", "BTC.B"),
}
"""Wrapped and bridged ones, worth the coin."""

_ROOTS: Final = {symbol: root for root, symbols in _COINS.items() for symbol in symbols}
_STAKED: Final = frozenset({"STETH", "WSTETH", "RETH", "CBETH", "WEETH"})


def is_staked_eth(symbol: str) -> bool:
    """Return whether a token is staked ETH, worth some ETH that is not read here."""
    return symbol.upper() in _STAKED


def root_of(symbol: str) -> str:
    """Return the coin a token stands for, `eth` or `btc`; empty of any other."""
    return _ROOTS.get(symbol.upper(), "")
