"""What goes with a message once it has arrived: buttons that go, and charts that come."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.alerts.alert import Alert, AlertState
from monitor.channels.telegram_buttons import Deed, Slip
from monitor.channels.telegram_pins import Pin, Pins
from monitor.channels.telegram_writer import Picture
from monitor.errors import Transient
from monitor.model.layer import Action
from tests.channels.bot_rig import Rig, rigged
from tests.channels.bot_server import CHAT, OWNER, asked, buttons, pressed
from tests.channels.proposals import data, desk, names, under
from tests.channels.taken import Kept


async def sent(rig: Rig, make_message: Any, *alerts: Alert) -> list[Any]:
    """Send alerts one by one; return what was sent."""
    for one in alerts:
        await rig.channel.send(replace(make_message(), alert=one))
    return rig.api.of("sendMessage")


async def held(event: asyncio.Event) -> None:
    await event.wait()


async def test_what_is_said_next_takes_the_buttons_of_what_was_said_before(
    tmp_path: Path, make_message: Any, proposal: Alert
) -> None:
    other = replace(proposal, id="B2C0AA", idem="x", key="x", action=Action.ROLL)
    void = replace(proposal, state=AlertState.EXPIRED, idem="e")
    async with rigged(tmp_path, desk=desk(Kept()), write=(OWNER,)) as rig:
        first, second, third = await sent(rig, make_message, proposal, other, void)
        assert names(first) == names(second) == ["Ack", "Filled", "Snooze 1 h", "Skip"]
        assert names(third) == []
        (edit,) = await rig.api.until("editMessageReplyMarkup", 1)
        assert edit.given["message_id"] == "1001"
        assert names(edit) == []


async def test_of_one_message_the_others_buttons_stay(
    tmp_path: Path, make_message: Any, proposal: Alert
) -> None:
    other = replace(proposal, id="B2C0AA", idem="x", key="x", action=Action.ROLL)
    over = replace(proposal, state=AlertState.RESOLVED, idem="r")
    async with rigged(tmp_path, desk=desk(Kept()), write=(OWNER,)) as rig:
        await rig.channel.send_all(
            [replace(make_message(), alert=one) for one in (proposal, other)]
        )
        await sent(rig, make_message, over)
        (edit,) = await rig.api.until("editMessageReplyMarkup", 1)
        # The message still tells of both: a button says which it is of.
        left = ["Ack", "Filled", "Snooze 1 h", "Skip"]
        assert names(edit) == [f"{name} B2C0AA" for name in left]
        assert {one[0][1].split(":")[1] for one in buttons(edit)} == {"B2C0AA"}


async def test_buttons_are_remembered_over_a_restart(
    tmp_path: Path, make_message: Any, proposal: Alert
) -> None:
    rows: dict[str, str | None] = {}
    async with rigged(tmp_path, desk=desk(Kept()), write=(OWNER,)) as rig:
        rig.channel.remember(Pins({}, rows.__setitem__))
        await sent(rig, make_message, proposal)
    known = {name: text for name, text in rows.items() if text is not None}
    assert list(known) == [f"message:{CHAT}:1001"]
    async with rigged(tmp_path, desk=desk(Kept()), write=(OWNER,)) as rig:
        rig.channel.remember(Pins(known | {"message:x": "?", "moved:-5": "-100777"}))
        assert rig.channel.post.present(-5) == -100777
        await sent(rig, make_message, replace(proposal, state=AlertState.FILLED, idem="f"))
        (edit,) = await rig.api.until("editMessageReplyMarkup", 1)
        assert edit.given["message_id"] == "1001"


async def test_where_nobody_may_act_there_are_no_buttons(
    tmp_path: Path, make_message: Any, proposal: Alert
) -> None:
    async with rigged(tmp_path, desk=desk(Kept())) as rig:
        (message,) = await sent(rig, make_message, proposal)
        assert names(message) == []


async def test_an_add_brings_its_chart_as_an_answer_to_it(
    tmp_path: Path, make_message: Any, proposal: Alert
) -> None:
    async def paint(alert: Alert) -> Picture:
        return Picture(png=b"PNG of " + alert.id.encode(), caption="")

    async with rigged(tmp_path, desk=desk(Kept()), topic=7) as rig:
        rig.channel.paint = paint
        notice = replace(proposal, action=Action.NOTIFY, id="B2C0AA", idem="n")
        again = replace(proposal, state=AlertState.REPEAT, idem="again")
        await sent(rig, make_message, proposal, notice, again)
        (photo,) = await rig.api.until("sendPhoto", 1)
        assert photo.files == {"photo": b"PNG of A17F12"}
        assert photo.given["message_thread_id"] == "7"
        assert '"message_id": 1001' in photo.given["reply_parameters"]


async def test_a_chart_that_cannot_be_sent_costs_no_alert(
    tmp_path: Path, make_message: Any, proposal: Alert
) -> None:
    async def paint(_: Alert) -> Picture:
        return Picture(png=b"PNG", caption="")

    refuse = {"sendPhoto": [(400, "Bad Request: not enough rights to send photos", {})]}
    async with rigged(tmp_path, desk=desk(Kept()), server={"refuse": refuse}) as rig:
        rig.channel.paint = paint
        other = replace(proposal, id="B2C0AA", idem="o", key="o")
        await sent(rig, make_message, proposal, other)
        await rig.api.until("sendPhoto", 1)
        assert len(rig.api.sent) == 2


async def test_a_drawing_that_fails_ends_nothing(
    tmp_path: Path, make_message: Any, proposal: Alert, caplog: pytest.LogCaptureFixture
) -> None:
    async def paint(alert: Alert) -> Picture:
        if alert.id == proposal.id:
            raise ZeroDivisionError
        return Picture(png=b"PNG", caption="")

    async with rigged(tmp_path, desk=desk(Kept())) as rig:
        rig.channel.paint = paint
        other = replace(proposal, id="B2C0AA", idem="o", key="o")
        await sent(rig, make_message, proposal, other)
        await rig.api.until("sendPhoto", 1)
    assert "ZeroDivisionError" in caplog.text


async def test_a_message_that_arrived_is_not_sent_again_for_a_full_disk(
    tmp_path: Path, make_message: Any, proposal: Alert
) -> None:
    def full(_name: str, _text: str | None) -> None:
        raise Transient("the disk is full")

    async with rigged(tmp_path, desk=desk(Kept()), write=(OWNER,)) as rig:
        rig.channel.remember(Pins({}, full))
        await sent(rig, make_message, proposal)  # returns, and so is marked as delivered
        assert len(rig.api.sent) == 1


async def test_a_group_that_moved_is_followed_by_buttons_too(
    tmp_path: Path, make_message: Any, proposal: Alert
) -> None:
    moved = {"sendMessage": [(400, "group chat was upgraded", {"migrate_to_chat_id": -100777})]}
    kept = Kept()
    async with rigged(
        tmp_path, desk=desk(kept, proposal), write=(OWNER,), chat=-5, server={"refuse": moved}
    ) as rig:
        rows: dict[str, str | None] = {}
        rig.channel.remember(Pins({}, rows.__setitem__))
        await sent(rig, make_message, proposal)
        assert rows["moved:-5"] == "-100777"
        rig.api.add([pressed(9, data(proposal, "ack"), chat=-100777, message=under(proposal))])
        async with asyncio.timeout(10):
            (edit,) = await rig.api.until("editMessageText", 1)
        assert edit.given["chat_id"] == "-100777"
        assert len(kept.words) == 1


@pytest.mark.parametrize(
    ("status", "shown"),
    [pytest.param(502, 1, id="surely lost"), pytest.param(200, 0, id="it may have arrived")],
)
async def test_a_chart_that_was_asked_for_is_sent_again_where_it_is_no_double(
    tmp_path: Path, status: int, shown: int
) -> None:
    async def chart(_: str) -> Picture:
        return Picture(png=b"PNG", caption="")

    asks = replace(desk(Kept()), chart=chart)
    server = {"refuse": {"sendPhoto": [(status, "nobody knows", {})]}}
    said = [asked(1, "/chart"), asked(2, "/status")]
    async with rigged(tmp_path, said, desk=asks, server=server) as rig:
        done, missed = asyncio.Event(), [Transient("not now")]

        async def after() -> None:
            if missed:
                raise missed.pop()
            done.set()

        await rig.api.until("sendMessage", 1)  # and so the chart was worked on
        await rig.channel.reply(after)  # comes after what waits to be said again
        async with asyncio.timeout(10):
            await done.wait()
        assert len(rig.api.of("sendPhoto")) == shown


async def test_who_pressed_is_shown_once_telegram_has_it_and_with_what_came_meanwhile(
    tmp_path: Path, proposal: Alert
) -> None:
    busy = {"editMessageText": [(429, "Too Many Requests", {"retry_after": 40})]}
    first, second = (
        pressed(n, data(proposal, deed), message=under(proposal))
        for n, deed in enumerate(("ack", "skip"), 5)
    )
    async with rigged(
        tmp_path, [first], desk=desk(Kept(), proposal), write=(OWNER,), server={"refuse": busy}
    ) as rig:
        assert not rig.api.of("editMessageText")
        rig.api.add([second])
        await rig.settled()
        rig.clock.time += timedelta(seconds=41)
        *_, edit = await rig.api.until("editMessageText", 1)
        assert "acked by user501" in edit.given["text"]
        assert "skipped by user501" in edit.given["text"]
        assert names(edit) == []


async def test_what_was_pressed_meanwhile_is_not_undone_by_what_is_taken_away_late(
    tmp_path: Path, make_message: Any, proposal: Alert
) -> None:
    other = replace(proposal, id="B2C0AA", idem="x", key="x", action=Action.ROLL)
    async with rigged(tmp_path, desk=desk(Kept(), proposal), write=(OWNER,)) as rig:
        both = [replace(make_message(), alert=one) for one in (proposal, other)]
        await rig.channel.send_all(both)
        busy = asyncio.Event()
        rig.channel.later(lambda: held(busy))
        await sent(rig, make_message, replace(other, state=AlertState.RESOLVED, idem="r"))
        shown = under(proposal) | {"message_id": 1001}
        rig.api.add([pressed(5, data(proposal, "skip"), message=shown)])
        await rig.settled()
        busy.set()
        (edit,) = await rig.api.until("editMessageReplyMarkup", 1)
        assert names(edit) == []


async def test_a_message_of_the_group_before_is_not_looked_for_in_the_one_it_became(
    tmp_path: Path, make_message: Any, proposal: Alert
) -> None:
    slips = '["A17F12", "00000000", ["ack", "filled"]]', '["B2C0AA", "00000000", ["ack"]]'
    known = {f"message:{chat}:7": f"[{slip}]" for chat, slip in zip((-5, -777), slips, strict=True)}
    over = replace(proposal, state=AlertState.RESOLVED, idem="r")
    press = pressed(9, data(proposal, "ack"), chat=-5, message=under(proposal) | {"message_id": 7})
    gone = [(400, "group chat was upgraded", {"migrate_to_chat_id": -777})]
    refuse = {"editMessageReplyMarkup": list(gone), "editMessageText": list(gone)}
    server = {"refuse": refuse}
    async with rigged(
        tmp_path, desk=desk(Kept(), proposal), write=(OWNER,), chat=-5, server=server
    ) as rig:
        rig.channel.remember(Pins(known | {"moved:-5": "-777"}))
        rig.api.add([press])
        await rig.settled()
        assert rig.api.sent == ["A17F12 acked by user501, 14:31 UTC"]
        await sent(rig, make_message, over)
        async with asyncio.timeout(10):
            while refuse["editMessageReplyMarkup"]:
                await rig.clock.sleep(0)
        assert [one.given["chat_id"] for one in rig.api.of("sendMessage")] == ["-777", "-777"]
        assert not rig.api.of("editMessageReplyMarkup") + rig.api.of("editMessageText")


async def test_buttons_of_a_public_group_go_by_its_number(
    tmp_path: Path, make_message: Any, proposal: Alert
) -> None:
    rows: dict[str, str | None] = {}
    async with rigged(tmp_path, desk=desk(Kept()), write=(OWNER,), chat="@hedges") as rig:
        rig.channel.remember(Pins({}, rows.__setitem__))
        await sent(rig, make_message, proposal)
    assert list(rows) == [f"message:{CHAT}:1001"]


def test_the_messages_remembered_are_the_newest() -> None:
    rows: dict[str, str | None] = {}
    pins = Pins({}, rows.__setitem__)
    for number in range(1, 251):
        slip = Slip(alert=f"{number:06X}", event="00000000", deeds=(Deed.ACK,))
        pins.pin(Pin(chat=CHAT, message=number, slips=(slip,)))
    kept = {name: text for name, text in rows.items() if text is not None}
    assert len(kept) == 200
    assert pins.of([f"{50:06X}"]) == ()
    # Read back as it is written, the oldest first: 1000 is newer than 999.
    again = Pins(dict(reversed(kept.items())))
    assert [one.message for one in again.of(f"{n:06X}" for n in range(260))] == [*range(51, 251)]
