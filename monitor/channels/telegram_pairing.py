"""Finding out who the owner is: a code shown on the owner's own screen, sent to the bot.

Nobody has to know the number of a user or of a chat. The code is good for one message to
the bot alone, and for ten minutes; who sends another gets silence, and a few wrong ones
end it. Nothing is kept: what comes of it is written into the config by whoever asked.
"""

import hmac
import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from telegram import Bot, Message, Update
from telegram.constants import ChatType
from telegram.error import BadRequest, Conflict, NetworkError, TelegramError

from monitor.channels.settings import TelegramSettings
from monitor.channels.telegram_bot import open_bot
from monitor.channels.telegram_errors import SHAPELESS, shapeless, tellable, verdict
from monitor.clock import Clock, stopwatch
from monitor.errors import Permanent

GOOD_FOR: Final = timedelta(minutes=10)
"""How long a code is good for."""
_LETTERS: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""None that is taken for another; eight of them are some 39 bits."""
_LENGTH: Final = 8
_HALF: Final = _LENGTH // 2
_MOST_WRONG: Final = 10
_POLL_S: Final = 20
_NAP_S: Final = 1.0
_LOSSES: Final = 5
_FULL: Final = 100
"""Updates Telegram hands out at once; behind so many, one more is not seen."""
_SAID: Final = re.compile(r"(?:/(?:pair|start)(?:@\w+)?\s+)?([0-9A-Za-z\s-]{8,12})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Paired:
    """Who sent the code, and the chat it came by; in a chat with the bot both are one number."""

    user: int
    chat: int
    name: str


def new_code() -> str:
    """Return a code to show once: `7KQ4-MX2D`."""
    text = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
    return f"{text[:_HALF]}-{text[_HALF:]}"


async def pair(
    settings: TelegramSettings,
    tell: Callable[[str, str], None],
    *,
    clock: Clock,
    passed: Callable[[], float] = stopwatch,
) -> Paired:
    """Wait until the owner has sent the code to the bot in private.

    tell: shows the bot's name and the code, on a screen that only the owner sees. passed:
    seconds, ever growing. Messages and presses that wait for a daemon are left to it. Raises
    Transient or Permanent in a sentence: no code came in time, too many wrong ones, a daemon
    listens, Telegram refuses.
    """
    bot, request = open_bot(settings, patience_s=_POLL_S)
    try:
        code = new_code()
        me = await bot.get_me()
        waiting = _Waiting(bot, code, clock)
        await waiting.pass_over()
        tell(f"@{me.username}", code)
        found = await waiting.found(passed)
        await bot.send_message(found.chat, f"Paired with {found.name}. Alerts come here.")
    except Conflict:
        raise Permanent(
            "another program listens with this bot: stop `hedgewatch run` while you pair"
        ) from None
    except TelegramError as error:
        raise verdict(error, token=settings.token, timeout_s=settings.timeout_s) from tellable(
            error
        )
    except SHAPELESS as error:
        raise shapeless(error) from None
    finally:
        await request.shutdown()
    return found


class _Waiting:
    """Looks through what comes to a bot for one code."""

    def __init__(self, bot: Bot, code: str, clock: Clock) -> None:
        self._bot = bot
        self._code = _bare(code)
        self._clock = clock
        self._seen = set[int]()
        self._wrong = 0
        self._offset: int | None = None

    async def pass_over(self) -> None:
        """Look at what came before there was a code: of it none is right, and none wrong."""
        full = True
        while full:
            updates = await self._bot.get_updates(self._offset, timeout=0, allowed_updates=None)
            self._seen |= {update.update_id for update in updates}
            full = self._is_full(updates)

    async def found(self, passed: Callable[[], float]) -> Paired:
        """Return who sent it."""
        began, losses = passed(), 0
        while passed() - began < GOOD_FOR.total_seconds():
            try:
                updates = await self._bot.get_updates(
                    self._offset, timeout=_POLL_S, allowed_updates=None
                )
            except NetworkError as error:
                losses += 1
                if isinstance(error, BadRequest) or losses == _LOSSES:
                    raise
                await self._clock.sleep(2.0**losses)
                continue
            if (found := self._owner(updates)) is not None:
                return found
            if (
                not self._is_full(updates) and updates
            ):  # they are not ours to take: looked at again until another comes
                await self._clock.sleep(_NAP_S)
        minutes = GOOD_FOR // timedelta(minutes=1)
        raise Permanent(f"no code came in {minutes} minutes: pair again, with the new code")

    def _is_full(self, updates: Sequence[Update]) -> bool:
        """Return whether there may be more behind these, which are let go then."""
        if len(updates) == _FULL:
            self._offset = updates[-1].update_id + 1
        return len(updates) == _FULL

    def _owner(self, updates: tuple[Update, ...]) -> Paired | None:
        for update in updates:
            message = update.message
            if update.update_id in self._seen or message is None:
                continue
            self._seen.add(update.update_id)
            said = _said(message)
            if not said:
                continue
            if hmac.compare_digest(said.encode(), self._code.encode()):
                assert message.from_user is not None
                user = message.from_user
                return Paired(user=user.id, chat=message.chat.id, name=user.full_name)
            self._wrong += 1
            if self._wrong == _MOST_WRONG:
                raise Permanent(f"{_MOST_WRONG} wrong codes came: pair again, with a new code")
        return None


def _said(message: Message) -> str:
    """Return a code somebody sent in private by themselves; empty where they sent none."""
    user = message.from_user
    if user is None or user.is_bot or message.chat.type != ChatType.PRIVATE:
        return ""
    if message.forward_origin is not None or message.sender_chat is not None:
        return ""
    found = _SAID.fullmatch((message.text or "").strip())
    return _bare(found[1]) if found else ""


def _bare(code: str) -> str:
    return re.sub(r"[\s-]", "", code).upper()
