"""Reading a rule file's tests: `rules/<pack>.test.toml`, every fault at once."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from monitor.errors import ConfigError
from monitor.hedge.legs import parse_leg
from monitor.model.layer import Fill
from monitor.rules.form import Table, instant_of
from monitor.rules.loader import TEST_SUFFIX, read_toml
from monitor.rules.pack import Pack
from monitor.rules.source import Source, Stand
from monitor.rules.suggest import did_you_mean
from monitor.signals.catalogue import BY_NAME
from monitor.timetravel.stage import Stage, steps

SCHEMA: Final = 1
MOST_STEPS: Final = 20_000
_START: Final = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
"""A Monday, 10:00 New York: the markets are open."""
_EVERY: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What must be at a time: exactly these rules, and no others. pending, unknown: None unasked.

    silent: of these it must be known that they do not hold: neither fire nor wait, nor are
    unknown. texts: by rule, what its alert must have said when it fired, or a part of it.
    """

    at: timedelta
    firing: frozenset[str]
    pending: frozenset[str] | None
    unknown: frozenset[str] | None
    silent: frozenset[str] = frozenset()
    texts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What a person says in a test: these legs of a layer were traded."""

    at: timedelta
    layer: str
    fills: tuple[Fill, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One `[[test]]`: what is told, and what must come of it."""

    name: str
    stage: Stage
    expected: tuple[Expected, ...]
    filled: tuple[Filled, ...]


def rule_file_of(path: Path) -> Path:
    """Return the rule file that a test file is of: the one of the same name."""
    return path.with_name(path.name.removesuffix(TEST_SUFFIX) + ".toml")


def read_trials(path: Path, pack: Pack) -> tuple[Trial, ...]:
    """Return the tests of a pack in a file; raise ConfigError with every fault."""
    text, data = read_toml(path)
    source = Source(str(path), text)
    whole = Table(data, Stand(source=source))
    if whole.whole("schema", SCHEMA, SCHEMA) is None:
        whole.fault("schema", f"must be {SCHEMA}")
    tables = whole.rows("test", header="test")
    inner = {"expect": 0, "fill": 0}
    trials = [_trial(table, pack, inner) for table in tables]
    whole.close()
    if not tables:
        whole.fault("test", "there is no [[test]]")
    if source.faults:
        raise ConfigError(source.faults)
    return tuple(trials)


def _trial(table: Table, pack: Pack, counted: dict[str, int]) -> Trial:
    """Return a test. counted: how many tables of each inner header went before."""
    name = table.text("name", need=True) or ""
    start = instant_of(table, "start") or _START
    every = table.span("every", least=timedelta(seconds=1)) or _EVERY
    series = {}
    for key, value in table.flat("series").items():
        series[key] = _series(table, key, value)
    rows = table.rows("expect", header="test.expect", first=counted["expect"])
    fills = table.rows("fill", header="test.fill", first=counted["fill"])
    counted["expect"] += len(rows)
    counted["fill"] += len(fills)
    if not rows:
        table.fault("expect", "there is no [[test.expect]]: a test must expect something")
    pace = _Pace(every=every)
    expected = tuple(_expected(row, {rule.id for rule in pack.rules}, pace) for row in rows)
    longest = max((one.at for one in expected), default=timedelta(0))
    pace = _Pace(every=every, last=longest)
    filled = tuple(_filled(row, {layer.id for layer in pack.layers}, pace) for row in fills)
    if longest / every > MOST_STEPS:
        table.fault("every", f"the last expectation lies more than {MOST_STEPS:,} steps away")
    table.close()
    return Trial(
        name=name,
        stage=Stage(start=start, every=every, series=series),
        expected=tuple(sorted(expected, key=lambda one: one.at)),
        filled=filled,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pace:
    """The steps of a test. last: when something is expected for the last time, if that is known."""

    every: timedelta
    last: timedelta | None = None

    def at(self, table: Table, what: str) -> timedelta | None:
        """Return the time of something, noting what is off the steps. what: is done with it."""
        at = table.span("at")
        if at is not None and (over := at % self.every):
            step = at - over if what == "judged" else at - over + self.every
            words = f"{spelled(at)} is no step of {spelled(self.every)}"
            table.fault("at", f"{words}: it would be {what} at {spelled(step)}")
        if at is not None and self.last is not None and at > self.last:
            words = f"{spelled(at)} lies after the last expectation, {spelled(self.last)}"
            table.fault("at", f"{words}: nothing would come of it")
        return at


def spelled(span: timedelta) -> str:
    """Return a span as a file writes it: `90s`, `5m`, `1d`."""
    seconds = int(span.total_seconds())
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if seconds and not seconds % size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def _series(table: Table, name: str, value: Any) -> tuple[Any, ...]:  # noqa: ANN401 - of TOML
    signal = BY_NAME.get(name)
    if signal is None:
        table.fault("series", f"there is no signal {name}{did_you_mean(name, BY_NAME)}")
    elif not isinstance(value, str):
        table.fault("series", f'{name} must be a text of steps, as in "16 17 18+1x3"')
    else:
        try:
            return steps(value, signal)
        except ValueError as error:
            table.fault("series", str(error))
    return ()


def _expected(table: Table, rules: Collection[str], pace: _Pace) -> Expected:
    at = pace.at(table, "judged")
    if at is None and "at" not in table:
        table.fault("at", 'must be given: how long after the start, as in "15m"')
    told = {key: table.texts(key) for key in ("firing", "pending", "unknown", "silent")}
    if told["firing"] is None and "firing" not in table:
        table.fault("firing", "must be given: the rules that fire then, [] for none")
    texts = table.flat("text")
    for one in set(told["silent"] or ()) & set(told["firing"] or ()):
        table.fault("silent", f"{one} cannot fire and be silent")
    for key, names in (*told.items(), ("text", tuple(texts))):
        for one in names or ():
            if one not in rules:
                table.fault(key, f"there is no rule {one}{did_you_mean(one, rules)}")
    table.close()
    pending, unknown = told["pending"], told["unknown"]
    return Expected(
        at=at or timedelta(0),
        firing=frozenset(told["firing"] or ()),
        pending=None if pending is None else frozenset(pending),
        unknown=None if unknown is None else frozenset(unknown),
        silent=frozenset(told["silent"] or ()),
        texts=tuple((rule, str(said)) for rule, said in texts.items()),
    )


def _filled(table: Table, layers: Collection[str], pace: _Pace) -> Filled:
    at, layer = pace.at(table, "taken"), table.name("layer")
    if layer and layer not in layers:
        table.fault("layer", f"there is no layer {layer}{did_you_mean(layer, layers)}")
    fills = []
    for text in table.texts("legs") or ():
        try:
            fills.append(parse_leg(text))
        except ValueError as error:
            table.fault("legs", str(error))
    if not fills and "legs" not in table:
        table.fault("legs", "must be given: what was traded")
    table.close()
    return Filled(at=at or timedelta(0), layer=layer, fills=tuple(fills))
