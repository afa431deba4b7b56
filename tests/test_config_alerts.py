"""`[alerts]` in config.toml: what is read, and every fault with its place."""

from datetime import timedelta

import pytest

from monitor.alerts.policy import PLAIN
from monitor.config import Settings, parse_settings
from monitor.errors import ConfigError
from monitor.rules.pack import Severity

HEAD = """\
[chain.ethereum]
rpc = ["env:RPC"]
[[watch]]
chain = "ethereum"
nft = [1]
[channel.mqtt]
host = "127.0.0.1"
"""


def test_nothing_said_is_no_policy() -> None:
    assert parse_settings(HEAD).alerts == PLAIN == Settings().alerts


def test_all_of_it_is_read() -> None:
    policy = parse_settings(f"""{HEAD}
        [alerts]
        group_wait = "30s"
        group_by = ["pack", "chain"]
        max_flaps = 5
        [alerts.severity]
        mqtt = "warning"
        [alerts.quiet]
        hours = "22:00-07:00"
        zone = "Europe/Berlin"
        [[alerts.route]]
        match = {{ pack = "lp_range", severity = ["info", "warning"] }}
        channels = ["mqtt"]
        during = [{{ days = "mon-fri", hours = ["09:00-12:00", "13:00-17:00"] }}]
        go_on = true
        group_wait = "5m"
        [[alerts.inhibit]]
        source = {{ pack = "self" }}
        target = {{ pack = "lp_*" }}
        equal = ["chain"]
        [[alerts.escalate]]
        after = "15m"
        match = {{ severity = "critical" }}
        channels = ["mqtt"]
    """).alerts
    assert policy.group_wait == timedelta(seconds=30)
    assert policy.severity == {"mqtt": Severity.WARNING}
    assert [one.told() for one in policy.quiet] == ["22:00-07:00 Europe/Berlin"]
    (route,) = policy.route
    assert route.match.told() == "pack=lp_range severity=info,warning"
    assert route.during[0].told() == "mon-fri 09:00-12:00,13:00-17:00 UTC"
    assert policy.escalate[0].name == "900s mqtt severity=critical"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[alerts]\nmax_flap = 1", "alerts.max_flap: unknown key; did you mean max_flaps?"),
        ('[alerts]\ngroup_wait = "soon"', "alerts.group_wait: 'soon' is not a span"),
        (
            "[alerts]\ngroup_wait = 30",
            'alerts.group_wait: must be a span in quotes, such as "30s" or "4h", was 30',
        ),
        ('[alerts]\ngroup_wait = "2d"', "alerts.group_wait: must be a day at most, was '2d'"),
        ('[alerts]\nflap_window = "0s"', "alerts.flap_window: must be above 0, was '0s'"),
        ('[alerts]\ngroup_by = ["pak"]', "alerts.group_by: no label 'pak': pack rule"),
        (
            '[alerts]\ngroup_by = "pack"',
            'alerts.group_by: must be a list, also where it is one: ["pack"]',
        ),
        ("[alerts]\nmax_flaps = true", "alerts.max_flaps: must be a whole number, was True"),
        (
            '[alerts.severity]\nmqtt = "loud"',
            "alerts.severity.mqtt: must be 'info', 'warning' or 'critical', was 'loud'",
        ),
        ('[alerts]\nseverity = "info"', "alerts.severity: must be a table: [alerts.severity]"),
        (
            '[alerts]\nquiet = "22:00-07:00"',
            'alerts.quiet: must be { hours = "22:00-07:00" }, perhaps with days and a zone',
        ),
        (
            '[alerts.route]\nchannels = ["mqtt"]',
            "alerts.route: must be a table in double brackets, one for each: [[alerts.route]]",
        ),
        (
            '[[alerts.route]]\nchannels = "mqtt"',
            'alerts.route.0.channels: must be a list, also where it is one: ["mqtt"]',
        ),
        ("[[alerts.route]]\nchannels = [1]", "alerts.route.0.channels.0: must be a text in quotes"),
        (
            "[[alerts.route]]\nchannels = []\nmatch = { severity = 3 }",
            "alerts.route.0.match.severity: must be a text in quotes, was 3",
        ),
        ('[alerts.severity]\nmqttt = "info"', "alerts.severity.mqttt: no channel 'mqttt'"),
        ('[alerts.quiet]\nhours = "22-7"', "alerts.quiet: '22-7' are no hours"),
        ('[alerts.severity]\nconsole = "critical"', "alerts.severity.console: the console tells"),
        (
            '[[alerts.route]]\nchannels = ["telegram"]',
            "alerts.route.0.channels: no [channel.telegram]; configured: console, mqtt",
        ),
        ('[[alerts.route]]\nmatch = { pack = "x" }', "alerts.route.0.channels: must be given"),
        (
            '[[alerts.route]]\nchannels = []\nmatch = { sevrity = "info" }',
            "alerts.route.0.match.sevrity: unknown key; did you mean severity?",
        ),
        (
            '[[alerts.route]]\nchannels = []\nmatch = { severity = "infos" }',
            "alerts.route.0.match: no severity 'infos': info warning critical",
        ),
        (
            '[[alerts.escalate]]\nafter = "1h"\nchannels = []',
            "alerts.escalate.0.channels: must name one at least",
        ),
        (
            '[[alerts.escalate]]\nafter = 10\nchannels = ["mqtt"]',
            "alerts.escalate.0.after: must be a span in quotes",
        ),
        ('[[alerts.inhibit]]\nsource = { pack = "x" }', "alerts.inhibit.0.target: must be given"),
    ],
)
def test_each_fault_is_told_with_its_place(text: str, told: str) -> None:
    with pytest.raises(ConfigError) as fault:
        parse_settings(f"{HEAD}{text}\n")
    assert told in str(fault.value)
