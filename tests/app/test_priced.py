"""What tickets are priced by is polled: what the layers of the enabled packs are made of."""

from pathlib import Path
from typing import Any

import pytest

from monitor.app.rulebook import load_enabled, polled, rulebook
from monitor.chain.settings import ChainSettings
from monitor.config import RulesSettings, Settings
from monitor.rules.pack import Pack

PACK = """\
schema = 1
[pack]
id = "one"
title = "One layer"
evidence = "claim"
sources = []
[[layer]]
id = "L"
title = "A layer"
scope = "book"
instrument = {instrument}
size = {size}
[[layer.rule]]
id = "L.add"
action = "add"
when = 'book.positions > 0.0'
text = "now"
"""
WHOLE = '{ policy = "fixed", contracts = 1 }'
PARTS = '{ policy = "il_share", share = 0.5 }'
VIX = {"vix", "vvix", "vx.settle", "eth.price"}  # the last for how well they fit
SPX = {"spx.price", "vix9d", "vix", "vix3m", "vix6m", "eth.price"}


@pytest.fixture
def settings(tmp_path: Path) -> Any:
    """Return a maker of settings whose only layer is made of an instrument."""

    def make(instrument: str, size: str = "", **given: Any) -> tuple[Settings, tuple[Pack, ...]]:
        size = size or (PARTS if "strip" in instrument else WHOLE)
        (tmp_path / "one.toml").write_text(PACK.format(instrument=instrument, size=size))
        made = Settings(rules=RulesSettings(folder=str(tmp_path), enabled=("one",)), **given)
        return made, load_enabled(made)

    return make


@pytest.mark.parametrize(
    ("instrument", "read"),
    [
        pytest.param('{ kind = "vix.call", dte = 110, delta = 0.5 }', {*VIX, "quotes.vix"}),
        pytest.param('{ kind = "vix.future", dte = 60 }', VIX),
        pytest.param('{ kind = "spx.condor", dte = 7, delta = 0.1, width = 50 }', SPX),
        pytest.param(
            '{ kind = "eth.put", dte = 60, delta = 0.25 }',
            {"eth.price", "dvol.eth", "quotes.eth"},
        ),
        pytest.param('{ kind = "eth.strip", dte = 30 }', {"eth.price", "dvol.eth", "quotes.eth"}),
        pytest.param(
            '{ kind = "eth.perp", leverage = 2 }',
            {"eth.price", "dvol.eth", "funding.eth_annual"},  # the last is what it carries
        ),
        pytest.param(
            '{ kind = "btc.put", dte = 60, delta = 0.25 }',
            {"btc.price", "dvol.btc", "quotes.btc"},
        ),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_only_what_prices_the_layers_is_read(
    instrument: str, read: set[str], settings: Any
) -> None:
    made, packs = settings(instrument)
    assert polled(made, packs).keys() - {"rates.risk_free"} == read
    assert rulebook(made, packs).lens.feeds >= read


def test_the_risk_free_rate_is_read_for_spx(settings: Any) -> None:
    made, packs = settings('{ kind = "spx.put", dte = 60, delta = 0.2 }')
    assert polled(made, packs)["rates.risk_free"] == ("fred",)


def test_the_chain_of_the_s_and_p_500_is_read_where_it_is_named_alone(settings: Any) -> None:
    condor = '{ kind = "spx.condor", dte = 7, delta = 0.1, width = 50 }'
    assert "quotes.spx" not in polled(*settings(condor))
    named = {"quotes.spx": ("cboe_options",)}
    assert polled(*settings(condor, feeds=named))["quotes.spx"] == ("cboe_options",)


@pytest.mark.parametrize(
    ("adjust", "read"),
    [
        pytest.param("wacc", {"ethereum market", "spx.price"}, id="the cost of equity too"),
        pytest.param("differential", {"ethereum market"}, id="what chains lend at"),
        pytest.param("both", {"ethereum market", "spx.price"}, id="all of it"),
    ],
)
def test_what_a_size_is_adjusted_by_is_read_though_no_rule_names_it(
    adjust: str, read: set[str], settings: Any
) -> None:
    put = '{ kind = "eth.put", dte = 60, delta = 0.25 }'
    chain = {"ethereum": ChainSettings(rpc=("http://127.0.0.1:9",))}
    sized = f'{{ policy = "fixed", contracts = 1, adjust = "{adjust}" }}'
    plain = polled(*settings(put, chain=chain)).keys()
    assert polled(*settings(put, sized, chain=chain)).keys() - plain >= read


def test_a_chain_can_be_turned_off(settings: Any) -> None:
    put = '{ kind = "eth.put", dte = 60, delta = 0.25 }'
    assert "quotes.eth" not in polled(*settings(put, feeds={"quotes.eth": ()}))


def test_who_has_no_layer_reads_no_chain() -> None:
    made = Settings(rules=RulesSettings(enabled=("lp_range", "self")))
    assert not [name for name in polled(made, load_enabled(made)) if name.startswith("quotes.")]
