"""Questions by Telegram: who may ask, and listening for them without end.

Whoever is not on the list, or asks from another chat, gets silence: a refusal would
tell a stranger that there is something to be refused.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from telegram import Update
from telegram.error import TelegramError

from monitor.channels.settings import TelegramSettings, chat_id
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
"""Telegram keeps what was asked while we were away; an answer after this long is noise."""


class TelegramCommands:
    """Answers questions in the chat that alerts go to.

    answer: the text for a command such as `/status`; runs on the loop, so it must be
    quick. Raises ValueError in one sentence when a secret cannot be had.
    """

    def __init__(
        self,
        settings: TelegramSettings,
        channel: TelegramChannel,
        *,
        answer: Callable[[str], str],
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._channel = channel
        self._answer = answer
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
        known = message.from_user.id in self._settings.commands.read
        here = self._chat in (message.chat.id, f"@{message.chat.username}")
        if not (known and here) or self._clock.now() - message.date > _OLD:
            return
        # In a group a command may carry the bot's name: /status@hedge_bot
        command = message.text.partition(" ")[0].partition("@")[0].lower()
        if command.startswith("/"):
            await self._channel.say(self._answered(command))

    def _answered(self, command: str) -> str:
        try:
            return self._answer(command)
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
