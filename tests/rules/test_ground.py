"""What becomes of an instance when a block it rests on is dropped."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.model.layer import Action
from monitor.model.observation import Block, Reorg
from monitor.rules.expression import compile_rule
from monitor.rules.ground import Footing, follow, shaken
from monitor.rules.lifecycle import Ground, Instance, Judged, Phase, Told, Turn
from monitor.rules.pack import OnNodata, Rule
from monitor.rules.template import compile_template
from monitor.rules.verdict import Verdict
from monitor.signals.catalogue import BY_NAME, Scope
from monitor.signals.facts import BlockSeen, Facts, SourceSeen

START = datetime(2020, 3, 2, 15, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
KEY = "1:0x33"


def a_rule(when: str = "pool.price > 30.0", **changes: object) -> Rule:
    made = Rule(
        id="test.rule",
        pack="test",
        action=Action.NOTIFY,
        scope=Scope.POOL,
        layer=None,
        when=compile_rule(when, BY_NAME),
        clear=None,
        title=compile_template("title", BY_NAME),
        text=compile_template("text", BY_NAME),
    )
    return replace(made, **changes)


def block(name: str) -> Block:
    """Return the block of a name such as `5` or, on another branch, `5b`."""
    number = int(name.rstrip("b"))
    return Block(number=number, hash=f"0x{name:>064}", timestamp=START + number * MINUTE)


def facts_at(name: str) -> Facts:
    """Return facts of one chain, whose only pool was read at a block."""
    seen = BlockSeen(block=block("1"), observed_at=START)
    source = SourceSeen(name="main", good_at=START, block=block(name), recent=(seen,))
    pool = type("Pool", (), {"chain": "main"})()
    return Facts(chains={"main": source}, pools={KEY: pool})


class Chain:
    """Walks one instance over the blocks of a chain, and over its reorganisations."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.instance = Instance(rule=rule.id, scope=KEY)
        self.told: list[str] = []
        self.names: list[tuple[int, str, int | None]] = []
        self.turns: list[Told] = []
        self.minute = 0
        self.seen: dict[int, datetime] = {}

    @property
    def now(self) -> datetime:
        return START + self.minute * MINUTE

    def walk(self, steps: str) -> "Chain":
        """Go through steps such as `1+ 2- 3? 2b+`: a block, and whether the condition holds.

        `/n` is a reorganisation down to block n, `!` behind the sign bars the rule, and
        `c` says that it is cleared although it is not untrue.
        """
        for step in steps.split():
            if step.startswith("/"):
                self.fork(int(step[1:]))
            else:
                self.take(step)
        return self

    def fork(self, ancestor: int) -> None:
        since = min(at for number, at in self.seen.items() if number > ancestor)
        self.seen = {number: at for number, at in self.seen.items() if number <= ancestor}
        reorg = Reorg(ancestor=ancestor, dropped=())
        table = shaken({"it": self.instance}, "main", reorg, since=since)
        self.instance = table["it"]

    def take(self, step: str) -> None:
        name, sign = step.rstrip("+-?!c"), step.lstrip("0123456789b")
        self.minute += 1
        self.seen[block(name).number] = self.now
        clear = None if self.rule.clear is None else Verdict(truth="c" in sign)
        judged = Judged(
            now=self.now,
            when=Verdict(truth={"+": True, "-": False, "?": None}[sign[0]]),
            clear=clear,
            max_gap=timedelta(hours=1),
            barred="it is in the way" if "!" in sign else "",
        )
        before = self.instance
        self.instance, turns = follow(self.rule, before, judged, Footing(facts_at(name)))
        self.turns += turns
        self.told += [f"{name} {told.turn.value}" for told in turns]
        self.names += [((told.of or self.instance).seq, told.turn, told.number) for told in turns]


HYSTERESIS = compile_rule("pool.price < 20.0", BY_NAME)
TABLE = [
    pytest.param("1- 2+ /1 2b-", {}, "2 firing, 2b retracted", id="what is not true is retracted"),
    pytest.param("1- 2+ /1 2b+ 3b+", {}, "2 firing", id="what is true goes on in silence"),
    pytest.param("1- 2+ 3+ /2 3b-", {}, "2 firing, 3b resolved", id="firm ground: it only ends"),
    pytest.param(
        "1- 2+ /1 2b+ 3b+ /2 3-", {}, "2 firing, 3 resolved", id="its new ground counts from then"
    ),
    pytest.param(
        "1- 2+ /1 2b+ /1 2-", {}, "2 firing, 2 retracted", id="the new ground may be lost as well"
    ),
    pytest.param(
        "1- 2+ /1 2b? 3b? 4b-", {}, "2 firing, 4b retracted", id="while unknown it stays, then ends"
    ),
    pytest.param(
        "1- 2+ /1 2b? 3b+ 4b-",
        {},
        "2 firing, 4b resolved",
        id="while unknown it stays, and once true it has ground again",
    ),
    pytest.param(
        "1- 2+ /1 2b? /1 2- 3+",
        {},
        "2 firing, 2 retracted, 3 firing",
        id="two reorganisations while it is unknown are one",
    ),
    pytest.param("1+ 2- /1 2b- 3b-", {}, "1 firing, 2 resolved", id="over again is not told twice"),
    pytest.param(
        "1+ 2- /1 2b+ 3b-",
        {},
        "1 firing, 2 resolved, 2b repeat, 3b resolved",
        id="an end that is not true is taken back",
    ),
    pytest.param(
        "1+ 2- /1 2b+ 3b- /2 3+ 4-",
        {},
        "1 firing, 2 resolved, 2b repeat, 3b resolved, 3 repeat, 4 resolved",
        id="and taken back again",
    ),
    pytest.param(
        "1- 2+ 3- /1 2b- 3b+",
        {"cooldown": timedelta(hours=1)},
        "2 firing, 3 resolved, 3b firing",
        id="a vanished episode leaves no cooldown",
    ),
    pytest.param(
        "1- 2+ /1 2b- 3b+",
        {"cooldown": timedelta(hours=1)},
        "2 firing, 2b retracted, 3b firing",
        id="a retracted one leaves none either",
    ),
    pytest.param(
        "1+ 2- 3- /2 3b+",
        {"cooldown": timedelta(hours=1)},
        "1 firing, 2 resolved",
        id="a cooldown from before the fork runs on",
    ),
    pytest.param(
        "1+ 2- 3+ /1 2b-",
        {},
        "1 firing, 2 resolved, 3 firing, 2b retracted",
        id="the second of two is retracted, the first has ended as told",
    ),
    pytest.param(
        "1+ 2-c 3+ /1 2b-",
        {"clear": HYSTERESIS},
        "1 firing, 2 resolved, 3 firing, 2b retracted, 2b repeat",
        id="the second is retracted and the first, not cleared, is open again",
    ),
    pytest.param(
        "1- 2+ /1 2b-",
        {"clear": HYSTERESIS},
        "2 firing, 2b retracted",
        id="not being cleared does not keep what was never true",
    ),
    pytest.param(
        "1+ 2+ 3+ /2 3b+ 4b+",
        {"hold": 3 * MINUTE},
        "3b firing",
        id="time held on firm ground is kept",
    ),
    pytest.param(
        "1- 2+ 3+ /1 2b+ 3b+ 4b+",
        {"hold": 3 * MINUTE},
        "",
        id="time held on lost ground is given up",
    ),
    pytest.param(
        "1- 2+ 3+ /1 2b+ 3b+ 4b+ 5b+",
        {"hold": 3 * MINUTE},
        "5b firing",
        id="and begins anew",
    ),
    pytest.param(
        "1+ 2- 3- /1 2b- 3b- 4b-",
        {"keep_firing_for": 2 * MINUTE},
        "1 firing, 4b resolved",
        id="quiet that began on lost ground begins anew",
    ),
    pytest.param(
        "1- 2+ /1 2b?!",
        {},
        "2 firing, 2b retracted",
        id="what it spoke of is gone with its block",
    ),
    pytest.param(
        "1- 2+ /1 2b?",
        {"on_nodata": OnNodata.RESOLVE},
        "2 firing, 2b retracted",
        id="on_nodata resolve retracts what has lost its ground",
    ),
    pytest.param(
        "1+ 2+ 3+ 4- 5+ /3 4b+ 5b-",
        {"hold": 2 * MINUTE},
        "3 firing, 4 resolved, 4b repeat, 5b resolved",
        id="an end is taken back though it had begun to be true again",
    ),
    pytest.param(
        "1+ 2+ 3+ 4- 5+ /3 4b? 5b-",
        {"hold": 2 * MINUTE},
        "3 firing, 4 resolved",
        id="and is not told twice where it has ended after all",
    ),
    pytest.param(
        "1- 2+ 3- 4+ 5- 6+ /1 2b-",
        {},
        "2 firing, 3 resolved, 4 firing, 5 resolved, 6 firing, 2b retracted",
        id="many phases deep",
    ),
]


@pytest.mark.parametrize(("steps", "changes", "expected"), TABLE)
def test_turns(steps: str, changes: dict[str, object], expected: str) -> None:
    chain = Chain(a_rule(**changes)).walk(steps)
    assert chain.told == expected.split(", ") if expected else not chain.told
    assert len(set(chain.names)) == len(chain.names), "two turns would share an idempotency key"


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        pytest.param("1- 2+ 3- 4+ 5- /2 3b? 4b-", "seen", id="over, as it was told"),
        pytest.param("1- 2+ 3- 4+ 5- /2 3b? 4b+", "seen repeat", id="going on after all"),
        pytest.param("1- 2+ 3- 4+ /2 3b? 4b-", "retracted", id="retracted"),
    ],
)
def test_what_was_told_as_unknown_ends_once_and_under_its_name(steps: str, expected: str) -> None:
    chain = Chain(a_rule(on_nodata=OnNodata.ALERT)).walk(steps)
    told = [turn.value for _, turn, _ in chain.names]
    dark = told.index("nodata")
    assert told[dark + 1 :] == expected.split()
    assert chain.names[dark + 1][0] == chain.names[dark][0], "another alert's end"


@pytest.mark.parametrize("then", ["5b-", "5b+", "5b? 6b-"])
def test_what_was_told_as_unknown_is_not_told_again_where_an_end_before_it_is_lost(
    then: str,
) -> None:
    rule = a_rule(on_nodata=OnNodata.ALERT, hold=2 * MINUTE)
    chain = Chain(rule).walk(f"1+ 2+ 3+ 4- 5+ 6? /3 4b? {then}")
    dark = [(turn, number) for _, turn, number in chain.names if turn in {Turn.NODATA, Turn.SEEN}]
    assert dark == [(Turn.NODATA, 1), (Turn.SEEN, 1)]


def phases(found: Iterable[Instance]) -> list[Phase]:
    return [one.phase for one in found]


def test_the_reason_names_the_block_that_is_gone() -> None:
    chain = Chain(a_rule()).walk("1- 2+ /1 2b-")
    assert chain.turns[-1].reason == f"block 2 {block('2').hash[:6]}… is no longer part of main"


def test_what_rests_on_no_block_minds_no_fork() -> None:
    chain = Chain(a_rule("vix > 30.0")).walk("1- 2+ /1 2b-")
    assert chain.told == ["2 firing", "2b resolved"]
    assert (chain.instance.ground, chain.instance.past) == ((), ())


def test_another_chains_fork_is_nothing_to_it() -> None:
    chain = Chain(a_rule()).walk("1- 2+")
    table = {"it": chain.instance}
    assert shaken(table, "other", Reorg(ancestor=0, dropped=()), since=START) is table


def test_it_forgets_what_it_was_once_no_fork_can_reach_so_deep() -> None:
    chain = Chain(a_rule()).walk("1+ 2- 3+ 4-")
    assert phases(chain.instance.past) == [
        Phase.INACTIVE,
        Phase.FIRING,
        Phase.INACTIVE,
        Phase.FIRING,
    ]
    facts = facts_at("9")
    source = facts.chains["main"]
    late = BlockSeen(block=block("9"), observed_at=START)
    facts = replace(facts, chains={"main": replace(source, recent=(late,))})
    fired = Judged(
        now=chain.now + MINUTE, when=Verdict(truth=True), clear=None, max_gap=timedelta(hours=1)
    )
    instance, _ = follow(chain.rule, chain.instance, fired, Footing(facts))
    assert phases(instance.past) == [Phase.INACTIVE]
    assert instance.ground == (Ground(chain="main", number=9, hash=block("9").hash),)
