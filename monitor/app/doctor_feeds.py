"""Does every feed tell what it is asked for? A provider that fails is told of once."""

import asyncio
from collections.abc import Awaitable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from monitor.alerts.figures import age, figure
from monitor.app.finding import Finding
from monitor.calendars.sessions import open_seconds
from monitor.clock import Clock
from monitor.config import Settings
from monitor.errors import HedgewatchError
from monitor.feeds.http import Web
from monitor.feeds.port import Bundled, Feed
from monitor.feeds.provider import providers
from monitor.feeds.settings import FeedSettings, keys_in, needs_key
from monitor.feeds.several import silences
from monitor.model.reading import Reading
from monitor.signals.catalogue import BY_NAME

_CALENDAR: Final = "calendar."
_TYPED_LASTS: Final = timedelta(days=1)
"""What is too old sooner than this no person keeps typed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedVisit:
    """Asks each provider once for all it is to tell, and waits for it no longer than this."""

    settings: Settings
    clock: Clock
    patience_s: float

    def rounds(
        self, order: Mapping[str, Sequence[str]], web: Web
    ) -> Iterator[Awaitable[list[Finding]]]:
        """Yield a question a provider. order: the providers of each signal to read."""
        asked = {signal: names for signal, names in order.items() if signal in BY_NAME}
        for name in dict.fromkeys(one for names in asked.values() for one in names):
            own = self.settings.feed.get(name, FeedSettings())
            feed = providers()[name].build(web, self.clock, own)
            mine = {
                signal: tuple(one for one in names if one != name)
                for signal, names in asked.items()
                if name in names
            }
            yield self._visit(feed, mine)

    async def _visit(self, feed: Feed, mine: Mapping[str, Sequence[str]]) -> list[Finding]:
        """Return a finding a signal, or one for all. mine: who else is asked, by signal."""
        try:
            async with asyncio.timeout(self.patience_s):
                readings = await feed.read()
        except TimeoutError:
            return self._silent(feed.name, mine, f"no answer within {self.patience_s:.0f} s")
        except (HedgewatchError, ValueError) as error:
            return self._silent(feed.name, mine, str(error))
        return [self._told(feed, signal, readings, others) for signal, others in mine.items()]

    def _silent(self, name: str, mine: Mapping[str, Sequence[str]], why: str) -> list[Finding]:
        """Return one finding for all of a provider's signals, with what helps each."""
        helped = dict[str, list[str]]()
        for signal, others in mine.items():
            helped.setdefault(self._mend(name, signal, others), []).append(signal)
        mends = [
            mend if len(helped) == 1 else f"for {_listed(signals)}: {mend}"
            for mend, signals in helped.items()
        ]
        text = "; ".join((f"{_listed(tuple(mine))}: {why}", *mends))
        return [Finding(ok=False, subject=name, text=text)]

    def _told(
        self, feed: Feed, signal: str, readings: Sequence[Reading], others: Sequence[str]
    ) -> Finding:
        found = [one for one in readings if one.name == signal]
        if not found:
            reasons = dict.fromkeys(one.why for one in silences(feed, signal))
            silent = "; ".join(reasons) or _bundled(feed)
            why = f": {silent}" if silent else ""
            text = f"gave no {signal}{why}; {self._mend(feed.name, signal, others)}"
            return Finding(ok=False, subject=feed.name, text=text)
        if signal.startswith(_CALENDAR):
            return _days(feed, signal, found, keys_in(self.settings.feed))
        newest = max(found, key=lambda one: one.as_of)
        limit = BY_NAME[signal].max_age
        open_s = open_seconds(BY_NAME[signal].hours, newest.as_of, self.clock.now())
        old_s = (self.clock.now() - newest.as_of).total_seconds()
        shut = f", {age(open_s)} of it in session" if open_s < old_s else ""
        told = f"{signal} {figure(newest.value, newest.unit)}, {age(old_s)} old{shut}"
        if limit is None or open_s <= limit.total_seconds():
            return Finding(ok=True, subject=feed.name, text=told)
        old = f"{told}: older than the {age(limit.total_seconds())} allowed"
        mend = self._mend(feed.name, signal, others)
        return Finding(ok=False, subject=feed.name, text=f"{old}; {mend}")

    def _mend(self, name: str, signal: str, others: Sequence[str]) -> str:
        """Return what helps where a provider does not tell a signal."""
        if others:
            are = "is" if len(others) == 1 else "are"
            return f"{_listed(others)} {are} asked in its place until it answers"
        told, keys = BY_NAME[signal], keys_in(self.settings.feed)
        free = [
            one
            for one in told.providers
            if one in providers() and one not in {name, "manual"}
            if not needs_key(signal, one, keys)
        ]
        ways = [f"name {_listed(free, 'or')} in [feeds]"] if free else []
        if not told.keyed and told.max_age is not None and told.max_age >= _TYPED_LASTS:
            ways.append("type a value in [feed.manual.values] and name manual in [feeds]")
        return ", or ".join(ways) or "nobody else gives it, so it is unknown until this answers"


def keyless(signals: frozenset[str]) -> list[Finding]:
    """Return a finding for each signal that nobody gives without an API key: no fault, but said."""
    return [
        Finding(ok=True, subject=name, text=f"{signal} is not read: it needs [feed.{name}] key")
        for signal in sorted(signals)
        for name in BY_NAME[signal].providers
        if needs_key(signal, name, ())
    ]


def _bundled(feed: Feed) -> str:
    """Return why a feed gives the days known beforehand alone, or an empty text."""
    return feed.bundled() if isinstance(feed, Bundled) else ""


def _days(feed: Feed, signal: str, found: Sequence[Reading], keys: Collection[str]) -> Finding:
    """Return up to when a calendar is known, and whether it is by its source."""
    told = f"{signal} known up to {max(one.key for one in found)}"
    if why := _bundled(feed):
        bundled = f"{told}, from the bundled days alone: {why}"
        return Finding(ok=False, subject=feed.name, text=bundled)
    if providers()[feed.name].keyed and feed.name not in keys:
        told += f", from the bundled days: [feed.{feed.name}] key adds later ones"
    return Finding(ok=True, subject=feed.name, text=told)


def _listed(names: Sequence[str], last: str = "and") -> str:
    *most, end = names
    return f"{', '.join(most)} {last} {end}" if most else end
