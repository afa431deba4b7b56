"""What a desk reckons with beside its own layer."""

from datetime import UTC, datetime

from monitor.hedge.legs import parse_leg
from monitor.model.layer import LayerState, Leg
from monitor.rules.desk import condor_usd

AT = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
CONDOR = (
    "spxw.put 2026-03-09 5800 +2",
    "spxw.put 2026-03-09 5850 -2",
    "spxw.call 2026-03-09 6150 -2",
    "spxw.call 2026-03-09 6200 +2",
)
SPREAD = ("spx.put 2026-06-18 5800 +3", "spx.put 2026-06-18 5400 -3")


def layer(name: str, *legs: str) -> LayerState:
    fills = [parse_leg(text) for text in legs]
    held = tuple(Leg(contract=one.contract, quantity=one.quantity) for one in fills)
    return LayerState(layer=name, scope="book", legs=held)


def test_condors_carry_their_short_puts_and_a_hedge_s_put_spread_carries_nothing() -> None:
    condor, spread = layer("C", *CONDOR), layer("S", *SPREAD)
    assert condor_usd({"C": condor}, AT) == 2 * 100 * 5_850.0
    assert condor_usd({"S": spread}, AT) == 0.0
    assert condor_usd({"C": condor, "S": spread}, AT) == 2 * 100 * 5_850.0


def test_an_expired_condor_carries_nothing() -> None:
    after = datetime(2026, 3, 9, 20, 0, tzinfo=UTC)
    assert condor_usd({"C": layer("C", *CONDOR)}, after) == 0.0
