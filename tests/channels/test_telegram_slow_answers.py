"""Answers that take a while, by Telegram: worked out beside the loop, and sent when done."""

import asyncio
from datetime import timedelta
from pathlib import Path
from threading import current_thread

from monitor.channels.telegram_desk import Desk
from monitor.channels.telegram_writer import Picture
from monitor.errors import Permanent, Transient
from tests.channels.bot_rig import rigged
from tests.channels.bot_server import OWNER, asked
from tests.channels.taken import LEG, Kept


async def test_a_shock_of_a_large_book_is_worked_out_beside_the_loop(tmp_path: Path) -> None:
    asked_in = list[str]()

    def noting(name: str, _of: str) -> str:
        asked_in.append(current_thread().name)
        return f"answer to {name}"

    desk = Desk(answer=noting, obey=Kept().obey)
    said = [asked(1, "/whatif"), asked(2, "/status")]
    async with rigged(tmp_path, said, desk=desk) as rig:
        assert rig.api.sent == ["<pre>answer to /whatif</pre>", "answer to /status"]
    own = current_thread().name
    assert [name == own for name in asked_in] == [False, True]


async def test_a_chart_is_a_picture_and_where_it_cannot_be_drawn_a_sentence(
    tmp_path: Path,
) -> None:
    async def chart(of: str) -> Picture:
        if of:
            raise Permanent(f"{of} is not watched")
        return Picture(png=b"PNG", caption="")

    desk = Desk(answer=lambda *_: "", obey=Kept().obey, chart=chart)
    async with rigged(tmp_path, [asked(1, "/chart"), asked(2, "/chart 12")], desk=desk) as rig:
        (photo,) = await rig.api.until("sendPhoto", 1)
        assert photo.files == {"photo": b"PNG"}
        assert photo.given["disable_notification"] == "true"
        await rig.api.until("sendMessage", 1)
        assert rig.api.sent == ["12 is not watched"]


async def test_what_came_of_a_word_is_told_however_long_telegram_has_it_wait(
    tmp_path: Path,
) -> None:
    """It was given up after four minutes, in which no other word and no press was heard."""
    kept = Kept()
    desk = Desk(answer=lambda *_: "", obey=kept.obey)
    busy = {"sendMessage": [(429, "Too Many Requests", {"retry_after": 600})]}
    said = [asked(1, f"/fill L2 {LEG}"), asked(2, "/ack A17F3C")]
    async with rigged(
        tmp_path, said, desk=desk, write=(OWNER,), server={"refuse": busy}, idle=False
    ) as rig:
        slept = rig.clock.slept
        async with asyncio.timeout(10):
            while len(kept.words) < 2 or 600.0 not in slept:
                await rig.clock.sleep(0)
        assert 60.0 not in slept, "neither is said again before it may be"
        assert rig.api.sent == []
        rig.clock.time += timedelta(seconds=601)
        await rig.api.until("sendMessage", 2)
        assert set(rig.api.sent) == {"fill taken", "ack taken"}


async def test_an_answer_that_fails_twice_over_keeps_nobody_from_being_heard(
    tmp_path: Path,
) -> None:
    """First it is lost, and then Telegram wants ten minutes of silence."""
    told = list[str]()
    faults = [Transient("silence", retry_after=timedelta(minutes=10)), Transient("lost")]

    async def say() -> None:
        if faults:
            raise faults.pop()
        told.append("a chart")

    async with rigged(tmp_path, desk=Desk(answer=lambda *_: "", obey=Kept().obey)) as rig:
        rig.clock.holds = True
        async with asyncio.timeout(10):
            await rig.channel.reply(say)
            while 600.0 not in rig.clock.slept:
                await rig.clock.sleep(0)
            assert told == []
            rig.clock.time += timedelta(minutes=11)
            while not told:
                await rig.clock.sleep(0)


async def test_a_crowd_of_pictures_drops_no_answer_that_waits(tmp_path: Path) -> None:
    told, silence = list[str](), [Transient("silence", retry_after=timedelta(seconds=30))]

    async def say() -> None:
        if silence:
            raise silence.pop()
        told.append("fill taken")

    async def show() -> None:
        told.append("a picture")

    desk = Desk(answer=lambda *_: "", obey=Kept().obey)
    async with rigged(tmp_path, desk=desk, idle=False) as rig:
        await rig.channel.reply(say)
        for _ in range(100):
            rig.channel.later(show)
        async with asyncio.timeout(10):
            while len(told) < 100:
                await rig.clock.sleep(0)
            while "fill taken" not in told:
                await rig.clock.sleep(0)
