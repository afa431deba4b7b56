"""The most a book can lose, by hand: a spread's width less its credit, a bought leg's price."""

from datetime import UTC, datetime

import pytest

from monitor.hedge import layer as layers
from monitor.hedge.at_risk import at_risk
from monitor.hedge.book import Known, Ledger, line_of
from monitor.hedge.legs import parse_leg
from monitor.model.layer import LayerState
from monitor.model.observation import Verb, Word

AT = datetime(2026, 11, 2, 15, tzinfo=UTC)
CONDOR = (
    "spx.put 2026-12-18 6000 -20 @12",
    "spx.put 2026-12-18 5900 +20 @9",
    "spx.call 2026-12-18 7200 -20 @7",
    "spx.call 2026-12-18 7300 +20 @5",
)
# A hundred points of width, five of credit, a hundred dollars a point, twenty times.
CONDOR_RISK = (100 - (12 - 9) - (7 - 5)) * 100 * 20


def held(name: str, *trades: tuple[str, ...]) -> LayerState:
    layer = LayerState(layer=name, scope="book")
    for number, legs in enumerate(trades):
        fills = tuple(parse_leg(leg) for leg in legs)
        word = Word(
            id=f"{number}", verb=Verb.FILL, observed_at=AT, by="ann", layer=name, fills=fills
        )
        layer = layers.hear(layer, word)
    return layer


def risk(*book: LayerState) -> Known:
    return at_risk(Ledger(lines=tuple(line_of(one, None, AT) for one in book), at=AT))


def test_a_condor_risks_its_width_less_its_credit() -> None:
    assert CONDOR_RISK == 190_000
    assert risk(held("L1", CONDOR)) == (pytest.approx(190_000), "")


def test_layers_are_added_and_none_makes_good_another_s_worst() -> None:
    calls = held("L2", ("vix.call 2026-12-16 25 +4 @2.50",))
    assert risk(held("L1", CONDOR), calls)[0] == pytest.approx(190_000 + 1_000)


def test_expiries_of_one_layer_are_added() -> None:
    two = held("L2", ("vix.call 2026-12-16 25 +4 @2.50", "vix.call 2027-03-17 25 +2 @3"))
    assert risk(two)[0] == pytest.approx(1_000 + 600)


def test_what_was_sold_since_is_no_more_at_risk() -> None:
    half = held("L2", ("vix.call 2026-12-16 25 +4 @2.50",), ("vix.call 2026-12-16 25 -2 @9",))
    assert risk(half)[0] == pytest.approx(500)


def test_nothing_held_risks_nothing() -> None:
    assert risk() == (0.0, "")


@pytest.mark.parametrize(
    ("leg", "why"),
    [
        ("vix.call 2026-12-16 25 -4 @2.50", "sell 4 × VIX 16 Dec 2026 25 call"),
        ("eth.perp -2 @1900", "sell 2 × ETH perpetual future"),
        ("vix.call 2026-12-16 25 +4", "entry 1, +4 VIX 16Dec26 25C, has no price"),
    ],
)
def test_what_is_not_bounded_or_not_told_is_unknown(leg: str, why: str) -> None:
    found, told = risk(held("L", (leg,)))
    assert found is None
    assert told.startswith("L: ")
    assert why in told
