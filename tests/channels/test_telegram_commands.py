"""Questions and words by Telegram, against a local Bot API server that hands out updates."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.channels.spoken import Errand
from monitor.channels.telegram_desk import Desk
from monitor.model.observation import Verb, Word
from tests.channels.bot_rig import rigged
from tests.channels.bot_server import AT, OWNER, STRANGER, TOKEN, BotApi, asked, person
from tests.channels.taken import BOUGHT, LEG, Kept


@asynccontextmanager
async def heard(
    tmp_path: Path,
    *batches: Any,
    obey: Errand | None = None,
    deaf: int = 0,
    **lists: tuple[int, ...],
) -> AsyncIterator[BotApi]:
    """Run commands until every batch was taken and the next poll waits."""
    desk = Desk(answer=answer, obey=obey or Kept().obey)
    async with rigged(tmp_path, *batches, desk=desk, server={"deaf": deaf}, **lists) as rig:
        yield rig.api


NOT_ALLOWED = "refused: you may ask here, and not tell: channel.telegram.commands.write"


def answer(name: str, _of: str) -> str:
    return f"answer to {name}" if name != "/fail" else str(1 // 0)


async def test_the_owner_is_answered_and_no_update_is_asked_for_twice(tmp_path: Path) -> None:
    async with heard(tmp_path, [asked(7, "/status"), asked(8, "/positions@hedge_bot now")]) as api:
        assert api.sent == ["answer to /status", "answer to /positions"]
        assert api.offsets == [0, 9]


FORWARDED = {"type": "user", "date": 1, "sender_user": person(STRANGER)}


@pytest.mark.parametrize(
    "update",
    [
        pytest.param(asked(1, "/status", user=STRANGER), id="a stranger in the right chat"),
        pytest.param(asked(1, "/status", chat=-7), id="the owner in another chat"),
        pytest.param(asked(1, "/status", at=AT - timedelta(seconds=61)), id="an old question"),
        pytest.param(asked(1, "good morning"), id="talk that is no command"),
        pytest.param(
            asked(1, "/status", sender_chat={"id": -100, "type": "supergroup"}),
            id="an anonymous admin, whoever that is",
        ),
        pytest.param(
            asked(1, "/status", sender_chat={"id": -7, "type": "channel", "title": "c"}),
            id="a channel that speaks in the group",
        ),
        pytest.param(
            asked(1, "/status", **{"from": person(OWNER, is_bot=True)}), id="a bot on the list"
        ),
        pytest.param(
            asked(1, "/status", forward_origin=FORWARDED), id="what somebody else said, passed on"
        ),
        pytest.param(
            {"update_id": 1, "edited_message": asked(1, "/status")["message"]},
            id="what was said and is now another",
        ),
        pytest.param(
            {"update_id": 1, "channel_post": asked(1, "/status")["message"]}, id="a channel's post"
        ),
        pytest.param({"update_id": 1}, id="an update of another kind"),
    ],
)
async def test_what_gets_silence(tmp_path: Path, update: dict[str, Any]) -> None:
    async with heard(tmp_path, [update]) as api:
        assert api.sent == []
        assert api.offsets == [0, 2]


async def test_an_empty_list_means_nobody(tmp_path: Path) -> None:
    async with heard(tmp_path, [asked(1, "/status")], read=()) as api:
        assert api.sent == []


async def test_a_chat_on_the_list_is_answered_where_it_asked(tmp_path: Path) -> None:
    there = asked(1, "/status", chat=-7, is_topic_message=True, message_thread_id=33)
    async with heard(tmp_path, [there, asked(2, "/help", chat=OWNER)], chats=(-7,)) as api:
        (call,) = api.of("sendMessage")
        assert (call.given["chat_id"], call.given["message_thread_id"]) == ("-7", "33")


async def test_a_reply_thread_is_no_topic(tmp_path: Path) -> None:
    async with heard(tmp_path, [asked(1, "/status", message_thread_id=33)]) as api:
        assert "message_thread_id" not in api.of("sendMessage")[0].given


async def test_a_minute_ago_is_answered(tmp_path: Path) -> None:
    async with heard(tmp_path, [asked(1, "/status", at=AT - timedelta(seconds=60))]) as api:
        assert api.sent == ["answer to /status"]


async def test_a_group_that_became_a_supergroup_is_listened_to(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    moved = asked(1, "", migrate_to_chat_id=-100777)
    async with heard(tmp_path, [moved], [asked(2, "/status", chat=-100777)]) as api:
        (call,) = api.of("sendMessage")
        assert call.given["chat_id"] == "-100777"
    assert "set channel.telegram.chat to -100777" in caplog.text


async def test_nobody_else_moves_the_chat(tmp_path: Path) -> None:
    moved = asked(1, "", chat=-7, migrate_to_chat_id=-8)
    async with heard(tmp_path, [moved], [asked(2, "/status", chat=-8)]) as api:
        assert api.sent == []


async def test_a_silence_is_a_word_and_writers_alone_may_say_it(tmp_path: Path) -> None:
    kept = Kept()
    said = [asked(1, "/silence rule=L2.add 4h noise"), asked(2, "/silence rule=x 1h", user=503)]
    desk = Desk(answer=answer, obey=kept.obey)
    async with rigged(tmp_path, said, desk=desk, read=(503,), write=(OWNER,)) as rig:
        assert rig.api.sent[-1] == NOT_ALLOWED
    (word,) = kept.words.values()
    assert (word.verb, word.matchers, word.note) == (Verb.SILENCE, ("rule=L2.add",), "noise")


async def test_an_answer_that_fails_is_told_and_ends_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with heard(tmp_path, [asked(1, "/fail")], [asked(2, "/status")]) as api:
        assert api.sent == ["/fail failed: see the log", "answer to /status"]
    assert "ZeroDivisionError" in caplog.text


async def test_updates_that_make_no_sense_are_an_outage_and_not_an_end(tmp_path: Path) -> None:
    async with heard(tmp_path, [{"nobody": 1}], [asked(2, "/status")]) as api:
        assert api.sent == ["answer to /status"]


async def test_an_outage_is_told_once_and_its_end_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    async with heard(tmp_path, 502, [asked(1, "/status")]) as api:
        assert api.sent == ["answer to /status"]
    told = [one.message for one in caplog.records if "telegram commands" in one.message]
    assert len(told) == 2
    assert "Bad Gateway" in told[0]
    assert told[1] == "telegram commands are heard again"
    assert TOKEN not in json.dumps(told)


FILL = f"/fill L2 {LEG}"


async def test_a_writer_tells_of_trades_and_of_alerts(tmp_path: Path) -> None:
    kept = Kept()
    pool = "1:0xc36442b4a4522e871399cd717abdd847ab11fe88:4471"
    said = [
        FILL,
        "/close@hedge_bot L2",
        "/roll L2 vix.call 2026-12-16 29 -4 @0.40;\nvix.call 2027-03-17 29 +4 @2.85",
        f"/fill S1 position {pool} eth.put 2027-03-26 1800 +5 @0.0525",
        "/ack a17f3c",
        "/snooze A17F3C 1h",
        "/undo L2",
        "/correct L2 3 vix.call 2027-03-17 29 +4 @2.75",
        "/cash P +12.50 funding received",
        f"/cash P position {pool} at 2026-11-19T08:00Z -3",
        f"/fill L2 at 2026-11-19T08:00Z {LEG}",
    ]
    updates = [asked(number, text) for number, text in enumerate(said, 1)]
    async with heard(tmp_path, updates, read=(), write=(OWNER,), obey=kept.obey) as api:
        verbs = ["fill", "close", "roll", "fill", "ack", "snooze", "undo", "correct"]
        verbs += ["cash", "cash", "fill"]
        assert api.sent == [f"{verb} taken" for verb in verbs]
    filled, closed, rolled, scoped, acked, snoozed, undone, corrected, *rest = kept.words.values()
    assert filled == Word(
        id="telegram:1:20261120T143107",
        verb=Verb.FILL,
        observed_at=AT,
        by="501@telegram",
        layer="L2",
        fills=(BOUGHT,),
    )
    assert (closed.layer, closed.fills) == ("L2", ())
    assert [(fill.quantity, fill.price) for fill in rolled.fills] == [(-4, 0.40), (4, 2.85)]
    assert scoped.scope == pool
    assert acked.alert == snoozed.alert == "A17F3C"
    assert snoozed.until == AT + timedelta(hours=1)
    assert (undone.layer, undone.entry) == ("L2", 0)
    assert (corrected.entry, corrected.fills[0].price) == (3, 2.75)
    got, paid, late = rest
    assert (got.verb, got.layer, got.cash_usd) == (Verb.CASH, "P", 12.5)
    assert (got.note, got.traded_at) == ("funding received", None)
    assert (paid.scope, paid.cash_usd, paid.note) == (pool, -3.0, "")
    assert paid.traded_at == late.traded_at == datetime(2026, 11, 19, 8, tzinfo=UTC)
    assert late.fills == (BOUGHT,)


async def test_an_update_delivered_twice_is_one_word_and_answered_twice(tmp_path: Path) -> None:
    kept = Kept()
    async with heard(
        tmp_path, [asked(7, FILL)], [asked(7, FILL)], write=(OWNER,), obey=kept.obey
    ) as api:
        assert api.sent == ["fill taken", "fill taken"]
        assert len(kept.words) == 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("/fill", "refused: fill of which layer? /fill L2 ", id="no layer"),
        pytest.param("/fill L2", "refused: fill of what? /fill L2 ", id="no legs"),
        pytest.param(
            "/fill L2 vix.call 2027-03-17 29 4",
            "refused: leg 'vix.call 2027-03-17 29 4': the quantity '4' needs its sign",
            id="a leg that cannot be read",
        ),
        pytest.param(f"{FILL}\n{FILL}", "refused: one command a message", id="two trades"),
        pytest.param("/ack", "refused: ack reads /ack A17F3C", id="no alert"),
        pytest.param("/ack 12", "refused: '12' is no alert: it is six ", id="a strange alert"),
        pytest.param("/snooze A17F3C", "refused: snooze reads /snooze ", id="no span"),
        pytest.param("/snooze A17F3C soon", "refused: 'soon'", id="a strange span"),
        pytest.param("/close L2 position", "refused: position needs its key ", id="no key"),
        pytest.param("/undo L2 all of it", "refused: undo takes no more ", id="undo of words"),
        pytest.param("/cash", "refused: cash of which layer? ", id="cash of no layer"),
        pytest.param("/cash P", "refused: cash of how many US dollars? ", id="no cash"),
        pytest.param("/cash P 12.5", "refused: '12.5' is no amount with its sign", id="no sign"),
        pytest.param("/cash P +0 x", "refused: cash of how many US dollars? ", id="cash of nought"),
        pytest.param("/cash P at", "refused: at needs an instant after it", id="no instant"),
        pytest.param(
            f"/fill L2 at noon {LEG}", "refused: 'noon' is no instant with its zone", id="noon"
        ),
        pytest.param("/correct L2", "refused: correct which entry? ", id="no entry"),
        pytest.param("/correct L2 3", "refused: a correction has one leg", id="no correction"),
    ],
)
async def test_a_word_that_cannot_be_read_is_refused_in_a_sentence(
    tmp_path: Path, text: str, told: str
) -> None:
    kept = Kept()
    async with heard(tmp_path, [asked(1, text)], write=(OWNER,), obey=kept.obey) as api:
        (sent,) = api.sent
        assert sent.startswith(told)
        assert not kept.words


@pytest.mark.parametrize(
    ("update", "told"),
    [
        pytest.param(asked(1, FILL, user=STRANGER), [], id="a stranger"),
        pytest.param(asked(1, FILL, chat=-7), [], id="a writer in another chat"),
        pytest.param(
            asked(1, FILL, user=503),
            [NOT_ALLOWED],
            id="a reader",
        ),
        pytest.param(
            asked(1, FILL, at=AT - timedelta(minutes=14)),
            ["not taken: it came 14 minutes late; say it again if it still holds"],
            id="a writer, long ago",
        ),
    ],
)
async def test_whose_word_is_not_taken(
    tmp_path: Path, update: dict[str, Any], told: list[str]
) -> None:
    kept = Kept()
    async with heard(tmp_path, [update], read=(503,), write=(OWNER,), obey=kept.obey) as api:
        assert api.sent == told
        assert not kept.words


async def test_the_answer_to_a_word_is_sent_again_until_it_arrives(tmp_path: Path) -> None:
    async with heard(tmp_path, [asked(1, FILL)], write=(OWNER,), deaf=2) as api:
        await api.until("sendMessage", 1)
        assert api.sent == ["fill taken"]


async def test_a_word_that_fails_says_so_and_ends_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    kept = Kept(fault=ZeroDivisionError())
    batches = [asked(1, FILL)], [asked(2, "/status")]
    async with heard(tmp_path, *batches, write=(OWNER,), obey=kept.obey) as api:
        assert api.sent == [
            "failed, and may have been taken: see the log and the layer's journal",
            "answer to /status",
        ]
    assert "ZeroDivisionError" in caplog.text


async def test_a_word_taken_in_time_is_not_asked_for_again_when_it_comes_again_late(
    tmp_path: Path,
) -> None:
    kept = Kept()
    desk = Desk(answer=answer, obey=kept.obey, left=kept.left)
    async with rigged(tmp_path, [asked(7, FILL)], desk=desk, write=(OWNER,)) as rig:
        rig.clock.time += timedelta(minutes=3)  # a crash before Telegram was told, and a restart
        rig.api.add([asked(7, FILL)], [asked(8, FILL)])
        await rig.settled()
        assert rig.api.sent[:2] == ["fill taken", "fill taken"]
        assert rig.api.sent[2].startswith("not taken: it came 3 minutes late")
        assert len(kept.words) == 1


async def test_a_question_that_telegram_has_wait_is_answered_then_and_holds_up_nobody(
    tmp_path: Path,
) -> None:
    busy = {"sendMessage": [(429, "Too Many Requests", {"retry_after": 40})]}
    kept = Kept()
    desk = Desk(answer=answer, obey=kept.obey)
    said = [asked(1, "/status"), asked(2, FILL)]
    async with rigged(
        tmp_path, said, desk=desk, write=(OWNER,), server={"refuse": busy}, idle=False
    ) as rig:
        async with asyncio.timeout(10):
            while not kept.words:
                await rig.clock.sleep(0)
        assert rig.api.sent == []
        rig.clock.time += timedelta(seconds=41)
        await rig.api.until("sendMessage", 2)
        assert set(rig.api.sent) == {"answer to /status", "fill taken"}


async def test_what_is_said_to_another_bot_is_not_heard(tmp_path: Path) -> None:
    kept = Kept()
    said = [asked(1, f"/fill@other_bot L2 {LEG}"), asked(2, "/status@other_bot")]
    async with heard(
        tmp_path, [*said, asked(3, "/help@Hedge_Bot")], write=(OWNER,), obey=kept.obey
    ) as api:
        assert api.sent == ["answer to /help"]
        assert not kept.words


async def test_a_public_group_is_known_however_its_name_is_written(tmp_path: Path) -> None:
    there = {"id": -1007, "type": "supergroup", "title": "t", "username": "HedgeGroup"}
    desk = Desk(answer=answer, obey=Kept().obey)
    said = [asked(1, "/status", chat=there)]
    async with rigged(tmp_path, said, desk=desk, chat="@hedgegroup") as rig:
        assert rig.api.sent == ["answer to /status"]


@pytest.mark.parametrize(
    "text", [f"/unsilence {'z' * 4000}", f"/fill L2 {'v' * 4000}", f"/ack {chr(1) * 4000}"]
)
async def test_an_answer_too_long_for_a_message_loses_its_end(tmp_path: Path, text: str) -> None:
    async with heard(tmp_path, [asked(1, text)], write=(OWNER,)) as api:
        (sent,) = api.sent
        assert sent.startswith("refused: ")
        assert len(sent.encode("utf-16-le")) // 2 <= 4096
        assert text.startswith("/unsilence") or sent.endswith("…")


async def test_no_answer_tells_a_secret(tmp_path: Path) -> None:
    desk = Desk(answer=lambda *_: f"rpc-1 not read: bot{TOKEN}", obey=Kept().obey)
    async with rigged(tmp_path, [asked(1, "/positions")], desk=desk) as rig:
        assert rig.api.sent == ["rpc-1 not read: bot***"]
