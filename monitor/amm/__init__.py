"""Exact Uniswap v3 arithmetic."""
