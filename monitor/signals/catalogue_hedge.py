"""The catalogue of what the hedge costs, made and loses by the day, a layer's and the book's.

Time's cost has three forms, and they do not move alike when volatility expands. Of an option at
the money dollar theta is about -S·sigma·n(d1) / (2√T) a year: its size rises with volatility, and
theta over vega, -sigma / (2T), with it. Its share of the price is 1 / (2T), whatever the
volatility; out of the money that share falls as volatility rises, in the money it rises.
"""

from dataclasses import replace
from typing import Final

from monitor.hedge.track import SINCE
from monitor.signals.signal import Evidence, Kind, Signal
from monitor.signals.signal import computed as _own


def _one(name: str, unit: str, meaning: str, definition: str) -> Signal:
    told = _own(name, unit, meaning)
    return replace(told, definition=definition, evidence=Evidence.MODEL)


HEDGE_SIGNALS: Final = (
    _one("layer.pnl_usd", "usd", "what the layer made in its whole life",
        "cash of all trades that count + what the legs held are worth (quotes, else model)"),
    _one("layer.multiple", "ratio", "what the legs held are worth over what was paid for them",
        "layer.value_usd / layer.paid_usd; unknown of a layer opened for a credit"),
    _one("layer.paid_usd", "usd", "what was paid for the legs held, at average prices",
        "Σ cost of the legs held, a part closed taking its share; < 0 where they were sold"),
    _one("layer.theta_usd", "usd",
        "what a day that passes brings; its size rises when volatility expands",
        "Σ theta a calendar day; of an option at the money about -S·sigma·n(d1) / (2√T·365), of a"
        " perpetual future its funding at the present rate, unknown where that is"),
    _one("layer.vega_usd", "usd", "what a volatility point more brings",
        "Σ vega a point of the contracts' own volatility"),
    _one("layer.theta_per_vega", "points",
        "volatility points a day that time is worth; its size rises when volatility expands",
        "layer.theta_usd / |layer.vega_usd|; -0.3: volatility must rise by 0.3 a day to make up"
        " for time; at the money -100·sigma / (2 · days left)"),
    _one("layer.decay", "fraction",
        "share of the value a day that passes brings; when volatility expands its size stays at"
        " the money, falls out of it and rises in it",
        "layer.theta_usd / |layer.value_usd|; at the money -1 / (2 · days left), whatever sigma"),
    _one("layer.delta_usd", "usd", "underlying held, in USD",
        "Σ delta · the price of what the contract is priced on"),
    _one("book.hedge_usd", "usd", "what all hedge layers made in their lives",
        "Σ layer.pnl_usd over every layer that has a journal"),
    _one("book.hedge_value_usd", "usd", "what the legs of all layers are worth",
        "Σ layer.value_usd; a future at its whole worth"),
    _one("book.theta_usd", "usd",
        "what a day brings all layers; its size rises when volatility expands",
        "Σ layer.theta_usd, funding in it"),
    _one("book.vega_usd", "usd", "what a point of every volatility brings all layers",
        "Σ layer.vega_usd, the VIX's and coins' own volatilities alike"),
    _one("book.theta_per_vega", "points",
        "volatility points a day that time is worth to all layers; rises when volatility expands",
        "book.theta_usd / |book.vega_usd|; < 0 where time costs"),
    _one("book.il_offset", "fraction",
        "share of the IL since the first trade that the hedge made good; < 0 where it lost too",
        "book.hedge_usd / -(IL in USD since the first trade, realised too); unknown without a"
        " loss"),
    replace(
        _own("book.il_since", "state", "from what the IL of book.il_offset counts",
            kind=Kind.TEXT),
        choices=SINCE,
        definition="the first trade that counts, where what was lost by then is known or can be"
        " worked out; else from when it was first known, and why",
    ),
    _one("book.hedge_cost_share", "fraction", "a year of the hedge's carry over a year's fees",
        "-book.theta_usd · 365 / Σ (a year's fees at the pace of what is in now); < 0 where the"
        " carry is earned"),
    _one("book.hedge_irr", "fraction", "what all layers together earn a year",
        "XIRR of all cash and what is held now, actual/365; a future's profit as it is closed;"
        " unknown where several rates fit, and where the rate is what cash taken in has cost"),
    _one("book.irr_target", "fraction", "what the method wants the hedge to earn: no gate",
        "1.5 · a year's fees / book.value_usd"),
)  # fmt: skip
