"""The lines of the catalogue that tell how well hedges' drivers tracked the book's IL."""

from dataclasses import replace
from typing import Final

from monitor.signals.signal import Signal, computed

_SHAPE: Final = (
    "weekly IL of the positions' own ranges, centred anew each Wednesday, on {};"
    " 12 weeks at least, 104 at most; the 5 largest positions in the coin of most value"
)
_NO_LEVEL: Final = "what tickets tell of themselves; no level to act on is published"


def _fit(name: str, meaning: str, driver: str, *inputs: str) -> Signal:
    return replace(
        computed(name, "ratio", meaning),
        definition=f"R² of {_SHAPE.format(driver)}; 0 where the driver falls as IL grows",
        inputs=inputs,
        informational=_NO_LEVEL,
    )


FIT_SIGNALS: Final = (
    _fit(
        "book.fit_vix",
        "how well rises of the VIX tracked the book's IL",
        "max(0, rise of vx.forward30), of the VIX where that is known of less than half its weeks",
        *("eth.price", "vix", "vx.settle"),
    ),
    _fit(
        "book.fit_dvol",
        "how well rises of DVOL tracked the book's IL",
        "max(0, rise of DVOL)",
        *("eth.price", "dvol.eth"),
    ),
    _fit(
        "book.fit_fall",
        "how well the coin's falls tracked the book's IL",
        "max(0, -ln of the coin's move)",
        "eth.price",
    ),
    _fit(
        "book.fit_move",
        "how well the coin's squared move tracked the book's IL",
        "(ln of the coin's move)²",
        "eth.price",
    ),
    replace(
        computed("book.calm_share", "fraction", "share of the book's past IL while VIX <= 30"),
        definition="Σ IL of weeks that ended with the VIX at 30 or less / Σ IL of all, each as in"
        " book.fit_vix",
        inputs=("eth.price", "vix"),
        informational=_NO_LEVEL,
    ),
)
