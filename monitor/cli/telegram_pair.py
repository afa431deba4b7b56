"""`hedgewatch telegram pair`: who the owner is, found out by a code."""

import argparse
import asyncio
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Final

from monitor.channels.settings import CommandSettings, TelegramSettings
from monitor.channels.telegram_pairing import GOOD_FOR, Paired, pair
from monitor.cli.given_config import settings_of
from monitor.clock import SystemClock
from monitor.errors import ConfigError, Fault

_TOKEN: Final = "env:TELEGRAM_TOKEN"  # noqa: S105 - where it is, and not what it is
_KEPT: Final = ("topic", "base_url", "timeout_s")


def show(asked: argparse.Namespace) -> int:
    """Show a code, wait for it, and print what belongs into the config."""
    settings = _settings(asked.config, asked.token)
    try:
        found = asyncio.run(pair(settings, _tell, clock=SystemClock()))
    except ValueError as error:
        fault = Fault(file=str(asked.config), where="channel.telegram.token", reason=str(error))
        raise ConfigError([fault]) from None
    print(f"Paired with {found.name}, user {found.user}. Into {asked.config}:\n")
    print("\n".join(lines(settings, found)))
    return 0


def lines(settings: TelegramSettings, found: Paired) -> Iterator[str]:
    """Yield the tables of the config, what is there kept: who may ask and act, and where."""
    known = settings.commands or CommandSettings()
    elsewhere = () if settings.chat in {0, found.chat} else (*known.chats, found.chat)
    yield "[channel.telegram]"
    yield f'token = "{settings.token}"'
    yield f"chat = {_toml(settings.chat or found.chat)}"
    for one in fields(settings):
        given = getattr(settings, one.name)
        if one.name in _KEPT and given != one.default:
            yield f"{one.name} = {_toml(given)}"
    yield "[channel.telegram.commands]"
    yield f"read = {_ids(*known.read, found.user)}"
    yield f"write = {_ids(*known.write, found.user)}"
    if elsewhere:
        yield f"chats = {_ids(*elsewhere)}"


def _settings(config: Path, token: str | None) -> TelegramSettings:
    """Return what is configured; of a config that is not there yet, what is usual."""
    given = settings_of(config)
    known = given.channel.telegram if given else None
    if known is not None:
        return replace(known, token=token) if token else known
    try:
        return TelegramSettings(token=token or _TOKEN, chat=0)
    except ValueError as error:
        raise ConfigError([Fault(file="--token", where="", reason=str(error))]) from None


def _tell(bot: str, code: str) -> None:
    minutes = int(GOOD_FOR.total_seconds() / 60)
    print(f"Send this to {bot}, in a chat with it alone, within {minutes} minutes:\n")
    print(f"  {code}\n", flush=True)


def _ids(*ids: int) -> str:
    return f"[{', '.join(str(one) for one in dict.fromkeys(ids))}]"


def _toml(given: float | str) -> str:
    return f'"{given}"' if isinstance(given, str) else str(given)
