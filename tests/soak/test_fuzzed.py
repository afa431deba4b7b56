"""Commands, payloads and rule files of every shape: taken, or refused in a clear sentence."""

import asyncio
import json
import logging
import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiomqtt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from monitor.app.daemon import Daemon
from monitor.channels.mqtt_commands import MqttCommands
from monitor.channels.settings import MqttSettings
from monitor.channels.spoken import Answer, MisspokenError, Outcome, typed
from monitor.clock import ManualClock
from monitor.config import load_settings
from monitor.errors import ConfigError
from monitor.model.observation import Word
from monitor.pipeline import State
from monitor.rules.loader import load_packs
from monitor.shipped import rules_dir
from monitor.store.memory import MemoryStore

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
LEG = "vix.call 2027-03-17 29 +4 @2.85"
FORMS: tuple[dict[str, Any], ...] = (
    {"id": "a", "verb": "fill", "layer": "L2", "legs": [LEG], "by": "ann"},
    {"id": "b", "verb": "close", "layer": "L2"},
    {"id": "c", "verb": "roll", "layer": "L2", "legs": [LEG, LEG.replace("+", "-")]},
    {"id": "d", "verb": "undo", "layer": "L2", "entry": 1},
    {"id": "e", "verb": "correct", "layer": "L2", "entry": 1, "legs": [LEG]},
    {"id": "f", "verb": "cash", "layer": "P", "usd": -12.5, "note": "funding"},
    {"id": "g", "verb": "ack", "alert": "A17F3C"},
    {"id": "h", "verb": "snooze", "alert": "A17F3C", "span": "1h"},
)
ODD: tuple[Any, ...] = (
    None, True, -1, 0, 1e308, 10**30, "", " ", "\x00", "\u202e", "²", "NaN", [], {}, [[]], "1e9",
    "999999999d", "1:0x00:1", "vix.call 1950-01-04 29 +4", "vix.call 9999-12-31 0 -0 @-1", LEG * 9,
    "2027-02-30T25:61Z", "0001-01-01T00:00Z", "9999-12-31T23:59:59+14:00", "../../etc", "'; DROP",
)  # fmt: skip
KEYS = (*{key for form in FORMS for key in form}, "position", "traded_at", "at", "_", "")
VALUES = st.one_of(st.sampled_from(ODD), st.text(max_size=30), st.floats(), st.integers())
MUTATED = st.builds(
    lambda form, more, without: {k: v for k, v in (form | more).items() if k not in without},
    st.sampled_from(FORMS),
    st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=3),
    st.sets(st.sampled_from(KEYS), max_size=1),
)
PAYLOADS = st.one_of(
    MUTATED.map(lambda form: json.dumps(form).encode()),
    st.binary(max_size=60),
    st.recursive(VALUES, st.lists, max_leaves=4).map(lambda one: json.dumps(one).encode()),
    st.just(b"[" * 9_000),
    st.just(b'{"id":' * 2_000),
)
TYPED = st.lists(
    st.one_of(
        st.sampled_from(("L2", "position", "at", ";", "+12.50", "A17F3C", "1h", "3", *LEG.split())),
        st.sampled_from([str(one) for one in ODD]),
        st.text(max_size=8),
    ),
    max_size=9,
)
_WORD = TypeAdapter(Word)


@dataclass
class Wire:
    """Keeps what is published."""

    told: list[dict[str, Any]] = field(default_factory=list)
    heard: asyncio.Event = field(default_factory=asyncio.Event)
    lost: bool = False

    async def publish(self, _topic: str, payload: str, **_: Any) -> None:
        self.told.append(json.loads(payload))
        self.heard.set()


@dataclass
class Desk:
    """A daemon without chains, that takes each word at once."""

    daemon: Daemon
    store: MemoryStore
    obeyed: int = 0

    async def obey(self, word: Word) -> Answer:
        self.obeyed += 1
        word = replace(word, id=f"w{self.obeyed}")  # else it is one said before
        self.store.inbox.say(word.id, _WORD.dump_json(word).decode(), NOON)
        for said in self.store.inbox.unheard():
            self.daemon.take(_WORD.validate_json(said.json), 0)
        heard = self.store.inbox.heard(word.id) or ""
        taken = Outcome.REFUSED if heard.startswith("refused") else Outcome.TAKEN
        return Answer(outcome=taken, text=heard)


@pytest.fixture(scope="module")
def desk(hand: Any) -> Desk:
    store, book = MemoryStore(now=NOON), hand.book("alvh")
    daemon = Daemon(
        store=store,
        book=book,
        state=State(),
        channels=(),
        reload=lambda: book,
        now=lambda: NOON,
    )
    daemon.take(hand.snapshot(NOON, hand.position()), 0)
    return Desk(daemon, store)


async def answered(payload: bytes, desk: Desk) -> dict[str, Any]:
    """Return what is answered to one command."""
    wire = Wire()
    given = MqttSettings(host="127.0.0.1", commands=True)
    commands = MqttCommands("hedgewatch/home", given, desk.obey, clock=ManualClock(NOON))
    topic = "hedgewatch/home/command"
    commands.hear("command", aiomqtt.Message(topic, payload, 1, False, 1, None))
    async with asyncio.TaskGroup() as group:
        work = group.create_task(commands.work(wire), name="commands")  # type: ignore[arg-type]
        await wire.heard.wait()
        work.cancel()
    return wire.told[0]


@pytest.mark.parametrize("count", [300, pytest.param(5_000, marks=pytest.mark.soak)])
@pytest.mark.timeout(900)
def test_any_command_by_mqtt_is_taken_or_refused(desk: Desk, figure: Any, count: int) -> None:
    log = logging.getLogger("monitor")
    seen: list[Outcome] = []
    records: list[str] = []
    handler = logging.Handler(logging.ERROR)
    handler.emit = lambda record: records.append(record.getMessage())  # type: ignore[method-assign]

    @settings(max_examples=count, deadline=None, database=None, derandomize=True)
    @given(PAYLOADS)
    def one(payload: bytes) -> None:
        told = asyncio.run(answered(payload, desk))
        assert told["outcome"] in {Outcome.TAKEN, Outcome.REFUSED}, told
        assert told["text"]
        assert len(told["text"]) < 2_000, told
        seen.append(told["outcome"])

    log.addHandler(handler)
    try:
        one()
    finally:
        log.removeHandler(handler)
    assert seen.count(Outcome.TAKEN) > 2
    told = f"{len(seen)} payloads, {seen.count(Outcome.REFUSED)} refused in a sentence"
    figure(f"fuzz.commands.{count}", len(records), "faults", most=0, measured=told)
    assert not records


@settings(max_examples=400, deadline=None)
@given(st.sampled_from([f"/{form['verb']}" for form in FORMS]), TYPED)
def test_any_typed_word_is_read_or_refused_in_one_sentence(verb: str, words: list[str]) -> None:
    try:
        word = typed(" ".join([verb, *words])).word(id="w", by="ann", now=NOON)
    except MisspokenError as refusal:
        assert str(refusal)  # noqa: PT017 - refused is as good as read
    else:
        assert word.verb.value == verb.removeprefix("/")


SOUP = (
    "[", "]", "[[", "]]", "=", '"', "'", "\n", "{", "}", ",", "#", "'''", "true", "1e999", "nan",
    "inf", "-", "0x", "\\", "\x00", "é", "[rule]", "[[rule]]", "id", "when", "for", "$", "${", "1h",
    "2020-01-01", "&&", "||", "vix", "null", "[channel.mqtt]", "a.b.c", "\r", "\ufeff",
)  # fmt: skip


def soups(texts: list[str], count: int) -> Iterator[str]:
    """Yield texts with a few of their pieces lost, doubled, swapped or put in; by a seed."""
    dice = random.Random("soup")
    for _ in range(count):
        pieces = dice.choice(texts).split(" ")
        for _ in range(dice.randint(1, 4)):
            at = dice.randrange(len(pieces))
            match dice.randrange(4):
                case 0:
                    pieces[at] = ""
                case 1:
                    pieces.insert(at, dice.choice(pieces))
                case 2:
                    pieces.insert(at, dice.choice(SOUP))
                case _:
                    pieces[at] = pieces[at][: dice.randint(0, 5)]
        yield " ".join(pieces)


@pytest.mark.parametrize("count", [60, pytest.param(2_000, marks=pytest.mark.soak)])
@pytest.mark.parametrize("what", ["rules", "config"])
@pytest.mark.timeout(900)
def test_any_file_is_loaded_or_refused_with_its_name(
    what: str, count: int, tmp_path: Path, figure: Any
) -> None:
    packs = sorted(rules_dir().glob("*.toml"))
    files = packs if what == "rules" else [Path(__file__).parents[2] / "config.toml"]
    texts = [file.read_text("utf-8") for file in files]
    refused, file = 0, tmp_path / f"{what}.toml"
    for text in soups(texts, count):
        file.write_text(text, "utf-8")
        try:
            load_packs([file]) if what == "rules" else load_settings(file)
        except ConfigError as error:
            refused += 1
            assert file.name in str(error)  # noqa: PT017 - refused is as good as loaded
    assert 0 < refused <= count
    told = f"{count} files made of shipped ones, by a seed; the others were sound"
    figure(f"fuzz.{what}.{count}", refused, "refused", least=1, measured=told)
