"""Running the tests of rule files: series in, alerts out, through the very road of the daemon."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from monitor.alerts.alert import Alert, AlertState
from monitor.errors import ConfigError, Fault
from monitor.model.observation import Observation, Readings, Verb, Word
from monitor.pipeline import Rulebook, State, in_precedence, step
from monitor.rules.desk import orphan_rules
from monitor.rules.lifecycle import Flag, Phase
from monitor.rules.loader import TEST_SUFFIX, load_packs, pack_files
from monitor.rules.pack import Pack, Rule
from monitor.signals.absorb import Lens
from monitor.signals.facts import Facts, SourceSeen
from monitor.timetravel.example import CHAIN, KEYS, example
from monitor.timetravel.trial_form import Expected, Trial, read_trials, rule_file_of, spelled

_MAX_GAP: Final = timedelta(days=3)
"""A test may take long steps: they are no silence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one test. faults: each with its time; none where it passed.

    fired, silent: the rules that were expected to fire and did, and to be silent and were,
    their condition known.
    """

    file: str
    name: str
    faults: tuple[str, ...]
    fired: frozenset[str]
    silent: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """A rule file, and what came of its tests."""

    pack: Pack
    outcomes: tuple[Outcome, ...]

    @property
    def uncovered(self) -> Iterator[tuple[str, str]]:
        """Yield each rule that is not tested both ways, with what is wanting."""
        fired = frozenset[str]().union(*(one.fired for one in self.outcomes))
        silent = frozenset[str]().union(*(one.silent for one in self.outcomes))
        for rule in self.pack.rules:
            wanting = [
                word
                for word, seen in (("fires", fired), ("is silent", silent))
                if rule.id not in seen
            ]
            if wanting:
                yield rule.id, f"no test in which it {' nor one in which it '.join(wanting)}"


def find_trials(paths: Iterable[Path]) -> list[Path]:
    """Return the test files among and beneath `paths`, a folder's in order.

    A rule file stands for its tests. Raises ConfigError for one, or a folder, that has none.
    """
    found, faults = list[Path](), list[Fault]()
    for path in paths:
        if path.is_dir():
            some, why = sorted(path.glob(f"*{TEST_SUFFIX}")), "holds no tests"
        else:
            own = path if path.name.endswith(TEST_SUFFIX) else path.with_suffix(TEST_SUFFIX)
            some, why = [own], f"has no tests: no {own.name}"
        if not some or not some[0].exists():
            faults.append(Fault(file=str(path), where="", reason=why))
        found += some
    if faults:
        raise ConfigError(faults)
    return list(dict.fromkeys(found))


def untested(paths: Iterable[Path]) -> list[Path]:
    """Return the rule files of the folders among `paths` that have no tests."""
    files = [one for path in paths if path.is_dir() for one in pack_files(path)]
    return [one for one in files if not one.with_suffix(TEST_SUFFIX).exists()]


def run_files(paths: Iterable[Path]) -> tuple[list[Tested], list[Fault]]:
    """Run the tests of the sound files; return what came of them, and the faults of the others."""
    tested, faults = list[Tested](), list[Fault]()
    for path in paths:
        try:
            tested.append(run_file(path))
        except ConfigError as error:
            faults += error.faults
    return tested, faults


def run_file(path: Path) -> Tested:
    """Run the tests of one file; raise ConfigError where it, or its rule file, is faulty."""
    (pack,) = load_packs([rule_file_of(path)])
    trials = read_trials(path, pack)
    return Tested(pack=pack, outcomes=tuple(_run(path.name, pack, one) for one in trials))


def _run(file: str, pack: Pack, trial: Trial) -> Outcome:
    ids = frozenset(rule.id for rule in pack.rules)
    faults, fired, silent = list[str](), set[str](), set[str]()
    for seen in _played(pack, trial):
        found = list(_faults(seen))
        faults += [f"at {spelled(seen.expected.at)}: {one}" for one in found]
        fired |= seen.expected.firing & seen.firing
        # Where it is not known nothing was seen of what the rule would say, and one that waits
        # was seen to hold.
        silent |= ids - seen.expected.firing - seen.firing - seen.pending - seen.unknown
    return Outcome(
        file=file,
        name=trial.name,
        faults=tuple(faults),
        fired=frozenset(fired),
        silent=frozenset(silent),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """How the rules stand when something is expected. said: what each said as it last fired."""

    expected: Expected
    firing: frozenset[str]
    pending: frozenset[str]
    unknown: frozenset[str]
    said: Mapping[str, str]


def _faults(seen: _Seen) -> Iterator[str]:
    for what in ("firing", "pending", "unknown"):
        wanted, found = getattr(seen.expected, what), getattr(seen, what)
        if wanted is not None and wanted != found:
            yield f"{what} should be {_listed(wanted)}, is {_listed(found)}"
    for rule in sorted(seen.expected.silent):
        for what in ("firing", "pending", "unknown"):
            if rule in getattr(seen, what):
                yield f"{rule} should be silent, is {what}"
    for rule, text in seen.expected.texts:
        said = seen.said.get(rule)
        if said is None:
            yield f"{rule} has said nothing"
        elif text not in said:
            yield f"{rule} should say {text!r}, said {said!r}"


def _played(pack: Pack, trial: Trial) -> Iterator[_Seen]:
    """Yield how the rules stand at each time something is expected."""
    road = _Road(book=_book(pack, trial), rules=pack.rules)
    start, every = trial.stage.start, trial.stage.every
    road.take_first(start)
    words = sorted(trial.filled, key=lambda one: one.at)
    over = {layer.id: KEYS.get(layer.scope, "book") for layer in pack.layers}
    for expected in trial.expected:
        while road.at + every <= start + expected.at:
            road.tick(road.at + every)
            while words and start + words[0].at <= road.at:
                said = words.pop(0)
                word = Word(
                    id=f"{said.layer} {said.at}",
                    verb=Verb.FILL,
                    observed_at=road.at,
                    by="test",
                    layer=said.layer,
                    scope=over.get(said.layer, "book"),
                    fills=said.fills,
                )
                road.take(word)
        yield road.seen(expected)


@dataclass(slots=True, kw_only=True)
class _Road:
    book: Rulebook
    rules: tuple[Rule, ...]
    state: State = field(default_factory=State)
    said: dict[str, str] = field(default_factory=dict)
    at: datetime = field(init=False)

    def take_first(self, at: datetime) -> None:
        facts = Facts(chains={CHAIN: SourceSeen(name=CHAIN)})
        self.state = replace(self.state, facts=facts)
        self.take(example(at))
        self.at = at

    def tick(self, at: datetime) -> None:
        self.at = at
        self.take(Readings(source="test", observed_at=at, readings=()))

    def take(self, seen: Observation) -> None:
        self.state, alerts = step(self.book, self.state, seen)
        self.said |= {one.rule: f"{one.title} · {one.text}" for one in alerts if _begins(one)}

    def seen(self, expected: Expected) -> _Seen:
        ids = {rule.id for rule in self.rules}
        mine = [one for one in self.state.instances.values() if one.rule in ids]
        return _Seen(
            expected=expected,
            firing=frozenset(one.rule for one in mine if one.phase is Phase.FIRING),
            pending=frozenset(one.rule for one in mine if one.phase is Phase.PENDING),
            unknown=frozenset(one.rule for one in mine if one.flag is not Flag.NONE),
            said=self.said,
        )


def _begins(alert: Alert) -> bool:
    return alert.state in {AlertState.FIRING, AlertState.REPEAT}


def _book(pack: Pack, trial: Trial) -> Rulebook:
    return Rulebook(
        packs=(pack,),
        rules=in_precedence((*pack.rules, *orphan_rules(pack.layers))),
        lens=Lens(chains=frozenset({CHAIN})),
        max_gap=_MAX_GAP,
        given=trial.stage,
    )


def _listed(ids: Iterable[str]) -> str:
    return ", ".join(sorted(ids)) or "none"
