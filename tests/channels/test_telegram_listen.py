"""The long poll: watched, built anew where it is dead, and nothing lost on the way."""

import asyncio
from pathlib import Path

import pytest

from monitor.channels.spoken import Answer
from monitor.channels.telegram_desk import Desk
from monitor.channels.telegram_listen import DEAF_AFTER, POLL_S
from monitor.model.observation import Word
from tests.channels.bot_rig import Rig, rigged
from tests.channels.bot_server import OWNER, TOKEN, asked
from tests.channels.taken import LEG, Kept

DESK = Desk(answer=lambda command, _: f"answer to {command}", obey=Kept().obey)
LIMIT_S = DEAF_AFTER * POLL_S


class Seconds:
    """A stopwatch moved by hand."""

    def __init__(self, rig: Rig) -> None:
        self.passed = 0.0
        rig.commands.listening.pulse.tell = lambda: self.passed
        rig.commands.listening.pulse.beat()


async def polled_again(rig: Rig, count: int) -> None:
    async with asyncio.timeout(10):
        while len(rig.api.offsets) < count:
            await rig.clock.sleep(0)


async def test_a_poll_that_never_comes_back_is_built_anew_and_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    async with rigged(tmp_path, desk=DESK) as rig:
        seconds = Seconds(rig)
        for built in (2, 3):
            seconds.passed += LIMIT_S + 1
            await polled_again(rig, built)
        rig.api.add([asked(1, "/status")])
        await rig.api.until("sendMessage", 3)
        why = "no poll came back for 75 s: the connection is built anew"
        first, *rest = rig.api.sent
        assert first == f"Commands and buttons are not heard now:\n{why}"
        assert set(rest) == {"Commands and buttons are heard again", "answer to /status"}
    told = [one.message for one in caplog.records if "telegram commands" in one.message]
    assert told == [
        "telegram commands: no poll came back for 75 s: the connection is built anew",
        "telegram commands are heard again",
    ]


@pytest.mark.parametrize("told", ["not yet", "in the chat"])
async def test_another_program_that_takes_what_is_said_is_told_of_and_a_stop_is_heard_meanwhile(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, told: str
) -> None:
    async with asyncio.timeout(20), rigged(tmp_path, 409, desk=DESK, idle=False) as rig:
        seconds = Seconds(rig)
        while "another program uses this bot's token" not in caplog.text:
            await rig.clock.sleep(0)
        seconds.passed += LIMIT_S + 1
        if told == "not yet":  # while the connection is built anew
            return
        await rig.api.until("sendMessage", 1)
        first, second = rig.api.sent[0].split("\n")
        assert first == "Commands and buttons are not heard now:"
        assert second.startswith("another program uses this bot's token: ")


async def test_an_outage_of_all_of_telegram_is_not_told_there_once_it_is_over(
    tmp_path: Path,
) -> None:
    async with rigged(tmp_path, desk=DESK, server={"deaf": 1}) as rig:
        seconds = Seconds(rig)
        seconds.passed += LIMIT_S + 1
        await polled_again(rig, 2)
        async with asyncio.timeout(10):
            while rig.api.deaf:
                await rig.clock.sleep(0)
        rig.api.add([asked(1, "/status")], [asked(2, "/help")])
        await rig.settled()
        assert rig.api.sent == ["answer to /status", "answer to /help"]


async def test_polls_that_bring_nothing_are_life(tmp_path: Path) -> None:
    async with rigged(tmp_path, desk=DESK) as rig:
        seconds = Seconds(rig)
        for number in range(4):
            seconds.passed += LIMIT_S - 1
            rig.api.add([])
            await rig.settled()
            assert rig.commands.listening.pulse.silent_s() == 0
            await polled_again(rig, number + 2)
        assert len(rig.api.offsets) == 5
        assert len(rig.api.of("deleteWebhook")) == 1  # once an Application


async def test_what_is_not_worked_on_yet_is_not_acknowledged(tmp_path: Path) -> None:
    taken, go_on = asyncio.Event(), asyncio.Event()

    async def obey(word: Word) -> Answer:
        taken.set()
        await go_on.wait()
        return await Kept().obey(word)

    desk = Desk(answer=lambda *_: "", obey=obey)
    async with rigged(tmp_path, desk=desk, write=(OWNER,)) as rig:
        seconds = Seconds(rig)
        rig.api.add([asked(7, f"/fill L2 {LEG}"), asked(8, "/status")])
        async with asyncio.timeout(10):
            await taken.wait()
        # However long it takes: who works is not deaf.
        seconds.passed += LIMIT_S + 1
        for _ in range(3):
            await rig.clock.sleep(0.01)
        assert rig.api.offsets == [0]
        go_on.set()
        await polled_again(rig, 2)
        assert rig.api.offsets == [0, 9]


async def test_what_is_worked_on_at_a_stop_is_left_for_the_next_run(tmp_path: Path) -> None:
    taken, ended = asyncio.Event(), asyncio.Event()

    async def obey(_: Word) -> Answer:
        taken.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        raise AssertionError("nobody wakes it")

    desk = Desk(answer=lambda *_: "", obey=obey)
    said = [asked(7, f"/fill L2 {LEG}")]
    async with rigged(tmp_path, said, desk=desk, write=(OWNER,), idle=False) as rig:
        async with asyncio.timeout(10):
            await taken.wait()
    async with asyncio.timeout(1):
        await ended.wait()
    assert rig.api.offsets == [0]
    assert rig.api.sent == []


async def test_an_update_that_cannot_be_read_holds_up_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broken = {"update_id": 3, "message": {"message_id": "?", "chat": 5}}
    async with rigged(tmp_path, [broken, asked(4, "/status")], desk=DESK) as rig:
        assert rig.api.sent == ["answer to /status"]
        assert rig.api.offsets == [0, 5]
    assert "update 3 cannot be read" in caplog.text


async def test_a_refused_token_is_left_to_the_couriers_and_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with rigged(tmp_path, 401, desk=DESK, idle=False) as rig:
        seconds = Seconds(rig)
        await polled_again(rig, 1)
        rig.api.add([asked(1, "/status")])
        seconds.passed += LIMIT_S + 1
        await rig.api.until("sendMessage", 1)
    assert TOKEN not in caplog.text
    assert "Unauthorized" not in caplog.text
