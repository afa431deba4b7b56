"""Hedgewatch: Uniswap v3 positions and the volatility market, watched side by side."""

__version__ = "0.1.0"
