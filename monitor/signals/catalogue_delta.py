"""The catalogue of the book's delta, and of parity between what is one risk at two prices."""

from dataclasses import replace
from typing import Final

from monitor.signals.signal import Evidence, Scope, Signal
from monitor.signals.signal import computed as _own


def _delta(name: str, unit: str, meaning: str, definition: str) -> Signal:
    told = _own(name, unit, meaning)
    return replace(told, definition=definition, evidence=Evidence.MODEL)


_HELD: Final = (
    "coins in the positions' principal, fees left out, + Σ delta of the layers' legs; staked"
    " ETH and other odd tokens are left out and named, unknown above 10 % of the book's value"
)

DELTA_SIGNALS: Final = (
    _delta("book.delta_eth", "eth", "ETH the book holds, its hedge layers included; < 0 is short",
        _HELD),
    _delta("book.delta_btc", "btc", "BTC the book holds, its hedge layers included; < 0 is short",
        _HELD),
    _delta("book.delta_spx", "usd",
        "what a point of the S&P 500 brings all layers: USD a point, or units of the index",
        "Σ delta · 100 of SPX legs; by VIX legs the index is not moved"),
    _delta("book.delta_eth_share", "fraction", "the book's delta in ETH over its value",
        "book.delta_eth · eth.price / book.value_usd"),
    _delta("book.delta_btc_share", "fraction", "the book's delta in BTC over its value",
        "book.delta_btc · btc.price / book.value_usd"),
    _delta("book.delta_spx_share", "fraction", "the layers' delta in the S&P 500 over the book",
        "book.delta_spx · spx.price / book.value_usd"),
)  # fmt: skip


def _gap(name: str, unit: str, meaning: str, definition: str, inputs: str) -> Signal:
    return Signal(
        name=f"parity.{name}",
        unit=unit,
        scope=Scope.MARKET,
        source="computed",
        meaning=meaning,
        definition=definition,
        inputs=tuple(inputs.split()),
        evidence=Evidence.QUOTE,
    )


_COIN: Final = (
    "{} at the sides that trade, less fees (options 0.03 % of the coin, at most 12.5 % of the"
    " premium, delivery 0.015 %; future 0.05 %, delivery 0.025 %, half-spread 0.01 % declared);"
    " of expiries with a listed future; everything in ETH, at eth.price; < 0 is a loss"
)
_INDEX: Final = (
    "{}, F the median over strikes of K + (call - put)/D, D the chain's own discount; less 1.50"
    " USD an option and 0.25 points for the future, declared; < 0 is a loss"
)
_AT_DELTA: Final = (
    "implied by middles of out-of-the-money options, linear in delta, total variance linear in"
    " time; unknown unless both venues quote on both sides of the delta and of 30 days"
)

PARITY_SIGNALS: Final = (
    _gap("conversion_eth", "usd", "best conversion of ETH at Deribit after costs, a coin",
        _COIN.format("call bid - put ask + K/F - 1"), "eth.price"),
    _gap("reversal_eth", "usd", "best reversal of ETH at Deribit after costs, a coin",
        _COIN.format("1 - K/F - call ask + put bid"), "eth.price"),
    _gap("conversion_spx", "usd", "best conversion of SPX on its chain's forward, a contract",
        _INDEX.format("100 (call bid - put ask + (K - F) D)"), "spx.price"),
    _gap("reversal_spx", "usd", "best reversal of SPX on its chain's forward, a contract",
        _INDEX.format("100 ((F - K) D - call ask + put bid)"), "spx.price"),
    _gap("box_spx", "fraction",
        "best box of SPX after costs: lends above the risk-free rate, or borrows below it, a year",
        "ln(width / cost) / years - rates.risk_free, or the reverse of a box sold, 1.50 USD a leg"
        " declared; a week to half a year out, continuous; < 0 is a loss",
        "spx.price rates.risk_free"),
    _gap("surface_25d_eth", "points", "implied vol of ETH's 25-delta put, Derive less Deribit",
        _AT_DELTA, "eth.price"),
    _gap("surface_50d_eth", "points", "implied vol of ETH at a half delta, Derive less Deribit",
        _AT_DELTA, "eth.price"),
    _gap("surface_25d_call_eth", "points",
        "implied vol of ETH's 25-delta call, Derive less Deribit", _AT_DELTA, "eth.price"),
    _gap("surface_edge_eth", "points",
        "what is left of the widest of these gaps after both spreads and fees",
        "max over the three deltas and both ways of vol at one's bid - vol at the other's ask -"
        " fees / vega a point (0.03 % each and 0.50 USD at Derive, declared); < 0 is a loss",
        "eth.price"),
    _gap("pool_gap_eth", "points",
        "what the deepest watched ETH pool's fees pay for less what 30-day options ask",
        "100 pool.implied_vol_7d - iv.eth30_cex; before costs", "iv.eth30_cex"),
)  # fmt: skip
