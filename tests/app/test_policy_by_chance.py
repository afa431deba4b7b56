"""Whatever happens in whatever order, the policy keeps its promises."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitor.alerts.alert import Alert, AlertState
from monitor.alerts.desk import Choice
from monitor.alerts.matcher import read_matcher
from monitor.alerts.weigh import barriers, hindrance
from monitor.alerts.wire import from_json
from monitor.app.retell import going_on
from monitor.model.observation import Verb
from monitor.pipeline import Rulebook
from tests.app.policed import CHANNELS, Policed, policy, rules

POLICIES = (
    "",
    """
    [[alerts.route]]
    match = { severity = "info" }
    channels = ["telegram"]
    during = { hours = ["20:10-20:40", "21:30-22:00"] }
    go_on = true
    [[alerts.escalate]]
    after = "20m"
    channels = ["telegram", "mqtt"]
    """,
    """
    [alerts]
    group_wait = "2m"
    quiet = { hours = "20:00-21:00" }
    [alerts.severity]
    mqtt = "warning"
    [[alerts.inhibit]]
    source = { rule = "r.crit" }
    target = { severity = ["info", "warning"] }
    [[alerts.escalate]]
    match = { severity = "critical" }
    after = "5m"
    channels = ["mqtt"]
    """,
    """
    [alerts]
    max_flaps = 2
    flap_window = "30m"
    [[alerts.escalate]]
    after = "10m"
    channels = ["mqtt"]
    """,
)
MATCHERS = ("scope=*", "rule=r.warn", "severity=info,warning", "rule=r.crit")


@dataclass(frozen=True)
class Act:
    """One thing that happens, `after` so many minutes."""

    after: int
    what: str
    arg: Any = None


ACTS = st.lists(
    st.one_of(
        st.builds(
            Act, st.integers(0, 8), st.just("vix"), st.sampled_from([10.0, 17.0, 21.0, 31.0])
        ),
        st.builds(Act, st.integers(1, 20), st.just("wait")),
        st.builds(
            Act,
            st.integers(0, 5),
            st.just("silence"),
            st.tuples(st.sampled_from(MATCHERS), st.integers(1, 40)),
        ),
        st.builds(Act, st.integers(0, 5), st.just("unsilence")),
        st.builds(
            Act, st.integers(0, 5), st.just("ack"), st.sampled_from(["r.warn", "r.crit", "r.info"])
        ),
    ),
    min_size=4,
    max_size=30,
)


def act(run: Policed, one: Act) -> None:
    run.now += timedelta(minutes=one.after)
    if one.what == "vix":
        run.vix(one.arg)
    elif one.what == "wait":
        run.wait(timedelta(0))
    elif one.what == "silence":
        run.silence(one.arg[0], span=timedelta(minutes=one.arg[1]))
    elif one.what == "unsilence":
        if silences := sorted(run.daemon.dispatch.desk.silences):
            run.say(Verb.UNSILENCE, alert=silences[0])
    else:
        firing = going_on(run.book, run.daemon.state)
        if (found := firing.get(f"{one.arg}|book")) is not None:
            run.say(Verb.ACK, alert=found.id)


def events(run: Policed) -> list[Alert]:
    return [from_json(one.payload) for one in run.store.history.events()]


@pytest.fixture(scope="module")
def begin(hand: Any, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Policed]:
    book: Rulebook = rules(hand, Path(tmp_path_factory.mktemp("rules")))
    return lambda text: Policed(book=book, policy=policy(text), hand=hand)


@settings(max_examples=60, deadline=None)
@given(text=st.sampled_from(POLICIES), acts=ACTS)
def test_nothing_is_told_or_kept_silent_without_a_reason(
    begin: Callable[[str], Policed], text: str, acts: Sequence[Act]
) -> None:
    run = begin(text)
    for one in acts:
        act(run, one)
    run.now += timedelta(days=1)
    reached = {name: {one.idem for one in run.delivered(name)} for name in CHANNELS}
    decisions = run.decisions()
    assert all(one.reason for one in decisions)
    for alert in events(run):
        mine = [one for one in decisions if one.idem == alert.idem]
        for name in CHANNELS:
            why = [one for one in mine if one.channel == name]
            if ":again." in alert.idem and not why:
                continue  # told anew elsewhere
            # What was decided later, of an acknowledgement say, comes after.
            assert why, f"{alert.idem} on {name}"
            sent = why[0].choice is not Choice.SILENT and "taken back" not in why[-1].reason
            assert (alert.idem in reached[name]) is sent


@settings(max_examples=60, deadline=None)
@given(text=st.sampled_from(POLICIES[:3]), acts=ACTS)
def test_what_fires_at_the_end_of_a_silence_is_told_again(
    begin: Callable[[str], Policed], text: str, acts: Sequence[Act]
) -> None:
    run = begin(text)
    for one in acts:
        before = run.daemon.dispatch.desk.silences
        known = len(events(run))
        act(run, one)
        desk = run.daemon.dispatch.desk
        ended = [before[key] for key in before.keys() - desk.silences.keys()]
        new = [alert for alert in events(run)[known:] if alert.state is not AlertState.RESOLVED]
        open_ = going_on(run.book, run.daemon.state)
        for key, case in open_.items():
            if not any(silence.match.matches(case.labels) for silence in ended):
                continue
            told = [alert for alert in new if alert.key == key]
            if told:
                continue
            inhibited = barriers(run.policy, open_)
            silences = desk.silences.values()
            if hindrance(silences, inhibited, case.labels, key=key) or case.acked_by:
                continue
            assert case.labels["severity"] == "info"  # whose route has its hours
            assert desk.cases[key].owed["telegram"], key


@settings(max_examples=60, deadline=None)
@given(text=st.sampled_from(POLICIES[1:]), acts=ACTS)
def test_an_acknowledged_alert_is_escalated_no_more(
    begin: Callable[[str], Policed], text: str, acts: Sequence[Act]
) -> None:
    run = begin(text)
    acked = set[str]()
    for one in (Act(0, "vix", 31.0), *acts):
        known = len(events(run))
        act(run, one)
        for alert in events(run)[known:]:
            assert not (alert.id in acked and "escalated" in alert.reason)
        instances = run.daemon.state.instances
        going = going_on(run.book, run.daemon.state)
        acked |= {case.id for key, case in going.items() if instances[key].acked_by}


LEFT_OVER = (
    Act(0, "vix", 21.0),
    Act(0, "silence", ("scope=*", 1)),
    Act(1, "wait"),
    Act(0, "vix", 31.0),
)
"""What is remembered after the last silence is over, and what begins beside it."""


@settings(max_examples=60, deadline=None)
@example(text="", acts=LEFT_OVER, restarts={3})
@given(text=st.sampled_from(POLICIES), acts=ACTS, restarts=st.sets(st.integers(0, 30), min_size=1))
def test_a_restart_changes_nothing(
    begin: Callable[[str], Policed], text: str, acts: Sequence[Act], restarts: set[int]
) -> None:
    whole, broken = begin(text), begin(text)
    for number, one in enumerate(acts):
        act(whole, one)
        act(broken, one)
        if number in restarts:
            broken.start()
    assert events(broken) == events(whole)
    assert broken.decisions() == whole.decisions()
    assert broken.daemon.dispatch.desk == whole.daemon.dispatch.desk
    assert [broken.told(name) for name in CHANNELS] == [whole.told(name) for name in CHANNELS]


TEXTS = st.one_of(
    st.text(max_size=20),
    st.builds(
        "{}={}".format,
        st.sampled_from(["pack", "scope", "state", "severity", "pak"]),
        st.one_of(st.sampled_from(["info", "firing,seen", "*", "a*,b"]), st.text(max_size=9)),
    ),
)


@given(st.lists(TEXTS, max_size=5))
def test_any_words_are_a_matcher_or_refused_in_a_sentence(texts: list[str]) -> None:
    try:
        matcher = read_matcher(texts)
    except ValueError as error:
        told = str(error)
    else:
        told = matcher.told()
        assert read_matcher(told.split(" ")) == matcher
    assert told
