"""What happens to a letter whose sending failed: another try, or the dead letters."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeAlias, assert_never

from monitor.errors import Permanent, Transient

# The first wait: a broker that restarts is back within a second.
FIRST_WAIT_S: Final = 1.0
# The least wait, whatever the dice say: a retry at once would only spin.
LEAST_WAIT_S: Final = 0.25
# The longest: after an outage of hours the alert still comes within five minutes of its end.
LONGEST_WAIT_S: Final = 300.0
# A send without an answer may have arrived, and each retry may be a double on someone's phone:
# wait longer from the start, and double further.
AMBIGUOUS_WAIT_S: Final = 10.0
AMBIGUOUS_LONGEST_S: Final = 3600.0
# Twelve unanswered tries span hours; past that, doubles do more harm than the alert does good.
AMBIGUOUS_TRIES: Final = 12
# Past a long weekend nobody acts on the alert any more; it is listed instead.
MAX_AGE: Final = timedelta(days=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tries:
    """How often a letter was tried, the last time included.

    unanswered: of those, the tries that may have arrived although no answer came.
    """

    made: int
    unanswered: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """Try again at `due`."""

    due: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Dead:
    """Give up. reason: a sentence for the list of dead letters."""

    reason: str


Outcome: TypeAlias = Retry | Dead


def after_failure(
    error: Transient | Permanent, *, tries: Tries, aged_from: datetime, now: datetime, jitter: float
) -> Outcome:
    """Decide what becomes of a letter after a failed try.

    aged_from: since when it could have been delivered; its age counts from there, and
    ends nothing where the channel only asks us to wait. jitter: in [0, 1), the part taken
    of a wait that doubles with every try, or with every unanswered one where no answer
    came; a wait the other side asked for is the least.
    """
    match error:
        case Permanent():
            return Dead(reason=str(error))
        case Transient(refused=True):
            return Retry(due=now)  # however long: it is the channel that waits, not the letter
        case Transient():
            return _after_transient(error, tries, aged_from, now=now, jitter=jitter)
    assert_never(error)


def _after_transient(
    error: Transient, tries: Tries, aged_from: datetime, *, now: datetime, jitter: float
) -> Outcome:
    count = tries.unanswered if error.ambiguous else tries.made
    if error.ambiguous and count >= AMBIGUOUS_TRIES:
        return Dead(reason=f"no answer to {count} tries, it may have arrived: {error}")
    wait = timedelta(seconds=_wait_s(count, ambiguous=error.ambiguous, jitter=jitter))
    if error.retry_after is not None:
        # Who asks us to come later is there: no reason to give the letter up.
        return Retry(due=now + max(wait, error.retry_after))
    if wait > aged_from + MAX_AGE - now:
        return Dead(reason=f"undelivered for {MAX_AGE.days} days: {error}")
    return Retry(due=now + wait)


def _wait_s(tries: int, *, ambiguous: bool, jitter: float) -> float:
    first = AMBIGUOUS_WAIT_S if ambiguous else FIRST_WAIT_S
    longest = AMBIGUOUS_LONGEST_S if ambiguous else LONGEST_WAIT_S
    # 2**30 is past every longest wait, and keeps the power a number.
    ceiling = min(longest, first * 2.0 ** min(max(tries - 1, 0), 30))
    least = AMBIGUOUS_WAIT_S if ambiguous else LEAST_WAIT_S
    return max(least, jitter * ceiling)
