"""What a layer says in short: the rules it stands for, and what is refused at load."""

from pathlib import Path

import pytest

from monitor.errors import ConfigError
from monitor.hedge.ladder import Rung
from monitor.model.layer import Action
from monitor.rules.lint import warnings
from monitor.rules.loader import load_packs
from monitor.rules.pack import Pack
from monitor.rules.shorthand import by_rungs

HEAD = """\
schema = 1
[pack]
id = "short"
title = "In short"
evidence = "claim"
[defaults]
severity = "critical"
expires = "2h"
[[layer]]
id = "S1"
title = "A layer"
scope = "book"
"""
VIX_CALL = 'instrument = { kind = "vix.call", dte = 110, delta = 0.50 }\n'
FIXED = 'size = { policy = "fixed", contracts = 4 }\n'
ROLL = "roll = { dte = 21, extrinsic = 0.70, profit = 3.0 }\n"
LADDER = (
    "monetise = [{ at = 3.0, sell = 0.5 }, { at = 5.0, sell = 0.5 }, { at = 8.0, sell = 1.0 }]\n"
)
RULE = "\n[[layer.rule]]\nid = \"{}\"\naction = \"{}\"\nwhen = 'vix > 20.0'\nclear = 'vix < 18.0'\n"


def load(folder: Path, text: str) -> Pack:
    path = folder / "short.toml"
    path.write_text(text, encoding="utf-8")
    (pack,) = load_packs([path])
    return pack


def faults(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        load(folder, text)
    return [f"{one.where}: {one.reason}" for one in refused.value.faults]


def test_a_roll_and_a_ladder_are_the_rules_they_stand_for(tmp_path: Path) -> None:
    pack = load(tmp_path, HEAD + VIX_CALL + FIXED + ROLL + LADDER)
    roll, monetise = pack.rules
    assert (roll.id, roll.action) == ("S1.roll", Action.ROLL)
    assert roll.when.text == (
        "layer.dte <= 21.0 || layer.extrinsic_left < 0.7 || layer.multiple >= 3.0"
    )
    assert (monetise.id, monetise.action) == ("S1.monetise", Action.REMOVE)
    assert monetise.when.names == {"layer.multiple", "layer.rungs"}
    assert (by_rungs(roll), by_rungs(monetise)) == (False, True)
    assert pack.layers[0].ladder == (
        Rung(at=3.0, sell=0.5),
        Rung(at=5.0, sell=0.5),
        Rung(at=8.0, sell=1.0),
    )
    assert {one.severity.value for one in pack.rules} == {"critical"}, "the defaults are theirs too"
    assert warnings([pack]) == ()


def test_a_rule_written_out_stands_instead_of_the_shorthand(tmp_path: Path) -> None:
    text = HEAD + VIX_CALL + FIXED + ROLL + RULE.format("S1.roll", "roll")
    (roll,) = load(tmp_path, text).rules
    assert roll.when.text == "vix > 20.0"


def test_the_layer_s_own_removal_goes_before_both(tmp_path: Path) -> None:
    text = HEAD + VIX_CALL + FIXED + ROLL + LADDER + RULE.format("S1.remove", "remove")
    _, roll, monetise = load(tmp_path, text).rules
    assert roll.inhibited_by == monetise.inhibited_by == ("S1.remove",)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        pytest.param(
            VIX_CALL + FIXED + "roll = { }\n",
            "layer S1: roll: dte: a roll needs one of dte, extrinsic or profit",
            id="a roll of nothing",
        ),
        pytest.param(
            VIX_CALL + FIXED + "roll = { profit = 1.0 }\n",
            "layer S1: roll: profit: 1.0 must be above 1 and at most 1000",
            id="a profit that is none",
        ),
        pytest.param(
            'instrument = { kind = "eth.perp", leverage = 2 }\n' + FIXED + "roll = { dte = 5 }\n",
            "layer S1: roll: eth.perp never expires: there is nothing to roll",
            id="a perpetual rolled",
        ),
        pytest.param(
            'instrument = { kind = "vix.future", dte = 30 }\n'
            + FIXED
            + "roll = { extrinsic = 0.5 }\n",
            "layer S1: roll: extrinsic: vix.future has no extrinsic value",
            id="a future's extrinsic value",
        ),
        pytest.param(
            'instrument = { kind = "spx.condor", dte = 7, multiple = 1.0, width = 50 }\n'
            + FIXED
            + "roll = { profit = 2.0 }\n",
            "layer S1: roll: profit: spx.condor is sold for a credit: there is no multiple of "
            "what was paid",
            id="a credit's multiple",
        ),
        pytest.param(
            VIX_CALL + FIXED + "monetise = []\n",
            "layer S1: monetise: must be a list of 1 to 10 tables such as { at = 3.0, sell = 0.5 }",
            id="no rungs",
        ),
        pytest.param(
            VIX_CALL + FIXED + "monetise = [{ at = 5.0, sell = 0.5 }, { at = 3.0, sell = 0.5 }]\n",
            "layer S1: monetise: at: 3 must be above the rung before it, 5",
            id="rungs that fall",
        ),
        pytest.param(
            VIX_CALL + FIXED + "monetise = [{ at = 3.0, sell = 1.5 }]\n",
            "layer S1: monetise: sell: 1.5 must be above 0 and at most 1",
            id="more than all",
        ),
        pytest.param(
            VIX_CALL + FIXED + "monetise = [{ at = 3.0 }]\n",
            "layer S1: monetise: sell: must be given",
            id="a rung without a share",
        ),
        pytest.param(
            VIX_CALL + FIXED + LADDER + RULE.format("S1.monetise", "remove"),
            "layer S1: monetise: id: there is a rule S1.monetise already",
            id="the ladder's rule written out as well",
        ),
        pytest.param(
            'instrument = { kind = "spx.condor", dte = 7, delta = 0.20, wing_delta = 0.30 }\n'
            + FIXED,
            "layer S1: instrument: wing_delta: 0.3 must be below delta, 0.2: the wing lies outside",
            id="a wing inside",
        ),
        pytest.param(
            'instrument = { kind = "spx.condor", dte = 7, delta = 0.50, wing_delta = 0.10 }\n'
            + FIXED,
            "layer S1: instrument: delta: 0.5 must be below 0.5: else the short strikes cross",
            id="short strikes that cross",
        ),
        pytest.param(
            'instrument = { kind = "eth.put_spread", dte = 7, moneyness = 0.88, '
            "wing_moneyness = 0.92 }\n" + FIXED,
            "layer S1: instrument: wing_moneyness: 0.92 must lie beyond moneyness, 0.88",
            id="a put spread the wrong way round",
        ),
        pytest.param(
            'instrument = { kind = "spx.condor", dte = 7, multiple = 1.0, width = 50 }\n'
            'size = { policy = "fee_budget", beta = 0.25 }\n',
            "layer S1: size: fee_budget: spx.condor has no premium for a budget to pay",
            id="a budget for a credit",
        ),
        pytest.param(
            'instrument = { kind = "eth.strip", dte = 30 }\n' + FIXED,
            "layer S1: size: fixed: eth.strip is not bought by the contract",
            id="a strip by the contract",
        ),
        pytest.param(
            'instrument = { kind = "eth.perp", leverage = 5 }\n'
            'size = { policy = "delta", max_leverage = 3 }\n',
            "layer S1: size: max_leverage 3 is below the leverage asked for",
            id="more leverage than the cap",
        ),
        pytest.param(
            'instrument = { kind = "eth.perp", leverage = 100 }\nsize = { policy = "delta" }\n',
            "layer S1: instrument: leverage: 100 must be above 0 and at most 50",
            id="leverage that the maintenance margin eats",
        ),
        pytest.param(
            VIX_CALL + 'size = { policy = "delta" }\n',
            "layer S1: size: delta: positions hold coins, and vix.call is on none",
            id="a coin's delta by the VIX",
        ),
        pytest.param(
            VIX_CALL + 'size = { policy = "fixed", contracts = 4, min_distance = 0.3 }\n',
            "layer S1: size: min_distance means nothing with vix.call",
            id="a liquidation of what is paid for",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused_in_a_sentence(
    body: str, told: str, tmp_path: Path
) -> None:
    found = faults(tmp_path, HEAD + body)
    assert any(one.startswith(told) for one in found), found
