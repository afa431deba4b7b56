"""Buttons under proposals: what they are, what a press comes to, and whose it is."""

from dataclasses import replace
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
from monitor.channels.telegram_pins import Pin, Pins
from monitor.errors import Transient
from monitor.model.layer import Action, Fill
from monitor.model.observation import Verb, Word
from monitor.rules.pack import Severity
from tests.channels.bot_rig import rigged
from tests.channels.bot_server import AT, CHAT, OWNER, STRANGER, asked, person, pressed
from tests.channels.proposals import CALL, data, desk, names, under
from tests.channels.taken import Kept

READER = 503


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


def test_what_is_critical_can_be_acked_where_nothing_is_proposed(proposal: Alert) -> None:
    alert = replace(proposal, action=Action.NOTIFY, severity=Severity.CRITICAL)
    (slip,) = slips_of([alert], AT)
    assert slip.deeds == (Deed.ACK, Deed.SNOOZE)


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
    # The message still tells of both.
    rest = keyboard(left)
    assert rest is not None
    assert [one.text for one in rest.inline_keyboard[0]] == ["Ack B2C0AA", "Filled B2C0AA"]
    beside = keyboard(slips_of([proposal, replace(other, action=Action.NOTIFY)], AT))
    assert beside is not None
    assert beside.inline_keyboard[0][0].text == "Ack A17F12"


def test_what_buttons_are_of_is_remembered_with_them(proposal: Alert) -> None:
    rows: dict[str, str | None] = {}
    (slip,) = slips_of([proposal], AT)
    for number, one in enumerate((slip, replace(slip, named=True))):
        Pins({}, rows.__setitem__).pin(Pin(chat=CHAT, message=number, slips=(one,)))
    told = Pins({name: text for name, text in rows.items() if text is not None}).of([slip.alert])
    assert [one.slips[0].named for one in told] == [False, True]


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


async def test_a_message_that_says_who_says_it_once(tmp_path: Path, proposal: Alert) -> None:
    first = pressed(5, data(proposal, "ack"), message=under(proposal))
    said = "ADD · L2 <VIX>\n\nA17F12 acked by user501, 14:31 UTC"
    second = pressed(6, data(proposal, "skip"), message=under(proposal) | {"text": said})
    async with rigged(
        tmp_path, [first, second], desk=desk(Kept(), proposal), write=(OWNER,)
    ) as rig:
        last = rig.api.of("editMessageText")[-1].given["text"]
        assert last.count("acked by user501") == last.count("skipped by user501") == 1


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
        assert (
            answer.given["text"]
            == "nothing done: A17F12 became void at 14:31 UTC; tell a trade by /fill"
        )
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


async def test_a_press_while_the_store_fails_is_answered(tmp_path: Path, proposal: Alert) -> None:
    def told(*_: str) -> Alert:
        raise Transient("the store is busy")

    there = replace(desk(Kept(), proposal), told=told)
    update = pressed(5, data(proposal, "ack"), message=under(proposal))
    async with rigged(tmp_path, [update], desk=there, write=(OWNER,)) as rig:
        (answer,) = rig.api.of("answerCallbackQuery")
        assert answer.given["text"] == "nothing done: the store is busy"


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


async def test_an_answer_to_a_press_that_makes_no_sense_keeps_nobody_from_seeing_who(
    tmp_path: Path, proposal: Alert
) -> None:
    odd = {"answerCallbackQuery": [(200, "ok is false, and yet it is HTTP 200", {})]}
    update = pressed(5, data(proposal, "ack"), message=under(proposal))
    async with rigged(
        tmp_path, [update], desk=desk(Kept(), proposal), write=(OWNER,), server={"refuse": odd}
    ) as rig:
        (edit,) = rig.api.of("editMessageText")
        assert "acked by user501" in edit.given["text"]


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


@pytest.mark.parametrize(
    ("state", "deed", "told"),
    [
        (AlertState.FILLED, "filled", "is done since 14:31 UTC; tell a trade by /fill"),
        (AlertState.RESOLVED, "ack", "is over since 14:31 UTC"),
    ],
)
async def test_a_button_that_was_not_taken_away_in_time_books_nothing_twice(
    tmp_path: Path, proposal: Alert, state: AlertState, deed: str, told: str
) -> None:
    kept = Kept()
    over = replace(proposal, state=state, idem="over")
    update = pressed(5, data(proposal, deed), message=under(proposal))
    async with rigged(tmp_path, [update], desk=desk(kept, proposal, over), write=(OWNER,)) as rig:
        (answer,) = rig.api.of("answerCallbackQuery")
        assert answer.given["text"] == f"nothing done: A17F12 {told}"
        assert names(rig.api.of("editMessageText")[0]) == []
        assert not kept.words


async def test_a_press_that_comes_again_is_answered_as_it_was_taken(
    tmp_path: Path, proposal: Alert
) -> None:
    kept = Kept()
    over = replace(proposal, state=AlertState.FILLED, idem="over")
    update = pressed(5, data(proposal, "filled"), message=under(proposal))
    async with rigged(tmp_path, [update], desk=desk(kept, proposal), write=(OWNER,)):
        pass
    async with rigged(tmp_path, [update], desk=desk(kept, proposal, over), write=(OWNER,)) as rig:
        assert rig.api.of("answerCallbackQuery")[0].given["text"] == "fill taken"
        assert len(kept.words) == 1


async def test_a_name_with_quotes_is_told_once(tmp_path: Path, proposal: Alert) -> None:
    pat = person(OWNER, first_name="Pat", last_name="O'Brien")
    first = pressed(5, data(proposal, "ack"), message=under(proposal), **{"from": pat})
    shown = under(proposal) | {"text": "ADD · L2\n\nA17F12 acked by Pat O'Brien, 14:31 UTC"}
    second = pressed(6, data(proposal, "skip"), message=shown, **{"from": pat})
    async with rigged(
        tmp_path, [first, second], desk=desk(Kept(), proposal), write=(OWNER,)
    ) as rig:
        last = rig.api.of("editMessageText")[-1].given["text"]
        assert last.count("acked") == last.count("skipped") == 1


async def test_what_was_booked_for_one_position_names_it_where_it_is_taken_back(
    tmp_path: Path, proposal: Alert
) -> None:
    mine = replace(proposal, scope="1:0xc364:4471")
    update = pressed(5, data(mine, "filled"), message=under(mine))
    async with rigged(tmp_path, [update], desk=desk(Kept(), mine), write=(OWNER,)) as rig:
        (said,) = rig.api.sent
        assert said.splitlines() == [
            "fill taken",
            "/correct L2 position 1:0xc364:4471 ENTRY LEG @PRICE",
            "/undo L2 position 1:0xc364:4471 takes it back",
        ]
