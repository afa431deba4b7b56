"""What a failure of the Bot API means: try later, or give up."""

import re
from datetime import timedelta
from typing import Final

import httpx
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from monitor.errors import Permanent, Transient
from monitor.logs import redact

# httpx failures after which nothing can have reached Telegram.
_NEVER_SENT: Final = (httpx.PoolTimeout, httpx.ConnectTimeout, httpx.ConnectError)

REFUSED_WAIT: Final = timedelta(minutes=5)
"""How long a bot whose token was refused is left alone."""
_TOKEN: Final = re.compile(r"\d+:[\w-]{35}", re.ASCII)

SHAPELESS: Final = (AttributeError, LookupError, TypeError, ValueError)
"""What python-telegram-bot raises, unwrapped, where HTTP 200 brings JSON of another shape."""


def shapeless(error: Exception) -> Transient:
    """Return what one of `SHAPELESS` means; its text may quote the answer, and that the token."""
    return Transient(f"Telegram's answer makes no sense ({type(error).__name__})", ambiguous=True)


def verdict(error: TelegramError, *, token: str, timeout_s: float) -> Transient | Permanent:
    """Return what the error means, in a sentence without secrets.

    token: where the token comes from, never the token. A Transient is ambiguous
    when the message may have arrived although no answer came.
    """
    said = redact(error.message)
    # python-telegram-bot's BadRequest is a NetworkError: what is hopeless comes first.
    match error:
        case InvalidToken():
            reason = f"Telegram refused the token in {token} ({said}): ask @BotFather for a new one"
            return Transient(reason, retry_after=REFUSED_WAIT, refused=True)
        case Forbidden():
            return Permanent(f"Telegram will not let the bot write to the chat: {said}")
        case BadRequest() | ChatMigrated():
            return Permanent(f"Telegram refused the message: {said}")
        case RetryAfter():
            wait = retry_after(error)
            asked = f"Telegram asked to wait {wait.total_seconds():g} s"
            return Transient(asked, retry_after=wait)
        case Conflict():
            return Transient(f"another program uses this bot's token: {said}")
        case _:
            return _transport(error, timeout_s)


def misshapen(secret: str, *, token: str) -> Transient | None:
    """Return what to say of a token that is none, None where it may be one.

    token: where it comes from.
    """
    if _TOKEN.fullmatch(secret):
        return None
    reason = (
        f"what is in {token} is not of the form of a bot's token (digits, a colon and 35"
        " characters): ask @BotFather for one"
    )
    return Transient(reason, retry_after=REFUSED_WAIT, refused=True)


def retry_after(error: RetryAfter) -> timedelta:
    """Return how long Telegram wants to be left alone."""
    given = error.retry_after
    return given if isinstance(given, timedelta) else timedelta(seconds=given)


def tellable(error: TelegramError) -> TelegramError | None:
    """Return the error as a cause to show, None if its text holds a secret."""
    return error if redact(error.message) == error.message else None


def _transport(error: TelegramError, timeout_s: float) -> Transient:
    cause = error.__cause__
    # An answer that is not JSON comes from something in between, which cannot
    # be told from Telegram having taken the message when it says 200.
    said = redact(error.message).partition(". Parsing the server response")[0].partition("\n")[0]
    match error:
        case TimedOut():
            sent = not isinstance(cause, _NEVER_SENT)
            return Transient(f"Telegram did not answer in {timeout_s:g} s", ambiguous=sent)
        case NetworkError():
            sent = isinstance(cause, httpx.HTTPError) and not isinstance(cause, _NEVER_SENT)
            return Transient(f"Telegram cannot be reached: {said}", ambiguous=sent)
        case _:
            return Transient(f"Telegram's answer makes no sense: {said}", ambiguous=True)
