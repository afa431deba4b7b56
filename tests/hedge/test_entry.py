"""What a layer was entered at, through top-ups and without a price: sums of marks, by hand."""

from dataclasses import replace

import pytest

from monitor.hedge.entry import backfilled, entered
from monitor.hedge.mark import mark
from monitor.model.layer import LayerState, LayerStatus, Leg
from tests.hedge.markets import COIN_DAYS, ETH, MARKET, NOW, contract

NEXT, LATER = COIN_DAYS[1:3]
PUT = contract("eth.put", NEXT, 1_800.0)
FAR = contract("eth.put", LATER, 1_700.0)
DARK = replace(MARKET, coins={})
# Later the coin is far above it, and the same put has lost most of what it had.
CALM = replace(MARKET, coins={"eth": replace(ETH, price=2_600.0)})


def holding(*legs: tuple[object, int], entry: float | None = None) -> LayerState:
    made = tuple(Leg(contract=what, quantity=n) for what, n in legs)  # type: ignore[arg-type]
    return LayerState(
        layer="L", scope="book", status=LayerStatus.ON, legs=made, extrinsic_at_entry_usd=entry
    )


def extrinsic(what: object, market: object = MARKET) -> float:
    """Return one contract's extrinsic value."""
    found = mark(holding((what, 1)).legs, market, NOW)  # type: ignore[arg-type]
    assert found is not None
    assert found.extrinsic_usd is not None
    return found.extrinsic_usd


def entry(old: LayerState, new: LayerState) -> float | None:
    return entered(old, new, CALM, NOW).extrinsic_at_entry_usd


def test_an_opening_is_entered_at_its_extrinsic_value_now() -> None:
    assert entry(holding(), holding((PUT, 4))) == pytest.approx(4 * extrinsic(PUT, CALM))


def test_a_top_up_adds_what_it_is_worth_and_leaves_what_was() -> None:
    more = entry(holding((PUT, 4), entry=500.0), holding((PUT, 5), entry=500.0))
    assert more == pytest.approx(500 + extrinsic(PUT, CALM))
    assert extrinsic(PUT, CALM) < extrinsic(PUT), "what eroded meanwhile is not entered anew"


def test_what_was_sold_beside_it_takes_its_share_away() -> None:
    # Half of four was sold in the same word: 250 of 500 are left, and two others are new.
    more = entry(holding((PUT, 4), entry=500.0), holding((PUT, 2), (FAR, 2), entry=250.0))
    assert more == pytest.approx(250 + 2 * extrinsic(FAR, CALM))


def test_a_roll_is_entered_anew() -> None:
    assert entry(holding((PUT, 4), entry=500.0), holding((FAR, 4))) == pytest.approx(
        4 * extrinsic(FAR, CALM)
    )
    assert entry(holding((PUT, 4)), holding((FAR, 4))) == pytest.approx(4 * extrinsic(FAR, CALM))


def test_a_sale_alone_is_no_entry() -> None:
    sold = holding((PUT, 2), entry=250.0)
    assert entered(holding((PUT, 4), entry=500.0), sold, CALM, NOW) is sold


def test_what_cannot_be_marked_is_unknown_until_the_first_mark() -> None:
    new = holding((PUT, 4))
    dark = entered(holding(), new, DARK, NOW)
    assert dark.extrinsic_at_entry_usd is None
    assert backfilled(dark, mark(dark.legs, DARK, NOW)) is dark
    found = backfilled(dark, mark(dark.legs, MARKET, NOW))
    assert found.extrinsic_at_entry_usd == pytest.approx(4 * extrinsic(PUT))
    assert backfilled(found, mark(found.legs, CALM, NOW)) is found, "only once"
    assert entry(dark, holding((PUT, 5))) is None, "a part of it is unknown still"


def test_nothing_is_filled_in_once_it_has_expired_or_is_off() -> None:
    gone = replace(holding((PUT, 4)), status=LayerStatus.EXPIRED)
    assert backfilled(gone, mark(gone.legs, MARKET, NOW)) is gone
    assert backfilled(holding(), None) == holding()
