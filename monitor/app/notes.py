"""What is odd about trades a person tells of, and yet taken as told."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Final

from monitor.alerts.figures import day
from monitor.calendars.vix import vix_expiries
from monitor.hedge.contracts import kind_of
from monitor.hedge.legs import format_fill
from monitor.model.layer import Fill
from monitor.model.observation import Verb

_NEAR: Final = timedelta(days=35)
_WEDNESDAY: Final = 2
_TAKEN: Final = {Verb.FILL: "filled", Verb.ROLL: "rolled", Verb.CLOSE: "closed"}


def notes(verb: Verb, fills: Sequence[Fill]) -> Iterator[str]:
    """Yield a sentence for each expiry that VIX contracts do not have, and each missing price.

    Any Wednesday may be a weekly expiry and is passed over.
    """
    of_vix = (fill.contract for fill in fills if kind_of(fill.contract).root == "vix")
    for expiry in dict.fromkeys(contract.expiry for contract in of_vix):
        if expiry.weekday() != _WEDNESDAY and (why := _odd(expiry)):
            yield f"{why}: {_TAKEN[verb]} as given"
    for fill in fills:
        if fill.price is None:
            yield f"{format_fill(fill)} has no price: the layer's profit will be unknown"


def _odd(expiry: date) -> str:
    """Return why a date is no VIX expiry, naming the nearest that is, or an empty text."""
    try:
        listed = vix_expiries(expiry - _NEAR, expiry + _NEAR)
    except (ValueError, OverflowError):
        return f"{expiry} is past every calendar that is known here"
    if expiry in listed:
        return ""
    nearest = min(listed, key=lambda one: abs(one - expiry))
    return f"{expiry} is no VIX expiry ({day(nearest)} is)"
