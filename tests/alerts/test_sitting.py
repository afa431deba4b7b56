"""What people must know at once, whatever is held back of an alert."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.alerts.alert import Alert, AlertState
from monitor.alerts.desk import Case, Desk
from monitor.alerts.matcher import labels_of
from monitor.alerts.policy import Policy
from monitor.alerts.sitting import Scene, Sitting
from monitor.model.layer import Action
from tests.some_alert import a_proposal

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def alert(action: Action, state: AlertState) -> Alert:
    return a_proposal(
        NOW,
        id="A1B2C3",
        idem=f"L2.x:book:7:{state.value}",
        key="L2.x|book",
        rule="L2.x",
        layer_title="Rolling VIX call",
        action=action,
        state=state,
        title="t",
    )


def told(made: Alert, known: tuple[str, ...], *, flaps: bool = True) -> tuple[str, ...]:
    """Return whom an alert reaches at once, in a group that waits an hour."""
    case = Case(
        key=made.key,
        id=made.id,
        idem="L2.x:book:7:firing",
        begun=NOW,
        labels=labels_of(made),
        told=known,
        digest_at=NOW + HOUR if flaps else None,
    )
    scene = Scene(
        policy=Policy(max_flaps=2, group_wait=HOUR),
        channels=("telegram",),
        people=frozenset({"telegram"}),
        now=NOW,
        clock=NOW,
        open={},
        again=lambda _key, _reason, _number: None,
    )
    sitting = Sitting(scene=scene, desk=Desk(cases={case.key: case}))
    sitting.take(made)
    (post,) = sitting.posts
    return () if post.held else post.channels


@pytest.mark.parametrize(
    ("action", "state", "at_once"),
    [
        pytest.param(Action.ADD, AlertState.EXPIRED, True, id="a proposal that is void"),
        pytest.param(Action.ADD, AlertState.RESOLVED, True, id="a proposal that is over"),
        pytest.param(Action.ROLL, AlertState.FILLED, True, id="what somebody did"),
        pytest.param(Action.NOTIFY, AlertState.RETRACTED, True, id="what was never so"),
        pytest.param(Action.NOTIFY, AlertState.RESOLVED, False, id="what comes and goes"),
        pytest.param(Action.ADD, AlertState.REPEAT, False, id="what is no end"),
    ],
)
def test_whoever_may_act_on_what_was_told_hears_what_became_of_it_at_once(
    action: Action, state: AlertState, *, at_once: bool
) -> None:
    made = alert(action, state)
    assert bool(told(made, ("telegram",))) is at_once
    assert told(made, ()) == (), "who was not told need not hear"


@pytest.mark.parametrize(
    ("lasts", "at_once"), [(HOUR, True), (2 * HOUR, False)], ids=["no longer", "longer"]
)
def test_a_proposal_that_lasts_no_longer_than_its_group_waits_goes_at_once(
    lasts: timedelta, *, at_once: bool
) -> None:
    made = replace(alert(Action.ADD, AlertState.FIRING), expires_at=NOW + lasts)
    assert bool(told(made, (), flaps=False)) is at_once
