"""How much was at work for how long, so that what years have brought is not set against an hour.

A position's fees come in all the time it is open, while its capital may be another
every day. By the year they are a return on the capital as it was over that time.
"""

from datetime import datetime, timedelta
from typing import Final

from monitor.model.position import Basis

MICROSECOND: Final = timedelta(microseconds=1)
_A_SECOND: Final = timedelta(seconds=1) // MICROSECOND


def hodl_time(basis: Basis, until: datetime) -> tuple[int, int]:
    """Return raw token0 and token1 of the hodl leg, each times the microseconds it was in.

    Worth at one price, and divided by the time since the entry, they are the mean of what
    holding would have been worth at that price.
    """
    since = basis.turned_at or basis.opened_at
    passed = max((until - since) // MICROSECOND, 0) if since is not None else 0
    return (
        basis.hodl0_s * _A_SECOND + basis.hodl0 * passed,
        basis.hodl1_s * _A_SECOND + basis.hodl1 * passed,
    )
