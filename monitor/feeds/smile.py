"""One implied volatility out of an option chain: at the forward, a fixed time out."""

import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import fmean
from typing import Final

MONTH: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """An option's implied volatility. iv: points. forward: of its own expiry.

    at: when it was stated.
    """

    expiry: datetime
    strike: float
    forward: float
    iv: float
    at: datetime


def around(expiries: Iterable[datetime], target: datetime) -> tuple[datetime, ...]:
    """Return the last expiry up to `target` and the first from then on; one where it is there."""
    known = sorted(set(expiries))
    place = bisect_left(known, target)
    if place < len(known) and known[place] == target:
        return (target,)
    return tuple(known[max(place - 1, 0) : place + 1])


def iv_in(
    quotes: Iterable[Quote], now: datetime, out: timedelta = MONTH
) -> tuple[float, datetime] | None:
    """Return the volatility at the forward `out` from `now`, in points, and its oldest stamp.

    None where it is not had. Total variance is linear in time between the two expiries
    around it. An expiry without a strike on each side of its forward is passed over, and
    nothing is taken beyond the ends.
    """
    chains = defaultdict[datetime, list[Quote]](list)
    for quote in quotes:
        if quote.expiry > now:
            chains[quote.expiry].append(quote)
    known = {
        expiry: iv for expiry, chain in chains.items() if (iv := at_the_forward(chain)) is not None
    }
    target = now + out
    ends = around(known, target)
    if not ends or not ends[0] <= target <= ends[-1]:
        return None
    at = min(quote.at for end in ends for quote in chains[end])
    near, far = ((end - now) / out for end in (ends[0], ends[-1]))
    variances = [known[ends[0]] ** 2 * near, known[ends[-1]] ** 2 * far]
    weight = (1 - near) / (far - near) if far > near else 0.0
    return math.sqrt(variances[0] + weight * (variances[1] - variances[0])), at


def at_the_forward(chain: Sequence[Quote]) -> float | None:
    """Return the volatility at one expiry's forward, linear in log-moneyness; None beyond it.

    The put and the call of a strike count half each.
    """
    forward = fmean(quote.forward for quote in chain)
    strikes = defaultdict[float, list[float]](list)
    for quote in chain:
        strikes[math.log(quote.strike / forward)].append(quote.iv)
    known = sorted((moneyness, fmean(ivs)) for moneyness, ivs in strikes.items())
    place = bisect_left(known, (0.0,))
    if place < len(known) and known[place][0] == 0:
        return known[place][1]
    if place in (0, len(known)):
        return None
    (low, low_iv), (high, high_iv) = known[place - 1 : place + 1]
    return low_iv + (high_iv - low_iv) * -low / (high - low)
