"""What is told has its end told; what is owed is told late, and to those who are there then."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.model.observation import Verb
from tests.app.policed import MINUTE, Policed, policy, rules

HOUR = timedelta(hours=1)
NIGHT = 6 * HOUR
"""From the afternoon these begin at to nine in the evening of New York."""

Begin = Callable[[str], Policed]
Altered = Callable[[str, str], Policed]


@pytest.fixture
def begin(hand: Any, tmp_path: Path) -> Begin:
    """Return a starter of daemons, each with the policy given."""
    book = rules(hand, tmp_path)
    return lambda text: Policed(book=book, policy=policy(text), hand=hand)


@pytest.fixture
def altered(hand: Any, tmp_path: Path) -> Altered:
    """Return a starter of daemons whose first rule says more, with a policy."""

    def start(more: str, text: str) -> Policed:
        rules(hand, tmp_path)
        file = tmp_path / "calm.toml"
        file.write_text(file.read_text().replace('id = "r.info"', f'id = "r.info"\n{more}'))
        return Policed(book=hand.book(files=(file,)), policy=policy(text), hand=hand)

    return start


def reload(run: Policed, text: str) -> None:
    run.daemon.reload_policy = lambda: policy(text)
    run.daemon.reload_rules()


CLEARED = "resolved: condition cleared"
SHIFTS = """
    [[alerts.route]]
    match = { severity = ["info", "warning"] }
    channels = ["mqtt"]
    during = { hours = "09:00-15:30", zone = "America/New_York" }
    [[alerts.route]]
    channels = ["telegram"]
"""
OFFICE = """
    [[alerts.route]]
    match = { severity = ["info", "warning"] }
    channels = ["telegram"]
    during = { hours = "09:00-15:30", zone = "America/New_York" }
    [[alerts.inhibit]]
    source = { severity = "critical" }
    target = { severity = ["info", "warning"] }
"""


def test_whoever_an_alert_was_escalated_to_hears_its_end(begin: Begin) -> None:
    run = begin("""
        [[alerts.route]]
        channels = ["telegram"]
        [[alerts.escalate]]
        match = { rule = "r.warn" }
        after = "15m"
        channels = ["mqtt"]
    """)
    run.vix(21.0)
    run.wait(15 * MINUTE)
    assert len(run.told("mqtt")) == 1
    run.vix(10.0)
    assert run.told("mqtt") == [f"r.warn {CLEARED}"]
    assert run.decided("r.warn", "mqtt")[-1] == "sent: its beginning was told here"


def test_whoever_was_told_in_place_of_others_hears_the_end(begin: Begin) -> None:
    run = begin(SHIFTS)
    run.now += HOUR  # past the hours of the first route
    run.vix(17.0)
    assert (run.told(), run.told("mqtt")) == (["r.info firing: "], [])
    run.vix(10.0)
    assert (run.told(), run.told("mqtt")) == ([f"r.info {CLEARED}"], [])


def test_what_was_told_before_there_was_a_policy_has_its_end_told_where_it_was(
    begin: Begin,
) -> None:
    run = begin("")
    run.vix(41.0)
    assert len(run.told()) == 3
    reload(run, '[[alerts.route]]\nchannels = ["mqtt"]\nmatch = { rule = "r.warn" }')
    run.vix(10.0)
    assert sorted(run.told()) == [f"r.{one} {CLEARED}" for one in ("crit", "info", "warn")]


def test_what_only_others_were_told_before_there_was_a_policy_ends_without_a_word(
    begin: Begin,
) -> None:
    run = begin("")
    run.vix(41.0)
    run.told()
    reload(run, '[[alerts.route]]\nchannels = ["telegram"]')
    run.vix(10.0)
    assert not any("r.mqtt" in one for one in run.told())
    assert run.decided("r.mqtt", "mqtt")[-1] == "sent: its beginning was told here"


def test_the_end_of_a_silence_at_night_is_told_whom_the_routes_lead_to_then(begin: Begin) -> None:
    run = begin(OFFICE)
    run.vix(17.0)
    run.told()
    run.silence("scope=*", span=NIGHT)
    run.wait(NIGHT)
    assert run.told() == [], "its route speaks by day"
    run.wait(12 * HOUR)
    assert run.told() == ["r.info repeat: goes on at the end of the silence by ann@cli"]


def test_an_inhibition_that_ends_at_night_wakes_nobody_whose_route_speaks_by_day(
    begin: Begin,
) -> None:
    run = begin(OFFICE)
    run.vix(31.0)
    assert run.told() == ["r.crit firing: "]
    run.now += NIGHT
    run.vix(17.0)
    assert run.told() == [f"r.crit {CLEARED}"]
    run.wait(12 * HOUR)
    assert [one.partition(":")[0] for one in run.told()] == ["r.info repeat"]


def test_what_is_owed_to_people_by_day_is_told_at_night_whom_its_routes_lead_to_then(
    begin: Begin,
) -> None:
    run = begin(SHIFTS.replace('"mqtt"', '"chat"').replace("[[alerts.route]]", INHIBIT, 1))
    run.daemon.dispatch.channels = ("console", "telegram", "chat")
    run.daemon.dispatch.people = frozenset({"telegram", "chat"})
    run.vix(31.0)
    assert run.told() == ["r.crit firing: "]
    run.now += NIGHT
    run.vix(17.0)
    assert run.told() == [f"r.crit {CLEARED}", "r.info repeat: told late: routed here at this hour"]
    assert run.told("chat") == []
    run.wait(12 * HOUR)
    assert [one.partition(":")[0] for one in run.told("chat")] == ["r.info repeat"]


INHIBIT = """[[alerts.inhibit]]
    source = { severity = "critical" }
    target = { severity = ["info", "warning"] }
    [[alerts.route]]"""


def test_a_reload_takes_what_is_owed_to_where_the_new_routes_lead(begin: Begin) -> None:
    run = begin('[[alerts.route]]\nchannels = ["telegram"]')
    run.silence("scope=*", span=HOUR)
    run.vix(17.0)
    reload(run, '[[alerts.route]]\nchannels = ["mqtt"]')
    run.wait(HOUR)
    assert run.told("mqtt") == ["r.info repeat: told late: routed here at this hour"]
    why = "not told late, for no route leads here now: silenced until 2020-03-04 21:00 UTC"
    assert run.decided("r.info")[-1] == f"silent: {why} by ann@cli"
    run.wait(2 * HOUR)
    assert run.told() == []


def test_a_silence_that_was_over_before_it_was_heard_is_refused_in_a_sentence(
    begin: Begin,
) -> None:
    run = begin("")
    run.vix(17.0)
    run.wait(2 * HOUR)
    run.now -= HOUR  # said while the daemon was down
    heard = run.say(Verb.SILENCE, matchers=("scope=*",), until=run.now + 30 * MINUTE)
    assert heard == "refused: the silence would have ended at 2020-03-04 21:30 UTC"


GROUPS = '[alerts]\ngroup_wait = "1h"\n'


def test_a_silence_takes_back_what_is_held_and_its_end_tells_it(begin: Begin) -> None:
    run = begin(GROUPS)
    run.vix(17.0)
    run.wait()
    run.silence("scope=*", span=3 * HOUR)
    assert run.store.outbox.next_due("telegram") is None
    run.wait(2 * HOUR)
    assert run.told() == []
    back = "silent: taken back while it was held: silenced until 2020-03-04 23:01 UTC by ann@cli"
    assert run.decided("r.info")[-1] == back
    run.wait(HOUR)
    assert run.told() == ["r.info repeat: goes on at the end of the silence by ann@cli"]
    run.vix(10.0)
    run.wait(HOUR)
    assert run.told() == [f"r.info {CLEARED}"]


def test_what_is_held_and_over_before_a_silence_ends_is_on_record_alone(begin: Begin) -> None:
    run = begin(GROUPS)
    run.vix(17.0)
    run.silence("scope=*", span=3 * HOUR)
    run.start()
    run.vix(10.0)
    run.wait(4 * HOUR)
    assert run.told() == []
    assert run.decided("r.info")[-1].startswith("silent: its beginning was not told here: silenced")


def test_a_reminder_that_is_held_is_taken_back_and_the_end_told_all_the_same(
    altered: Altered,
) -> None:
    run = altered('repeat = "2h"', GROUPS)
    run.vix(17.0)
    run.wait(HOUR)
    assert run.told() == ["r.info firing: "]
    run.wait(HOUR)
    assert run.store.outbox.next_due("telegram") == run.now + HOUR
    run.silence("scope=*", span=3 * HOUR)
    run.vix(10.0)
    run.wait(2 * HOUR)
    assert run.told() == [f"r.info {CLEARED}"]


def test_what_explains_others_that_are_held_takes_them_back(begin: Begin) -> None:
    run = begin(f"{GROUPS}\n{INHIBIT.removesuffix('[[alerts.route]]')}")
    run.vix(17.0)
    run.wait()
    run.vix(31.0)
    run.wait(HOUR)
    assert run.told() == ["r.crit firing: "]
    run.vix(17.0)
    first, second = run.told()
    assert (first, second[:28]) == (f"r.crit {CLEARED}", "r.info repeat: told late: in")


def test_what_went_out_by_the_couriers_clock_is_not_taken_back_by_an_older_block(
    begin: Begin, hand: Any
) -> None:
    run = begin(f"{GROUPS}\n{INHIBIT.removesuffix('[[alerts.route]]')}")
    run.vix(17.0)
    run.now += HOUR
    assert run.told() == ["r.info firing: "]
    run.daemon.take(hand.vix(31.0, run.now - MINUTE), 0)
    run.told()
    run.vix(10.0)
    run.wait(HOUR)
    assert f"r.info {CLEARED}" in run.told()


def test_an_escalation_waits_for_no_group(begin: Begin) -> None:
    run = begin(f'{GROUPS}[[alerts.escalate]]\nafter = "15m"\nchannels = ["telegram"]')
    run.vix(17.0)
    run.wait(15 * MINUTE)
    assert run.told() == ["r.info repeat: escalated: nobody acknowledged it within 15 m"]
    run.told("mqtt")
    run.told("console")
    assert run.store.outbox.oldest_undelivered(run.now) is None
    run.wait(HOUR)
    assert run.told() == []


@pytest.mark.parametrize("inhibits", [False, True], ids=["silenced", "inhibited"])
def test_what_is_kept_from_people_is_escalated_once_they_had_time_to_acknowledge_it(
    begin: Begin, *, inhibits: bool
) -> None:
    step = '[[alerts.escalate]]\nafter = "15m"\nchannels = ["telegram", "mqtt"]\n'
    step += 'match = { rule = "r.info" }\n'
    run = begin(step + INHIBIT.removesuffix("[[alerts.route]]"))
    if inhibits:
        run.vix(31.0)
    else:
        run.silence("scope=*", span=HOUR)
        run.vix(17.0)
    assert len(run.told("mqtt")) == 1 + 2 * inhibits
    run.told()
    run.wait(HOUR / 2)
    assert run.told("mqtt") == []
    run.wait(HOUR / 2)
    run.vix(17.0)
    assert run.told()[-1].startswith("r.info repeat: ")
    assert not any("escalated" in one for one in (*run.told(), *run.told("mqtt")))
    run.wait(14 * MINUTE)
    assert (run.told(), run.told("mqtt")) == ([], [])
    run.wait(MINUTE)
    said = ["r.info repeat: escalated: nobody acknowledged it within 15 m"]
    assert (run.told(), run.told("mqtt")) == (said, said)


def test_the_end_of_what_was_told_is_not_taken_back_with_the_next_beginning(begin: Begin) -> None:
    run = begin('[alerts]\ngroup_wait = "15m"')
    run.vix(17.0)
    run.wait(15 * MINUTE)
    assert run.told() == ["r.info firing: "]
    run.vix(10.0)
    run.vix(17.0)
    run.silence("scope=*", span=HOUR)
    run.wait(15 * MINUTE)
    assert run.told() == ["r.info resolved: condition cleared"]


def test_what_was_held_whole_is_not_told_during_a_silence(begin: Begin) -> None:
    run = begin('[alerts]\ngroup_wait = "15m"')
    run.vix(17.0)
    run.vix(10.0)
    run.silence("scope=*", span=HOUR)
    run.wait(15 * MINUTE)
    assert run.told() == []
    back = "silent: taken back while it was held: silenced until 2020-03-04 21:00 UTC by ann@cli"
    assert run.decided("r.info")[-1] == back
    assert run.daemon.dispatch.desk.cases == {}


def test_of_what_began_and_ended_unheard_the_next_beginning_alone_is_told(begin: Begin) -> None:
    run = begin('[alerts]\ngroup_wait = "15m"')
    run.vix(17.0)
    run.vix(10.0)
    run.now += MINUTE
    run.vix(17.0)
    run.wait(15 * MINUTE)
    assert run.told() == ["r.info firing: "]


def test_an_escalation_says_so_where_nobody_was_told_at_all(begin: Begin) -> None:
    run = begin("""
        [[alerts.route]]
        channels = ["telegram"]
        during = { hours = "06:00-18:00" }
        [[alerts.escalate]]
        after = "15m"
        channels = ["mqtt"]
    """)
    run.vix(17.0)
    assert run.told() == []
    run.wait(15 * MINUTE)
    assert run.told("mqtt") == ["r.info repeat: escalated: nobody was told of it within 15 m"]


def test_groups_that_wait_for_a_while_keep_nobody_waiting_who_waits_for_less(begin: Begin) -> None:
    run = begin(
        f'{GROUPS}[[alerts.route]]\nmatch = {{ rule = "r.warn" }}\n'
        'channels = ["telegram"]\ngroup_wait = "30s"'
    )
    run.vix(17.0)
    run.vix(21.0)
    run.wait(MINUTE)
    assert run.told() == ["r.warn firing: "]


def test_what_is_held_and_gone_with_its_rule_is_told_nobody_and_the_log_says_so(
    begin: Begin, hand: Any, tmp_path: Path
) -> None:
    run = begin(GROUPS)
    run.vix(17.0)
    file = tmp_path / "calm.toml"
    first, *others = file.read_text().split("[[rule]]")
    file.write_text("[[rule]]".join((first, *(one for one in others if "r.info" not in one))))
    run.daemon.reload = lambda: hand.book(files=(file,))
    run.daemon.reload_rules()
    run.wait(2 * HOUR)
    assert run.told() == []
    assert run.decided("r.info")[-1] == "silent: nothing of it was sent here"


def test_whether_a_group_makes_a_sound_is_told_of_the_time_it_goes_out(begin: Begin) -> None:
    run = begin(f'{GROUPS}quiet = {{ hours = "20:00-20:30" }}')
    run.vix(17.0)
    assert "without a sound" not in run.decided("r.info")[-1]


def test_what_is_delivered_during_a_silence_makes_no_sound(begin: Begin) -> None:
    run = begin("")
    run.vix(17.0)
    (fired,) = run.delivered()
    assert not run.daemon.dispatch.hush(fired, run.now)
    run.silence("rule=r.info", span=HOUR)
    assert run.daemon.dispatch.hush(fired, run.now), "it may have waited for its channel"


def test_what_is_unknown_again_is_told_again_at_the_end_of_its_silence(altered: Altered) -> None:
    run = altered('max_age = { vix = "10m" }\non_nodata = "alert"', "")
    for _ in range(2):
        run.vix(10.0)
        run.wait(20 * MINUTE)
        assert run.told()[-1].startswith("r.info nodata: ")
        run.silence("scope=*", span=10 * MINUTE)
        run.wait(10 * MINUTE)
        assert run.told() == ["r.info nodata: goes on at the end of the silence by ann@cli"]
