"""Whose bot it is, found out by `init`: by a code sent to it, or by numbers that are known."""

import asyncio
from typing import Final

from monitor.channels.settings import TelegramSettings
from monitor.channels.telegram_pairing import GOOD_FOR, pair
from monitor.cli.init_session import Session
from monitor.clock import SystemClock
from monitor.errors import HedgewatchError

_MINUTES: Final = int(GOOD_FOR.total_seconds() / 60)


def paired(session: Session, bot: TelegramSettings) -> tuple[int, int] | None:
    """Return the chat and the user that sent the code; None where no code is to be sent, or came.

    bot: its token and where its server is.
    """
    assert session.person is not None
    question = "Pair with it by a code, so that no number need be known?"
    if not session.tests or not session.person.yes(question, default=True):
        return None

    def tell(name: str, code: str) -> None:
        session.say(f"Open {name} in Telegram, press Start, and send it, within {_MINUTES} min:")
        session.out(f"\n  {code}\n")

    try:
        found = asyncio.run(pair(bot, tell, clock=SystemClock()))
    except (HedgewatchError, ValueError) as error:
        session.say(f"fix   {error}")
        return None
    session.say(f"ok    paired with {found.name}")
    return found.chat, found.user
