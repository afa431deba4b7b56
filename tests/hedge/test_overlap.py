"""Whose hedges count where: shares of the loss by hand."""

from datetime import UTC, date, datetime

import pytest

from monitor.hedge.overlap import hedging
from monitor.model.layer import Contract, LayerState, Leg

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
PUT = Contract(kind="eth.put", expiry=date(2026, 3, 27), strike=1_800.0)
GONE = Contract(kind="eth.put", expiry=date(2026, 2, 27), strike=1_800.0)
POOLS = {"1:a:1": "1:a", "1:a:2": "1:a", "1:b:3": "1:b"}
LOST = {"book": -100.0, "1:a": -50.0, "1:a:1": -20.0, "1:a:2": -30.0, "1:b:3": -50.0, "1:b": -50.0}


def on(scope: str, contract: Contract = PUT, name: str = "L") -> LayerState:
    return LayerState(layer=name, scope=scope, legs=(Leg(contract=contract, quantity=10),))


def counted(scope: str, *layers: LayerState, lost: dict[str, float] | None = None) -> list[float]:
    known = LOST if lost is None else lost
    found = hedging(scope, layers, pools=POOLS, lost=lambda key: known.get(key, 0.0), at=NOW)
    return [n for _, n in found]


@pytest.mark.parametrize(
    ("scope", "of", "share"),
    [
        pytest.param("book", "book", 1.0, id="its own"),
        pytest.param("book", "1:a:1", 1.0, id="the book sees a position's"),
        pytest.param("book", "1:a", 1.0, id="and a pool's"),
        pytest.param("1:a", "1:a:2", 1.0, id="a pool sees its positions'"),
        pytest.param("1:a", "1:b:3", 0.0, id="not another pool's"),
        pytest.param("1:a", "book", 50 / 100, id="and the book's by its share"),
        pytest.param("1:a:1", "book", 20 / 100, id="a position the book's by its share"),
        pytest.param("1:a:1", "1:a", 20 / 50, id="and its pool's"),
        pytest.param("1:a:1", "1:b", 0.0, id="not another pool's layer"),
        pytest.param("1:a:1", "1:a:2", 0.0, id="not another position's"),
    ],
)
def test_each_scope_counts_what_hedges_it(scope: str, of: str, share: float) -> None:
    assert counted(scope, on(of)) == ([pytest.approx(10 * share)] if share else [])


def test_where_the_wider_scope_loses_nothing_all_of_it_counts() -> None:
    assert counted("1:a:1", on("book"), lost={}) == [10.0]


def test_what_trades_no_more_hedges_nothing() -> None:
    assert counted("book", on("book", GONE), on("1:b:3")) == [10.0]
