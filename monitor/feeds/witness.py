"""A provider's word, brought to the catalogue's terms: figures, instants, readings."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from monitor.clock import Clock
from monitor.errors import Permanent, Transient
from monitor.feeds.foreign import LEAD, Plausible, number, parse_json, past, pick
from monitor.model.reading import Reading
from monitor.signals.catalogue import BY_NAME

_FIGURE: Final = re.compile(r"[+-]?\d{1,40}(\.\d{0,60})?([eE][+-]?\d{1,3})?", re.ASCII)
_ANY: Final = Plausible(above=-1e300, up_to=1e300)
_YEAR_9999: Final = 253_402_300_799
_MILLISECONDS: Final = 1_000
_SHOWN: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """Who says something and when it was heard. lead: how far after `now` a stamp may lie.

    What makes no sense is Transient, what is not there Permanent: an answer's shape does
    not come back by itself.
    """

    source: str
    now: datetime
    lead: timedelta = LEAD

    def document(self, text: str) -> object:
        """Return a JSON document; raise Transient when it is empty or cut short."""
        return parse_json(text, self.source)

    def pick(self, document: object, *path: str | int) -> object:
        """Return what stands at a path of keys and indices."""
        return pick(document, *path, source=self.source)

    def rows(self, document: object, *path: str | int) -> list[object]:
        """Return the list at a path; raise Permanent when there is another thing."""
        found = self.pick(document, *path)
        if not isinstance(found, list):
            where = ".".join(str(step) for step in path) or "its answer"
            raise Permanent(f"{self.source} sent no list as {where}: has its answer changed shape?")
        return found

    def members(self, document: object, *path: str | int) -> Mapping[str, object]:
        """Return the object at a path; raise Permanent when there is another thing."""
        found = self.pick(document, *path)
        if not isinstance(found, Mapping):
            where = ".".join(str(step) for step in path) or "its answer"
            raise Permanent(
                f"{self.source} sent no object as {where}: has its answer changed shape?"
            )
        return found

    def figure(self, value: object, what: str) -> float:
        """Return a finite number, stated as one or as text; raise Transient when it is none."""
        if isinstance(value, str) and _FIGURE.fullmatch(value):
            value = float(value)
        return number(value, what=what, source=self.source, plausible=_ANY)

    def instant(self, value: object, what: str, *, a_second: int = _MILLISECONDS) -> datetime:
        """Return an instant counted from 1970, not to come; a_second: how many make one."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.no_time(value, what)
        if not 0 < value < _YEAR_9999 * a_second:
            raise self.no_time(value, what)
        return self._past(datetime.fromtimestamp(value / a_second, UTC))

    def iso(self, value: object, what: str) -> datetime:
        """Return an instant written out, UTC where it names no zone, not to come."""
        try:
            stamp = datetime.fromisoformat(value) if isinstance(value, str) else None
            stamp = stamp and (stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            stamp = None
        if stamp is None:
            raise self.no_time(value, what)
        return self._past(stamp)

    def reading(self, name: str, value: object, as_of: datetime, key: str = "") -> Reading:
        """Return a reading in its catalogue line's unit; raise Transient outside its range."""
        signal = BY_NAME[name]
        plausible = signal.plausible or _ANY
        return Reading(
            name=name,
            key=key,
            value=number(value, what=name, source=self.source, plausible=plausible),
            unit=signal.unit,
            as_of=as_of,
            source=self.source,
        )

    def no_time(self, value: object, what: str) -> Transient:
        """Return what to raise of a stamp that is none."""
        return Transient(f"{self.source} sent {str(value)[:_SHOWN]!r} as {what}, which is no time")

    def _past(self, at: datetime) -> datetime:
        return past(at, now=self.now, lead=self.lead, source=self.source)


def heard(source: str, clock: Clock) -> Witness:
    """Return a provider as it is heard now."""
    return Witness(source=source, now=clock.now(), lead=clock.lead)


def milliseconds(at: datetime) -> int:
    """Return an instant as others' questions want it: in milliseconds since 1970."""
    return round(at.timestamp() * _MILLISECONDS)


def midnight(day: date) -> datetime:
    """Return the instant a UTC day begins."""
    return datetime.combine(day, time(), UTC)
