"""Requests of MQTT 5: answered where they ask to be, as far as that is anybody's to ask."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiomqtt
import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from pydantic import TypeAdapter, ValidationError

from monitor.channels.settings import MqttSettings
from monitor.clock import SystemClock
from monitor.devnet.broker import Broker
from tests.channels.contract import checker
from tests.channels.taken import Kept
from tests.channels.test_mqtt_commands import ANSWER, COMMAND, FILL, STATUS

pytestmark = pytest.mark.usefixtures("broker")


@pytest.fixture
def kept() -> Kept:
    return Kept()


class Asker:
    """A client that asks, and what it has heard of all that it may read."""

    def __init__(self, client: aiomqtt.Client) -> None:
        self._client = client

    async def ask(self, said: Any, *, topic: str = COMMAND, reply: str = "") -> aiomqtt.Message:
        """Return the first message that carries the mark of this request."""
        properties = Properties(PacketTypes.PUBLISH)
        properties.CorrelationData = mark = said["id"].encode()
        if reply:
            properties.ResponseTopic = reply
        await self._client.publish(topic, json.dumps(said).encode(), 1, properties=properties)
        async with asyncio.timeout(10):
            async for message in self._client.messages:
                come = getattr(message.properties, "CorrelationData", None) == mark
                if come and message.topic.value != topic:
                    checker("answer").validate(told(message))
                    return message
        raise AssertionError("the broker hung up")


def told(message: aiomqtt.Message) -> dict[str, Any]:
    assert isinstance(message.payload, bytes)
    found: dict[str, Any] = json.loads(message.payload)
    return found


@asynccontextmanager
async def asking(broker: Broker, user: str = "", word: str = "") -> AsyncIterator[Asker]:
    client = aiomqtt.Client(
        broker.host,
        broker.port,
        username=user or None,
        password=word or None,
        protocol=aiomqtt.ProtocolVersion.V5,
    )
    async with client:
        await client.subscribe("#", qos=1)
        yield Asker(client)


async def test_an_answer_goes_where_the_request_says_with_its_mark(
    broker: Broker, listening: Any, running: Any, kept: Kept
) -> None:
    own, other = f"{ANSWER}/ann-7", "clients/ann/reply"
    async with (
        listening(broker) as ear,
        running(broker, obey=kept.obey, commands=True, answer_topics=("clients/+/reply",)),
        asking(broker) as asker,
    ):
        await ear.until(lambda heard: heard.payloads(STATUS))
        for number, reply in enumerate((own, other)):
            answer = await asker.ask(FILL | {"id": f"q-{number}"}, reply=reply)
            assert answer.topic.value == reply
            assert (told(answer)["id"], told(answer)["outcome"]) == (f"q-{number}", "taken")
            assert (answer.qos, answer.retain) == (1, False)
        assert (await asker.ask(FILL | {"id": "q-9"})).topic.value == ANSWER
        assert len(ear.payloads(ANSWER)) == 1, "what was answered elsewhere is not told here too"


WIDE = ("clients/+/reply", "hedgewatch/#")
"""What a person may write who means the answers."""


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param("hedgewatch/home/event", id="our own events"),
        pytest.param(STATUS, id="our own status"),
        pytest.param("lights/hall/set", id="other people's lamps"),
        pytest.param("clients/ann/deep/reply", id="deeper than is allowed"),
        pytest.param(f"{ANSWER}s", id="a name that only begins alike"),
    ],
)
async def test_an_answer_goes_nowhere_else_and_what_asks_for_it_is_not_obeyed(
    broker: Broker, listening: Any, running: Any, kept: Kept, reply: str
) -> None:
    async with (
        listening(broker) as ear,
        running(broker, obey=kept.obey, commands=True, answer_topics=WIDE),
        asking(broker) as asker,
    ):
        await ear.until(lambda heard: heard.payloads(STATUS))
        answer = await asker.ask(FILL, reply=reply)
        assert answer.topic.value == ANSWER
        assert told(answer)["outcome"] == "refused"
        assert told(answer)["text"] == (
            f"no answer may go to {reply!r}: see channel.mqtt.answer_topics"
        )
        assert not kept.words


USERS = {"daemon": "d-word", "ann": "a-word", "bob": "b-word"}
ACL = """\
user daemon
topic readwrite hedgewatch/#
pattern write hedgewatch/home/command/%u
pattern read hedgewatch/home/answer/%u
"""


@asynccontextmanager
async def guarded(running: Any, kept: Kept, folder: Path, **changes: Any) -> AsyncIterator[Broker]:
    """A broker that vouches for names, and a daemon behind it."""
    word = folder / "word"
    word.write_text(USERS["daemon"])
    word.chmod(0o600)
    login = {"username": "daemon", "password": f"file:{word}"}
    async with (
        Broker(users=USERS, acl=ACL) as broker,
        running(broker, obey=kept.obey, commands=True, **login, **changes) as channel,
    ):
        async with asyncio.timeout(10):
            while channel._upkeep._board.next() is not None:  # by then it listens, too
                await SystemClock().sleep(0.005)
        yield broker


async def test_a_name_the_broker_vouches_for_is_whose_word_it_is(
    running: Any, kept: Kept, tmp_path: Path
) -> None:
    async with (
        guarded(running, kept, tmp_path) as broker,
        asking(broker, "ann", "a-word") as ann,
        asking(broker, "bob", "b-word") as bob,
    ):
        mine = "hedgewatch/home/command/ann"
        said = FILL | {"by": ""}
        answer = await ann.ask(said, topic=mine)
        assert (told(answer)["outcome"], answer.topic.value) == ("taken", f"{ANSWER}/ann")
        assert kept.words["mqtt:a-1 ann"].by == "ann@mqtt"
        as_bob = await ann.ask(FILL | {"id": "a-2", "by": "bob"}, topic=mine)
        assert told(as_bob)["text"] == "on command/ann nobody speaks as 'bob'"
        # The broker keeps bob from ann's topic, and from the one anybody may say any name on.
        for topic in (mine, COMMAND):
            await bob._client.publish(topic, json.dumps(FILL | {"id": "b-0"}).encode(), 1)
        theirs = await bob.ask(FILL | {"by": "bob"}, topic=f"{COMMAND}/bob")
        assert (told(theirs)["outcome"], told(theirs)["repeat"]) == ("taken", False)
    assert [(key, word.by) for key, word in kept.words.items()] == [
        ("mqtt:a-1 ann", "ann@mqtt"),
        ("mqtt:a-1 bob", "bob@mqtt"),
    ]


@pytest.mark.parametrize(
    ("names", "said", "text"),
    [
        pytest.param(("ann",), {"by": "ann"}, "fill taken", id="on the list"),
        pytest.param(("ann",), {"by": "bob"}, "'bob' is not one of channel.mqtt.command_names",
                     id="not on it"),
        pytest.param(("ann",), {"by": ""}, "say who: by", id="nameless"),
        pytest.param((), {"by": "ann"}, "'ann' is not one of channel.mqtt.command_names",
                     id="an empty list is nobody"),
    ],
)  # fmt: skip
async def test_who_is_heard_can_be_named(  # noqa: PLR0913 - four fixtures and the table
    broker: Broker, listening: Any, running: Any, kept: Kept, *, names: Any, said: Any, text: str
) -> None:
    async with (
        listening(broker) as ear,
        running(broker, obey=kept.obey, commands=True, command_names=names),
        asking(broker) as asker,
    ):
        await ear.until(lambda heard: heard.payloads(STATUS))
        answer = told(await asker.ask(FILL | said))
        assert answer["text"] == text
        assert answer["key"] == (None if text == "fill taken" else "by")
    assert bool(kept.words) is (text == "fill taken")


async def test_where_the_broker_keeps_us_from_answering_there_we_answer_on_our_own(
    running: Any, kept: Kept, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    reply = "clients/ann/reply"  # which the broker's list does not let the daemon write
    async with (
        guarded(running, kept, tmp_path, answer_topics=(reply,)) as broker,
        asking(broker, "ann", "a-word") as ann,
    ):
        answer = await ann.ask(FILL | {"by": ""}, topic=f"{COMMAND}/ann", reply=reply)
        assert answer.topic.value == f"{ANSWER}/ann"
    assert f"is refused: {reply}: Not authorized" in caplog.text


async def test_the_list_in_the_readme_lets_in_whom_it_says(
    running: Any, make_message: Any, kept: Kept, tmp_path: Path
) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    (acl,) = (one for one in readme.split("```text\n") if one.startswith("user hedgewatch"))
    word = tmp_path / "word"
    word.write_text("h-word")
    word.chmod(0o600)
    login = {"username": "hedgewatch", "password": f"file:{word}"}
    users = {"hedgewatch": "h-word", "ann": "a-word"}
    async with (
        Broker(users=users, acl=acl.partition("```")[0]) as broker,
        running(broker, obey=kept.obey, commands=True, **login) as channel,
        asking(broker, "ann", "a-word") as ann,
    ):
        await channel.send(make_message())
        async with asyncio.timeout(10):
            async for message in ann._client.messages:
                if message.topic.value == "hedgewatch/home/event":
                    break
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await ann.ask(FILL)
        said = await ann.ask(FILL | {"id": "a-2", "by": ""}, topic=f"{COMMAND}/ann")
        assert told(said)["outcome"] == "taken"
    assert list(kept.words) == ["mqtt:a-2 ann"]


@pytest.mark.parametrize("wrong", ["#", "+/reply", "a/#/b", "a/b#", "a/+b", "", "/a", "a\0"])
def test_a_filter_that_is_none_or_is_of_everything_is_refused(wrong: str) -> None:
    given = {"host": "h", "answer_topics": (wrong,)}
    with pytest.raises(ValidationError, match="clients/"):
        TypeAdapter(MqttSettings).validate_python(given)
