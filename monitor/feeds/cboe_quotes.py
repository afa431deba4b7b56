"""What Cboe's chains quote for the contracts that hedges are made of.

The delta Cboe states tells which are near enough. All are stamped with the underlying's
last trade, the only time of theirs that is told. Cboe states no price of its own: where a
side is missing, nobody quotes.
"""

from collections.abc import Iterator
from typing import Final

from monitor.feeds.cboe_chain import Chain
from monitor.feeds.near import within_days
from monitor.feeds.witness import Witness
from monitor.model.layer import Contract
from monitor.model.quote import OptionQuote

_KINDS: Final = {"SPX": "spx", "SPXW": "spxw", "VIX": "vix"}
_LEAST: Final = 0.02


def quoted(chain: Chain, witness: Witness) -> tuple[OptionQuote, ...]:
    """Return the quotes of a chain's contracts of known kinds, by the underlying's last trade."""
    return within_days(_quotes(chain, witness.source), witness)


def _quotes(chain: Chain, source: str) -> Iterator[OptionQuote]:
    for one in chain.options:
        root = _KINDS.get(one.root)
        if root is None or one.delta is None or not _LEAST < abs(one.delta) < 1 - _LEAST:
            continue
        yield OptionQuote(
            contract=Contract(
                kind=f"{root}.{'call' if one.call else 'put'}",
                expiry=one.expiry,
                strike=one.strike,
            ),
            source=source,
            as_of=chain.as_of,
            bid=one.bid or None,
            ask=one.ask or None,
        )
