"""A day of the story with everything about the daemon failing by turns, and the daemon killed.

What a consumer received is held to a run in which nothing failed: not an alert more or less.
"""

import asyncio
import random
import re
import resource
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from monitor.clock import SystemClock
from monitor.devnet.cboe_server import Failure
from monitor.devnet.lockstep import Lockstep
from monitor.timetravel.story import Moment, moments
from tests.channels.test_telegram import TOKEN
from tests.soak.test_broker_kills import consuming, settled

SYSTEM = SystemClock()
FIRST = next(moments())
DAY = timedelta(hours=24)
HEAD = re.compile(r"^.*<code>[0-9A-F]{6}</code>.*$", re.MULTILINE)
MARK = "may be a repeat"
FAULTS = ("rpc", "feed", "broker", "telegram", "disk", "kill")
UNBOUND = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


@dataclass
class Bot:
    """A Bot API that fails as told; a message it took in before it failed was received."""

    failures: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        text = (await request.post()).get("text")
        how = self.failures.pop(0) if self.failures and text else ""
        if how in {"429", "500"}:
            body = {"ok": False, "error_code": int(how), "description": "no"}
            more = {"parameters": {"retry_after": 1}} if how == "429" else {}
            return web.json_response(body | more, status=int(how))
        if text:
            self.texts.append(str(text))
        if how == "hang":
            await asyncio.Event().wait()
        result: dict[str, Any] = {"id": 1, "is_bot": True, "first_name": "b", "username": "b"}
        if text:
            result = {"message_id": 1, "date": 1, "chat": {"id": 7, "type": "private"}}
        return web.json_response({"ok": True, "result": result})


@dataclass
class Mischief:
    """Chooses by its dice what fails at a moment; never anything where `often` is 0."""

    play: Any
    relay: Any
    bot: Bot
    dice: random.Random
    often: float
    done: Counter[str] = field(default_factory=Counter)

    async def at(self) -> None:
        """Do what the dice say, some milliseconds into a moment, and mend it after a few more."""
        for what in FAULTS:
            if self.dice.random() < self.often:
                await SYSTEM.sleep(self.dice.uniform(0, 0.1))
                self.done[what] += 1
                await getattr(self, f"_{what}")()

    async def _rpc(self) -> None:
        status = self.dice.choice((401, 429, 500))
        self.relay.fault = lambda _method, _params: web.Response(status=status)
        await SYSTEM.sleep(self.dice.uniform(0.05, 0.5))
        self.relay.fault = lambda _method, _params: None

    async def _feed(self) -> None:
        self.play.stage.cboe.fail(self.dice.choice([one for one in Failure if one != Failure.HANG]))
        await SYSTEM.sleep(self.dice.uniform(0.05, 0.5))
        self.play.stage.cboe.fail(None)

    async def _broker(self) -> None:
        """Take the broker away for a while, in good order: an acknowledgement outlives no kill."""
        await self.play.stage.broker.stop()
        await SYSTEM.sleep(self.dice.uniform(0, 0.3))
        await self.play.stage.broker.start()

    async def _telegram(self) -> None:
        self.bot.failures = [self.dice.choice(("429", "500", "hang"))]

    async def _disk(self) -> None:
        """Let the daemon's files grow no more, as on a full disk; one that ends is restarted."""
        if self.play.daemon.alive:
            process = self.play.daemon._process.pid
            resource.prlimit(process, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
            await SYSTEM.sleep(self.dice.uniform(0.05, 0.3))
            if self.play.daemon.alive:
                resource.prlimit(process, resource.RLIMIT_FSIZE, UNBOUND)

    async def _kill(self) -> None:
        self.play.daemon.kill()

    async def revive(self) -> None:
        if not self.often:
            self.play.daemon.must_live()
        elif not self.play.daemon.alive:
            self.done["restart"] += 1
            self.play.daemon.start()


@dataclass(frozen=True, kw_only=True)
class Outcome:
    decided: frozenset[str]
    heard: frozenset[str]
    undelivered: int
    texts: tuple[str, ...]
    done: Counter[str]

    def doubles(self) -> list[str]:
        """Return the messages that told a person something a second time."""
        seen, again = set[str](), []
        for text in self.texts:
            heads = {re.sub(r"\W*\d+ (s|m|h)\b", "", head) for head in HEAD.findall(text)}
            again += [text] if heads & seen else []
            seen |= heads
        return again


def a_day(times: int) -> list[Moment]:
    """Return so many moments of one day, the price about 250 and crossing it each time."""
    return [
        replace(
            FIRST,
            at=FIRST.at + DAY / times * n,
            price=260.0 if n % 2 else 240.0,
            vix=FIRST.vix if not n else None,
        )
        for n in range(times + 1)
    ]


def of_the_story(idems: frozenset[str]) -> set[str]:
    """Return those of alerts that are not about the faults themselves, as a full disk's are."""
    return {idem for idem in idems if ":self." not in idem}


async def lived(play: Any, mischief: Mischief, told: list[Moment]) -> Outcome:
    stage, store = play.stage, play.store
    steps = Lockstep(
        stage=stage, store=store, volume_usd=30_000, meanwhile=mischief.revive, patience_s=300
    )
    async with consuming(stage.broker, "hedgewatch/demo") as heard:
        await play.until(lambda: "hedgewatch-consumer" in stage.broker.log, "the consumer")
        play.daemon.start()
        for moment in told:
            async with asyncio.TaskGroup() as group:
                group.create_task(mischief.at(), name="mischief")
                group.create_task(steps.tell(moment), name="moment")
        await steps.drained()
        decided = frozenset(event.idem for event in store.history.events(limit=100_000))
        await settled(heard, decided, within_s=30)
        await play.daemon.stop()
    return Outcome(
        decided=decided,
        heard=frozenset(heard.events),
        undelivered=sum(one.waiting + one.dead for one in store.outbox.backlog()),
        texts=tuple(mischief.bot.texts),
        done=mischief.done,
    )


@pytest.mark.parametrize(
    ("times", "often"),
    [
        pytest.param(6, 0.25, id="every four hours", marks=pytest.mark.timeout(300)),
        pytest.param(
            288, 0.15, id="every five minutes", marks=[pytest.mark.soak, pytest.mark.timeout(5400)]
        ),
    ],
)
async def test_a_day_of_faults_loses_no_alert_and_doubles_none_unmarked(  # noqa: PLR0913 - a table
    set_stage: Any,
    relay_to: Any,
    serve: Any,
    tmp_path: Path,
    figure: Any,
    *,
    times: int,
    often: float,
) -> None:
    token = tmp_path / "token"
    token.write_text(TOKEN)
    token.chmod(0o600)

    async def run(share: float) -> Outcome:
        play, bot = await set_stage("alvh", "lp_range", "waves"), Bot()
        url = (await serve(bot.answer)).url
        lines = f'[channel.telegram]\ntoken = "file:{token}"\nchat = 7\ntimeout_s = 1.0\n'
        play.edit("[channel.mqtt]", f'{lines}base_url = "{url}/bot"\n[channel.mqtt]')
        dice = random.Random(f"a day of {times}")
        mischief = Mischief(play, await relay_to(play), bot, dice, share)
        return await lived(play, mischief, a_day(times))

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(run(share), name=f"share {share}") for share in (0.0, often)]
    whole, tried = (task.result() for task in tasks)
    lost = of_the_story(whole.decided ^ tried.heard)
    doubles = tried.doubles()
    unmarked = [text for text in doubles if MARK not in text]
    faults = ", ".join(f"{count} {what}" for what, count in sorted(tried.done.items()))
    told = f"24 simulated hours, {len(tried.decided)} alerts; {faults}"
    if lost:  # what was decided otherwise, and what was decided and not heard, are two things
        otherwise = of_the_story(whole.decided ^ tried.decided)
        unheard = tried.decided - tried.heard
        told += f"; decided otherwise: {sorted(otherwise)}; unheard: {sorted(unheard)}"
    figure(f"day.{times}.lost", len(lost), "alerts", most=0, measured=told)
    told = f"{len(doubles)} doubles of {len(tried.texts)} messages, each after an answer missed"
    figure(f"day.{times}.unmarked", len(unmarked), "doubles", most=0, measured=told)
    assert len(whole.decided) > 5 * times
    assert of_the_story(tried.decided) == of_the_story(whole.decided)
    assert (tried.heard, whole.heard) == (tried.decided, whole.decided)
    assert (whole.undelivered, tried.undelivered) == (0, 0)
    assert not whole.doubles()
