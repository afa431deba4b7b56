"""Many readings of one rule file: `$name` stands in it for each of several values.

    when = 'vix < $calm'
    size = { policy = "fixed", contracts = $contracts }

`--grid calm=13,15,17 --grid contracts=2,4` are its six readings. A name may stand anywhere;
the values are put in as they are written, before anything else is read.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from string import Template
from typing import Final

from monitor.errors import ConfigError, Fault
from monitor.timetravel.pool import Held

Values = Mapping[str, str]
MOST: Final = 100_000
"""Points of one sweep."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One replay of a sweep: which values, over which event, with a position of which range."""

    number: int
    values: Values
    event: str
    range: str

    @property
    def reading(self) -> str:
        """Return its values in words, as in `calm=13 n=2`."""
        told = " ".join(f"{name}={value}" for name, value in self.values.items())
        return told or "as written"

    @property
    def reach(self) -> str:
        """Return its range in words, as in `×/÷1.5`."""
        return self.range if self.range == "full" else f"×/÷{self.range}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """What is swept. text: of the rule file, with its names. held: a position by its range."""

    name: str
    text: str
    grid: Mapping[str, Sequence[str]]
    events: Sequence[str]
    held: Mapping[str, Held]
    fee_share: float = 1.0

    def __len__(self) -> int:
        return prod(map(len, self.grid.values())) * len(self.events) * len(self.held)

    def points(self) -> Iterator[Point]:
        """Yield every point, the values varying fastest."""
        readings = [
            dict(zip(self.grid, some, strict=True)) for some in product(*self.grid.values())
        ]
        places = product(self.events, self.held, readings)
        for number, (event, reach, values) in enumerate(places):
            yield Point(number=number, values=values, event=event, range=reach)

    def filled(self, values: Values) -> str:
        """Return the rule file with its names' values."""
        return Template(self.text).substitute(values)


def parse_grid(told: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the values by name of `NAME=a,b,c`; raise ConfigError for another form."""
    found: dict[str, tuple[str, ...]] = {}
    for text in told:
        name, equals, rest = text.partition("=")
        values = tuple(part.strip() for part in rest.split(","))
        if not (equals and name.isidentifier() and all(values)):
            raise _refused("--grid", f"{text!r} is not NAME=a,b,c")
        if name in found:
            raise _refused("--grid", f"{name} is given twice")
        if len(set(values)) < len(values):
            raise _refused("--grid", f"{name} has a value twice")
        found[name] = values
    return found


def check(sweep: Sweep) -> None:
    """Raise ConfigError where the file's names are not just those of the grid, or are too many."""
    template = Template(sweep.text)
    if not template.is_valid():
        raise _refused(sweep.name, "a `$` is followed by no name; write `$$` for the sign itself")
    asked = set(template.get_identifiers())
    if missing := sorted(asked - sweep.grid.keys()):
        raise _refused(sweep.name, f"${missing[0]} has no values: give --grid {missing[0]}=a,b,c")
    if idle := sorted(sweep.grid.keys() - asked):
        raise _refused(
            "--grid", f"{idle[0]} stands nowhere in {sweep.name}: write ${idle[0]} there"
        )
    if len(sweep) > MOST:
        raise _refused("--grid", f"{len(sweep):,} points are more than {MOST:,}")


def _refused(where: str, reason: str) -> ConfigError:
    return ConfigError([Fault(file="sweep", where=where, reason=reason)])
