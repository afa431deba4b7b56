"""How each endpoint of a chain is doing, as plain data for people to look at."""

from dataclasses import dataclass
from datetime import datetime

from monitor.chain.breaker import BreakerState
from monitor.model.observation import Block


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointHealth:
    """One endpoint as it was last seen.

    host: without what may be a key. serving: whether the last snapshot came from it.
    head: the newest block it told; head_age_s: seconds since it told another before.
    resting_until, resting_why: the rest after a failure. quarantined_why: how far its
    head lags, empty where it does not. latency_s: smoothed over the last requests.
    log_width: most blocks of logs it is known to give at once. asked: whether anything was
    ever asked of it. logs_resting_until, logs_resting_why: the rest of its logs alone.
    None is unknown.
    """

    host: str
    serving: bool
    breaker: BreakerState
    head: Block | None = None
    head_age_s: float | None = None
    resting_until: datetime | None = None
    resting_why: str = ""
    quarantined_since: datetime | None = None
    quarantined_why: str = ""
    latency_s: float | None = None
    log_width: int | None = None
    asked: bool = True
    logs_resting_until: datetime | None = None
    logs_resting_why: str = ""
    requests_made: int = 0
