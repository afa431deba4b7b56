"""What a run takes over from the one before, and what a reload leaves as it was."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.app.live import _reloaded
from monitor.app.rulebook import load_enabled, polled, retired, rulebook, unkeyed
from monitor.app.soundness import Files
from monitor.config import RulesSettings, Settings, load_settings
from monitor.feeds.provider import FeedSettings
from monitor.model.layer import Action, LayerState, LayerStatus, Proposal
from monitor.model.reading import Reading
from monitor.pipeline import Rulebook, State, step
from monitor.rules.lifecycle import Flag, Instance, Phase
from monitor.signals.facts import Facts, SourceSeen
from monitor.store.rows import changed_rows

AT = datetime(2026, 3, 2, 22, 30, tzinfo=UTC)
POOL, POSITION = f"1:0x{'33' * 20}", f"1:0x{'44' * 20}:1"
RULE = """\
schema = 1
[pack]
id = "one"
title = "One rule"
evidence = "claim"
sources = []
[[rule]]
id = "r"
scope = "{scope}"
action = "notify"
when = 'vix > 1.0'
text = "{{vix}}"
"""


@pytest.fixture
def book(hand: Any, tmp_path: Path) -> Any:
    """Return a maker of rulebooks whose only rule, `r`, is over one kind of scope."""

    def make(scope: str = "book") -> Rulebook:
        file = tmp_path / "one.toml"
        file.write_text(RULE.format(scope=scope))
        made: Rulebook = hand.book(files=(file,))
        return made

    return make


def firing(rule: str, scope: str) -> Instance:
    return Instance(rule=rule, scope=scope, phase=Phase.FIRING, seq=3, clouded=2, since=AT)


def test_what_needs_a_key_is_polled_with_one_only() -> None:
    settings = Settings(rules=RulesSettings(enabled=("macro_window",)))
    packs = load_enabled(settings)
    assert "calendar.ppi" not in polled(settings, packs)
    assert "calendar.ppi" not in rulebook(settings, packs).lens.feeds, "else it alarms for ever"
    assert unkeyed(settings, packs) == {"calendar.ppi"}
    keyed = replace(settings, feed={"releases": FeedSettings(key="env:NOBODY_SET")})
    assert polled(keyed, packs)["calendar.ppi"] == ("releases",)
    assert not unkeyed(keyed, packs)


@pytest.mark.parametrize("kind", ["book", "pool", "position"])
def test_a_rule_that_is_now_over_another_kind_of_scope_ends_there(kind: str, book: Any) -> None:
    scopes = {"book": "book", "pool": POOL, "position": POSITION}
    instances = {f"r|{scope}": firing("r", scope) for scope in scopes.values()}
    kept, gone = retired(book(kind), State(instances=instances))
    assert gone == ("r",)
    for name, scope in scopes.items():
        rest = Instance(rule="r", scope=scope, seq=3, clouded=2)
        assert kept.instances[f"r|{scope}"] == (firing("r", scope) if name == kind else rest)


def test_a_rule_that_is_gone_ends_everywhere_and_once(book: Any) -> None:
    old = {f"q|{scope}": firing("q", scope) for scope in ("book", POOL, POSITION)}
    kept, gone = retired(book(), State(instances=old))
    assert gone == ("q",)
    assert {i.phase for i in kept.instances.values()} == {Phase.INACTIVE}
    assert retired(book(), kept)[1] == ()


def test_a_rule_that_is_still_there_goes_on(book: Any) -> None:
    flagged = replace(firing("r", "book"), flag=Flag.NODATA)
    kept, gone = retired(book(), State(instances={"r|book": flagged}))
    assert (kept.instances, gone) == ({"r|book": flagged}, ())


@pytest.mark.parametrize(
    ("rule", "scope", "status"),
    [
        pytest.param("q", "book", LayerStatus.OFF, id="its rule is gone"),
        pytest.param("r", POSITION, LayerStatus.OFF, id="its rule is over another kind of scope"),
        pytest.param("r", "book", LayerStatus.PROPOSED, id="its rule is there"),
    ],
)
def test_a_proposal_ends_with_its_rule(
    rule: str, scope: str, status: LayerStatus, book: Any
) -> None:
    asked = Proposal(
        rule=rule, alert="ABCDEF", action=Action.ADD, at=AT, expires_at=None, ticket=None
    )
    layer = LayerState(layer="L", scope=scope, status=LayerStatus.PROPOSED, proposal=asked)
    kept, _ = retired(book(), State(layers={f"L|{scope}": layer}))
    assert kept.layers[f"L|{scope}"].status is status


@pytest.fixture
def full(book: Any, hand: Any) -> State:
    """Return a state that has heard of chains and feeds, configured (`main`, `vix`) and not."""
    state, _ = step(book(), State(), hand.snapshot(AT, hand.position(1)))
    state, _ = step(book(), state, hand.vix(17.0, AT))
    known = state.facts
    old = Reading(name="gone.feed", value=1, unit="points", as_of=AT, source="x")
    own = Reading(name="system.dead_letters", value=0, unit="count", as_of=AT, source="store")
    silent = {
        name: SourceSeen(name=name, good_at=AT, gap="silent", gap_since=AT)
        for name in ("past", "gone.feed", "self")
    }
    (pool,), (position,) = known.pools.values(), known.positions.values()
    facts = replace(
        known,
        pools={**known.pools, "past": replace(pool, chain="past")},
        positions={**known.positions, "past": replace(position, chain="past")},
        readings={**known.readings, "gone.feed|": old, "system.dead_letters|": own},
        chains={**known.chains, "past": silent["past"]},
        feeds={**known.feeds, "gone.feed": silent["gone.feed"], "self": silent["self"]},
    )
    return replace(state, facts=facts)


def test_what_is_no_longer_configured_is_forgotten(full: State, book: Any) -> None:
    facts = retired(book(), full)[0].facts
    assert set(facts.pools) == {POOL}
    assert set(facts.positions) == {POSITION}
    assert set(facts.chains) == {"main"}
    assert set(facts.feeds) == {"vix", "self"}
    assert set(facts.readings) == {"vix|", "system.dead_letters|"}


def test_a_feed_that_is_off_is_forgotten(full: State, book: Any) -> None:
    without = replace(book(), lens=replace(book().lens, feeds=frozenset({"vx.settle"})))
    facts = retired(without, full)[0].facts
    assert (set(facts.feeds), set(facts.readings)) == ({"self"}, {"system.dead_letters|"})


def test_what_is_forgotten_leaves_the_store_and_the_rest_is_not_written_again(
    full: State, book: Any
) -> None:
    kept, _ = retired(book(), full)
    forgotten = {
        ("pool", "past"),
        ("position", "past"),
        ("chain", "past"),
        ("feed", "gone.feed"),
        ("reading", "gone.feed|"),
    }
    assert changed_rows(full, kept) == dict.fromkeys(forgotten)
    assert retired(book(), kept)[0] == kept


def test_a_configured_chain_that_was_never_read_is_named(full: State, book: Any) -> None:
    two = replace(book(), lens=replace(book().lens, chains=frozenset({"main", "base"})))
    chains = retired(two, full)[0].facts.chains
    assert chains == {"base": SourceSeen(name="base"), "main": full.facts.chains["main"]}
    assert retired(two, State())[0].facts.chains.keys() == {"base", "main"}


# --- a reload ---------------------------------------------------------------------------------

CONFIG = """\
[chain.{chain}]
rpc = ["env:RPC"]
[[watch]]
chain = "{chain}"
nft = [1]
[feeds]
{feeds}
[usd]
pegged = ["0x{peg}"]
[rules]
enabled = ["{pack}"]
max_gap = "{gap}"
"""


def test_a_reload_takes_the_rules_and_leaves_the_chains_that_run(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(CONFIG.format(chain="ethereum", feeds="", peg="11" * 20, pack="self", gap="5m"))
    running = load_settings(file)
    file.write_text(
        CONFIG.format(chain="base", feeds="vix = []", peg="22" * 20, pack="lp_range", gap="9m")
    )
    book = _reloaded(Files(file), running, {"vix": ("cboe",)})
    assert [pack.id for pack in book.packs] == ["lp_range"]
    assert book.max_gap == timedelta(minutes=9)
    assert book.lens.chains == {"ethereum"}
    assert book.lens.feeds == set(), "the new rules ask for no market"
    assert book.lens.pegged == {"0x" + "11" * 20}
    kept, _ = retired(book, State(facts=Facts(chains={"ethereum": SourceSeen(name="ethereum")})))
    assert kept.facts.chains.keys() == {"ethereum"}
