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
        ("[alerts]\ngroup_wait = 30", "alerts.group_wait: "),
        ('[alerts]\ngroup_by = ["pak"]', "alerts: group_by has no label 'pak': pack rule"),
        ("[alerts]\nmax_flaps = true", "alerts.max_flaps: "),
        ('[alerts.severity]\nmqtt = "loud"', "alerts.severity.mqtt: "),
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
        ('[[alerts.escalate]]\nafter = "1h"\nchannels = []', "alerts.escalate.0.channels: "),
        ('[[alerts.inhibit]]\nsource = { pack = "x" }', "alerts.inhibit.0.target: must be given"),
    ],
)
def test_each_fault_is_told_with_its_place(text: str, told: str) -> None:
    with pytest.raises(ConfigError) as fault:
        parse_settings(f"{HEAD}{text}\n")
    assert told in str(fault.value)
