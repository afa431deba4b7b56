"""Home Assistant's discovery: in its own form, true to what is shown, and taken back."""

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiomqtt
import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, ValidationError

from monitor.channels.board import positions, signals, standing
from monitor.channels.homeassistant import (
    MOST,
    Discovery,
    _plain,
    complete,
    components,
    outline,
)
from monitor.clock import SystemClock
from monitor.devnet.broker import Broker
from monitor.model.layer import LayerState
from monitor.pipeline import State, step
from monitor.rules.lifecycle import Flag, Phase
from tests.channels.contract import checker

AT = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
THEIRS = json.loads(Path(__file__).with_name("homeassistant.json").read_text(encoding="utf-8"))
TOPIC = "homeassistant/device/hedgewatch-home/config"
LOST = "position.il < -0.5"
RULES = f"""\
schema = 1
[pack]
id = "mine"
title = "Mine"
evidence = "claim"
sources = []
[[rule]]
id = "lost.much"
scope = "position"
action = "notify"
when = '{LOST}'
text = "x"
[[rule]]
id = "calm"
scope = "book"
action = "notify"
when = 'vix < 15.0'
text = "x"
"""


@pytest.fixture
def book(hand: Any, tmp_path: Path) -> Any:
    file = tmp_path / "mine.toml"
    file.write_text(RULES)
    return hand.book("alvh", files=(file,))


@pytest.fixture
def state(hand: Any, book: Any) -> State:
    """Two positions read, VIX 13.68 known: `calm` fires, `lost.much` does not."""
    seen = hand.snapshot(AT, hand.position(1), hand.position(2))
    known, _ = step(book, State(), seen)
    return step(book, known, hand.vix(13.68, AT, AT))[0]


def discovery() -> Discovery:
    return Discovery("hedgewatch/home", prefix="homeassistant", expire_s=180)


def told(state: State, book: Any, by: Discovery | None = None) -> dict[str, Any]:
    found = by or discovery()
    found.want(components(state, book, found), whole=complete(state, book))
    text = found.payload()
    assert text is not None
    payload: dict[str, Any] = json.loads(text)
    return payload


def test_what_is_told_has_home_assistants_form_and_ours(state: State, book: Any) -> None:
    payload = told(state, book)
    Draft202012Validator.check_schema(THEIRS)
    Draft202012Validator(THEIRS).validate(payload)
    checker("discovery").validate(payload)
    assert re.fullmatch(THEIRS["x-topic"], discovery().topic)
    names = [one["name"] for one in payload["components"].values()]
    assert len({one["unique_id"] for one in payload["components"].values()}) == len(names)
    one, other = "#1 WETH/USDC 226–276", "#2 WETH/USDC 226–276"
    whose = {f"{one} IL", f"{one} value", f"{one} in range", f"{other} IL"}
    assert whose | {"VIX", "Layer L2", "Alert calm", f"Alert lost.much {other}"} <= set(names)


def test_a_layer_over_each_position_is_told_apart_by_name(state: State, book: Any) -> None:
    each = [LayerState(layer="L2", scope=key) for key in state.facts.positions]
    layers = {f"{one.layer}|{one.scope}": one for one in each}
    entities = told(replace(state, layers=layers), book)["components"].values()
    names = [one["name"] for one in entities]
    assert len(set(names)) == len(names)
    assert {"Layer L2 #1 WETH/USDC 226–276", "Layer L2 #2 WETH/USDC 226–276"} <= set(names)


def test_an_instance_of_any_letters_has_a_topic_they_take() -> None:
    for instance, name in (
        ("my_home-2", "hedgewatch-my_home-2"),
        ("häuschen", "hedgewatch-h_c3_a4uschen"),
    ):
        by = Discovery(f"hedgewatch/{instance}", prefix="homeassistant", expire_s=180)
        assert by.topic == f"homeassistant/device/{name}/config"
        assert re.fullmatch(THEIRS["x-topic"], by.topic)


WRONG: list[tuple[str, Any]] = [
    ("a misspelt option", lambda one: one | {"unit": "%"}),
    ("no unique_id", lambda one: {k: v for k, v in one.items() if k != "unique_id"}),
    ("an unknown platform", lambda one: one | {"platform": "gauge"}),
    ("options beside a unit", lambda one: one | {"options": ["a"], "device_class": "enum"}),
]


@pytest.mark.parametrize("spoil", [spoil for _, spoil in WRONG], ids=[what for what, _ in WRONG])
def test_their_form_finds_what_they_would_refuse(state: State, book: Any, spoil: Any) -> None:
    payload = told(state, book)
    key = next(key for key, one in payload["components"].items() if one["name"].endswith(" IL"))
    payload["components"][key] = spoil(payload["components"][key])
    with pytest.raises(ValidationError):
        Draft202012Validator(THEIRS).validate(payload)


# --- what the templates make of what is published -------------------------------------------


def seen_by(payload: Mapping[str, Any], shown: Mapping[str, str], now: datetime) -> dict[str, str]:
    """Return each entity's state by its name, as their templates come to it."""
    around = jinja2.Environment(undefined=jinja2.StrictUndefined)
    around.globals |= {"now": lambda: now, "as_timestamp": as_timestamp}
    states = {}
    for one in payload["components"].values():
        text = shown[one["state_topic"].removeprefix("hedgewatch/home/")]
        template = around.from_string(one["value_template"])
        states[one["name"]] = template.render(value=text, value_json=json.loads(text))
    return states


def as_timestamp(value: Any, default: Any = None) -> Any:
    if isinstance(value, datetime):
        return value.timestamp()
    try:
        return datetime.fromisoformat(value).timestamp()
    except (TypeError, ValueError):
        return default


def shown(state: State, book: Any) -> dict[str, str]:
    return {**positions(state.facts), **signals(state.facts), **standing(state, book)}


def test_what_is_known_is_told_in_their_units(state: State, book: Any) -> None:
    states = seen_by(told(state, book), shown(state, book), AT + timedelta(seconds=60))
    whose = "#1 WETH/USDC 226–276"
    (seen,) = (one for one in state.facts.positions.values() if one.position.token_id == 1)
    assert seen.measures.il is not None
    assert seen.measures.total.usd is not None
    assert float(states[f"{whose} IL"]) == pytest.approx(seen.measures.il * 100, abs=1e-4)
    assert float(states[f"{whose} value"]) == pytest.approx(seen.measures.total.usd, abs=0.01)
    assert states[f"{whose} in range"] == "ON"
    assert (states["VIX"], states["Alert calm"]) == ("13.68", "ON")
    assert states[f"Alert lost.much {whose}"] == "OFF"
    assert states["Layer L2"] in {"proposed", "off"}


def test_what_is_unknown_is_none_of_them_never_zero_and_never_off(state: State, book: Any) -> None:
    whose = "#1 WETH/USDC 226–276"
    ours = (f"{whose} IL", f"{whose} value", f"{whose} in range")
    late = seen_by(told(state, book), shown(state, book), AT + timedelta(minutes=6))
    assert [late[name] for name in ours] == ["None"] * 3
    assert late["VIX"] == "13.68"
    (key,) = (k for k, one in state.facts.positions.items() if one.position.token_id == 1)
    one = state.facts.positions[key]
    bare = replace(one.measures, il=None, total=replace(one.measures.total, usd=None))
    partly = {**state.facts.positions, key: replace(one, measures=bare)}
    facts = replace(state.facts, positions=partly)
    some = seen_by(told(state, book), shown(replace(state, facts=facts), book), AT)
    assert [some[name] for name in ours] == ["None", "None", "ON"]
    unread = {**state.facts.positions, key: replace(one, unread="cannot be read")}
    facts = replace(state.facts, positions=unread)
    none = seen_by(told(state, book), shown(replace(state, facts=facts), book), AT)
    assert [none[name] for name in ours] == ["None"] * 3
    old = seen_by(told(state, book), shown(state, book), AT + timedelta(days=5))
    assert old["VIX"] == "None"


def test_a_vix_that_only_repeats_is_unknown_however_newly_stamped(state: State, book: Any) -> None:
    vix, then = state.facts.readings["vix|"], datetime(2026, 11, 20, 20, tzinfo=UTC)
    for hours, expected in ((2, "13.68"), (5, "None")):
        said = replace(vix, as_of=then, since=then - timedelta(hours=hours))
        facts = replace(state.facts, readings={**state.facts.readings, "vix|": said})
        seen = seen_by(told(state, book), shown(replace(state, facts=facts), book), then)
        assert seen["VIX"] == expected
        checker("signal").validate(json.loads(signals(facts)["signal/vix/state"]))


def test_an_alert_that_cannot_be_judged_is_unknown_unless_it_fires(state: State, book: Any) -> None:
    calm = state.instances["calm|book"]
    for phase, expected in (
        (Phase.FIRING, "ON"),
        (Phase.INACTIVE, "None"),
        (Phase.PENDING, "None"),
    ):
        clouded = replace(calm, phase=phase, flag=Flag.NODATA)
        now = replace(state, instances={**state.instances, "calm|book": clouded}, standing=None)
        assert seen_by(told(now, book), shown(now, book), AT)["Alert calm"] == expected


@given(st.text(max_size=8), st.text(max_size=8))
def test_two_keys_never_become_one_and_each_is_plain(one: str, other: str) -> None:
    assert (_plain(one) == _plain(other)) is (one == other)
    assert re.fullmatch("[A-Za-z0-9_-]*", _plain(one))


# --- over lives -----------------------------------------------------------------------------


def without(state: State, token_id: int) -> State:
    """Return the state after the position was burned."""
    found = {
        key: replace(one, gone="burned") if one.position.token_id == token_id else one
        for key, one in state.facts.positions.items()
    }
    return replace(state, facts=replace(state.facts, positions=found))


def gone(payload: Mapping[str, Any]) -> set[str]:
    return {key for key, one in payload["components"].items() if "unique_id" not in one}


def test_while_nothing_it_depends_on_changes_it_need_not_be_worked_out_again(
    state: State, hand: Any, book: Any
) -> None:
    seen = hand.snapshot(AT, hand.position(1), hand.position(2), tick=221_200, number=2)
    later = step(book, state, seen)[0]
    assert outline(later, book) == outline(state, book)
    assert components(later, book, discovery()) == components(state, book, discovery())
    for other in (without(state, 2), replace(state, facts=replace(state.facts, readings={}))):
        assert outline(other, book) != outline(state, book)
    assert outline(state, replace(book, rules=book.rules[1:])) != outline(state, book)


def test_an_entity_that_is_gone_is_told_so_once(state: State, book: Any) -> None:
    by = discovery()
    first = told(state, book, by)
    by.told(json.dumps(first))
    second = told(without(state, 2), book, by)
    assert len(gone(second)) == 4, "loss, value, range, and the alert over it"
    Draft202012Validator(THEIRS).validate(second)
    checker("discovery").validate(second)
    assert {key: one for key, one in second["components"].items() if key not in gone(second)} == {
        key: one for key, one in first["components"].items() if key not in gone(second)
    }
    by.told(json.dumps(second))
    assert gone(told(without(state, 2), book, by)) == set()


def test_a_life_that_has_not_read_its_chains_takes_nothing_back(state: State, book: Any) -> None:
    before, by = told(state, book), discovery()
    by.saw(json.dumps(before).encode())
    early = told(State(), book, by)
    assert gone(early) == set()
    assert early["components"].keys() == before["components"].keys()
    assert len(gone(told(without(state, 2), book, by))) == 4


def test_many_are_cut_and_that_is_said_once(
    state: State, hand: Any, book: Any, caplog: pytest.LogCaptureFixture
) -> None:
    many = hand.snapshot(AT, *(hand.position(number) for number in range(200)), number=2)
    crowd, by = step(book, state, many)[0], discovery()
    for _ in range(2):
        assert len(told(crowd, book, by)["components"]) == MOST
    assert caplog.text.count("is told of the first 500 entities only") == 1


STRANGE = [b"", b"{", b"[]", b"\xff", b'{"components": 7}', b'{"components": {"a": 1}}']
DEEP = b"[" * 100_000
NESTED = b'{"components": {"a": {"platform": "sensor", "unique_id": "a", "b": [[["c"]]]}}}'


@pytest.mark.parametrize("strange", [*STRANGE, DEEP, NESTED], ids=range(8))
def test_what_is_not_ours_is_written_over(state: State, book: Any, strange: bytes) -> None:
    by = discovery()
    by.saw(strange)
    assert told(state, book, by) == told(state, book)


async def retained(broker: Broker, until: Any) -> dict[str, Any] | None:
    """Return what is retained for Home Assistant once it is as wanted; None for nothing."""
    found: dict[str, Any] | None = None
    async with aiomqtt.Client(broker.host, broker.port) as client, asyncio.timeout(10):
        await client.subscribe([(TOPIC, 1), ("hedgewatch/home/status", 1)])
        async for message in client.messages:
            assert isinstance(message.payload, bytes)
            if message.topic.value == TOPIC:
                found = json.loads(message.payload) if message.payload else None
            if until(found):
                return found
    raise AssertionError("the broker hung up")


@pytest.mark.usefixtures("broker")
@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
async def test_a_broker_keeps_it_and_it_goes_when_it_is_switched_off(
    broker: Broker, running: Any, state: State, book: Any, protocol: str
) -> None:
    on = {"discovery": "homeassistant", "protocol": protocol}

    async def show(channel: Any, state: State) -> None:
        channel.introduce(state, book)
        await channel.show(shown(state, book))

    async with running(broker, **on) as channel:
        await show(channel, state)
        first = await retained(broker, bool)
    assert first is not None
    async with running(broker, **on) as channel:  # another life, in which one is burned
        await show(channel, without(state, 2))
        fewer = len(first["components"]) - 4
        second = await retained(broker, lambda found: found and len(found["components"]) == fewer)
        assert second is not None
        assert gone(second) == set()
    async with running(broker, protocol=protocol) as channel:
        await show(channel, state)
        async with asyncio.timeout(10):
            while channel._upkeep._board.next() is not None or channel._discovery._known == {}:
                await SystemClock().sleep(0.005)
        assert await retained(broker, lambda _found: True) is None


@pytest.mark.usefixtures("broker")
async def test_where_it_was_never_on_nothing_is_sent_there(
    broker: Broker, running: Any, state: State, book: Any
) -> None:
    heard: list[str] = []

    async def listen(client: aiomqtt.Client) -> None:
        async for message in client.messages:
            topic = message.topic.value
            heard.append(topic)

    async with (
        aiomqtt.Client(broker.host, broker.port) as client,
        running(broker) as channel,
        asyncio.TaskGroup() as group,
    ):
        await client.subscribe("#", qos=1)
        task = group.create_task(listen(client))
        channel.introduce(state, book)
        await channel.show(shown(state, book))
        async with asyncio.timeout(10):
            while channel._upkeep._board.next() is not None:
                await SystemClock().sleep(0.005)
        await client.publish("the/end", b"", 1)
        async with asyncio.timeout(10):
            while "the/end" not in heard:
                await SystemClock().sleep(0.005)
        task.cancel()
    assert not [topic for topic in heard if topic.startswith("homeassistant")]
