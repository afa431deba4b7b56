"""Hearing what is said to a bot, without end: python-telegram-bot's Application, watched.

Its long poll may die without a word: a time-out is tried again at once and told nobody. So
every poll that comes back is noted, and an Application of which none does is built anew.
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final, TypeAlias

import httpx
from telegram import Update
from telegram.error import TelegramError
from telegram.ext import Application, CallbackContext, TypeHandler
from telegram.request import HTTPXRequest

from monitor.channels.settings import TelegramSettings
from monitor.channels.telegram_bot import line, open_token
from monitor.channels.telegram_errors import REFUSED_WAIT, SHAPELESS, shapeless, verdict
from monitor.clock import Clock, stopwatch
from monitor.errors import HedgewatchError, Permanent, Transient

_log: Final = logging.getLogger(__name__)
POLL_S: Final = 25
DEAF_AFTER: Final = 3
"""Polls' lengths without one that came back."""

_HEARING_S: Final = 300.0
"""No update is worked on for longer; the words it left in the inbox are heard all the same."""
_LOOK_S: Final = 5.0
_CLOSE_S: Final = 2.0
_FIRST_WAIT_S: Final = 1.0
_LONGEST_WAIT_S: Final = 60.0
_ALLOWED: Final = [Update.MESSAGE, Update.CALLBACK_QUERY]

Bots: TypeAlias = Application[Any, Any, Any, Any, Any, Any]


@dataclass(slots=True)
class Pulse:
    """When a poll last came back, and whether what it brought is still worked on.

    tell: seconds that only ever grow.
    """

    tell: Callable[[], float] = stopwatch
    busy: bool = False
    last: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        self.beat()

    def beat(self) -> None:
        """Note a sign of life."""
        self.last = self.tell()

    def silent_s(self) -> float:
        """Return for how long there was none."""
        return 0.0 if self.busy else self.tell() - self.last


class _Stamped(HTTPXRequest):
    """Notes each poll that came back and when, and lets nothing through that cannot be read.

    at: when the last answer was given, by the clock of whoever gave it; None where not told.
    """

    def __init__(self, settings: TelegramSettings, came: Callable[[], None]) -> None:
        made = line(settings, patience_s=POLL_S)
        made["httpx_kwargs"]["event_hooks"] = {"response": [self._date]}
        super().__init__(**made)
        self.came = came
        self.at: datetime | None = None

    async def do_request(self, url: str, *args: Any, **named: Any) -> tuple[int, bytes]:  # noqa: ANN401
        """Ask as its parent does."""
        status, payload = await super().do_request(url, *args, **named)
        if not url.endswith("/getUpdates") or status != HTTPStatus.OK:
            return status, payload
        payload = _readable(payload)
        self.came()
        return status, payload

    async def _date(self, answer: httpx.Response) -> None:
        self.at = _instant(answer.headers.get("date", ""))


class _HandOver(asyncio.Queue[object]):
    """A queue whose `put` returns once the thing was worked on.

    So Telegram is told that it was received only then, and what a dying process did not get
    to comes again; every word has an id by which it is taken once.
    """

    async def put(self, item: object) -> None:
        """Hand one thing over."""
        await super().put(item)
        await self.join()


class Listening:
    """Hands every message and press to `hear`, whose failures are told and end nothing.

    deaf: told why nobody is heard, once it has been so for long, and an empty text once that is
    over. Raises ValueError in one sentence when the token cannot be had.
    """

    def __init__(
        self,
        settings: TelegramSettings,
        hear: Callable[[Update], Awaitable[None]],
        *,
        clock: Clock,
        deaf: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._settings = settings
        self._hear = hear
        self._clock = clock
        self._token = open_token(settings)
        self.pulse = Pulse()
        self._told = ""
        self._deaf = deaf
        self._is_deaf = False
        self._work: asyncio.Task[Any] | None = None
        self._polls: _Stamped | None = None

    def came_at(self) -> datetime:
        """Return when what is worked on came, by Telegram's clock, which dates messages, too.

        By ours a message would be late, or never be, where the two differ.
        """
        told = self._polls.at if self._polls is not None else None
        return told or self._clock.now()

    async def run(self, stop: asyncio.Event) -> None:
        """Listen until `stop` is set; an outage is told once, and its end once."""
        async with asyncio.TaskGroup() as group:
            work = group.create_task(self._listen(), name="telegram commands")
            await stop.wait()
            work.cancel()

    def tell(self, trouble: str) -> None:
        """Log an outage once, and its end once; an empty text is its end."""
        if trouble == self._told:
            return
        if trouble:
            _log.warning("telegram commands: %s", trouble)
        else:
            _log.info("telegram commands are heard again")
        self._told = trouble

    async def _listen(self) -> None:
        losses = 0
        while True:
            try:
                async with self._polling():
                    losses = 0
                    await self._until_deaf()
            except HedgewatchError as error:
                if isinstance(error, Transient) and error.refused:
                    # The courier of the alerts tells of it, once for both.
                    await self._clock.sleep(REFUSED_WAIT.total_seconds())
                    continue
                self.tell(str(error))
                wait_s = min(_FIRST_WAIT_S * 2.0 ** min(losses, 10), _LONGEST_WAIT_S)
                losses += 1
                await self._clock.sleep(wait_s)

    async def _until_deaf(self) -> None:
        """Return once no poll has come back for so long that none will."""
        limit_s = DEAF_AFTER * POLL_S
        while self.pulse.silent_s() <= limit_s:
            await self._clock.sleep(_LOOK_S)
        if not self._told:
            self.tell(f"no poll came back for {limit_s} s: the connection is built anew")
        if not self._is_deaf:
            self._is_deaf = True
            self._deaf(self._told)

    @asynccontextmanager
    async def _polling(self) -> AsyncIterator[None]:
        """Poll while the block lasts; raise Transient where it cannot even be begun."""
        sends, polls = HTTPXRequest(**line(self._settings)), _Stamped(self._settings, self._came)
        bots = self._built(sends, polls)
        self._polls = polls
        try:
            await self._begin(bots)
            self.pulse.beat()
            yield
        finally:
            polls.came = lambda: None  # its farewell is asked for as a poll, and is none
            # In a task of its own, for the library swallows what cancels it meanwhile.
            async with asyncio.TaskGroup() as group:
                group.create_task(_end(bots, [sends, polls]), name="end of polling")
            if self._work is not None:  # it comes again; what it needs may be closed by now
                self._work.cancel()

    async def _begin(self, bots: Bots) -> None:
        try:
            await bots.initialize()
            await bots.start()
            assert bots.updater is not None
            await bots.updater.start_polling(
                timeout=POLL_S,
                allowed_updates=_ALLOWED,
                drop_pending_updates=False,
                error_callback=self._failed,
            )
        except TelegramError as error:
            raise self._verdict(error) from None
        except SHAPELESS as error:
            raise shapeless(error) from None

    def _built(self, sends: HTTPXRequest, polls: HTTPXRequest) -> Bots:
        bots: Bots = (
            Application.builder()
            .token(self._token)
            .base_url(self._settings.base_url)
            .request(sends)
            .get_updates_request(polls)
            .update_queue(_HandOver())
            .job_queue(None)
            .build()
        )
        bots.add_handler(TypeHandler(Update, self._heard))
        return bots

    def _came(self) -> None:
        self.pulse.beat()
        self.tell("")
        if self._is_deaf:
            self._is_deaf = False
            self._deaf("")

    def _failed(self, error: TelegramError) -> None:
        found = self._verdict(error)
        if not (isinstance(found, Transient) and found.refused):
            self.tell(str(found))

    def _verdict(self, error: TelegramError) -> Transient | Permanent:
        limit_s = self._settings.timeout_s
        return verdict(error, token=self._settings.token, timeout_s=limit_s)

    async def _heard(self, update: Update, _: CallbackContext[Any, Any, Any, Any]) -> None:
        self.pulse.busy, self._work = True, asyncio.current_task()
        try:
            async with asyncio.timeout(_HEARING_S):
                await self._hear(update)
        except HedgewatchError as error:
            self.tell(str(error))
        except Exception:  # noqa: BLE001 - told here, for what calls this tells nobody
            _log.exception("what came by Telegram failed in an unforeseen way")
        finally:
            self.pulse.busy, self._work = False, None
            self.pulse.beat()


def _instant(date: str) -> datetime | None:
    """Return what an answer's header says of its time, None where it says nothing clear."""
    try:
        told = parsedate_to_datetime(date)
    except ValueError:
        return None
    return told if told.tzinfo is not None else None


def _readable(payload: bytes) -> bytes:
    """Return an answer to a poll with what cannot be read of it left empty.

    The library would ask for it again at once, and for ever. Raises TelegramError where that
    is all there is.
    """
    try:
        given = json.loads(payload)
        found = [_update(one) for one in given["result"]]
    except SHAPELESS as error:
        raise TelegramError(f"no list of updates ({type(error).__name__})") from None
    return json.dumps({"ok": True, "result": found}).encode()


def _update(given: dict[str, Any]) -> dict[str, Any]:
    number = int(given["update_id"])
    try:
        Update.de_json(given)
    except SHAPELESS as error:
        _log.warning("telegram: update %d cannot be read: %s", number, type(error).__name__)
        return {"update_id": number}
    return given


async def _end(bots: Bots, lines: Sequence[HTTPXRequest]) -> None:
    """Stop an Application, however it fares, and close its connections."""
    assert bots.updater is not None
    stops = [bots.updater.stop] if bots.updater.running else []
    stops += [bots.stop] if bots.running else []
    for stop in (*stops, bots.shutdown, *(one.shutdown for one in lines)):
        try:
            async with asyncio.timeout(_CLOSE_S):
                await stop()
        except Exception as error:  # noqa: BLE001 - it is over, whatever it says
            _log.debug("telegram: %s while it was stopped", type(error).__name__)
