"""The catalogue of the book's delta, and of parity between what is one risk at two prices."""

from dataclasses import replace
from typing import Final

from monitor.signals.signal import Evidence, Signal
from monitor.signals.signal import computed as _own


def _delta(name: str, unit: str, meaning: str, definition: str) -> Signal:
    told = _own(name, unit, meaning)
    return replace(told, definition=definition, evidence=Evidence.MODEL)


_HELD: Final = "coins in the positions' principal, fees left out, + Σ delta of the layers' legs"

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
