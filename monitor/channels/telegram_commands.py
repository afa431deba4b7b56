"""Questions and words by Telegram: who may ask and tell, and listening for them without end.

Whoever is not on the list, or asks from another chat, gets silence: a refusal would
tell a stranger that there is something to be refused.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from telegram import Message, Update
from telegram.error import TelegramError

from monitor.channels.settings import TelegramSettings, chat_id
from monitor.channels.spoken import Errand, MisspokenError, is_word, typed
from monitor.channels.telegram import TelegramChannel
from monitor.channels.telegram_bot import open_bot
from monitor.channels.telegram_errors import REFUSED_WAIT, SHAPELESS, shapeless, verdict
from monitor.clock import Clock
from monitor.errors import HedgewatchError, Transient

_log: Final = logging.getLogger(__name__)
_POLL_S: Final = 25
_FIRST_WAIT_S: Final = 1.0
_LONGEST_WAIT_S: Final = 60.0
_OLD: Final = timedelta(minutes=10)
"""Telegram keeps what was said while we were away. An answer after this long is noise, and
a trade may have been told of by another way since."""
_TRIES: Final = 5


class TelegramCommands:
    """Answers in the chat that alerts go to.

    answer: the text for a question such as `/status`, and what followed it; runs on the
    loop, so it must be quick. obey: runs a word's errand. Raises ValueError in one sentence
    when a secret cannot be had.
    """

    def __init__(
        self,
        settings: TelegramSettings,
        channel: TelegramChannel,
        *,
        answer: Callable[[str, str], str],
        obey: Errand,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._channel = channel
        self._answer = answer
        self._obey = obey
        self._clock = clock
        self._chat = chat_id(settings.chat)
        self._bot, self._request = open_bot(settings, patience_s=_POLL_S)
        self._offset = 0
        self._told = ""

    async def run(self, stop: asyncio.Event) -> None:
        """Listen until `stop` is set; an outage is told once, and its end once."""
        async with asyncio.TaskGroup() as group:
            work = group.create_task(self._listen(), name="telegram commands")
            await stop.wait()
            work.cancel()
        await self._request.shutdown()

    async def _listen(self) -> None:
        losses = 0
        while True:
            try:
                for update in await self._updates():
                    self._offset = update.update_id + 1
                    await self._hear(update)
            except HedgewatchError as error:
                if isinstance(error, Transient) and error.refused:
                    # The courier of the alerts tells of it, once for both.
                    await self._clock.sleep(REFUSED_WAIT.total_seconds())
                    continue
                self._tell(str(error))
                wait_s = min(_FIRST_WAIT_S * 2.0 ** min(losses, 10), _LONGEST_WAIT_S)
                losses += 1
                await self._clock.sleep(wait_s)
            else:
                losses = 0
                self._tell("")

    async def _updates(self) -> tuple[Update, ...]:
        # Bounded twice over: a connection that is open and dead must not deafen us for ever.
        limit_s = _POLL_S + 2 * self._settings.timeout_s
        try:
            async with asyncio.timeout(limit_s):
                return await self._bot.get_updates(
                    self._offset, timeout=_POLL_S, allowed_updates=[Update.MESSAGE]
                )
        except TelegramError as error:
            raise verdict(error, token=self._settings.token, timeout_s=limit_s) from None
        except SHAPELESS as error:
            raise shapeless(error) from None
        except TimeoutError:
            raise Transient(f"Telegram did not answer in {limit_s:g} s") from None

    async def _hear(self, update: Update) -> None:
        message = update.message
        if message is None or message.from_user is None or not message.text:
            return
        assert self._settings.commands is not None
        known = message.from_user.id in self._settings.commands.heard
        here = self._chat in (message.chat.id, f"@{message.chat.username}")
        if not (known and here and message.text.startswith("/")):
            return
        # In a group a command may carry the bot's name: /status@hedge_bot
        first, *rest = message.text.split(maxsplit=1)
        command = first.partition("@")[0].lower()
        late = self._clock.now() - message.date
        if is_word(command):
            await self._insist(await self._obeyed(update.update_id, message, late))
        elif late <= _OLD:
            await self._channel.say(self._answered(command, "".join(rest)))

    async def _obeyed(self, update: int, message: Message, late: timedelta) -> str:
        """Run the errand of a message; return what came of it."""
        assert self._settings.commands is not None
        assert message.from_user is not None
        user = message.from_user
        if user.id not in self._settings.commands.write:
            return "refused: you may ask here, and not tell: channel.telegram.commands.write"
        if late > _OLD:
            minutes = late // timedelta(minutes=1)
            return f"not taken: it came {minutes} minutes late; say it again if it still holds"
        try:
            word = typed(message.text or "").word(
                # A bot's numbers may begin anew; together with the time they do not come again.
                id=f"telegram:{update}:{message.date:%Y%m%dT%H%M%S}",
                by=f"{user.username or user.id}@telegram",
                now=self._clock.now(),
            )
            return (await self._obey(word)).text
        except MisspokenError as error:
            return f"refused: {error}"
        except Exception:  # noqa: BLE001 - told below
            _log.exception("a word by Telegram failed in an unforeseen way")
            return "failed, and may have been taken: see the log and the layer's journal"

    async def _insist(self, text: str) -> None:
        """Answer, again and again for a while: who told of a trade must know what came of it."""
        for tries in range(_TRIES):
            try:
                await self._channel.say(text)
            except Transient as error:
                if error.refused or tries == _TRIES - 1:
                    raise
                wait = error.retry_after or timedelta(seconds=_FIRST_WAIT_S * 2.0**tries)
                await self._clock.sleep(min(wait.total_seconds(), _LONGEST_WAIT_S))
            else:
                return

    def _answered(self, command: str, rest: str) -> str:
        try:
            return self._answer(command, rest)
        except Exception:  # noqa: BLE001 - told below
            # A question must not end the watching, and would be asked anew after a restart.
            _log.exception("answering %s failed in an unforeseen way", command)
            return f"{command} failed: see the log"

    def _tell(self, trouble: str) -> None:
        if trouble == self._told:
            return
        if trouble:
            _log.warning("telegram commands: %s", trouble)
        else:
            _log.info("telegram commands are heard again")
        self._told = trouble
