"""Words by MQTT, against a real mosquitto: who is obeyed, what is answered, what is ignored."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import aiomqtt
import pytest

from monitor.devnet.broker import Broker
from monitor.model.observation import Verb
from tests.channels.taken import BOUGHT, LEG, Kept

pytestmark = pytest.mark.usefixtures("broker")
COMMAND = "hedgewatch/home/command"
ANSWER = "hedgewatch/home/answer"
STATUS = "hedgewatch/home/status"
FILL: Mapping[str, Any] = {
    "id": "a-1",
    "verb": "fill",
    "layer": "L2",
    "legs": [LEG],
    "position": None,
    "by": "ann",
}


@pytest.fixture
def kept() -> Kept:
    return Kept()


async def say(broker: Broker, *payloads: Any, retain: bool = False, version: int = 5) -> None:
    protocol = aiomqtt.ProtocolVersion.V5 if version == 5 else aiomqtt.ProtocolVersion.V311
    async with aiomqtt.Client(broker.host, broker.port, protocol=protocol) as client:
        for one in payloads:
            payload = one if isinstance(one, bytes) else json.dumps(one).encode()
            await client.publish(COMMAND, payload, qos=1, retain=retain)


async def answers(ear: Any, count: int) -> list[dict[str, Any]]:
    await ear.until(lambda heard: len(heard.payloads(ANSWER)) >= count)
    return [json.loads(payload) for payload in ear.payloads(ANSWER)]


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
async def test_a_command_is_obeyed_and_answered_once_and_its_repeat_is_one_word(
    broker: Broker, listening: Any, running: Any, kept: Kept, protocol: str
) -> None:
    version = 5 if protocol == "5" else 311
    async with (
        listening(broker, version) as ear,
        running(broker, obey=kept.obey, commands=True, protocol=protocol),
    ):
        await ear.until(lambda heard: heard.payloads(STATUS))
        await say(broker, FILL, FILL, FILL | {"id": "a-2", "layer": "L3"}, version=version)
        first, again, other = await answers(ear, 3)
        assert first["schema"] == "hedgewatch.answer/1"
        assert (first["id"], first["outcome"], first["text"]) == ("a-1", "taken", "fill taken")
        assert (first["key"], first["repeat"]) == (None, False)
        assert (again["id"], again["outcome"], again["repeat"]) == ("a-1", "taken", True)
        assert (other["id"], other["repeat"]) == ("a-2", False)
        event = next(one for one in ear.heard if one.topic.value == ANSWER)
        assert event.qos == 1
        assert not event.retain
    word = kept.words["mqtt:a-1"]
    assert (word.verb, word.by, word.layer, word.scope) == (Verb.FILL, "ann@mqtt", "L2", "book")
    assert (word.fills, word.traded_at) == ((BOUGHT,), None)
    assert list(kept.words) == ["mqtt:a-1", "mqtt:a-2"]


CASH: Mapping[str, Any] = {"id": "c-1", "verb": "cash", "layer": "P", "usd": -12.5}


async def test_money_without_a_trade_and_a_trade_told_late_are_words_too(
    broker: Broker, listening: Any, running: Any, kept: Kept
) -> None:
    late = {"traded_at": "2026-11-19T09:00+01:00"}
    async with listening(broker) as ear, running(broker, obey=kept.obey, commands=True):
        await ear.until(lambda heard: heard.payloads(STATUS))
        await say(broker, CASH | late | {"note": "funding"}, FILL | late)
        assert [one["outcome"] for one in await answers(ear, 2)] == ["taken", "taken"]
    paid, filled = kept.words.values()
    assert (paid.verb, paid.layer, paid.cash_usd, paid.note) == (Verb.CASH, "P", -12.5, "funding")
    assert paid.traded_at == filled.traded_at == datetime(2026, 11, 19, 8, tzinfo=UTC)
    assert filled.fills == (BOUGHT,)


FAULTS = [
    (b"{", None, "", "a command is one JSON object: "),
    (b"[1]", None, "", "a command is one JSON object: "),
    (b"{" + b" " * 20_000, None, "", "a command has at most 16,384 bytes"),
    ({"verb": "fill"}, None, "id", "id: "),
    (FILL | {"id": 7}, None, "id", "id: "),
    (FILL | {"verb": "buy"}, "a-1", "verb", "verb: "),
    (FILL | {"leg": "x"}, "a-1", "leg", "leg: "),
    (FILL | {"legs": "vix.call"}, "a-1", "legs", "legs: "),
    (FILL | {"legs": [4]}, "a-1", "legs.0", "legs.0: "),
    (FILL | {"legs": ["vix.call 29"]}, "a-1", "legs[0]", "leg 'vix.call 29': "),
    (FILL | {"legs": []}, "a-1", "legs", "fill of what? "),
    (FILL | {"layer": ""}, "a-1", "layer", "fill of which layer? "),
    (FILL | {"alert": "A17F3C"}, "a-1", "alert", "fill takes no alert"),
    (FILL | {"entry": True, "verb": "undo"}, "a-1", "entry", "entry: "),
    ({"id": "a-1", "verb": "ack", "alert": "12"}, "a-1", "alert", "'12' is no alert"),
    ({"id": "a-1", "verb": "snooze", "alert": "A17F3C"}, "a-1", "span", "''"),
    (FILL | {"at": "2020-02-14T22:30:00Z"}, "a-1", "at", "it came "),
    (FILL | {"traded_at": "2026-11-19"}, "a-1", "traded_at", "'2026-11-19' is no instant with"),
    (FILL | {"traded_at": 7}, "a-1", "traded_at", "traded_at: "),
    (FILL | {"usd": 7.5}, "a-1", "usd", "fill takes no usd"),
    (CASH | {"usd": "12"}, "c-1", "usd", "usd: "),
    (CASH | {"note": "a\x1b[2J"}, "c-1", "note", "note is to be plain text on one line"),
    (CASH | {"note": "a\nb"}, "c-1", "note", "note is to be plain text on one line"),
    (FILL | {"layer": "L2\x1b"}, "a-1", "layer", "layer is to be plain text on one line"),
    (CASH | {"usd": 0}, "c-1", "usd", "cash of how many US dollars? "),
    (b'{"id": "c-1", "verb": "cash", "layer": "P", "usd": 1e999}', "c-1", "usd", "usd: "),
    (CASH | {"legs": [LEG]}, "c-1", "legs", "cash takes no legs"),
]


async def test_a_faulty_command_is_answered_with_the_key_at_fault(
    broker: Broker, listening: Any, running: Any, kept: Kept
) -> None:
    async with (
        listening(broker) as ear,
        running(broker, obey=kept.obey, commands=True),
    ):
        await ear.until(lambda heard: heard.payloads(STATUS))
        await say(broker, *(fault[0] for fault in FAULTS), b"", FILL)
        told = await answers(ear, len(FAULTS) + 1)
        for (payload, name, key, text), answer in zip(FAULTS, told, strict=False):
            assert answer["outcome"] == "refused", payload
            assert (answer["key"] or "") == key, payload
            assert answer["text"].startswith(text), answer
            assert answer["id"] == (name if name != 7 else None), payload
        assert told[-1]["outcome"] == "taken"
        assert list(kept.words) == ["mqtt:a-1"]


async def test_a_retained_command_is_ignored_told_so_and_cleared(
    broker: Broker, listening: Any, running: Any, kept: Kept
) -> None:
    await say(broker, FILL, retain=True)
    async with listening(broker) as ear, running(broker, obey=kept.obey, commands=True) as channel:
        (answer,) = await answers(ear, 1)
        assert (answer["id"], answer["outcome"]) == ("a-1", "refused")
        assert answer["text"] == "a retained command is not taken: publish it without retain"
        await say(broker, FILL | {"id": "a-2"}, retain=True)  # while it listens
        assert (await answers(ear, 2))[1]["outcome"] == "refused"
        await channel.show({"layer/L2": "{}"})
        await ear.until(lambda heard: heard.payloads(COMMAND)[-1] == "")
        assert not kept.words


async def test_nothing_is_heard_where_commands_are_off(
    broker: Broker, listening: Any, running: Any, kept: Kept
) -> None:
    async with listening(broker) as ear, running(broker, obey=kept.obey) as channel:
        await say(broker, FILL)
        await channel.show({"layer/L2": "{}"})
        await ear.until(lambda heard: heard.payloads("hedgewatch/home/layer/L2"))
        assert ear.payloads(ANSWER) == []
        assert not kept.words


async def test_a_command_that_fails_says_so_and_ends_nothing(
    broker: Broker, listening: Any, running: Any, kept: Kept, caplog: pytest.LogCaptureFixture
) -> None:
    kept.fault = ZeroDivisionError()
    async with listening(broker) as ear, running(broker, obey=kept.obey, commands=True):
        await ear.until(lambda heard: heard.payloads(STATUS))
        await say(broker, FILL)
        (failed,) = await answers(ear, 1)
        assert (failed["id"], failed["outcome"]) == ("a-1", "unknown")
        kept.fault = None
        await say(broker, FILL)
        assert (await answers(ear, 2))[1]["outcome"] == "taken"
    assert "ZeroDivisionError" in caplog.text


async def test_a_command_of_a_short_absence_is_taken_on_return(
    broker: Broker, listening: Any, running: Any, kept: Kept
) -> None:
    async with listening(broker) as ear:
        async with running(broker, obey=kept.obey, commands=True, protocol="5"):
            await ear.until(lambda heard: heard.payloads(STATUS))
        await say(broker, FILL)
        assert ear.payloads(ANSWER) == []
        async with running(broker, obey=kept.obey, commands=True, protocol="5"):
            (answer,) = await answers(ear, 1)
        assert (answer["id"], answer["outcome"]) == ("a-1", "taken")
        assert list(kept.words) == ["mqtt:a-1"]
