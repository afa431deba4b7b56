"""The policy at work in the daemon: who is told what, when, and why not."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.channels.port import MemoryPerson
from monitor.clock import ManualClock
from monitor.model.observation import Verb
from monitor.store.courier import Courier
from tests.app.policed import AT, MINUTE, Policed, policy, rules

HOUR = timedelta(hours=1)
Begin = Callable[[str], Policed]


@pytest.fixture
def begin(hand: Any, tmp_path: Path) -> Begin:
    """Return a starter of daemons, each with the policy given."""
    book = rules(hand, tmp_path)
    return lambda text: Policed(book=book, policy=policy(text), hand=hand)


def test_without_a_policy_each_alert_goes_where_its_rule_says(begin: Begin) -> None:
    run = begin("")
    run.vix(41.0)
    assert sorted(run.told()) == ["r.crit firing: ", "r.info firing: ", "r.warn firing: "]
    assert "r.mqtt firing: " in run.told("mqtt")
    assert run.decided("r.warn") == ["sent: its rule names no channel, so all"]
    assert run.decided("r.mqtt") == ["silent: left out by its rule's route"]
    assert run.decided("r.mqtt", "mqtt") == ["sent: its rule's route"]
    assert [kind for kind, _ in run.store.load().rows if kind in {"case", "silence", "group"}] == []


def test_a_route_takes_the_place_of_the_rules_own(begin: Begin) -> None:
    run = begin("""
        [[alerts.route]]
        match = { rule = "r.mqtt" }
        channels = ["telegram"]
        [[alerts.route]]
        match = { severity = "info" }
        channels = []
    """)
    run.vix(41.0)
    assert sorted(run.told()) == ["r.crit firing: ", "r.mqtt firing: ", "r.warn firing: "]
    assert run.decided("r.mqtt") == ["sent: route 1"]
    assert run.decided("r.mqtt", "mqtt") == ["silent: left out by route 1"]
    assert run.decided("r.info") == ["silent: left out by every route"]
    assert sorted(run.told("console")) == [
        f"r.{x} firing: " for x in ("crit", "info", "mqtt", "warn")
    ]


def test_a_later_route_is_asked_where_the_first_goes_on(begin: Begin) -> None:
    run = begin("""
        [[alerts.route]]
        match = { rule = "r.w*" }
        channels = ["telegram"]
        go_on = true
        [[alerts.route]]
        match = { severity = ["warning", "critical"] }
        channels = ["mqtt"]
    """)
    run.vix(31.0)
    assert sorted(run.told()) == ["r.info firing: ", "r.warn firing: "]
    assert sorted(run.told("mqtt")) == ["r.crit firing: ", "r.info firing: ", "r.warn firing: "]
    assert run.decided("r.crit") == ["silent: left out by route 2"]


WORK = """
    [[alerts.route]]
    match = {{ severity = ["info", "warning"{more}] }}
    channels = ["telegram"]
    during = {{ days = "mon-fri", hours = "09:00-15:30", zone = "America/New_York" }}
"""


def test_what_fires_outside_its_routes_hours_is_told_when_they_come(begin: Begin) -> None:
    run = begin(WORK.format(more=""))
    run.now += HOUR  # 16:00 in New York
    run.vix(21.0)
    assert run.told() == []
    shut = "route 1 speaks mon-fri 09:00-15:30 America/New_York only"
    assert run.decided("r.warn") == [f"silent: {shut}"]
    run.wait(16 * HOUR + 59 * MINUTE)
    assert run.told() == []
    run.wait(MINUTE)
    assert sorted(run.told()) == [f"r.{x} repeat: told late: {shut}" for x in ("info", "warn")]
    run.wait()
    assert run.told() == []
    run.vix(10.0)
    assert sorted(run.told()) == [f"r.{x} resolved: condition cleared" for x in ("info", "warn")]


def test_what_ended_before_its_hours_came_is_on_record_alone(begin: Begin) -> None:
    run = begin(WORK.format(more=""))
    run.now += HOUR
    run.vix(21.0)
    run.wait()
    run.vix(10.0)
    run.wait(24 * HOUR)
    assert run.told() == []
    first, last = run.decided("r.warn")
    assert last == f"silent: its beginning was not told here: {first.removeprefix('silent: ')}"


def test_no_hour_of_the_day_silences_blindness(hand: Any) -> None:
    text = '[[alerts.route]]\nmatch = { pack = "self" }\nchannels = ["telegram"]\n'
    text += 'during = { hours = "03:00-03:01" }'
    run = Policed(book=hand.book("self"), policy=policy(text), hand=hand)
    run.daemon.take(hand.snapshot(run.now, hand.position()), 0)
    for _ in range(30):
        run.now += MINUTE
        run.daemon.take(hand.gap("main", run.now), 0)
    assert any(one.startswith("self.blind firing") for one in run.told())
    assert run.decided("self.blind") == ["sent: route 1"]


def test_a_channel_hears_nothing_below_its_least_severity(begin: Begin) -> None:
    run = begin('[alerts.severity]\ntelegram = "critical"\nmqtt = "warning"')
    run.vix(31.0)
    assert run.told() == ["r.crit firing: "]
    assert sorted(run.told("mqtt")) == ["r.crit firing: ", "r.warn firing: "]
    why = "silent: warning is below critical, the least for telegram"
    assert run.decided("r.warn") == [why]


def test_a_silence_keeps_people_quiet_and_tells_them_again_at_its_end(begin: Begin) -> None:
    run = begin("")
    run.silence("rule=r.warn,r.info", span=HOUR, why="roof")
    run.vix(31.0)
    assert run.told() == ["r.crit firing: "]
    assert len(run.told("mqtt")) == 3
    assert len(run.told("console")) == 3
    assert run.decided("r.warn") == ["silent: silenced until 2020-03-04 21:00 UTC by ann@cli: roof"]
    run.vix(18.0)  # r.warn is over before anybody heard of it
    assert run.told() == ["r.crit resolved: condition cleared"]
    run.wait(59 * MINUTE)
    assert run.told() == []
    run.now += MINUTE
    run.vix(18.5)
    (told,) = run.delivered()
    assert (told.rule, told.state, told.at) == ("r.info", "repeat", AT + HOUR)
    assert told.reason == "goes on at the end of the silence by ann@cli: roof"
    assert told.text == "18.5", "what is known now, not what was known then"
    run.wait()
    assert run.told() == []


def test_what_fired_before_its_silence_is_told_again_too_and_its_end_at_once(begin: Begin) -> None:
    run = begin("")
    run.vix(21.0)
    run.told()
    silence = run.silence("scope=*", span=HOUR)
    run.vix(17.0)
    assert run.told() == ["r.warn resolved: condition cleared"], "whoever heard of it hears its end"
    assert run.say(Verb.UNSILENCE, alert=silence) == f"silence {silence} is over"
    assert run.told() == ["r.info repeat: goes on at the end of the silence by ann@cli"]
    assert run.daemon.dispatch.desk.silences == {}


def test_another_silence_goes_on_where_one_ends(begin: Begin) -> None:
    run = begin("")
    run.vix(17.0)
    run.told()
    run.silence("rule=r.info", span=HOUR)
    run.silence("pack=calm", span=2 * HOUR, why="more")
    run.wait(HOUR)
    assert run.told() == []
    run.wait(HOUR)
    assert run.told() == ["r.info repeat: goes on at the end of the silence by ann@cli: more"]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"matchers": ("pack=x",)}, "refused: a silence needs its end"),
        ({"matchers": ("pack=x",), "until": AT}, "refused: the silence would have ended at"),
        ({"matchers": ("sevrity=info",), "until": AT + HOUR}, "did you mean severity?"),
        ({"matchers": ("severity=loud",), "until": AT + HOUR}, "refused: no severity 'loud':"),
        ({"matchers": (), "until": AT + HOUR}, "refused: say which alerts:"),
    ],
)
def test_a_silence_that_cannot_be_is_refused(begin: Begin, more: Any, told: str) -> None:
    assert told in begin("").say(Verb.SILENCE, **more)


def test_a_silence_nobody_made_cannot_be_ended(begin: Begin) -> None:
    heard = begin("").say(Verb.UNSILENCE, alert="ABCDEF")
    assert heard == "refused: no silence ABCDEF; there are: none"


INHIBIT = """
    [[alerts.inhibit]]
    source = { severity = "critical" }
    target = { severity = ["info", "warning"] }
    equal = ["pack"]
"""


def test_people_are_not_told_of_what_another_alert_explains(begin: Begin) -> None:
    run = begin(INHIBIT)
    run.vix(31.0)
    assert run.told() == ["r.crit firing: "]
    assert len(run.told("mqtt")) == 3
    why = f"inhibited while r.crit {run.id_of('r.crit')} fires"
    assert run.decided("r.warn") == [f"silent: {why}"]
    run.vix(21.0)
    first, *more = run.told()
    assert first == "r.crit resolved: condition cleared"
    assert sorted(more) == [f"r.{x} repeat: told late: {why}" for x in ("info", "warn")]


def test_labels_that_differ_inhibit_nothing(begin: Begin) -> None:
    run = begin(INHIBIT.replace('["pack"]', '["rule"]'))
    run.vix(31.0)
    assert len(run.told()) == 3


ESCALATE = """
    [alerts.severity]
    mqtt = "critical"
    [[alerts.escalate]]
    match = { rule = "r.warn" }
    after = "15m"
    channels = ["mqtt", "telegram"]
"""


def test_what_nobody_acknowledges_is_told_further_once(begin: Begin) -> None:
    run = begin(ESCALATE)
    run.vix(21.0)
    run.told()
    run.wait(14 * MINUTE)
    assert (run.told(), run.told("mqtt")) == ([], [])
    run.wait(MINUTE)
    said = ["r.warn repeat: escalated: nobody acknowledged it within 15 m"]
    assert (run.told(), run.told("mqtt")) == (said, said)
    run.wait(HOUR)
    assert (run.told(), run.told("mqtt")) == ([], [])


def test_an_acknowledgement_stops_it_and_says_so(begin: Begin) -> None:
    run = begin(ESCALATE)
    run.vix(21.0)
    run.told()
    run.wait(10 * MINUTE)
    run.say(Verb.ACK, alert=run.id_of("r.warn"))
    run.wait(HOUR)
    assert (run.told(), run.told("mqtt")) == ([], [])
    assert run.decided("r.warn", "mqtt")[-1] == "silent: not escalated: acknowledged by ann@cli"


def test_a_snooze_puts_it_off(begin: Begin) -> None:
    run = begin(ESCALATE)
    run.vix(21.0)
    run.told()
    run.say(Verb.SNOOZE, alert=run.id_of("r.warn"), until=run.now + HOUR)
    run.wait(59 * MINUTE)
    assert run.told("mqtt") == []
    run.wait(MINUTE)
    assert len(run.told("mqtt")) == 1


def test_the_next_episode_is_escalated_anew(begin: Begin) -> None:
    run = begin(ESCALATE)
    for _ in range(2):
        run.vix(21.0)
        run.wait(15 * MINUTE)
        assert len(run.told("mqtt")) == 1
        run.vix(10.0)
        run.wait()
        run.told("mqtt")


async def test_a_group_comes_as_one_message_and_machines_do_not_wait(begin: Begin) -> None:
    run = begin('[alerts]\ngroup_wait = "30s"')
    person = MemoryPerson(name="telegram")
    courier = Courier(run.store, person, ManualClock(run.now), lambda: 0.5)
    run.vix(17.0)
    run.now += timedelta(seconds=20)
    run.vix(21.0)
    assert len(run.told("mqtt")) == 2
    await courier.deliver_due(run.now)
    assert person.sent == []
    assert run.store.outbox.oldest_undelivered(run.now) == pytest.approx(20.0)  # the console's
    run.now += timedelta(seconds=10)
    await courier.deliver_due(run.now)
    ((info, warn),) = person.sent
    assert (info.alert.rule, warn.alert.rule) == ("r.info", "r.warn")
    assert run.decided("r.warn") == [
        "held: its rule names no channel, so all, held until 20:00:30 UTC for more of its group"
    ]


def test_what_is_critical_never_waits_for_its_group(begin: Begin) -> None:
    run = begin('[alerts]\ngroup_wait = "1h"')
    run.vix(31.0)
    assert run.told() == ["r.crit firing: "]


def flap(run: Policed, times: int) -> None:
    for _ in range(times):
        run.vix(21.0)
        run.wait()
        run.vix(17.0)
        run.wait()


FLAPS = '[alerts]\nmax_flaps = 2\nflap_window = "1h"\n[alerts.severity]\ntelegram = "warning"'


def test_what_flaps_is_held_to_a_digest_and_says_so(begin: Begin) -> None:
    run = begin(FLAPS)
    flap(run, 6)
    firing, over = "r.warn firing: ", "r.warn resolved: condition cleared"
    crossing = "r.warn firing: fired 3 times in 1 h: held to a digest at 2020-03-04 21:04 UTC"
    assert run.told() == [firing, over, firing, over, crossing]
    assert len([one for one in run.told("mqtt") if "r.warn" in one]) == 12
    run.wait(AT + HOUR + 3 * MINUTE - run.now)
    assert run.told() == []
    run.wait()
    over = "digest: 4 events of it were held back while it flapped; it is over now"
    assert run.told() == [f"r.warn resolved: {over}"]
    run.wait(2 * HOUR)
    assert run.told() == []
    assert "r.warn|book" not in run.daemon.dispatch.desk.cases


def test_a_digest_of_what_still_fires_says_that(begin: Begin) -> None:
    run = begin(FLAPS)
    flap(run, 3)
    run.vix(21.0)
    run.told()
    run.wait(2 * HOUR)
    assert run.told() == ["r.warn repeat: digest: 2 events of it were held back while it flapped"]
    run.vix(10.0)
    assert run.told() == ["r.warn resolved: condition cleared"]


async def test_quiet_hours_make_no_sound_below_critical_and_lose_nothing(begin: Begin) -> None:
    run = begin('[alerts]\nquiet = { hours = "14:00-16:00", zone = "America/New_York" }')
    person = MemoryPerson(name="telegram")
    courier = Courier(run.store, person, ManualClock(run.now), lambda: 0.5)
    courier.hush = run.daemon.dispatch.hush
    run.vix(31.0)
    await courier.deliver_due(run.now)
    quiet = {one.alert.rule: one.quiet for message in person.sent for one in message}
    assert quiet == {"r.info": True, "r.warn": True, "r.crit": False}
    said = "sent: its rule names no channel, so all, without a sound:"
    assert run.decided("r.warn") == [f"{said} quiet hours 14:00-16:00 America/New_York"]
    run.now += 2 * HOUR
    run.vix(10.0)
    await courier.deliver_due(run.now)
    assert not any(one.quiet for message in person.sent[1:] for one in message)


def test_another_policy_holds_from_the_reload_on(begin: Begin) -> None:
    run = begin("")
    run.vix(17.0)
    run.daemon.reload_policy = lambda: policy('[alerts.severity]\ntelegram = "critical"')
    run.daemon.reload_rules()
    run.vix(21.0)
    assert run.told() == ["r.info firing: "]
    assert run.decided("r.warn") == ["silent: warning is below critical, the least for telegram"]
    run.vix(10.0)
    assert run.told() == ["r.info resolved: condition cleared"], "what is told has its end told"


def test_a_channel_that_is_not_open_yet_is_told_of_at_the_reload(
    begin: Begin, caplog: pytest.LogCaptureFixture
) -> None:
    run = begin("")
    run.daemon.reload_policy = lambda: policy('[[alerts.route]]\nchannels = ["matrix"]')
    run.daemon.reload_rules()
    assert "matrix: not opened before the next start" in caplog.text
