"""A letter to Telegram is followed up alike whichever of several daemons carries it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, closing
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.alerts.alert import Alert, AlertState
from monitor.alerts.wire import to_json
from monitor.app.away import Outage
from monitor.app.daemon import Daemon
from monitor.app.several import Alternate, equipped
from monitor.app.telegram_desk import shared_pins
from monitor.channels.port import Message
from monitor.channels.settings import CommandSettings, TelegramSettings
from monitor.channels.telegram import TelegramChannel
from monitor.config import Settings
from monitor.config.settings import StoreSettings
from monitor.errors import Transient
from monitor.pipeline import State
from monitor.store.opening import open_shared
from monitor.store.postgres import Shared
from monitor.store.records import Change, Outgoing
from tests.channels.bot_rig import Story
from tests.channels.bot_server import AT, CHAT, OWNER, TOKEN, BotApi, serving
from tests.channels.proposals import TICKET, names
from tests.some_alert import a_proposal

PROPOSAL = a_proposal(AT, layer_title="VIX calls", title="t", ticket=TICKET)
OVER = replace(PROPOSAL, idem="L2.add:book:1:resolved", state=AlertState.RESOLVED)


def letter(alert: Alert) -> Change:
    outgoing = Outgoing(
        idem=alert.idem,
        key=alert.key,
        alert_id=alert.id,
        at=alert.at,
        payload=to_json(alert),
        channels=("telegram",),
    )
    return Change(alerts=(outgoing,))


def message(alert: Alert) -> Message:
    return Message(alert=alert, tries=0, repeat=False, now=AT)


@dataclass(frozen=True, kw_only=True)
class Crew:
    """Daemon `a` leads, `b` stands by."""

    a: Shared
    b: Shared
    api: BotApi
    settings: TelegramSettings
    url: str

    @asynccontextmanager
    async def leading(self) -> AsyncIterator[TelegramChannel]:
        """Give the channel of who leads, its chores done."""
        channel = TelegramChannel(self.settings, clock=Story())
        channel.remember(shared_pins(self.a))
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(channel.do_chores(stop))
            yield channel
            stop.set()
        await channel.close()

    @asynccontextmanager
    async def standing_by(self) -> AsyncIterator[None]:
        """Have the other carry letters."""
        given, clock = Settings(store=StoreSettings(url=self.url)), Story()
        made: list[Any] = [TelegramChannel(self.settings, clock=clock)]

        async def lead() -> None:
            raise AssertionError("another leads")

        alternate = Alternate(
            shared=self.b,
            clock=clock,
            carriers=lambda _stack: equipped(made, given, self.b, clock),
            hush=lambda _alert, _now: False,
            lead=lead,
            outage=Outage(name="b", clock=clock, people=lambda _stack: []),
        )
        async with asyncio.TaskGroup() as group:
            task = group.create_task(alternate.run())
            yield
            task.cancel()
        await made[0].close()


@pytest.fixture
def pair(postgres_url: str) -> Iterator[tuple[Shared, Shared]]:
    with ExitStack() as stack:
        first, second = [
            stack.enter_context(closing(open_shared(postgres_url, now=AT, name=name, lasts_s=60.0)))
            for name in ("a", "b")
        ]
        assert first.lease.take()
        yield first, second


@pytest.fixture
async def crew(
    pair: tuple[Shared, Shared], postgres_url: str, tmp_path: Path
) -> AsyncIterator[Crew]:
    (tmp_path / "token").write_text(TOKEN)
    (tmp_path / "token").chmod(0o600)
    async with serving() as api:
        settings = TelegramSettings(
            token=f"file:{tmp_path}/token",
            base_url=api.url,
            chat=CHAT,
            timeout_s=2.0,
            commands=CommandSettings(read=(OWNER,), write=(OWNER,)),
        )
        yield Crew(a=pair[0], b=pair[1], api=api, settings=settings, url=postgres_url)


async def test_who_leads_takes_the_buttons_off_what_another_carried(crew: Crew) -> None:
    async with crew.leading() as channel:
        crew.a.store.commit(letter(PROPOSAL))
        async with crew.standing_by():
            (sent,) = await crew.api.until("sendMessage", 1)
            while not crew.a.store.rows("telegram"):
                await Story().sleep(1)
        assert names(sent) == ["Ack", "Filled", "Snooze 1 h", "Skip"]
        await channel.send(message(OVER))
        (edit,) = await crew.api.until("editMessageReplyMarkup", 1)
    assert (edit.given["message_id"], names(edit)) == ("1001", [])
    assert crew.b.store.rows("telegram") == {}


async def test_who_stands_by_takes_the_buttons_off_what_another_sent(crew: Crew) -> None:
    async with crew.leading() as channel:
        await channel.send(message(PROPOSAL))
    crew.a.store.commit(letter(OVER))
    async with crew.standing_by():
        (edit,) = await crew.api.until("editMessageReplyMarkup", 1)
    assert (edit.given["message_id"], names(edit)) == ("1001", [])


async def test_an_add_that_another_carries_has_its_chart(crew: Crew, hand: Any) -> None:
    rules = hand.book("lp_range")
    daemon = Daemon(
        store=crew.a.store,
        book=rules,
        state=replace(State(), epoch="e"),
        channels=("telegram",),
        reload=lambda: rules,
        now=lambda: AT,
    )
    for number in range(1, 4):
        at = AT - timedelta(minutes=10 * (4 - number))
        daemon.take(hand.snapshot(at, hand.position(), number=number), 0)
    crew.a.store.commit(letter(PROPOSAL))
    async with crew.standing_by(), asyncio.timeout(60), crew.api.news:
        await crew.api.news.wait_for(lambda: crew.api.of("sendPhoto"))
    (photo,) = crew.api.of("sendPhoto")
    assert photo.files["photo"].startswith(b"\x89PNG")


def test_what_is_remembered_while_the_database_is_away_is_what_was_known(
    pair: tuple[Shared, Shared],
) -> None:
    first, second = pair
    second.note("telegram", "moved:-5", "-1005")
    pins = shared_pins(first)
    assert pins.moved == {-5: -1005}
    first.store.close()
    with pytest.raises(Transient):
        first.store.rows("telegram")
    assert pins.of(["A17F12"]) == ()
    pins.move(-6, -1006)
    assert pins.moved == {-5: -1005, -6: -1006}
