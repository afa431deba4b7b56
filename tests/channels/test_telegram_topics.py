"""A topic of a group that is closed, or gone: alerts that were to go there go to the group."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from monitor.alerts.alert import Alert
from monitor.channels.telegram_desk import Desk
from monitor.channels.telegram_writer import Picture
from monitor.errors import Permanent
from tests.channels.bot_rig import rigged
from tests.channels.taken import Kept

DESK = Desk(answer=lambda *_: "", obey=Kept().obey)


@pytest.mark.parametrize("why", ["message thread not found", "TOPIC_CLOSED", "TOPIC_DELETED"])
async def test_an_alert_for_a_topic_that_takes_none_is_told_to_the_group(
    tmp_path: Path,
    make_message: Any,
    proposal: Alert,
    caplog: pytest.LogCaptureFixture,
    why: str,
) -> None:
    """It was given up at once, and every one after it."""
    closed = (400, f"Bad Request: {why}", dict[str, Any]())
    refuse = {"sendMessage": [closed], "sendPhoto": [closed]}

    async def paint(_: Alert) -> Picture:
        return Picture(png=b"PNG", caption="")

    async with rigged(tmp_path, desk=DESK, topic=7, server={"refuse": refuse}) as rig:
        rig.channel.paint = paint
        await rig.channel.send(replace(make_message(), alert=proposal))
        (told,) = rig.api.of("sendMessage")
        assert "message_thread_id" not in told.given
        (photo,) = await rig.api.until("sendPhoto", 1)
        assert "message_thread_id" not in photo.given
    assert f"topic 7 takes nothing ({why}): told to the group".lower() in caplog.text.lower()


async def test_a_group_that_takes_nothing_itself_is_not_asked_without_end(
    tmp_path: Path, make_message: Any, proposal: Alert
) -> None:
    closed = (400, "Bad Request: TOPIC_CLOSED", dict[str, Any]())
    server = {"refuse": {"sendMessage": [closed, closed]}}
    async with rigged(tmp_path, desk=DESK, topic=7, server=server) as rig:
        with pytest.raises(Permanent, match=r"(?i)topic_closed"):
            await rig.channel.send(replace(make_message(), alert=proposal))
