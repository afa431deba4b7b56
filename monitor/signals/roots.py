"""Which coin a token stands for."""

from typing import Final

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
