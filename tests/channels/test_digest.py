"""What one step says reaches a person as one message: on a storm, and in Telegram's own words."""

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from monitor.app.daemon import Daemon
from monitor.channels.port import MemoryPerson, Message
from monitor.clock import ManualClock
from monitor.pipeline import State
from monitor.store.courier import Courier
from monitor.store.memory import MemoryStore
from monitor.store.rows import epoch_of
from monitor.timetravel.events import Window
from monitor.timetravel.pool import Held, ModelPool
from monitor.timetravel.tape import tape
from tests.app.test_replay import book
from tests.channels.conftest import AT
from tests.channels.test_telegram import TOKEN, bot_api, channel_to, ok, refuse, untagged

MONDAY = Window(first=date(2020, 2, 20), last=date(2020, 2, 24), title="the first Monday")


@pytest.fixture
def token(tmp_path: Path) -> str:
    path = tmp_path / "token"
    path.write_text(TOKEN)
    path.chmod(0o600)
    return f"file:{path}"


async def told_to_a_person(window: Window, pack: str) -> list[tuple[Message, ...]]:
    """Return the messages a person got over a tape: the daemon's road, outbox and courier."""
    pool = ModelPool(held=(Held(width=1.5, value_usd=100_000.0),), fee_share=1.0)
    rules, person, now = book(pack), MemoryPerson(), datetime.combine(window.first, AT.timetz())
    store = MemoryStore(now=now)
    daemon = Daemon(
        store=store,
        book=rules,
        state=replace(State(), epoch=epoch_of(now)),
        channels=("person",),
        reload=lambda: rules,
        now=lambda: window.ends,
    )
    courier = Courier(store, person, ManualClock(now), lambda: 0.5)
    for seen in tape(window, pool):
        daemon.take(seen, 0)
        await courier.deliver_due(seen.observed_at)
    return person.sent


async def test_the_24_february_crosses_two_bands_in_one_step_and_is_one_message() -> None:
    (message,) = [
        message
        for message in await told_to_a_person(MONDAY, "alvh")
        if message[0].alert.at.date() == MONDAY.last and message[0].alert.layer is None
    ]
    assert [one.alert.rule for one in message] == ["alvh.hold", "alvh.no_trades"]
    assert all("VIX 25.03" in one.alert.text for one in message)


async def test_telegram_gets_both_in_one_call(token: str) -> None:
    (message,) = [
        message
        for message in await told_to_a_person(MONDAY, "alvh")
        if len(message) > 1 and message[0].alert.at.date() == MONDAY.last
    ]
    async with bot_api(ok) as api, channel_to(api.url, token) as channel:
        assert channel.holds(message) == len(message)
        await channel.send_all(message)
    (asked,) = api.asked
    text = untagged(asked["text"])
    assert "VIX 25.03 is above 20: no new condors" in text
    assert "VIX 25.03 is above 25: no trades" in text
    # One of the two is a warning, so it rings.
    assert asked.get("disable_notification", "False") in {"False", "false"}


async def test_markup_telegram_cannot_read_in_a_digest_goes_as_plain_text(
    token: str, make_message: Any
) -> None:
    unreadable = refuse(400, "Bad Request: can't parse entities: byte 7")
    both = [make_message(id="A17F12"), make_message(id="B22222", subject="<b>&")]
    async with bot_api(unreadable, ok) as api, channel_to(api.url, token) as channel:
        await channel.send_all(both)
    first, second = api.asked
    assert "parse_mode" not in second
    assert second["text"] == untagged(first["text"])
    assert "A17F12" in second["text"]
    assert "<b>&" in second["text"]


async def test_a_message_holds_what_telegram_takes_and_always_one(
    token: str, make_message: Any
) -> None:
    long, short = make_message(text="VIX " * 700), make_message()
    async with bot_api(ok) as api, channel_to(api.url, token) as channel:
        assert channel.holds([short] * 9) == 9
        assert channel.holds([short, long, long, short]) == 2
        assert channel.holds([make_message(text="VIX " * 980), short]) == 1
        await channel.send_all([short, long])
    (asked,) = api.asked
    # Telegram counts UTF-16 units, and takes 4,096.
    assert 2_800 < len(asked["text"].encode("utf-16-le")) // 2 <= 4_096
