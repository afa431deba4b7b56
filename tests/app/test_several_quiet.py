"""A daemon that carries letters for who leads is as quiet as that would be."""

import asyncio
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from monitor.alerts.desk import Desk
from monitor.alerts.matcher import Matcher
from monitor.alerts.policy import Policy
from monitor.alerts.silence import Silence
from monitor.alerts.windows import Window
from monitor.alerts.wire import to_json
from monitor.app.away import Outage
from monitor.app.several import Alternate, hushed
from monitor.channels.port import MemoryPerson
from monitor.clock import SystemClock
from monitor.rules.pack import Severity
from monitor.store.desk import changed_desk
from monitor.store.opening import open_shared
from monitor.store.postgres import Shared
from monitor.store.records import Change, Outgoing
from tests.app.policed import AT
from tests.some_alert import a_notice

ALERT = a_notice(
    AT,
    idem="r.warn:book:1:firing",
    key="r.warn|book",
    rule="r.warn",
    pack="calm",
    severity=Severity.WARNING,
    text="",
)
LETTER = Outgoing(
    idem=ALERT.idem,
    key=ALERT.key,
    alert_id=ALERT.id,
    at=AT,
    payload=to_json(ALERT),
    channels=("telegram",),
)
SILENCED = Silence(
    id="A1B2C3",
    match=Matcher(scope=("*",)),
    since=AT,
    until=datetime.max.replace(tzinfo=UTC) - timedelta(days=1),
    by="ann@cli",
)


@pytest.fixture
def pair(postgres_url: str) -> Iterator[tuple[Shared, Shared]]:
    """Two daemons on a store; the first leads."""
    first, second = [
        open_shared(postgres_url, now=AT, name=name, lasts_s=60.0) for name in ("a", "b")
    ]
    with closing(first), closing(second):
        assert first.lease.take()
        yield first, second


@pytest.mark.parametrize(
    ("policy", "desk", "quiet"),
    [
        pytest.param(Policy(), Desk(), False, id="as ever"),
        pytest.param(Policy(quiet=(Window(),)), Desk(), True, id="quiet hours"),
        pytest.param(Policy(), Desk(silences={"A1B2C3": SILENCED}), True, id="a silence"),
    ],
)
async def test_who_stands_by_carries_without_a_sound_where_who_leads_would(
    pair: tuple[Shared, Shared], policy: Policy, desk: Desk, *, quiet: bool
) -> None:
    leads, helps = pair
    leads.store.commit(Change(rows=changed_desk(Desk(), desk), alerts=(LETTER,)))
    person = MemoryPerson(name="telegram")

    async def lead() -> None:
        raise AssertionError("another leads")

    alternate = Alternate(
        shared=helps,
        clock=SystemClock(),
        carriers=lambda _stack: [person],
        hush=partial(hushed, policy, helps.store),
        lead=lead,
        outage=Outage(name="b", clock=SystemClock(), people=lambda _stack: []),
    )
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        task = group.create_task(alternate.run())
        while not person.sent:
            await asyncio.wait({task}, timeout=0.02)
        task.cancel()
    (((message,),)) = person.sent
    assert message.quiet is quiet
