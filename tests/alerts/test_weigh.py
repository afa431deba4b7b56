"""What keeps people from being told of an alert."""

import pytest

from monitor.alerts.desk import Open
from monitor.alerts.matcher import Matcher
from monitor.alerts.policy import Inhibition, Policy
from monitor.alerts.weigh import barriers


@pytest.mark.parametrize(
    ("asked", "state", "in_force"),
    [
        pytest.param((), "firing", True, id="what fires explains others"),
        pytest.param((), "nodata", False, id="what cannot be judged explains nothing"),
        pytest.param((), "error", False, id="nor does what fails"),
        pytest.param(("nodata",), "nodata", True, id="unless it is asked for"),
    ],
)
def test_only_what_fires_inhibits(asked: tuple[str, ...], state: str, *, in_force: bool) -> None:
    source = Matcher(rule=("r.crit",), state=asked)
    policy = Policy(inhibit=(Inhibition(source=source, target=Matcher(severity=("warning",))),))
    labels = {"rule": "r.crit", "severity": "critical", "state": state}
    one = Open(key="r.crit|book", id="A1B2C3", idem="r.crit:book:1:firing", labels=labels)
    assert bool(barriers(policy, {one.key: one})) is in_force
