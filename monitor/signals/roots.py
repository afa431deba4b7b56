"""Which coin a token stands for."""

from typing import Final

_ROOTS: Final = {"WETH": "eth", "ETH": "eth", "WBTC": "btc", "BTC": "btc", "CBBTC": "btc"}


def root_of(symbol: str) -> str:
    """Return the coin a token stands for, `eth` or `btc`; empty of any other."""
    return _ROOTS.get(symbol.upper(), "")
