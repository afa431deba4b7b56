"""The catalogue as a whole: names that can be guessed, and none that nobody needs."""

import re
from collections.abc import Iterable

import pytest

from monitor.calendars.hours import Hours
from monitor.rules.loader import TEST_SUFFIX, load_packs
from monitor.shipped import rules_dir
from monitor.signals.catalogue import BY_NAME, SIGNALS, Kind, Scope, Signal
from monitor.signals.catalogue import _by_name as by_name
from monitor.signals.catalogue_use import unmet
from monitor.signals.of_market import OF_MARKET

PACKS = load_packs(
    [path for path in sorted(rules_dir().glob("*.toml")) if not path.name.endswith(TEST_SUFFIX)]
)


def closure(names: Iterable[str]) -> set[str]:
    """Return names and all that they rest on."""
    found, open_ = set[str](), [name for name in names if name in BY_NAME]
    while open_:
        name = open_.pop()
        if name not in found:
            found.add(name)
            open_ += BY_NAME[name].inputs
    return found


RULES = [rule for pack in PACKS for rule in pack.rules]
# Chain rates are members of these families; tickets are priced by settlements.
JUDGED = closure(
    name for rule in RULES for part in (rule.when, rule.clear) if part for name in part.names
) | {"aave.supply", "aave.borrow", "vx.settle"}
TOLD = closure(name for rule in RULES for name in rule.title.names | rule.text.names)


@pytest.mark.parametrize("signal", SIGNALS, ids=lambda one: one.name)
def test_a_signal_is_used_by_a_shipped_rule_or_says_why_not(signal: Signal) -> None:
    if signal.name in JUDGED:
        assert not signal.informational or signal.scope in {Scope.POSITION, Scope.LAYER}
    else:
        assert signal.informational or signal.name in TOLD


def test_no_reason_is_given_for_what_is_gone() -> None:
    assert unmet(SIGNALS) == []


def test_no_name_is_another_s_dotted_prefix() -> None:
    below = [n for n in BY_NAME for o in BY_NAME if n != o and n.startswith(f"{o}.")]
    assert below == []
    wrong = BY_NAME["vol.term"]
    with pytest.raises(ValueError, match=r"vol cannot be a signal beside vol\.term"):
        by_name([wrong, Signal(name="vol", unit="", scope=Scope.MARKET, meaning="", source="")])


@pytest.mark.parametrize("signal", SIGNALS, ids=lambda one: one.name)
def test_a_line_is_whole(signal: Signal) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?", signal.name)
    assert signal.meaning
    assert signal.unit
    if signal.providers:
        assert signal.max_age is not None, "what is read grows old"
        assert signal.plausible is not None, "what is read may be absurd"
        assert signal.cadence
    if signal.inputs:
        assert signal.definition, "what is worked out has its formula"
        assert all(BY_NAME[name].scope is Scope.MARKET for name in signal.inputs)
    if signal.inputs and signal.scope is Scope.MARKET:
        assert signal.keyed or signal.name in OF_MARKET
    if signal.kind is Kind.TEXT:
        assert signal.choices


def test_every_answer_is_in_the_catalogue() -> None:
    assert set(OF_MARKET) <= set(BY_NAME)


@pytest.mark.parametrize(
    "name",
    [
        *("vix", "vx.forward30", "vol.term", "vvix", "dvol.eth", "vol.vrp_eth", "ta.rsi_vix"),
        *("ta.macd_spx_hist", "ta.divergence_spx", "breadth.ad_slope20", "macro.cpi_surprise"),
        *("macro.fomc_hours", "funding.eth_annual", "rates.differential", "macro.reer_z"),
        *("macro.quick_ratio", "equity.cape", "equity.pe_change63", "rotation.eth"),
    ],
)
def test_the_method_s_own_terms_are_there(name: str) -> None:
    assert name in BY_NAME


def test_markets_that_close_say_so() -> None:
    assert BY_NAME["vix"].hours is Hours.CBOE_VIX
    assert BY_NAME["vx.settle"].hours is Hours.XNYS_CLOSE
    assert BY_NAME["dvol.eth"].hours is Hours.ALWAYS
