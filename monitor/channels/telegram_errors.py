"""What a failure of the Bot API means: try later, or give up."""

from datetime import timedelta
from typing import Final

import httpx
from telegram.error import (
    BadRequest,
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
            return Permanent(reason)
        case Forbidden():
            return Permanent(f"Telegram will not let the bot write to the chat: {said}")
        case BadRequest():
            return Permanent(f"Telegram refused the message: {said}")
        case RetryAfter():
            wait = retry_after(error)
            asked = f"Telegram asked to wait {wait.total_seconds():g} s"
            return Transient(asked, retry_after=wait)
        case Conflict():
            return Transient(f"another program uses this bot's token: {said}")
        case _:
            return _transport(error, timeout_s)


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
