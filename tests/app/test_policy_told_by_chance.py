"""Whatever happens, whoever hears of an alert hears its end, and what goes on is told sometime.

Judged by what was delivered and when, and by nothing of what the policy decided or remembers.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.alerts.alert import Alert, AlertState
from monitor.alerts.matcher import labels_of, read_matcher
from monitor.app.retell import going_on
from monitor.pipeline import Rulebook
from tests.app.policed import Policed, policy, rules
from tests.app.test_policy_by_chance import ACTS, POLICIES, Act, act

ELSEWHERE = (
    """
    [[alerts.route]]
    match = { severity = ["info", "warning"] }
    channels = ["mqtt"]
    during = { hours = "20:00-20:30" }
    [[alerts.route]]
    channels = ["telegram"]
    """,
    """
    [[alerts.route]]
    channels = ["mqtt"]
    [[alerts.escalate]]
    after = "5m"
    channels = ["telegram"]
    """,
    """
    [alerts.severity]
    telegram = "critical"
    """,
)
"""Policies by which people are not told of all there is."""

TEXTS = (
    *POLICIES,
    *ELSEWHERE,
    """
    [alerts]
    group_wait = "15m"
    [[alerts.inhibit]]
    source = { rule = "r.crit" }
    target = { severity = ["info", "warning"] }
    [[alerts.escalate]]
    after = "10m"
    channels = ["telegram"]
    [[alerts.route]]
    match = { rule = "r.info" }
    channels = ["telegram"]
    during = { hours = ["20:00-20:20", "21:00-21:40"] }
    """,
)
BEGINNINGS = frozenset({AlertState.FIRING, AlertState.REPEAT})
STEP = timedelta(minutes=15)
"""No hours a route speaks at are shorter."""

ONE = st.one_of(
    ACTS.map(lambda acts: acts[:5]),
    st.sampled_from(TEXTS).map(lambda text: [Act(2, "reload", text)]),
    st.just([Act(1, "restart")]),
)
MORE = st.lists(ONE, min_size=1, max_size=8).map(lambda parts: list(chain(*parts)))


@dataclass
class Chat:
    """What reached people, by episode. silences: matcher, end and name of those there are."""

    run: Policed
    heard: dict[str, list[Alert]] = field(default_factory=lambda: defaultdict(list))
    silences: list[tuple[str, datetime]] = field(default_factory=list)

    def listen(self) -> list[Alert]:
        new = self.run.delivered()
        for one in new:
            self.heard[one.id].append(one)
        self.run.delivered("mqtt")
        self.run.delivered("console")
        return new

    def act(self, one: Act) -> None:
        """Have something happen, and hear what comes of it."""
        run = self.run
        run.now += timedelta(minutes=one.after)
        self.hear()
        if one.what == "reload":
            run.policy = policy(one.arg)
            run.daemon.reload_policy = lambda: run.policy
            run.daemon.reload_rules()
        elif one.what == "restart":
            run.start()
        else:
            act(run, replace(one, after=0))
        if one.what == "silence":
            self.silences.append((one.arg[0], run.now + timedelta(minutes=one.arg[1])))
        if one.what == "unsilence":
            self.silences.clear()  # one of them; which does not matter
        self.hear()

    def hear(self) -> None:
        """Hear what there is, none of which is silenced."""
        for alert in self.listen():
            if alert.state in BEGINNINGS:
                assert not self.silenced(alert), f"{alert.rule} {alert.reason}"

    def silenced(self, alert: Alert) -> bool:
        labels = labels_of(alert)
        lasting = (text for text, end in self.silences if end > self.run.now)
        return any(read_matcher([text]).matches(labels) for text in lasting)


@pytest.fixture(scope="module")
def begin(hand: Any, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Policed]:
    book: Rulebook = rules(hand, Path(tmp_path_factory.mktemp("rules")))
    return lambda text: Policed(book=book, policy=policy(text), hand=hand)


@settings(max_examples=40, deadline=None)
@given(text=st.sampled_from(TEXTS), acts=MORE)
def test_whoever_hears_of_an_alert_hears_its_end_and_what_goes_on_is_told(
    begin: Callable[[str], Policed], text: str, acts: Sequence[Act]
) -> None:
    chat = Chat(run=begin(text))
    run = chat.run
    for one in acts:
        chat.act(one)
    for _ in range(timedelta(days=1) // STEP):
        run.now += STEP
        run.wait(timedelta(0))
        chat.listen()
    going = going_on(run.book, run.daemon.state)
    explained = bool(run.policy.inhibit) and "r.crit|book" in going
    texts = {text, *(one.arg for one in acts if one.what == "reload")}
    for key, open_ in going.items() if texts.isdisjoint(ELSEWHERE) else ():
        if open_.acked_by or (explained and key != "r.crit|book"):
            continue
        assert any(one.state in BEGINNINGS for one in chat.heard[open_.id]), key
    run.vix(10.0)
    for _ in range(2):
        run.wait(timedelta(days=1))
        chat.listen()
    for alerts in chat.heard.values():
        assert not alerts or alerts[0].state in BEGINNINGS
        assert not alerts or alerts[-1].state is AlertState.RESOLVED
