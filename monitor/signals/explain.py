"""Every measure of a position and its pool, with how it was worked out, the numbers put in."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from monitor.signals.case import Case, Worked, case_of
from monitor.signals.catalogue_lp import LP_SIGNALS
from monitor.signals.explain_money import MONEY_WORKED
from monitor.signals.explain_ratios import RATIOS_WORKED
from monitor.signals.facts import Facts
from monitor.signals.of_pool import OF_POOL
from monitor.signals.of_position import OF_A_RANGE, OF_POSITION
from monitor.signals.signal import Scope, Signal

_WORKED: Mapping[str, Worked] = {**MONEY_WORKED, **RATIOS_WORKED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """One measure. value: None when unknown, and then `how` says why.

    how: the formula's own numbers, what they were taken from, and over what time.
    """

    name: str
    value: float | bool | None
    unit: str
    how: str


def explain(facts: Facts, key: str, now: datetime) -> tuple[Explained, ...]:
    """Return every measure of a position and of its pool, in the catalogue's order.

    Raises KeyError for a position that was never seen. How old what is known may be is
    not judged here.
    """
    case = case_of(facts, key, now)
    return tuple(_explained(case, signal) for signal in LP_SIGNALS)


def _explained(case: Case, signal: Signal) -> Explained:
    facts, seen, now = case.facts, case.seen, case.now
    value: float | bool | None
    if signal.scope is Scope.POOL:
        pool = case.pool
        value, note = OF_POOL[signal.name](facts, pool, now) if pool else (None, case.lost)
    elif signal.name in OF_A_RANGE and not seen.position.liquidity:
        value, note = None, "it holds no liquidity"
    else:
        value, note = OF_POSITION[signal.name](facts, seen, now)
    how = note
    if value is not None:
        worked = _WORKED[signal.name](case)
        how = "; ".join(part for part in (worked, note) if part)
    return Explained(name=signal.name, value=value, unit=signal.unit, how=how)
