"""What keeps people from being told of an alert."""

from collections.abc import Iterator, Mapping

import pytest

from monitor.alerts.desk import Open
from monitor.alerts.matcher import Matcher
from monitor.alerts.policy import Inhibition, Policy
from monitor.alerts.weigh import barriers, hindrance


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


class _Read(Mapping[str, str]):
    """Labels that count how often any such are read."""

    reads = 0

    def __init__(self, **labels: str) -> None:
        self._labels = labels

    def __getitem__(self, name: str) -> str:
        _Read.reads += 1
        return self._labels[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._labels)

    def __len__(self) -> int:
        return len(self._labels)


def test_one_of_a_thousand_is_found_without_looking_at_the_others() -> None:
    """It is asked of every alert that goes on, at every step."""
    source, target = Matcher(severity=("critical",)), Matcher(severity=("warning",))
    policy = Policy(inhibit=(Inhibition(source=source, target=target, equal=("scope",)),))
    of = {
        f"out|{n}": Open(
            key=f"out|{n}",
            id=f"{n:06X}",
            idem=f"out:{n}:1:firing",
            labels=_Read(rule="out", severity="critical", scope=f"{n}", state="firing"),
        )
        for n in range(1000)
    }
    inhibited = barriers(policy, of)
    labels = {"rule": "near", "severity": "warning", "scope": "999", "state": "firing"}
    _Read.reads = 0
    told = hindrance((), inhibited, labels, key="near|999")
    assert told == "inhibited while out 0003E7 fires"
    assert _Read.reads <= 3
    assert hindrance((), inhibited, labels | {"scope": "1000"}, key="near|1000") == ""
