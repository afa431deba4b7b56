"""What the real daemon records replays to the very same alerts, kills and all."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.alerts.alert import Alert
from monitor.alerts.wire import from_json, to_json
from monitor.app.replay import Replay, Replayed
from monitor.app.rulebook import load_enabled, rulebook
from monitor.cli import main
from monitor.config import load_settings
from monitor.devnet.lockstep import Lockstep
from monitor.devnet.person import Person
from monitor.devnet.stage import DaemonProcess
from monitor.sources.tape import Head, read_tape
from monitor.timetravel.alert_lines import alert_log
from monitor.timetravel.story import moments

PACKS = ("alvh", "lp_range", "self", "waves")


@pytest.fixture
async def told(set_stage: Any, swayed: Any) -> Any:
    """Return a teller of a story to a daemon that records it: what is done before each moment."""

    async def teller(before: Callable[[DaemonProcess, int], None] = lambda *_: None) -> Any:
        play = await set_stage(*PACKS, more=("--tape", "{folder}/tapes/one.jsonl"))
        tape, daemon = play.stage.folder / "tapes" / "one.jsonl", play.daemon

        async def meanwhile() -> None:
            daemon.must_live()

        steps = Lockstep(stage=play.stage, store=play.store, volume_usd=30_000, meanwhile=meanwhile)
        daemon.start()
        last = 0
        for number, moment in enumerate(swayed(date(2020, 2, 17))):
            before(daemon, number)
            await steps.tell(moment)
            while fresh := play.store.history.events(last):
                last = fresh[-1].id
                person = Person(play.stage.config)
                await asyncio.gather(*(person.answer(from_json(e.payload)) for e in fresh))
                await steps.until(lambda: not play.store.inbox.unheard(), "the words")
        await daemon.stop()
        return play, tape

    return teller


def log_of(play: Any) -> list[Alert]:
    return [from_json(event.payload) for event in play.store.history.events(limit=100_000)]


def replayed(play: Any, tape: Path) -> Replayed:
    settings = load_settings(play.stage.config)
    return Replay(rulebook(settings, load_enabled(settings))).run(read_tape(tape))


def same_to_the_byte(play: Any, tape: Path) -> None:
    found = replayed(play, tape)
    assert sorted(map(to_json, found.alerts)) == sorted(map(to_json, log_of(play)))
    assert replace(found.state, epoch="") == play.state()


@pytest.mark.usefixtures("logging_put_back")
async def test_a_tape_replays_to_the_alert_log_of_the_store_byte_for_byte(
    told: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    play, tape = await told()
    live = log_of(play)
    states = {one.state.value for one in live}
    assert {"firing", "resolved", "filled"} <= states  # rules spoke, and so did a person
    same_to_the_byte(play, tape)
    out = tmp_path / "out"
    command = ["timetravel", "--tape", str(tape), "--config", str(play.stage.config)]
    assert main([*command, "--out", str(out)]) == 0
    assert (out / "alerts.jsonl").read_bytes() == alert_log(live).encode()
    assert "those it was recorded with" in capsys.readouterr().out


async def test_a_daemon_killed_and_started_again_goes_on_with_its_tape(told: Any) -> None:
    def killed(daemon: DaemonProcess, number: int) -> None:
        if number in {3, 6}:
            daemon.kill()
            daemon.start()

    play, tape = await told(killed)
    heads = [line for line in read_tape(tape) if isinstance(line, Head)]
    assert [head.rows is None for head in heads] == [False, True, True]
    same_to_the_byte(play, tape)


OUT = """\
schema = 1
[pack]
id = "out"
title = "A rule that rests on blocks"
evidence = "claim"
sources = []
[[rule]]
id = "out"
scope = "position"
action = "notify"
when = '!position.in_range'
text = "{position.label} is out of range"
"""


async def test_a_tape_holds_what_a_chain_took_back_while_the_daemon_ran_and_while_it_did_not(
    set_stage: Any,
) -> None:
    play = await set_stage("out", "self", more=("--tape", "{folder}/tape"))
    (play.stage.folder / "rules" / "out.toml").write_text(OUT, "utf-8")
    tape, daemon = play.stage.folder / "tape", play.daemon
    first = next(moments())
    chain, at = play.stage.devnet, first.at

    async def moved(times: float) -> None:
        nonlocal at
        at += timedelta(minutes=1)
        play.stage.set_clock(at)
        await chain.swap_to(first.price * times, at=at)

    async def read() -> None:
        head = await chain.head()

        def latest() -> bool:
            polls = play.store.history.polls("devnet", 1)
            return bool(polls) and polls[0].hash == head.hash

        await play.until(latest, f"block {head.number}")

    daemon.start()
    await moved(1.01)
    await read()
    for down in (False, True):
        saved = await chain.snapshot()
        await moved(1.35)
        await read()
        if down:
            await daemon.stop()
        await chain.revert(saved)
        await moved(1.02)
        await moved(1.01)
        if down:
            daemon.start()
        await read()
    await daemon.stop()
    assert [one.state.value for one in log_of(play)].count("retracted") == 2
    same_to_the_byte(play, tape)
