"""The catalogue of the book's delta, and of parity between what is one risk at two prices."""

from dataclasses import replace
from typing import Final

from monitor.hedge.contracts import COINS
from monitor.signals.signal import Evidence, Scope, Signal
from monitor.signals.signal import computed as _own


def _delta(name: str, unit: str, meaning: str, definition: str) -> Signal:
    told = _own(name, unit, meaning)
    return replace(told, definition=definition, evidence=Evidence.MODEL)


_HELD: Final = (
    "coins in the positions' principal, fees left out, + Σ delta of the layers' legs, by spot at"
    " the same basis; staked ETH and other odd tokens are left out and named, unknown above 10 %"
    " of the book's value"
)

DELTA_SIGNALS: Final = (
    _delta("book.delta_eth", "eth", "ETH the book holds, its hedge layers included; < 0 is short",
        _HELD),
    _delta("book.delta_btc", "btc", "BTC the book holds, its hedge layers included; < 0 is short",
        _HELD),
    _delta("book.delta_spx", "usd",
        "what a point of the S&P 500 brings all layers: USD a point, or units of the index",
        ("Σ delta · 100 of SPX legs; VIX legs are left out and named; unknown while legs that trade"
        " no more await their settlement")),
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
    " of expiries with a listed future, quotes at most 12 min old; everything in the coin, at its"
    " price; < 0 is a loss"
)
_INDEX: Final = (
    "{}, F the median over strikes of K + (call - put)/D, D the chain's own discount; less 1.50"
    " USD an option and 0.25 points for the future, declared; < 0 is a loss"
)
_AT_DELTA: Final = (
    "implied by middles of out-of-the-money options, linear in delta, total variance linear in"
    " time; unknown unless both venues quote on both sides of the delta, strikes no further than"
    " 0.25 of it apart, and of 30 days, at most 12 min ago"
)
_DERIBIT: Final = "{coin}.price quotes.{coin}"
_BOTH: Final = "{coin}.price quotes.{coin} iv.{coin}30_dex"

_OF_COIN: Final = (
    ("conversion_{coin}", "usd", "best conversion of {name} at Deribit after costs, a coin",
        _COIN.format("call bid - put ask + K/F - 1"), _DERIBIT),
    ("reversal_{coin}", "usd", "best reversal of {name} at Deribit after costs, a coin",
        _COIN.format("1 - K/F - call ask + put bid"), _DERIBIT),
    ("surface_25d_{coin}", "points", "implied vol of {name}'s 25-delta put, Derive less Deribit",
        _AT_DELTA, _BOTH),
    ("surface_50d_{coin}", "points", "implied vol of {name} at a half delta, Derive less Deribit",
        _AT_DELTA, _BOTH),
    ("surface_25d_call_{coin}", "points",
        "implied vol of {name}'s 25-delta call, Derive less Deribit", _AT_DELTA, _BOTH),
    ("surface_edge_{coin}", "points",
        "what is left of the widest of {name}'s gaps after both spreads and fees",
        ("max over the three deltas and both ways of vol at one's bid - vol at the other's ask -"
        " fees / vega a point (0.03 % each, delivery 0.015 % at Deribit, 0.50 USD at Derive,"
        " declared); < 0 is a loss"), _BOTH),
    ("pool_gap_{coin}", "points",
        "what fees of the deepest {name} pool in dollars pay for less what options ask",
        ("100 vol - iv.{coin}30_cex, vol by pool.implied_vol_7d's formula over 30 to 31 days, of"
        " the deepest pool watched for so long; before costs"), "iv.{coin}30_cex"),
    ("pool_edge_{coin}", "points",
        "what is left of {name}'s pool gap after an option's spread and fees",
        ("max(100 vol - ask - fees, bid - fees - 100 vol), vol as of the gap, bid and ask at a half"
        " delta, 30 days, the better of Deribit's and Derive's, 2 points off iv.{coin}30_cex where"
        " neither quotes; fees / vega a point (0.03 %, delivery 0.015 % at Deribit, 0.50 USD at"
        " Derive), declared; gas apart; < 0 is a loss"), "{coin}.price iv.{coin}30_cex"),
)  # fmt: skip
"""Of ETH and of BTC alike: name, unit, meaning, definition, inputs."""

PARITY_SIGNALS: Final = (
    *(_gap(*(part.format(coin=coin, name=coin.upper()) for part in row))
        for coin in COINS for row in _OF_COIN),
    _gap("conversion_spx", "usd", "best conversion of SPX on its chain's forward, a contract",
        _INDEX.format("100 (call bid - put ask + (K - F) D)"), "spx.price quotes.spx"),
    _gap("reversal_spx", "usd", "best reversal of SPX on its chain's forward, a contract",
        _INDEX.format("100 ((F - K) D - call ask + put bid)"), "spx.price quotes.spx"),
    _gap("box_spx", "fraction",
        "best box of SPX after costs: lends above the risk-free rate, or borrows below it, a year",
        "ln(width / cost) / years - rates.risk_free, or the reverse of a box sold, 1.50 USD a leg"
        " declared; strikes in steps of 50, a week to half a year out, continuous; < 0 is a loss",
        "spx.price quotes.spx rates.risk_free"),
)  # fmt: skip
