"""Carries letters from the outbox to one channel, in order, until they arrive or are given up."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from monitor.alerts.alert import Alert
from monitor.alerts.delivery import LONGEST_WAIT_S, Dead, Outcome, Retry, Tries, after_failure
from monitor.alerts.wire import from_json
from monitor.channels.port import Channel, Checked, Gathering, Message
from monitor.clock import Clock
from monitor.errors import Permanent, Transient
from monitor.logs import redact
from monitor.store.port import Store
from monitor.store.records import Letter

_log = logging.getLogger(__name__)

# How long a courier sleeps at most: a letter requeued by another process pokes nobody.
_LONGEST_NAP_S: Final = 5.0
_SHORTEST_NAP_S: Final = 0.01
# How long a store that takes no mark is left alone.
_STORE_WAIT: Final = timedelta(seconds=5)
# How long a channel that does not let us in is left alone, where it does not say itself.
_OUTAGE: Final = timedelta(seconds=10)
_LEFT_ALONE: Final = timedelta(minutes=5)
# How many alerts are looked at for one message.
_TOGETHER: Final = 20
# How long overdue a letter is made that must go alone: no other is, once it was tried.
_ALONE: Final = timedelta(days=1)


Hush = Callable[[Alert, datetime], bool]
"""Whether an alert delivered at an instant makes no sound."""


def _loud(_alert: Alert, _now: datetime) -> bool:
    return False


@dataclass(slots=True)
class _Door:
    """Whether a channel takes letters, and what was said of it; each change is told once.

    open_since: since when letters can go out; while it was shut none of them grew too old.
    given_up: why the last letter was, empty once another has arrived. failing: since
    when. eager: whether letters that wait for their next try need not, for an outage is over.
    """

    name: str
    refused: str = ""
    given_up: str = ""
    failing: datetime | None = None
    eager: bool = False
    paused_until: datetime | None = None
    open_since: datetime | None = None

    def shut(self, error: Transient, now: datetime) -> None:
        """Leave a channel alone that does not let us in."""
        wait = error.retry_after or _LEFT_ALONE
        self.paused_until = now + wait
        if not self.refused:
            _log.error(
                "%s: its alerts wait, and it is asked again every %.0f minutes: %s",
                *(self.name, wait.total_seconds() / 60, redact(str(error))),
            )
        self.refused, self.eager = redact(str(error)), False

    def fail(self, error: Transient, now: datetime) -> None:
        """Take note of a failure."""
        self.eager = False
        if self.failing is None:
            self.failing = now
            _log.warning("%s fails, alerts wait: %s", self.name, redact(str(error)))

    def open(self, now: datetime) -> None:
        """Take note that it works."""
        self.given_up = ""
        if self.refused:
            self.open_since = now
        if self.failing is not None or self.refused:
            # One letter may fail by itself while others arrive: its wait is its own.
            self.eager = self.failing is None or now - self.failing >= _OUTAGE
            self.failing, self.refused = None, ""
            _log.info("%s works again", self.name)


@dataclass(slots=True)
class Courier:
    """One channel's courier.

    A failure of the channel is the letter's business and goes to the outbox; any
    other exception is a bug and leaves `run` or `deliver_due`. random: gives
    numbers in [0, 1). drain_s: what a send in flight is given when told to stop.
    hush: whether an alert delivered at an instant makes no sound.
    moved: told at every turn of its work, of which none is longer than a send.
    """

    store: Store
    channel: Channel
    clock: Clock
    random: Callable[[], float]
    drain_s: float = field(default=10.0, kw_only=True)
    moved: Callable[[], None] = field(default=lambda: None, kw_only=True, repr=False)
    hush: Hush = field(default=_loud, kw_only=True)
    _wake: asyncio.Event = field(default_factory=asyncio.Event, init=False, repr=False)
    _door: _Door = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._door = _Door(name=self.channel.name)

    @property
    def refused(self) -> str:
        """Return why the channel does not let us in, or nothing; all letters wait meanwhile."""
        return self._door.refused

    @property
    def deaf(self) -> str:
        """Return why nobody hears of alerts by this channel, or nothing as far as is known."""
        return self._door.refused or self._door.given_up

    def poke(self) -> None:
        """Say that the outbox may hold something new."""
        self._wake.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until `stop` is set; then finish the send in flight, in bounded time."""
        async with asyncio.TaskGroup() as group:
            name = f"courier {self.channel.name}"
            work = group.create_task(self._work(stop), name=name)
            await stop.wait()
            self.poke()
            patience = group.create_task(self.clock.sleep(self.drain_s), name=f"{name} drain")
            await asyncio.wait({work, patience}, return_when=asyncio.FIRST_COMPLETED)
            work.cancel()
            patience.cancel()

    async def deliver_due(self, now: datetime) -> int:
        """Send everything due at `now`, as if no time passed; return the number of tries."""
        tries = 0
        while await self._deliver_next(lambda: now):
            tries += 1
        return tries

    def next_due(self) -> datetime | None:
        """Return when there will next be something to send, None while nothing waits."""
        due = self.store.outbox.next_due(self.channel.name)
        return (
            due
            if due is None or self._door.paused_until is None
            else max(due, self._door.paused_until)
        )

    async def _work(self, stop: asyncio.Event) -> None:
        # At once, so that a wrong token is no news of the day there is an alert to send.
        await self._let_in(self.clock.now)
        self._door.eager = not self._door.refused
        while not stop.is_set():
            self._wake.clear()
            self.moved()
            try:
                sent = await self._deliver_next(self.clock.now)
            except Transient:  # the store's, which tells of it itself: nothing was sent
                sent, self._door.paused_until = False, self.clock.now() + _STORE_WAIT
            if not sent:
                await self._nap()

    async def _nap(self) -> None:
        due = self.next_due()
        wait = _LONGEST_NAP_S if due is None else (due - self.clock.now()).total_seconds()
        await _nap(self.clock, self._wake, min(max(wait, _SHORTEST_NAP_S), _LONGEST_NAP_S))

    async def _deliver_next(self, tell_time: Callable[[], datetime]) -> bool:
        now = tell_time()
        self._door.open_since = self._door.open_since or now
        if self._door.paused_until is not None and now < self._door.paused_until:
            return False
        if self._door.refused and not await self._let_in(tell_time):
            return False
        # One message at a time, so that what a send lets go first is seen before what came later.
        if letters := _next_letters(self, now):
            await self._deliver(letters, tell_time)
        return bool(letters)

    async def _let_in(self, tell_time: Callable[[], datetime]) -> bool:
        """Return whether there is sense in sending a letter."""
        if not isinstance(self.channel, Checked):
            return True
        try:
            await self.channel.check()
        except Permanent:
            return True  # what is wrong is told of the letter
        except Transient as error:
            if error.refused:
                self._door.shut(error, tell_time())
            elif self._door.refused:
                self._door.paused_until = tell_time() + (error.retry_after or _LEFT_ALONE)
            return not self._door.refused
        self._door.open(tell_time())
        return True

    async def _deliver(self, letters: Sequence[Letter], tell_time: Callable[[], datetime]) -> None:
        """Send as many of some letters, from the first on, as go into one message."""
        read = _read(self, letters, tell_time())
        if not read:
            return
        for letter, _ in read:
            self.store.outbox.sending(letter.id)
        try:
            await _send(self.channel, [message for _, message in read])
        except (Transient, Permanent) as error:
            self._failed([letter for letter, _ in read], error, tell_time())
        else:
            for letter, _ in read:
                self.store.outbox.delivered(letter.id, tell_time())
            self._door.open(tell_time())

    def _failed(
        self, letters: Sequence[Letter], error: Transient | Permanent, now: datetime
    ) -> None:
        """Decide what becomes of each letter of one message, by how that one has fared."""
        if isinstance(error, Transient) and error.refused:
            self._door.shut(error, now)
        elif isinstance(error, Transient):
            self._door.fail(error, now)
            if error.retry_after is not None:
                self._door.paused_until = now + error.retry_after
        jitter = self.random()  # one, so that what has fared alike comes together again
        for letter in letters:
            outcome = self._outcome(letter, error, now, jitter)
            if isinstance(outcome, Dead) and len(letters) > 1:
                # One of several may be at fault: each goes alone next.
                outcome = Retry(due=letter.queued_at - _ALONE)
            elif isinstance(outcome, Dead):
                self._door.given_up = redact(outcome.reason)
            _mark(self.store, letter, outcome, error, now)

    def _outcome(
        self, letter: Letter, error: Transient | Permanent, now: datetime, jitter: float
    ) -> Outcome:
        since = max(letter.queued_at, self._door.open_since or letter.queued_at)
        ambiguous = isinstance(error, Transient) and error.ambiguous
        tries = Tries(made=letter.tries + 1, unanswered=letter.unanswered + ambiguous)
        return after_failure(error, tries=tries, aged_from=since, now=now, jitter=jitter)


def _next_letters(courier: Courier, now: datetime) -> tuple[Letter, ...]:
    """Return the next letter, and those that share its message."""
    store, channel, door = courier.store, courier.channel, courier._door  # noqa: SLF001 - its own
    most = _TOGETHER if isinstance(channel, Gathering) else 1
    found = store.outbox.due(channel.name, now, most)
    if door.eager and len(found) < most:
        put_off = _put_off(store, channel.name, now)
        door.eager = bool(put_off)
        found = (*found, *put_off)[:most]
    return _sharing(found)


def _sharing(found: tuple[Letter, ...]) -> tuple[Letter, ...]:
    """Return the first of some letters, and where they are gathered those of the same step.

    Where a whole message's worth waits, those of other steps too: paced at twenty messages a
    minute a person would wait for an hour else. What may be a repeat goes alone and says so.
    """
    if not found or found[0].repeat or _is_alone(found[0]):
        return found[:1]
    first, crowded = found[0], len(found) == _TOGETHER
    return tuple(
        one
        for one in found
        if not (one.repeat or _is_alone(one)) and (crowded or one.queued_at == first.queued_at)
    )


def _is_alone(letter: Letter) -> bool:
    return bool(letter.tries) and letter.due <= letter.queued_at - _ALONE


def _put_off(store: Store, channel: str, now: datetime) -> tuple[Letter, ...]:
    """Return letters that only wait to be tried again; those that may have arrived wait on."""
    until, looked = now + timedelta(seconds=LONGEST_WAIT_S), _TOGETHER
    while True:
        found = store.outbox.due(channel, until, looked)
        put_off = tuple(one for one in found if one.due > now and one.tries and not one.repeat)
        if put_off or len(found) < looked:
            return put_off
        looked *= 2


def _read(
    courier: Courier, letters: Sequence[Letter], now: datetime
) -> list[tuple[Letter, Message]]:
    """Return what letters say, as far as it goes into one message; give up what cannot be read."""
    read, store, channel = [], courier.store, courier.channel
    for letter in letters:
        try:
            alert = from_json(letter.payload)
        except ValueError as error:
            reason = f"its payload cannot be read: {error}"
            _give_up(store, channel.name, letter, now, reason)
            continue
        message = Message(
            alert=alert,
            tries=letter.tries,
            repeat=letter.repeat,
            now=now,
            quiet=courier.hush(alert, now),
        )
        read.append((letter, message))
    if isinstance(channel, Gathering) and len(read) > 1:
        return read[: channel.holds([message for _, message in read])]
    return read


async def _send(channel: Channel, messages: Sequence[Message]) -> None:
    if len(messages) > 1 and isinstance(channel, Gathering):
        await channel.send_all(messages)
    else:
        for message in messages:
            await channel.send(message)


async def _nap(clock: Clock, wake: asyncio.Event, wait_s: float) -> None:
    async with asyncio.TaskGroup() as group:
        alarm = group.create_task(_ring(clock, wake, wait_s))
        await wake.wait()
        alarm.cancel()


async def _ring(clock: Clock, wake: asyncio.Event, after_s: float) -> None:
    await clock.sleep(after_s)
    wake.set()


def _mark(
    store: Store, letter: Letter, outcome: Outcome, error: Transient | Permanent, now: datetime
) -> None:
    """Write down what becomes of a letter whose sending failed."""
    if isinstance(outcome, Dead):
        _give_up(store, letter.channel, letter, now, outcome.reason)
        return
    ambiguous = isinstance(error, Transient) and error.ambiguous
    told = redact(str(error))
    store.outbox.failed(letter.id, due=outcome.due, error=told, ambiguous=ambiguous)


def _give_up(store: Store, channel: str, letter: Letter, now: datetime, reason: str) -> None:
    told = redact(reason)
    store.outbox.dead(letter.id, now, told)
    _log.error(
        "%s: alert %s is given up: %s; `hedgewatch outbox --requeue %d` sends it once more",
        *(channel, letter.alert_id, told, letter.id),
    )
