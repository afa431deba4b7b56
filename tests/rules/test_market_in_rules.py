"""What rules may ask of the chain a position is on, and of rates over all chains."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.errors import ConfigError
from monitor.model.observation import Missing, Readings
from monitor.model.reading import Reading
from monitor.pipeline import State, step
from monitor.rules.loader import load_packs
from monitor.rules.surroundings import View

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HEAD = """\
schema = 1
[pack]
id = "lending"
title = "Lending"
evidence = "claim"
sources = []
[[rule]]
id = "lent"
action = "notify"
"""
OVER_A_POSITION = (
    HEAD
    + """\
scope = "position"
when = 'chain.usdc_supply > 0.03 && rates.differential > 0.01 && position.in_range'
text = "lend at {chain.usdc_supply:.2%} here, {rates.differential:.2%} across chains"
"""
)


def rates(at: datetime, **supply: float) -> Readings:
    """Return what chains' markets say; each asks 2 points above what it pays."""
    readings = tuple(
        Reading(name=f"aave.{side}", key=f"{chain}:USDC", value=rate + more, unit="fraction",
                as_of=at, source="aave")
        for chain, rate in supply.items()
        for side, more in (("supply", 0.0), ("borrow", 0.02))
    )  # fmt: skip
    return Readings(source="main market", observed_at=at, readings=readings)


def pack(folder: Path, text: str) -> Path:
    path = folder / "lending.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("many", [pytest.param(1, id="as columns"),
                                  pytest.param(10**9, id="one by one")])  # fmt: skip
def test_a_rule_over_positions_sees_its_chains_rate_and_the_best_of_all(
    many: int, hand: Any, tmp_path: Path
) -> None:
    book = replace(hand.book(files=(pack(tmp_path, OVER_A_POSITION),)), many=many)
    away = hand.position(2, ticks=(hand.tick + 600, hand.tick + 1_200))
    state, told = step(book, State(), rates(AT, main=0.05, base=0.01))
    state, told = step(book, state, hand.snapshot(AT, hand.position(1), away))
    assert [(one.rule, one.scope) for one in told] == [("lent", hand.key(1))]
    assert told[0].text == "lend at 5.00 % here, 2.00 % across chains"
    view = View(facts=state.facts, scope=hand.key(2), now=AT)
    assert view.value("chain.usdc_borrow").value == pytest.approx(0.07)


def test_a_chains_rate_is_unknown_elsewhere_too_old_and_before_it_is_read(hand: Any) -> None:
    book = hand.book("lp_range")
    state, _ = step(book, State(), hand.snapshot(AT, hand.position(1)))
    view = View(facts=state.facts, scope=hand.key(1), now=AT)
    none = view.value("chain.usdc_supply")
    assert (none.value, none.note) == (None, "aave.supply of USDC on main has not been read yet")
    state, _ = step(book, state, rates(AT, base=0.05))
    assert View(facts=state.facts, scope=hand.key(1), now=AT).value("chain.usdc_supply") == none
    state, _ = step(book, state, rates(AT, main=0.05))
    later = AT + timedelta(minutes=16)
    blind = View(facts=state.facts, scope=hand.key(1), now=later).value("chain.usdc_supply")
    assert (blind.value, blind.note) == (None, "main has not been read for 16 m")
    state, _ = step(book, state, hand.snapshot(later, hand.position(1)))
    old = View(facts=state.facts, scope=hand.key(1), now=later).value("chain.usdc_supply")
    assert (old.value, old.note) == (None, "aave.supply is 16 m old, limit 15 m")


def test_a_chains_own_price_is_known_within_its_own_heartbeat(hand: Any) -> None:
    book = hand.book("lp_range")
    state, _ = step(book, State(), hand.snapshot(AT, hand.position(1)))
    quote = Reading(name="chainlink.usd", key="main:USDC/USD", value=0.9712, unit="usd",
                    as_of=AT - timedelta(hours=20), source="chainlink")  # fmt: skip
    seen = Readings(source="main market", observed_at=AT, readings=(quote,))
    state, _ = step(book, state, seen)
    told = View(facts=state.facts, scope=hand.key(1), now=AT).value("chain.usdc_usd")
    assert (told.value, told.source, told.age_s) == (0.9712, "chainlink", 20 * 3600)
    told = View(facts=state.facts, scope=hand.key(1), now=AT).value("chain.eth_usd")
    assert told.note == "chainlink.usd of ETH/USD on main has not been read yet"


def test_a_price_the_chain_refuses_is_unknown_at_once_and_says_why(hand: Any) -> None:
    book = hand.book("lp_range")
    state, _ = step(book, State(), hand.snapshot(AT, hand.position(1)))
    quotes = {
        pair: Reading(name="chainlink.usd", key=f"main:{pair}", value=value, unit="usd", as_of=AT,
                      source="chainlink")
        for pair, value in (("ETH/USD", 3_000.0), ("USDC/USD", 1.0))
    }  # fmt: skip
    seen = Readings(source="main market", observed_at=AT, readings=tuple(quotes.values()))
    state, _ = step(book, state, seen)

    def eth_usd(now: datetime) -> Any:
        return View(facts=state.facts, scope=hand.key(1), now=now).value("chain.eth_usd")

    assert eth_usd(AT).value == 3_000.0
    why = "the sequencer is down, says its uptime feed, on main"
    refused = (Missing(key="chainlink.usd|main:ETH/USD", reason=why),)
    down = replace(seen, observed_at=AT + MINUTE, readings=(quotes["USDC/USD"],), refused=refused)
    state, _ = step(book, state, down)
    assert (eth_usd(AT + MINUTE).value, eth_usd(AT + MINUTE).note) == (None, why)
    assert "chainlink.usd|main:USDC/USD" in state.facts.readings
    state, _ = step(book, state, replace(down, readings=(), observed_at=AT + 2 * MINUTE))
    assert eth_usd(AT + 2 * MINUTE).note == why
    state, _ = step(book, state, replace(seen, observed_at=AT + 3 * MINUTE))
    assert eth_usd(AT + 3 * MINUTE).value == 3_000.0


@pytest.mark.parametrize(
    ("scope", "name", "refused"),
    [
        pytest.param("book", "chain.usdc_supply", True, id="the book is on no one chain"),
        pytest.param("book", "rates.differential", False, id="rates are of all chains"),
        pytest.param("book", "book.wacc", False, id="and the book has its own cost"),
        pytest.param("pool", "chain.weth_borrow", False, id="a pool is on one"),
        pytest.param("pool", "position.beta", True, id="but is no position"),
        pytest.param("position", "proxy.beta", True, id="a family is nobody's to name"),
    ],
)
def test_who_may_name_what(scope: str, name: str, refused: bool, tmp_path: Path) -> None:
    text = f'{HEAD}scope = "{scope}"\nwhen = \'{name} > 0.01\'\ntext = "{{{name}}}"\n'
    path = pack(tmp_path, text)
    if not refused:
        assert load_packs((path,))[0].rules[0].when.names == {name}
        return
    with pytest.raises(ConfigError) as error:
        load_packs((path,))
    said = "a family of values" if name == "proxy.beta" else f"this rule is over {_over(scope)}"
    assert said in str(error.value)


def _over(scope: str) -> str:
    return "the book" if scope == "book" else f"a {scope}"
