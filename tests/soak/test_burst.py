"""A thousand alerts at once: in order, paced as Telegram asks, and what is void says so."""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from monitor.alerts.alert import Alert, AlertState
from monitor.alerts.wire import to_json
from monitor.channels.telegram import TelegramChannel, TelegramSettings
from monitor.clock import SystemClock
from monitor.devnet.broker import Broker
from monitor.devnet.listener import listening as consumer
from monitor.model.layer import Action
from monitor.rules.pack import Severity
from monitor.store.courier import Courier
from monitor.store.records import Change, Outgoing
from monitor.store.sqlite import open_sqlite
from tests.channels.test_telegram import TOKEN

AT = datetime(2026, 11, 20, 14, 31, tzinfo=UTC)
BURST, KEYS = 1000, 250
VOID = timedelta(seconds=30)
LONGEST_WAIT_MIN = 10.0
SYSTEM = SystemClock()
SAID = re.compile(r"<code>([0-9A-F]{6})</code>")


@dataclass
class Leaping:
    """A clock that is past what it is asked to wait for: hours pass in seconds."""

    time: datetime = AT

    def now(self) -> datetime:
        return self.time

    async def sleep(self, seconds: float) -> None:
        await SYSTEM.sleep(0)
        self.time += timedelta(seconds=seconds)


@dataclass
class Group:
    """A Telegram group that throttles as the real one: twenty messages a minute, else 429."""

    clock: Leaping
    told: list[tuple[datetime, str]] = field(default_factory=list)
    throttled: int = 0

    async def answer(self, request: web.Request) -> web.Response:
        text, now = str((await request.post()).get("text", "")), self.clock.now()
        recent = [at for at, _ in self.told if now - at < timedelta(minutes=1)]
        if len(recent) >= 20 or (recent and now - recent[-1] < timedelta(seconds=1)):
            self.throttled += 1
            body = {"ok": False, "error_code": 429, "description": "Too Many Requests"}
            return web.json_response(body | {"parameters": {"retry_after": 30}}, status=429)
        self.told.append((now, text))
        chat = {"id": -100, "type": "group", "title": "t"}
        return web.json_response({"ok": True, "result": {"message_id": 1, "date": 1, "chat": chat}})


def burst(*, apart: timedelta) -> Iterator[Outgoing]:
    """Yield alerts of many keys; every tenth key proposes what is soon void."""
    for number in range(BURST):
        of_key, turn = number % KEYS, number // KEYS
        at = AT - apart * (BURST - number)
        proposes = of_key % 10 == 0
        alert = Alert(
            id=f"{number:06X}",
            idem=f"wave:{of_key}:{turn}:firing",
            key=f"wave|{of_key}",
            rule="wave",
            pack="waves",
            scope="book",
            layer="L2" if proposes else "",
            layer_title="VIX calls" if proposes else "",
            action=Action.ADD if proposes else Action.NOTIFY,
            state=AlertState.FIRING,
            severity=Severity.WARNING,
            at=at,
            since=at,
            title="A wave",
            text=f"note {number:04d}",
            expires_at=AT + VOID if proposes else None,
        )
        yield Outgoing(
            idem=alert.idem,
            key=alert.key,
            alert_id=alert.id,
            at=at,
            payload=to_json(alert),
            channels=("mqtt", "telegram"),
            expires_at=alert.expires_at,
        )


@pytest.fixture
def token(tmp_path: Path) -> str:
    path = tmp_path / "token"
    path.write_text(TOKEN)
    path.chmod(0o600)
    return f"file:{path}"


async def carried(courier: Courier, clock: Leaping) -> None:
    """Deliver all there is, whatever its hour."""
    while (due := courier.next_due()) is not None:
        clock.time = max(clock.time, due)
        await courier.deliver_due(clock.time)


@pytest.mark.parametrize(
    ("name", "apart"),
    [
        pytest.param("one_step", timedelta(0), id="of one step"),
        pytest.param("many_steps", timedelta(milliseconds=20), id="of a thousand steps"),
    ],
)
async def test_a_thousand_alerts_reach_a_telegram_group_within_minutes(  # noqa: PLR0913 - a table
    tmp_path: Path, token: str, serve: Any, figure: Any, *, name: str, apart: timedelta
) -> None:
    clock = Leaping()
    group = Group(clock)
    server = await serve(group.answer)
    store = open_sqlite(f"sqlite:///{tmp_path}/burst.db", now=AT)
    letters = list(burst(apart=apart))
    for change in [letters] if not apart else [[one] for one in letters]:
        store.commit(Change(alerts=tuple(change)))
    settings = TelegramSettings(token=token, chat=-100, base_url=f"{server.url}/bot")
    channel = TelegramChannel(settings, clock=clock)
    await carried(Courier(store, channel, clock, lambda: 0.5), clock)
    await channel.close()
    backlog = store.outbox.backlog()
    store.close()
    said = [(at, int(n, 16)) for at, text in group.told for n in SAID.findall(text)]
    numbers = [number for _, number in said]
    assert sorted(numbers) == list(range(BURST))
    for key in range(KEYS):
        of_key = [number for number in numbers if number % KEYS == key]
        assert of_key == sorted(of_key)
    void = 0
    for at, text in group.told:
        proposed = [n for n in SAID.findall(text) if int(n, 16) % KEYS % 10 == 0]
        assert text.count("became void") == (len(proposed) if at >= AT + VOID else 0), text
        void += text.count("became void")
    assert void > 10, "too few proposals came late to mean anything"
    waited = max(at for at, _ in said) - AT
    told = f"{BURST} alerts, {KEYS} keys, in {len(group.told)} messages, {void} void"
    figure(
        f"burst.{name}.last",
        waited.total_seconds() / 60,
        "min",
        most=LONGEST_WAIT_MIN,
        measured=told,
    )
    assert group.throttled == 0
    assert {one.channel for one in backlog} == {"mqtt"}, "nothing of Telegram's waits or is dead"


async def test_a_thousand_alerts_reach_a_consumer_in_order(
    tmp_path: Path, broker: Broker, running: Any, figure: Any
) -> None:
    store = open_sqlite(f"sqlite:///{tmp_path}/burst.db", now=AT)
    store.commit(Change(alerts=tuple(burst(apart=timedelta(0)))))
    late = Leaping(AT + 2 * VOID)
    async with (
        consumer(broker.host, broker.port, "hedgewatch/home/event") as heard,
        running(broker, SYSTEM) as channel,
    ):
        began = SYSTEM.now()
        await Courier(store, channel, late, lambda: 0.5).deliver_due(late.now())
        async with asyncio.timeout(20):
            while len(heard.events) < BURST:
                await SYSTEM.sleep(0.01)
        took = SYSTEM.now() - began
    store.close()
    for key in range(KEYS):
        turns = [e["idem"] for e in heard.events if e["idem"].split(":")[1] == str(key)]
        assert turns == [f"wave:{key}:{turn}:firing" for turn in range(BURST // KEYS)]
    figure(
        "burst.mqtt.all",
        took.total_seconds(),
        "s",
        most=60,
        measured=f"{BURST} alerts through SQLite and mosquitto, in order for each of {KEYS} keys",
    )
