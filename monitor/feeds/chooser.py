"""One signal from several providers: the first that answers with a fresh value."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from monitor.calendars.sessions import open_seconds
from monitor.clock import Clock
from monitor.errors import HedgewatchError, Permanent, Transient
from monitor.feeds.hearing import Heard, hear
from monitor.feeds.outages import Cause, Kind, Outages, as_one, reasons
from monitor.feeds.port import Feed, quoted_by
from monitor.model.quote import OptionQuote
from monitor.model.reading import Reading
from monitor.signals.catalogue import BY_NAME
from monitor.signals.spans import spell

_NO_OUTAGE: Final = frozenset({Kind.OLD})
"""A fallback that knows only closes is old all day long: that is what it is, no outage."""


@dataclass(slots=True, kw_only=True)
class FallbackFeed:
    """Asks providers in order at every reading, so the first is back as soon as it works.

    A value is fresh while it is not too old, and has not been repeated for too long,
    however newly stamped. When nothing is fresh the newest is given: what it is worth is
    for the rules to judge. outages: where causes are said once for all signals.
    """

    signal: str
    feeds: Sequence[Feed]
    clock: Clock
    outages: Outages = field(default_factory=Outages)
    _met: tuple[Cause, ...] = field(default=(), init=False)
    _still: dict[str, tuple[float, datetime]] = field(default_factory=dict, init=False)
    _given: datetime | None = field(default=None, init=False)
    _quotes: tuple[OptionQuote, ...] = field(default=(), init=False)

    @property
    def name(self) -> str:
        """Return the signal, which is the key of the order in `[feeds]`."""
        return self.signal

    async def read(self) -> tuple[Reading, ...]:
        """Return the signal's readings; raise when there are none.

        Raise too when a provider fails and the others have nothing fresh, nor anything
        newer than was given before. Transient if any of them may work later, with the
        shortest wait asked for; Permanent otherwise. The reason names them all.
        """
        errors: list[HedgewatchError] = []
        old: list[tuple[Reading, ...]] = []
        met: list[Cause] = []
        for feed in self.feeds:
            try:
                heard = await hear(feed, self.signal, clock=self.clock, faults=self.outages.faults)
            except (Transient, Permanent) as error:
                errors.append(error)
                met.append(self._cause(feed.name, Kind.FAILS, "", str(error)))
                continue
            causes = self._why_not(feed.name, heard)
            met += [*causes, *heard.silent]
            if heard.readings and not causes:
                self._say(met, feed.name)
                self._quotes = quoted_by(feed)
                return self._give(heard.readings)
            if heard.readings:
                old.append(heard.readings)
            else:
                errors.append(Transient(reasons((*causes, *heard.silent))))
        self._say(met, "")
        self._quotes = ()
        newest = max(old, key=_newest, default=())
        if newest and (not errors or self._given is None or _newest(newest) > self._given):
            return self._give(newest)
        failure = as_one(errors, reasons(met) or "no provider is configured", later=bool(old))
        failure.told = bool(errors)
        raise failure

    def quotes(self) -> tuple[OptionQuote, ...]:
        """Return what came with a fresh answer of single contracts; nothing with any other."""
        return self._quotes

    def _give(self, readings: tuple[Reading, ...]) -> tuple[Reading, ...]:
        self._given = _newest(readings)
        return readings

    def _why_not(self, provider: str, heard: Heard) -> tuple[Cause, ...]:
        """Return why an answer is not fresh; nothing where it is, or says itself why not."""
        signal = BY_NAME[self.signal]
        if not heard.readings:
            text = f"{provider} gave no {self.signal}"
            silent = self._cause(provider, Kind.SILENT, self.signal, text)
            return () if heard.silent else (silent,)
        newest = max(heard.readings, key=lambda one: one.as_of)
        still_s = self._repeats(provider, newest)
        age_s = open_seconds(signal.hours, newest.as_of, self.clock.now())
        if signal.max_age is not None and age_s > signal.max_age.total_seconds():
            at = newest.as_of.astimezone(UTC)
            text = f"{provider} gives nothing newer than {at:%d %b %H:%M} UTC"
            return (self._cause(provider, Kind.OLD, f"{at:%Y-%m-%d}", text),)
        if signal.frozen_after is not None and still_s > signal.frozen_after.total_seconds():
            text = f"{provider} has given {newest.value:g} as {self.signal} for {spell(still_s)}"
            return (self._cause(provider, Kind.FROZEN, self.signal, text),)
        return ()

    def _repeats(self, provider: str, reading: Reading) -> float:
        """Return for how long a provider has given this very value, in its market's hours."""
        value, since = self._still.get(provider, (reading.value, reading.as_of))
        if value != reading.value:
            since = reading.as_of
        self._still[provider] = reading.value, since
        return open_seconds(BY_NAME[self.signal].hours, since, reading.as_of)

    def _cause(self, provider: str, kind: Kind, of: str, text: str) -> Cause:
        """Return the cause; while it lasts it is the one first met, so that it is one."""
        for before in self._met:
            if before.provider == provider and before.kind is kind is not Kind.SILENT:
                of = before.of
        return Cause(provider=provider, kind=kind, of=of, text=text)

    def _say(self, met: Sequence[Cause], source: str) -> None:
        asked = {one.provider for one in met} | {source}
        # Who was not asked is not known to have repeated itself meanwhile.
        self._still = {name: one for name, one in self._still.items() if name in asked}
        answering = asked - {one.provider for one in met if one.kind is Kind.FAILS}
        ended = [
            one
            for one in self._met
            if one.provider == source or (one.kind is Kind.FAILS and one.provider in answering)
        ]
        self._met = tuple(met)
        self.outages.tell(
            self.signal,
            f"{self.signal} {_serves(met, source)}; {reasons(met)}",
            causes=[one for one in met if self._is_outage(one)],
            ended=ended,
        )

    def _is_outage(self, cause: Cause) -> bool:
        return cause.kind not in _NO_OUTAGE or cause.provider == self.feeds[0].name


def _newest(readings: Sequence[Reading]) -> datetime:
    return max(reading.as_of for reading in readings)


def _serves(met: Sequence[Cause], source: str) -> str:
    """Return what a signal comes to. met: why it is no better."""
    if not source:
        return "has nothing fresh"
    first = all(one.provider == source for one in met)
    return "is not whole" if first else f"now comes from {source}"
