"""Two daemons on one PostgreSQL that lead in turns decide what one alone would have."""

from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.store.opening import open_shared
from tests.app.policed import AT, CHANNELS, Policed, policy, rules
from tests.app.test_policy_by_chance import Act, act
from tests.app.test_policy_told_by_chance import TEXTS

Begin = Callable[[str], Policed]
ACTS = (
    Act(0, "vix", 17.0),
    Act(1, "vix", 21.0),
    Act(2, "silence", ("severity=info,warning", 30)),
    Act(3, "vix", 31.0),
    Act(12, "wait"),
    Act(1, "ack", "r.crit"),
    Act(5, "vix", 17.0),
    Act(2, "vix", 21.0),
    Act(2, "vix", 17.0),
    Act(2, "vix", 21.0),
    Act(20, "wait"),
    Act(1, "vix", 31.0),
    Act(20, "unsilence"),
    Act(20, "vix", 10.0),
)


@pytest.fixture
def begin(hand: Any, tmp_path: Path) -> Begin:
    """Return a starter of daemons, each with the policy given."""
    book = rules(hand, tmp_path)
    return lambda text: Policed(book=book, policy=policy(text), hand=hand)


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_who_takes_over_decides_what_who_led_would_have(
    begin: Begin, postgres_url: str, text: str
) -> None:
    first, second = [
        open_shared(postgres_url, now=AT, name=name, lasts_s=60.0) for name in ("a", "b")
    ]
    with closing(first), closing(second):
        alone, leads, stands_by = begin(text), first, second
        assert leads.lease.take()
        pair: Any = begin(text)
        pair.store = leads.store
        pair.start()
        for one in ACTS:
            act(alone, one)
            act(pair, one)
            leads.lease.release()
            leads, stands_by = stands_by, leads
            assert leads.lease.take()
            pair.store = leads.store
            pair.start()
        assert pair.daemon.dispatch.desk == alone.daemon.dispatch.desk
        assert pair.decisions() == alone.decisions()
        for run in (alone, pair):
            run.now += timedelta(days=1)
        for name in CHANNELS:
            assert pair.told(name) == alone.told(name) != []
