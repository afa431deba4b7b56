"""What one provider gives of one signal now, and what of it that is silent."""

from dataclasses import dataclass

from monitor.calendars.sessions import open_seconds
from monitor.clock import Clock
from monitor.errors import Transient
from monitor.feeds.faults import Faults
from monitor.feeds.foreign import past
from monitor.feeds.outages import Cause, Kind
from monitor.feeds.port import Feed
from monitor.feeds.several import Silence, silences
from monitor.model.reading import Reading
from monitor.signals.catalogue import BY_NAME


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What came of a question. silent: why the rest of the signal did not, or all of it."""

    readings: tuple[Reading, ...]
    silent: tuple[Cause, ...]


async def hear(feed: Feed, signal: str, *, clock: Clock, faults: Faults) -> Heard:
    """Return what a provider gives of a signal; raise Transient or Permanent.

    A reading whose age cannot be told, stamped ahead of the clock or before any calendar,
    is not given.
    """
    told = [one for one in await faults.read(feed) if one.name == signal]
    judged = [(one, _untimely(one, clock)) for one in told]
    silent = [*silences(feed, signal), *(_refused(one, why) for one, why in judged if why)]
    return Heard(
        readings=tuple(one for one, why in judged if not why),
        silent=tuple(_cause(feed.name, signal, one) for one in silent),
    )


def _untimely(reading: Reading, clock: Clock) -> str:
    """Return why a reading has no age; empty where it has one."""
    now = clock.now()
    try:
        past(reading.as_of, now=now, lead=clock.lead, source=reading.source)
        open_seconds(BY_NAME[reading.name].hours, reading.as_of, now)
    except Transient as error:
        return str(error)
    except ValueError as error:
        return f"{reading.source} sent a value of unknown age: {error}"
    return ""


def _refused(reading: Reading, why: str) -> Silence:
    return Silence(f"{reading.name}.{reading.key}".rstrip("."), "a stamp", why)


def _cause(provider: str, signal: str, silence: Silence) -> Cause:
    _, _, member = silence.what.partition(f"{signal}.")
    text = f"{member}: {silence.why}" if member else silence.why
    return Cause(provider=provider, kind=Kind.SILENT, of=silence.of, text=text)
