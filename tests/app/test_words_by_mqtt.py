"""A person's words by MQTT, through a real broker to the layers of a real daemon."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import aiomqtt
import pytest

from monitor.timetravel.story import moments

FIRST = next(moments())
CALLS = "vix.call 2020-06-17 18"
FILL = {"id": "a-1", "verb": "fill", "layer": "L2", "legs": [f"{CALLS} +4 @1.60"], "by": "ann"}


@pytest.fixture
async def play(set_stage: Any, watching: Any) -> AsyncIterator[Any]:
    """A daemon that takes commands, and has proposed layers."""
    play = await set_stage("alvh")
    play.edit("[channel.mqtt]", "[channel.mqtt]\ncommands = true")
    play.stage.cboe.set_settlements(FIRST.at.date(), FIRST.settlements)
    play.stage.set_clock(FIRST.at)
    play.stage.cboe.set_quote(13.68, FIRST.at - timedelta(minutes=75))
    async with watching(play.stage.config):
        await play.until(lambda: "L2.add" in play.firing(), "the add of layer 2")
        yield play


@asynccontextmanager
async def speaker(play: Any) -> AsyncIterator[Any]:
    """Yield what publishes a command and returns the answer to it."""
    broker = play.stage.broker
    async with aiomqtt.Client(broker.host, broker.port) as client:
        heard = aiter(client.messages)
        await client.subscribe("hedgewatch/demo/status", qos=1)
        await anext(heard)  # once it is online it listens
        await client.unsubscribe("hedgewatch/demo/status")
        await client.subscribe("hedgewatch/demo/answer", qos=1)

        async def say(command: dict[str, Any]) -> dict[str, Any]:
            await client.publish("hedgewatch/demo/command", json.dumps(command).encode(), qos=1)
            async with asyncio.timeout(20):
                answer: dict[str, Any] = json.loads((await anext(heard)).payload)
            assert answer["id"] == command["id"]
            return answer

        yield say


async def test_a_trade_told_by_mqtt_moves_the_layer_once(play: Any) -> None:
    async with speaker(play) as say:
        filled, again = await say(FILL), await say(FILL)
        off = await say({"id": "a-2", "verb": "close", "layer": "L1"})
        strange = await say(FILL | {"id": "a-3", "position": "1:0x00:1"})
        assert (filled["outcome"], filled["repeat"]) == ("taken", False)
        assert filled["text"] == "L2 on: 4 × VIX 17 Jun 2020 18 call"
        assert again == filled | {"repeat": True, "ts": again["ts"]}
        assert off["outcome"] == "refused"
        assert off["text"] == "L1 is off: there is nothing to close"
        assert strange["text"] == "layer L2 covers the whole book: leave position out"
        layer = play.state().layers["L2|book"]
        assert [(leg.contract.strike, leg.quantity) for leg in layer.legs] == [(18.0, 4)]
        assert [one.by for one in layer.journal] == ["ann@mqtt"]
        money = {"verb": "cash", "layer": "L2", "usd": -12.5, "note": "funding"}
        paid, again = [await say(money | {"id": "c-1"}) for _ in range(2)]
        assert paid["text"] == "-12.50 USD (funding); L2 on: 4 × VIX 17 Jun 2020 18 call"
        assert (again["text"], again["repeat"]) == (paid["text"], True)
        early = await say(money | {"id": "c-2", "traded_at": "2020-02-14T12:00Z"})
        to_come = await say(money | {"id": "c-3", "traded_at": "2021-02-14T12:00Z"})
        assert early["outcome"] == "taken"
        assert to_come["text"] == (
            "2021-02-14 12:00Z is still to come: a trade is told once it is done"
        )
        booked = play.state().layers["L2|book"].cash
        assert [(one.usd, one.at.hour) for one in booked][1:] == [(-12.5, 12)]
        undone = await say({"id": "a-4", "verb": "undo", "layer": "L2"})
        assert undone["text"].startswith("L2 off")
