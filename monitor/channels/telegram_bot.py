"""The bot behind every use of Telegram, on a connection of its own."""

import os
import ssl
from functools import cache
from typing import Any, Final, TypedDict

import httpx
from telegram import Bot
from telegram.request import HTTPXRequest

from monitor.channels.settings import TelegramSettings
from monitor.logs import read_secret

_UPLOAD_S: Final = 30.0
"""A picture holds the line no longer than this."""


def open_bot(settings: TelegramSettings, *, patience_s: float = 0.0) -> tuple[Bot, HTTPXRequest]:
    """Return a bot and what its owner has to shut down.

    patience_s: how long the server may hold an answer back, beyond the timeout. Raises
    ValueError in one sentence when the token cannot be had.
    """
    token = open_token(settings)
    request = HTTPXRequest(**line(settings, patience_s=patience_s))
    bot = Bot(token, base_url=settings.base_url, request=request, get_updates_request=request)
    return bot, request


def open_token(settings: TelegramSettings) -> str:
    """Return the token itself; raise ValueError in one sentence when it cannot be had."""
    # Without it PTB warns that its spans will be timedeltas one day.
    os.environ.setdefault("PTB_TIMEDELTA", "1")
    return read_secret(settings.token).reveal()


class Line(TypedDict):
    """How a connection is made, as HTTPXRequest wants to know it."""

    connection_pool_size: int
    read_timeout: float
    write_timeout: float
    connect_timeout: float
    pool_timeout: float
    media_write_timeout: float
    httpx_kwargs: dict[str, Any]


def line(settings: TelegramSettings, *, patience_s: float = 0.0) -> Line:
    """Return one connection's bounds; patience_s as for `open_bot`."""
    return Line(
        connection_pool_size=1,
        read_timeout=settings.timeout_s + patience_s,
        write_timeout=settings.timeout_s,
        connect_timeout=settings.timeout_s,
        pool_timeout=settings.timeout_s,
        media_write_timeout=min(settings.timeout_s, _UPLOAD_S),
        httpx_kwargs={"verify": _trusted()},
    )


@cache
def _trusted() -> ssl.SSLContext:
    """Return whom connections trust; reading that takes a tenth of a second, so once for all."""
    return httpx.create_ssl_context()
