"""Chains' own markets are asked where a rule rests on them, beside the feeds and like them."""

import io
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from monitor.app.parts import opened
from monitor.app.rulebook import polled, retired, rulebook
from monitor.chain.market import ChainMarket
from monitor.config import Settings, load_settings
from monitor.model.reading import Reading
from monitor.pipeline import State
from monitor.rules.loader import load_packs
from monitor.rules.pack import Pack
from monitor.signals.absorb import Lens
from monitor.signals.facts import Facts, SourceSeen

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
MANAGER = "0xC36442b4a4522E871399CD717aBDD847Ab11FE88"
CONFIG = f"""\
[store]
url = "sqlite:///{{folder}}/hedgewatch.db"
[chain.ethereum]
rpc = ["http://127.0.0.1:9"]
[chain.zksync]
rpc = ["http://127.0.0.1:9"]
[chain.home]
rpc = ["http://127.0.0.1:9"]
chain_id = 31337
manager = "{MANAGER}"
[[watch]]
chain = "ethereum"
nft = [1]
[rules]
enabled = ["self"]
"""
RULE = """\
schema = 1
[pack]
id = "one"
title = "One rule"
evidence = "claim"
sources = []
[[rule]]
id = "r"
scope = "position"
action = "notify"
when = '{when}'
text = "{{position.label}}"
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return settings of a chain with both sources, one with Aave alone, and one with neither."""
    file = tmp_path / "config.toml"
    file.write_text(CONFIG.format(folder=tmp_path))
    return load_settings(file)


@pytest.fixture
def packs(tmp_path: Path) -> Any:
    """Return a maker of packs of one rule."""

    def make(when: str) -> tuple[Pack, ...]:
        file = tmp_path / "one.toml"
        file.write_text(RULE.format(when=when))
        return load_packs((file,))

    return make


@pytest.mark.parametrize(
    ("when", "markets"),
    [
        pytest.param("vix > 20.0", {}, id="a rule on the VIX needs no chain's market"),
        pytest.param(
            "chain.usdc_supply > 0.05",
            {"ethereum market": ("aave",), "zksync market": ("aave",)},
            id="a chain's rate is read on every chain that has one",
        ),
        pytest.param(
            "chain.usdc_usd < 0.99",
            {"ethereum market": ("chainlink",)},
            id="a chain's price where it has feeds",
        ),
        pytest.param(
            "chain.usdc_usd < 0.99 && rates.usdc_supply > 0.05",
            {"ethereum market": ("aave", "chainlink"), "zksync market": ("aave",)},
            id="both where both are asked for",
        ),
        pytest.param(
            "rates.differential > 0.02",
            {"ethereum market": ("aave",), "zksync market": ("aave",)},
            id="and so is what rests on all of them",
        ),
        pytest.param(
            "book.wacc > 0.10",
            {"ethereum market": ("aave",), "zksync market": ("aave",)},
            id="or may fall back on them",
        ),
    ],
)
def test_what_is_asked_of_chains(
    when: str, markets: dict[str, tuple[str, ...]], settings: Settings, packs: Any
) -> None:
    order = polled(settings, packs(when))
    assert {name: asked for name, asked in order.items() if name.endswith(" market")} == markets
    feeds = rulebook(settings, packs(when)).lens.feeds
    families = {"aave": {"aave.supply", "aave.borrow"}, "chainlink": {"chainlink.usd"}}
    for source, given in families.items():
        assert (given <= feeds) is any(source in asked for asked in markets.values())
    assert feeds >= markets.keys()


def test_what_was_read_on_chains_is_kept_while_they_are_configured(
    settings: Settings, packs: Any
) -> None:
    book = rulebook(settings, packs("chain.usdc_supply > 0.05"))
    rates = {
        f"aave.supply|{chain}:USDC": Reading(
            name="aave.supply", key=f"{chain}:USDC", value=0.04, unit="fraction", as_of=AT,
            source="aave",
        )
        for chain in ("ethereum", "zksync", "base")
    }  # fmt: skip
    sources = {name: SourceSeen(name=name) for name in ("ethereum market", "base market")}
    kept, _ = retired(book, State(facts=Facts(readings=rates, feeds=sources)))
    assert kept.facts.readings.keys() == {
        "aave.supply|ethereum:USDC",
        "aave.supply|zksync:USDC",
    }
    assert kept.facts.feeds.keys() == {"ethereum market"}
    without = replace(book, lens=Lens(chains=book.lens.chains, feeds=frozenset({"vix"})))
    assert not retired(without, kept)[0].facts.readings


async def test_a_chains_market_is_polled_through_its_readers_own_endpoints(
    settings: Settings, packs: Any
) -> None:
    order = polled(settings, packs("chain.usdc_supply > 0.05"))
    async with opened(settings, io.StringIO(), file="config.toml", order=order) as parts:
        markets = {one.name: one for one in parts.polled if isinstance(one.feed, ChainMarket)}
        assert markets.keys() == {"ethereum market", "zksync market"}
        for chain in ("ethereum", "zksync"):
            market = markets[f"{chain} market"]
            assert isinstance(market.feed, ChainMarket)
            assert market.feed.endpoints is parts.readers[chain].endpoints
            assert (market.feed.sources, market.every_s) == (("aave",), 60.0)
        fed = {one.name for one in parts.polled if one.feed is not None} - markets.keys()
        assert fed == set(), "no rule asks for them, and no ticket is priced"
