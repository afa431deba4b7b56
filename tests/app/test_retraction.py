"""A price move that its chain takes back: the real daemon tells of it, and takes it back too."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import aiomqtt

from monitor.devnet.listener import Listener, listening
from monitor.devnet.local_chain import Devnet
from monitor.model.layer import LayerStatus
from monitor.model.observation import Block
from monitor.timetravel.story import moments

TOPIC = "hedgewatch/demo/event"
MINUTE = timedelta(minutes=1)
FORK = """\
schema = 1
[pack]
id = "fork"
title = "Rules that rest on blocks"
evidence = "claim"
sources = []
[[layer]]
id = "G"
title = "Guard"
scope = "position"
instrument = { kind = "vix.call", dte = 110, delta = 0.50 }
size = { policy = "fixed", contracts = 1 }
  [[layer.rule]]
  id = "G.add"
  action = "add"
  when = 'position.il < -0.02'
  cooldown = "1d"
  text = "IL {position.il:.1%}"
[[rule]]
id = "out"
scope = "position"
action = "notify"
when = '!position.in_range'
title = "Out of range"
text = "{position.label} is out of range"
[[rule]]
id = "calm"
scope = "book"
action = "notify"
when = 'vix > 5.0'
text = "VIX {vix:.1f}"
"""


class Scene:
    """One play on a chain that can be turned: its clock goes with its blocks."""

    def __init__(self, play: Any, heard: Listener) -> None:
        first = next(moments())
        self.play, self.heard = play, heard
        self.at, self.price = first.at, first.price

    @property
    def chain(self) -> Devnet:
        chain: Devnet = self.play.stage.devnet
        return chain

    async def move(self, times: float, *, minutes: int = 1) -> Block:
        """Move the price to so many times its first, in one block; wait until that is read."""
        self.at += minutes * MINUTE
        self.play.stage.set_clock(self.at)
        await self.chain.swap_to(self.price * times, at=self.at)
        return await self.chain.head()

    async def read(self, block: Block) -> None:
        def latest() -> bool:
            polls = self.play.store.history.polls("devnet", 1)
            return bool(polls) and polls[0].hash == block.hash

        await self.play.until(latest, f"block {block.number} is read")

    def layers(self) -> set[LayerStatus]:
        """Return how the layers stand that something was asked of."""
        return {layer.status for layer in self.play.state().layers.values()}

    async def told(self, rule: str, state: str, count: int) -> list[dict[str, Any]]:
        """Return the events of a rule and state, once there are so many at the listener."""

        def found() -> list[dict[str, Any]]:
            return [e for e in self.heard.events if (e["rule"], e["state"]) == (rule, state)]

        await self.play.until(lambda: len(found()) >= count, f"{count} {rule} {state}")
        return found()


@asynccontextmanager
async def shown(play: Any) -> AsyncIterator[set[str]]:
    """Keep the rules whose alerts the broker retains as firing, for the length of a block."""
    broker, seen = play.stage.broker, dict[str, str]()
    rules = set[str]()

    async def follow(client: aiomqtt.Client) -> None:
        async for message in client.messages:
            assert isinstance(message.payload, bytes)
            told = json.loads(message.payload)["state"] if message.payload else ""
            seen[str(message.topic)] = told
            rules.clear()
            rules.update(topic.split("/")[3] for topic, one in seen.items() if one == "firing")

    client = aiomqtt.Client(broker.host, broker.port)
    async with client, asyncio.TaskGroup() as group:
        await client.subscribe("hedgewatch/demo/alert/#", qos=1)
        task = group.create_task(follow(client), name="retained")
        yield rules
        task.cancel()


async def test_what_a_reorganised_chain_takes_back_is_retracted(set_stage: Any) -> None:
    play = await set_stage("fork")
    (play.stage.folder / "rules" / "fork.toml").write_text(FORK, "utf-8")
    broker = play.stage.broker
    topics = shown(play)
    async with listening(broker.host, broker.port, TOPIC) as heard, topics as on_board:
        scene = Scene(play, heard)
        play.daemon.start()
        await scene.read(await scene.move(1.01))
        for round_, down in enumerate((False, True), 1):
            saved = await scene.chain.snapshot()
            gone = await scene.move(1.35)
            fired = (await scene.told("out", "firing", round_))[-1]
            added = (await scene.told("G.add", "firing", 3 * round_))[-3:]
            await play.until(lambda: {"out", "G.add"} <= on_board, "they are on the board")
            assert scene.layers() == {LayerStatus.PROPOSED}
            if down:
                await play.daemon.stop()
            await scene.chain.revert(saved)
            now = await scene.move(1.02, minutes=2)
            if down:
                now = await scene.move(1.01)
                play.daemon.start()
            back = (await scene.told("out", "retracted", round_))[-1]
            withdrawn = (await scene.told("G.add", "retracted", 3 * round_))[-3:]
            await scene.read(now)
            assert (back["id"], back["idem"]) == (fired["id"], f"{fired['idem'][:-6]}retracted")
            assert back["reason"].startswith(
                f"block {gone.number:,} {gone.hash[:6]}… is no longer part of devnet: "
                f"at block {now.number:,} {now.hash[:6]}…"
            )
            assert back["block"]["hash"] == now.hash
            assert {one["id"] for one in withdrawn} == {one["id"] for one in added}
            assert all(one["ticket"] is None for one in withdrawn)
            assert all("does not hold" in one["reason"] for one in withdrawn)
            assert play.firing() <= {"calm"}
            assert scene.layers() == {LayerStatus.OFF}
            await play.until(lambda: on_board <= {"calm"}, "they are off the board")
        # It has left no cooldown, and what follows is another episode.
        await scene.move(1.35)
        await scene.told("G.add", "firing", 9)
        await scene.move(1.0)
        await scene.told("out", "resolved", 1)
        await play.until(lambda: not play.owed(), "everything is sent")
        states = [e["state"] for e in heard.events if e["rule"] == "out"]
        assert states == [*2 * ["firing", "retracted"], "firing", "resolved"]
        assert len({e["id"] for e in heard.events if e["rule"] == "G.add"}) == 9
        assert heard.repeats == 0
        assert "retracted" not in {e["state"] for e in heard.events if e["rule"] == "calm"}
        await play.daemon.stop()
    assert "block gone" in play.daemon.console.read_text("utf-8")
