"""Signals: SIGTERM drains in bounded time, SIGKILL is survived, SIGHUP takes rules anew or not."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import aiomqtt
import pytest

from monitor.alerts.wire import from_json
from monitor.clock import stopwatch
from monitor.timetravel.story import moments

FIRST = next(moments())
ADDS = {"L1.add", "L2.add", "L3.add"}


def quote(play: Any, value: float, *, after_min: int = 0) -> None:
    at = FIRST.at + timedelta(minutes=after_min)
    play.stage.cboe.set_settlements(FIRST.at.date(), FIRST.settlements)
    play.stage.set_clock(at)
    play.stage.cboe.set_quote(value, at - timedelta(minutes=75))


@asynccontextmanager
async def states(play: Any) -> AsyncIterator[list[str]]:
    """Gather what the daemon's status topic says, from the retained one on."""
    heard: list[str] = []

    async def listen(client: aiomqtt.Client) -> None:
        async for message in client.messages:
            assert isinstance(message.payload, bytes)
            heard.append(json.loads(message.payload)["state"])

    client = aiomqtt.Client(play.stage.broker.host, play.stage.broker.port)
    async with client, asyncio.TaskGroup() as group:
        await client.subscribe("hedgewatch/demo/status", qos=1)
        task = group.create_task(listen(client))
        yield heard
        task.cancel()


async def test_the_status_ends_online_after_a_kill_and_offline_after_a_stop(set_stage: Any) -> None:
    play = await set_stage("self")
    play.edit("[channel.mqtt]", "[channel.mqtt]\nwill_delay_s = 1")
    async with states(play) as heard:
        play.daemon.start()
        await play.until(lambda: heard[-1:] == ["online"], "online")
        play.daemon.kill()
        await play.until(lambda: heard[-1:] == ["offline"], "the will")
        play.daemon.start()
        await play.until(lambda: heard[-1:] == ["online"], "online again")
        await play.daemon.stop()
        await play.until(lambda: heard[-1:] == ["offline"], "offline")
    assert play.daemon._process.returncode == 0
    assert heard == ["online", "offline", "online", "offline"]
    log = (play.stage.folder / "daemon.log").read_text()
    assert "Traceback" not in log
    assert "stopping: finishing what is being sent" in log


async def test_a_frozen_broker_holds_up_no_stop_and_what_was_being_sent_arrives_later(
    set_stage: Any, watching: Any
) -> None:
    play = await set_stage("alvh")
    play.edit("[channel.mqtt]", "[channel.mqtt]\ntimeout_s = 0.5")
    play.daemon.start()
    quote(play, 14.5)
    await play.until(lambda: play.firing() >= ADDS and not play.owed(), "the adds, delivered")
    os.kill(play.stage.broker._process.pid, signal.SIGSTOP)
    try:
        quote(play, 17.5, after_min=1)
        await play.until(play.owed, "a letter on its way to a broker that does not answer")
        began = stopwatch()
        await play.daemon.stop()
        took = stopwatch() - began
    finally:
        os.kill(play.stage.broker._process.pid, signal.SIGCONT)
    assert play.daemon._process.returncode == 0
    assert took < 5
    assert play.owed() == 3, "nothing is given up, nothing is called delivered"
    async with watching(play.stage.config):
        await play.until(lambda: not play.owed(), "the letters, delivered")
    assert play.store.outbox.dead_letters() == ()


async def stop(play: Any, watch: Any) -> None:
    """Stop the daemon in this process as the system does."""
    assert "watching devnet" in watch.log.getvalue(), "else the signal would end the tests"
    os.kill(os.getpid(), signal.SIGTERM)
    await play.until(lambda: "stopping" in watch.log.getvalue(), "the stop")


GOOD = """\
schema = 1
[pack]
id = "mine"
title = "Rules of one's own"
evidence = "claim"
sources = []
[[rule]]
id = "calm"
scope = "book"
action = "notify"
when = 'vix < 15.0'
text = "VIX {vix:.2f}"
"""
MORE = """
[[rule]]
id = "still"
scope = "book"
action = "notify"
when = 'vix < 14.0'
text = "VIX {vix:.2f}"
"""


async def test_a_faulty_file_leaves_the_rules_in_force_and_a_good_one_resets_nothing(
    set_stage: Any, watching: Any
) -> None:
    play = await set_stage("self")
    mine = play.stage.folder / "rules" / "mine.toml"
    mine.write_text(GOOD)
    play.edit('enabled = ["self"]', 'enabled = ["mine"]')
    async with watching(play.stage.config) as watch:
        quote(play, 13.68)
        await play.until(lambda: play.firing() == {"calm"}, "the alert")
        before = play.state().instances["calm|book"]
        mine.write_text(GOOD.replace("vix <", "vixx <") + MORE.replace('"book"', '"bok"'))
        os.kill(os.getpid(), signal.SIGHUP)
        await play.until(lambda: "faulty" in watch.log.getvalue(), "the refusal")
        told = watch.log.getvalue().partition("the new ones are faulty: ")[2]
        assert f"{mine}:" in told
        assert "calm" in told
        assert "did you mean vix?" in told
        assert "still" in told, "every fault at once"
        quote(play, 14.2, after_min=1)
        await play.until(
            lambda: play.state().facts.readings["vix|"].value == 14.2, "the next reading"
        )
        assert play.state().instances["calm|book"] == before, "the old rule judges on"
        mine.write_text(GOOD + MORE)
        os.kill(os.getpid(), signal.SIGHUP)
        await play.until(lambda: "2 rules reloaded" in watch.log.getvalue(), "the new rules")
        quote(play, 13.9, after_min=2)
        await play.until(lambda: play.firing() == {"calm", "still"}, "the new rule's alert")
        assert play.state().instances["calm|book"] == before, "a firing alert is not reset"
        mine.write_text(GOOD.replace('"calm"', '"other"'))
        os.kill(os.getpid(), signal.SIGHUP)
        await play.until(lambda: play.firing() <= {"other"}, "the end of what is gone")
        await stop(play, watch)
    rules = [from_json(event.payload).rule for event in play.store.history.events()]
    assert rules[:2] == ["calm", "still"], "each fired once"


async def test_a_rule_that_comes_back_counts_its_episodes_on(set_stage: Any, watching: Any) -> None:
    play = await set_stage("self")
    mine = play.stage.folder / "rules" / "mine.toml"
    mine.write_text(GOOD)
    play.edit('enabled = ["self"]', 'enabled = ["mine"]')
    for text, rule in (
        (GOOD, "calm"),
        (GOOD.replace('"calm"', '"other"'), "other"),
        (GOOD, "calm"),
    ):
        mine.write_text(text)
        async with watching(play.stage.config):
            quote(play, 13.68)
            await play.until(lambda rule=rule: play.firing() == {rule}, f"{rule} firing")
            await play.until(lambda: not play.owed(), "the outbox")
    idems = [event.idem for event in play.store.history.events()]
    told = [idem.partition(":")[2] for idem in idems]  # after the store's own name
    assert told == [
        *("calm:book:1:firing", "calm:book:1:gone"),
        *("other:book:1:firing", "other:book:1:gone"),
        "calm:book:2:firing",
    ]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_either_signal_of_the_end_stops_the_daemon(
    number: signal.Signals, set_stage: Any, watching: Any
) -> None:
    play = await set_stage("self")
    async with watching(play.stage.config) as watch:
        await play.until(lambda: "watching devnet" in watch.log.getvalue(), "the start")
        os.kill(os.getpid(), number)
        await play.until(lambda: "stopping" in watch.log.getvalue(), "the stop")
        await play.until(watch.task.done, "the end")
    assert watch.task.exception() is None


async def test_what_a_reload_dropped_is_known_again_once_a_rule_asks_for_it(
    set_stage: Any, watching: Any
) -> None:
    play = await set_stage("alvh")
    day = FIRST.at.date()
    play.stage.cboe.set_settlements(day, FIRST.settlements)
    play.stage.set_clock(FIRST.at)

    def settled() -> bool:
        return any(key.startswith("vx.settle|") for key in play.state().facts.readings)

    async with watching(play.stage.config) as watch:
        await play.until(settled, "the settlements")
        play.edit('enabled = ["alvh"]', 'enabled = ["lp_range"]')
        os.kill(os.getpid(), signal.SIGHUP)
        await play.until(lambda: not settled(), "that nobody asks for them")
        play.edit('enabled = ["lp_range"]', 'enabled = ["alvh"]')
        os.kill(os.getpid(), signal.SIGHUP)
        await play.until(settled, "the same settlements, though nothing about them is new")
        await stop(play, watch)
