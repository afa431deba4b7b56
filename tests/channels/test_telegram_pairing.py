"""Pairing with the owner: by a code that is good once, in private, for a while."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from monitor.channels.settings import TelegramSettings
from monitor.channels.telegram_pairing import Paired, new_code, pair
from monitor.errors import Permanent
from tests.channels.bot_rig import Story
from tests.channels.bot_server import TOKEN, BotApi, asked, person, pressed, serving

OWNER = 777


@dataclass
class Screen:
    """What the owner is shown; and types, once it is there."""

    api: BotApi
    said: list[Any]
    shown: tuple[str, str] = ("", "")

    def tell(self, bot: str, code: str) -> None:
        self.shown = bot, code
        for batch in self.said:
            self.api.add([one(code) if callable(one) else one for one in batch])


def typed(form: str, number: int = 5, **more: Any) -> Any:
    """Return what is typed once the code is known."""
    return lambda code: asked(number, form.format(code), **{"user": OWNER, "chat": OWNER} | more)


@asynccontextmanager
async def waiting(
    tmp_path: Path, *said: Any, then: Any = ()
) -> AsyncIterator[tuple[Screen, TelegramSettings]]:
    (tmp_path / "token").write_text(TOKEN)
    (tmp_path / "token").chmod(0o600)
    async with serving() as api:
        settings = TelegramSettings(
            token=f"file:{tmp_path}/token", chat=0, base_url=api.url, timeout_s=2.0
        )
        yield Screen(api, [list(said), *([list(then)] if then else [])]), settings


@pytest.mark.parametrize("form", ["{}", "/pair {}", "/start {}", "  /pair@hedge_bot {} "])
async def test_the_owner_is_who_sends_the_code(tmp_path: Path, form: str) -> None:
    async with waiting(tmp_path, asked(4, "/start", chat=-9), typed(form)) as (screen, settings):
        found = await pair(settings, screen.tell, clock=Story())
    assert found == Paired(user=OWNER, chat=OWNER, name="x")
    assert screen.shown[0] == "@hedge_bot"
    (call,) = screen.api.of("sendMessage")
    assert call.given == {"chat_id": "777", "text": "Paired with x. Alerts come here."}


async def test_a_code_is_read_however_it_is_written(tmp_path: Path) -> None:
    def lower(code: str) -> Any:
        return asked(5, code.lower().replace("-", " "), user=OWNER, chat=OWNER)

    async with waiting(tmp_path, lower) as (screen, settings):
        assert (await pair(settings, screen.tell, clock=Story())).user == OWNER


async def test_what_waits_for_the_daemon_is_left_to_it(tmp_path: Path) -> None:
    said = pressed(3, "a:A17F12:00000000:ack"), asked(4, "/ack A17F12")
    async with waiting(tmp_path, *said, then=(*said, typed("{}"))) as (screen, settings):
        await pair(settings, screen.tell, clock=Story())
        assert screen.api.offsets == [0, 0]


async def test_behind_all_that_telegram_hands_out_at_once_there_may_be_the_code(
    tmp_path: Path,
) -> None:
    said = [asked(n, "good morning") for n in range(1, 101)]
    async with waiting(tmp_path, *said, then=[typed("{}", 101)]) as (screen, settings):
        await pair(settings, screen.tell, clock=Story())
        assert screen.api.offsets == [0, 101]


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"chat": -7}, id="in a group"),
        pytest.param({"from": person(OWNER, is_bot=True)}, id="by a bot"),
        pytest.param(
            {"sender_chat": {"id": -7, "type": "channel", "title": "c"}}, id="by a channel"
        ),
        pytest.param(
            {"forward_origin": {"type": "hidden_user", "date": 1, "sender_user_name": "x"}},
            id="passed on",
        ),
    ],
)
async def test_a_code_is_worth_nothing(tmp_path: Path, more: dict[str, Any]) -> None:
    second = typed("{}", 6, user=778, chat=778)
    async with waiting(tmp_path, typed("{}", 5, **more), second) as (screen, settings):
        assert (await pair(settings, screen.tell, clock=Story())).user == 778


async def test_a_few_wrong_codes_end_it_and_get_silence(tmp_path: Path) -> None:
    wrong = [asked(n, f"2222-22{n}", user=OWNER, chat=OWNER) for n in range(10, 20)]
    async with waiting(tmp_path, *wrong, typed("{}", 30)) as (screen, settings):
        with pytest.raises(Permanent, match="10 wrong codes came: pair again, with a new code"):
            await pair(settings, screen.tell, clock=Story())
        assert screen.api.sent == []


@pytest.mark.parametrize("many", [10, 250])
async def test_what_came_before_there_was_a_code_is_no_wrong_one(tmp_path: Path, many: int) -> None:
    before = [asked(n, f"2222-2{n:03}", user=666, chat=666) for n in range(1, many + 1)]
    left = before[many // 100 * 100 :]
    async with waiting(tmp_path, *left, typed("{}", 900)) as (screen, settings):
        screen.api.waiting = before
        assert (await pair(settings, screen.tell, clock=Story())).user == OWNER


async def test_a_daemon_that_listens_is_told_of(tmp_path: Path) -> None:
    async with waiting(tmp_path) as (screen, settings):
        screen.api.add(409)
        with pytest.raises(Permanent, match="stop `hedgewatch run` while you pair"):
            await pair(settings, screen.tell, clock=Story())


async def test_a_code_is_good_for_a_while_only(tmp_path: Path) -> None:
    passed = iter([0.0, 1.0, 601.0])
    async with waiting(tmp_path, asked(4, "hello", user=OWNER, chat=OWNER)) as (screen, settings):
        with pytest.raises(Permanent, match="no code came in 10 minutes: pair again"):
            await pair(settings, screen.tell, clock=Story(), passed=lambda: next(passed))


def test_codes_are_short_unlike_and_hard_to_guess() -> None:
    codes = {new_code() for _ in range(500)}
    assert len(codes) == 500
    assert all(re.fullmatch(r"[2-9A-HJKMNP-TV-Z]{4}-[2-9A-HJKMNP-TV-Z]{4}", one) for one in codes)
