"""Buttons under proposals: what they are, what a press comes to, and whose it is."""

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.alerts.alert import Alert, AlertState
from monitor.channels.spoken import Answer, Outcome
from monitor.channels.telegram_buttons import (
    Deed,
    Press,
    event_of,
    keyboard,
    left_after,
    read_press,
    slips_of,
    word_of,
)
from monitor.channels.telegram_desk import Desk
from monitor.channels.telegram_pins import Pins
from monitor.channels.telegram_writer import Picture
from monitor.model.layer import Action, Contract, Fill, Leg, Ticket
from monitor.model.observation import Verb, Word
from tests.channels.bot_rig import Rig, rigged
from tests.channels.bot_server import AT, CHAT, OWNER, STRANGER, asked, buttons, pressed
from tests.channels.taken import Kept

CALL = Contract(kind="vix.call", expiry=date(2027, 3, 17), strike=29.0)
TICKET = Ticket(
    legs=(Leg(contract=CALL, quantity=4),),
    prices=(2.85,),
    cost_usd=1140.0,
    cost_low_usd=960.0,
    cost_high_usd=1320.0,
    priced_by="model",
    note="",
)
READER = 503


@pytest.fixture
def proposal(make_message: Any) -> Alert:
    """Return an add that fires, with a ticket, void in two hours."""
    message = make_message(ticket=TICKET, expires_at=AT + timedelta(hours=2))
    alert: Alert = message.alert
    return alert


def data(alert: Alert, deed: str) -> str:
    return f"a:{alert.id}:{event_of(alert.idem)}:{deed}"


def under(alert: Alert) -> dict[str, Any]:
    """Return the message a proposal's buttons stand under."""
    markup = keyboard(slips_of([alert], AT))
    assert markup is not None
    return {"text": "ADD · L2 <VIX>", "reply_markup": markup.to_dict()}


def names(call: Any) -> list[str]:
    return [name for row in buttons(call) for name, _ in row]


def desk(kept: Kept, *alerts: Alert) -> Desk:
    told = {(one.id, event_of(one.idem)): one for one in alerts}
    return Desk(answer=lambda *_: "", obey=kept.obey, told=lambda *of: told.get(of))


def test_a_proposal_has_four_buttons_in_a_row(proposal: Alert) -> None:
    markup = keyboard(slips_of([proposal], AT))
    assert markup is not None
    (row,) = markup.inline_keyboard
    assert [one.text for one in row] == ["Ack", "Filled", "Snooze 1 h", "Skip"]
    assert all(len(str(one.callback_data).encode()) <= 64 for one in row)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"action": Action.NOTIFY}, id="nothing is proposed"),
        pytest.param({"state": AlertState.RESOLVED}, id="it is over"),
        pytest.param({"state": AlertState.FILLED}, id="it was done"),
        pytest.param({"state": AlertState.EXPIRED}, id="it is void"),
        pytest.param({"expires_at": AT}, id="it became void on its way"),
    ],
)
def test_what_has_no_buttons(proposal: Alert, changes: dict[str, Any]) -> None:
    assert keyboard(slips_of([replace(proposal, **changes)], AT)) is None


def test_without_a_ticket_nothing_can_be_filled(proposal: Alert) -> None:
    (slip,) = slips_of([replace(proposal, ticket=None)], AT)
    assert slip.deeds == (Deed.ACK, Deed.SNOOZE, Deed.SKIP)


def test_several_proposals_in_one_message_are_told_apart(proposal: Alert) -> None:
    other = replace(proposal, id="B2C0AA", idem="L3.add:book:1:firing")
    markup = keyboard(slips_of([proposal, other], AT))
    assert markup is not None
    rows = [[one.text for one in row] for row in markup.inline_keyboard]
    assert rows[0] == ["Ack A17F12", "Filled A17F12"]
    assert rows[3] == ["Snooze 1 h B2C0AA", "Skip B2C0AA"]
    left = left_after(markup, Press(alert="A17F12", event=event_of(proposal.idem), deed=Deed.SKIP))
    assert [one.alert for one in left] == ["B2C0AA"]


@given(st.text(max_size=70))
def test_what_is_no_button_of_ours_is_none(text: str) -> None:
    assert read_press(text) is None


@pytest.mark.parametrize(
    ("action", "verb"),
    [(Action.ADD, Verb.FILL), (Action.ROLL, Verb.ROLL), (Action.REMOVE, Verb.CLOSE)],
)
def test_filled_books_the_tickets_legs_at_no_price(
    proposal: Alert, action: Action, verb: Verb
) -> None:
    alert = replace(proposal, action=action)
    press = Press(alert=alert.id, event=event_of(alert.idem), deed=Deed.FILLED)
    word = word_of(press, alert, by="ann@telegram", now=AT, query="q1")
    assert word == Word(
        id="telegram:button:A17F12:20261120T143107:filled",
        verb=verb,
        observed_at=AT,
        by="ann@telegram",
        layer="L2",
        fills=(Fill(contract=CALL, quantity=4),),
    )


def test_a_reminder_is_filled_no_second_time(proposal: Alert) -> None:
    again = replace(proposal, idem="L2.add:book:1:repeat.1", state=AlertState.REPEAT)
    first, second = (
        word_of(
            Press(alert=one.id, event=event_of(one.idem), deed=Deed.FILLED),
            one, by="a", now=AT, query=f"q{n}",
        ).id
        for n, one in enumerate([proposal, again])
    )  # fmt: skip
    assert first == second


async def test_a_press_is_a_word_is_answered_and_the_message_says_who(
    tmp_path: Path, proposal: Alert
) -> None:
    kept = Kept()
    press = pressed(5, data(proposal, "ack"), message=under(proposal))
    async with rigged(tmp_path, [press], desk=desk(kept, proposal), read=(), write=(OWNER,)) as rig:
        (word,) = kept.words.values()
        assert (word.verb, word.alert, word.by) == (Verb.ACK, "A17F12", "user501@telegram")
        (answer,) = rig.api.of("answerCallbackQuery")
        assert answer.given["callback_query_id"] == "q5"
        (edit,) = rig.api.of("editMessageText")
        assert edit.given["text"] == "ADD · L2 &lt;VIX&gt;\n\nA17F12 acked by user501, 14:31 UTC"
        assert (edit.given["chat_id"], edit.given["message_id"]) == (str(CHAT), "900")
        assert names(edit) == ["Filled", "Skip"]


@pytest.mark.parametrize(
    ("deed", "left"),
    [
        ("ack", ["Filled", "Skip"]),
        ("snooze", ["Ack", "Filled", "Snooze 1 h", "Skip"]),
        ("skip", []),
        ("filled", []),
    ],
)
async def test_pressed_twice_it_is_done_once(
    tmp_path: Path, proposal: Alert, deed: str, left: list[str]
) -> None:
    kept = Kept()
    press = pressed(5, data(proposal, deed), message=under(proposal))
    again = press if deed == "snooze" else press | {"update_id": 6}
    async with rigged(tmp_path, [press, again], desk=desk(kept, proposal), write=(OWNER,)) as rig:
        assert len(kept.words) == 1
        assert len(rig.api.of("answerCallbackQuery")) == 2
        first, second = rig.api.of("editMessageText")
        assert names(first) == names(second) == left
        assert second.given["text"] == first.given["text"]
        assert len(rig.api.sent) == (deed == "filled")


async def test_two_who_press_at_once_are_both_told_of(tmp_path: Path, proposal: Alert) -> None:
    shown = under(proposal)
    presses = [
        pressed(5, data(proposal, "ack"), message=shown),
        pressed(6, data(proposal, "skip"), message=shown, user=READER),
    ]
    async with rigged(tmp_path, presses, desk=desk(Kept(), proposal), write=(OWNER, READER)) as rig:
        last = rig.api.of("editMessageText")[-1].given["text"]
        assert "acked by user501" in last
        assert "skipped by user503" in last


@pytest.mark.parametrize(
    "press",
    [
        pytest.param({"user": STRANGER}, id="a stranger"),
        pytest.param({"chat": -7}, id="a writer in another chat"),
    ],
)
async def test_whose_press_gets_silence(
    tmp_path: Path, proposal: Alert, press: dict[str, Any]
) -> None:
    kept = Kept()
    update = pressed(5, data(proposal, "ack"), message=under(proposal), **press)
    async with rigged(tmp_path, [update], desk=desk(kept, proposal), write=(OWNER,)) as rig:
        assert rig.api.calls == [one for one in rig.api.calls if one.method == "deleteWebhook"]
        assert not kept.words


async def test_a_reader_is_told_that_reading_is_all(tmp_path: Path, proposal: Alert) -> None:
    kept = Kept()
    update = pressed(5, data(proposal, "ack"), message=under(proposal), user=READER)
    async with rigged(
        tmp_path, [update], desk=desk(kept, proposal), read=(READER,), write=(OWNER,)
    ) as rig:
        (answer,) = rig.api.of("answerCallbackQuery")
        assert answer.given["text"].startswith("refused: you may ask here, and not tell")
        assert not rig.api.of("editMessageText")
        assert not kept.words


async def test_a_void_proposal_loses_its_buttons_and_nothing_is_done(
    tmp_path: Path, proposal: Alert
) -> None:
    kept = Kept()
    void = replace(proposal, expires_at=AT)
    update = pressed(5, data(void, "filled"), message=under(proposal))
    async with rigged(tmp_path, [update], desk=desk(kept, void), write=(OWNER,)) as rig:
        (answer,) = rig.api.of("answerCallbackQuery")
        assert answer.given["text"] == "nothing done: A17F12 became void at 14:31 UTC"
        (edit,) = rig.api.of("editMessageText")
        assert names(edit) == []
        assert not kept.words


@pytest.mark.parametrize("strange", ["", "a:A17F12:00000000:ack", "a:A17F12:00000000:sell", "b"])
async def test_a_button_nobody_knows_is_answered(
    tmp_path: Path, proposal: Alert, strange: str
) -> None:
    kept = Kept()
    update = pressed(5, strange, message=under(proposal))
    async with rigged(tmp_path, [update], desk=desk(kept, proposal), write=(OWNER,)) as rig:
        (answer,) = rig.api.of("answerCallbackQuery")
        assert answer.given["text"].startswith("nothing done: ")
        assert not kept.words


async def test_a_press_that_is_refused_says_why_and_changes_no_message(
    tmp_path: Path, proposal: Alert
) -> None:
    async def obey(_: Word) -> Answer:
        return Answer(outcome=Outcome.REFUSED, text="refused: no alert A17F12 is firing")

    there = replace(desk(Kept(), proposal), obey=obey)
    update = pressed(5, data(proposal, "ack"), message=under(proposal))
    async with rigged(tmp_path, [update], desk=there, write=(OWNER,)) as rig:
        (answer,) = rig.api.of("answerCallbackQuery")
        assert answer.given["text"] == "refused: no alert A17F12 is firing"
        assert not rig.api.of("editMessageText")


async def test_a_press_that_fails_is_answered_and_ends_nothing(
    tmp_path: Path, proposal: Alert, caplog: pytest.LogCaptureFixture
) -> None:
    kept = Kept(fault=ZeroDivisionError())
    updates = [pressed(5, data(proposal, "ack"), message=under(proposal)), asked(6, "/ack A17F12")]
    async with rigged(tmp_path, updates, desk=desk(kept, proposal), write=(OWNER,)) as rig:
        (answer,) = rig.api.of("answerCallbackQuery")
        assert answer.given["text"].startswith("failed, and may have been taken")
        assert len(rig.api.sent) == 1
    assert "ZeroDivisionError" in caplog.text


async def test_a_press_too_old_to_be_answered_is_done_all_the_same(
    tmp_path: Path, proposal: Alert
) -> None:
    kept = Kept()
    old = {"answerCallbackQuery": [(400, "Bad Request: query is too old", {})]}
    unseen = {"date": 0, "text": None}  # of a message Telegram shows no more
    update = pressed(5, data(proposal, "ack"), message=unseen)
    async with rigged(
        tmp_path, [update], desk=desk(kept, proposal), write=(OWNER,), server={"refuse": old}
    ):
        assert [one.verb for one in kept.words.values()] == [Verb.ACK]


async def test_a_message_too_long_for_one_more_line_is_followed_by_it(
    tmp_path: Path, proposal: Alert
) -> None:
    long = {"editMessageText": [(400, "Bad Request: MESSAGE_TOO_LONG", {})]}
    update = pressed(5, data(proposal, "skip"), message=under(proposal) | TOPIC)
    async with rigged(
        tmp_path, [update], desk=desk(Kept(), proposal), write=(OWNER,), server={"refuse": long}
    ) as rig:
        (said,) = rig.api.of("sendMessage")
        assert said.given["text"] == "A17F12 skipped by user501, 14:31 UTC"
        assert said.given["message_thread_id"] == "33"


TOPIC = {"is_topic_message": True, "message_thread_id": 33}


async def sent(rig: Rig, make_message: Any, *alerts: Alert) -> list[Any]:
    """Send alerts one by one; return what was sent."""
    for one in alerts:
        await rig.channel.send(replace(make_message(), alert=one))
    return rig.api.of("sendMessage")


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
        assert names(edit) == ["Ack", "Filled", "Snooze 1 h", "Skip"]
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


async def test_a_group_that_moved_is_followed_by_buttons_too(
    tmp_path: Path, make_message: Any, proposal: Alert
) -> None:
    moved = {"sendMessage": [(400, "group chat was upgraded", {"migrate_to_chat_id": -100777})]}
    kept = Kept()
    async with rigged(
        tmp_path, desk=desk(kept, proposal), write=(OWNER,), chat=-5, server={"refuse": moved}
    ) as rig:
        await sent(rig, make_message, proposal)
        rig.api.add([pressed(9, data(proposal, "ack"), chat=-100777, message=under(proposal))])
        async with asyncio.timeout(10):
            (edit,) = await rig.api.until("editMessageText", 1)
        assert edit.given["chat_id"] == "-100777"
        assert len(kept.words) == 1
