"""The bot behind every use of Telegram, on a connection of its own."""

import os

from telegram import Bot
from telegram.request import HTTPXRequest

from monitor.channels.settings import TelegramSettings
from monitor.logs import read_secret


def open_bot(settings: TelegramSettings, *, patience_s: float = 0.0) -> tuple[Bot, HTTPXRequest]:
    """Return a bot and what its owner has to shut down.

    patience_s: how long the server may hold an answer back, beyond the timeout. Raises
    ValueError in one sentence when the token cannot be had.
    """
    # Without it PTB warns that its spans will be timedeltas one day.
    os.environ.setdefault("PTB_TIMEDELTA", "1")
    token = read_secret(settings.token).reveal()
    request = HTTPXRequest(
        connection_pool_size=1,
        read_timeout=settings.timeout_s + patience_s,
        write_timeout=settings.timeout_s,
        connect_timeout=settings.timeout_s,
        pool_timeout=settings.timeout_s,
    )
    bot = Bot(token, base_url=settings.base_url, request=request, get_updates_request=request)
    return bot, request
