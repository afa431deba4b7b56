"""The catalogue of what exchanges quote for single contracts: how many, and how old they are.

The quotes themselves come with the same answer, and price tickets and marks.
"""

from datetime import timedelta
from typing import Final

from monitor.calendars.hours import Hours
from monitor.signals.signal import Evidence, Plausible, Scope, Signal

_AGE: Final = timedelta(minutes=35)  # Cboe's free ones lag 15 to 20 minutes
_REASON: Final = "what tickets and marks are priced by"
_JUDGED: Final = frozenset({"eth", "btc", "spx"})
"""Whose parity rules judge."""


def _quotes(root: str, whose: str, source: str, cadence: str, hours: Hours) -> Signal:
    return Signal(
        name=f"quotes.{root}",
        unit="count",
        scope=Scope.MARKET,
        meaning=f"options on {whose} near enough to price by",
        source=source,
        hours=hours,
        max_age=_AGE,
        definition="those quoted within 400 days and a factor 3 of the forward, or with a delta"
        " of 0.02 to 0.98",
        cadence=cadence,
        evidence=Evidence.QUOTE,
        plausible=Plausible(above=0, up_to=100_000),
        informational="" if root in _JUDGED else _REASON,
    )


QUOTES: Final = (
    _quotes("eth", "ETH quoted by Deribit", "deribit_options", "5 min", Hours.ALWAYS),
    _quotes("btc", "BTC quoted by Deribit", "deribit_btc_options", "5 min", Hours.ALWAYS),
    _quotes("vix", "the VIX quoted at Cboe", "cboe_vix_options", "10 min, 15 to 20 min late",
        Hours.CBOE_VIX),
    _quotes("spx", "the S&P 500 quoted at Cboe", "cboe_options", "10 min, 15 to 20 min late",
        Hours.CBOE_VIX),
)  # fmt: skip
