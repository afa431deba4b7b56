"""Legs as they are typed, printed and added up."""

import contextlib
import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.hedge.legs import add_legs, format_fill, format_leg, parse_leg, spell_leg
from monitor.model.layer import Contract, Fill, Leg

PUT = Contract(kind="vix.put", expiry=date(2026, 12, 16), strike=17.5)
FUTURE = Contract(kind="vix.future", expiry=date(2026, 12, 16), strike=0.0)
CALL_29 = Contract(kind="vix.call", expiry=date(2027, 3, 17), strike=29.0)


def test_a_leg_is_read_as_the_manual_writes_it() -> None:
    fill = parse_leg("vix.call 2027-03-17 29 +4 @2.85")
    assert fill == Fill(contract=CALL_29, quantity=4, price=2.85)


@pytest.mark.parametrize(
    ("text", "fill"),
    [
        pytest.param(
            "vix.put 2026-12-16 17.5 -10",
            Fill(contract=PUT, quantity=-10),
            id="a sold put without a price",
        ),
        pytest.param(
            "  vix.future  2026-12-16  +2  @19.525 ",
            Fill(contract=FUTURE, quantity=2, price=19.525),
            id="a future has no strike",
        ),
        pytest.param(
            "vix.call 2027-03-17 29 -4 @0",
            Fill(contract=CALL_29, quantity=-4, price=0.0),
            id="a worthless one sold for nothing",
        ),
    ],
)
def test_other_legs_are_read(text: str, fill: Fill) -> None:
    assert parse_leg(text) == fill


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        pytest.param("", "kind ''", id="nothing"),
        pytest.param("vix.cal 2027-03-17 29 +4", "kind 'vix.cal' is none of vix.call", id="kind"),
        pytest.param("vix.call 17.3.2027 29 +4", "expiry '17.3.2027'", id="expiry"),
        pytest.param("vix.call 2027-02-30 29 +4", "expiry '2027-02-30'", id="no such day"),
        *(
            pytest.param(
                f"vix.call {day} 29 +4",
                f"the expiry '{day}' is not in the years 1990 to 2049",
                id=f"in {day[:4]}",
            )
            for day in ("0001-01-01", "1989-12-31", "2050-01-01", "9999-12-30", "9999-12-31")
        ),
        pytest.param(
            "eth.put 9999-12-31 1800 +1",
            "'9999-12-31' is not in the years",
            id="no dated perpetual",
        ),
        pytest.param("vix.call 2027-03-17 x29 +4", "strike 'x29'", id="strike"),
        pytest.param(
            "vix.call 2027-03-17 1e300 +4", "strike '1e300' is above 1,000,000,000", id="far strike"
        ),
        pytest.param("vix.call 2027-03-17 nan +4", "strike 'nan'", id="strike not a number"),
        pytest.param("vix.call 2027-03-17 0 +4", "strike '0'", id="strike zero"),
        pytest.param("vix.call 2027-03-17 29 4", "quantity '4' needs its sign", id="no sign"),
        pytest.param("vix.call 2027-03-17 29 +4.5", "quantity '+4.5'", id="half a contract"),
        pytest.param("vix.call 2027-03-17 29 +0", "quantity '+0'", id="none at all"),
        pytest.param(
            f"vix.call 2027-03-17 29 +{'9' * 20}",
            "quantity '+9999999999999999999' is above 1,000,000 contracts",
            id="twenty digits",
        ),
        pytest.param(
            "vix.call 2027-03-17 29 -1000001",
            "quantity '-1000001' is above 1,000,000 contracts",
            id="one more than a million",
        ),
        pytest.param(
            f"vix.call 2027-03-17 29 +{'9' * 9_999}", "is above", id="past what int reads"
        ),
        pytest.param("vix.call 2027-03-17 29 +4 @two", "price '@two'", id="price"),
        pytest.param("vix.call 2027-03-17 29 +4 @-1", "price '@-1'", id="negative price"),
        pytest.param("vix.call 2027-03-17 29 +4 @inf", "price '@inf'", id="infinite price"),
        pytest.param(
            "vix.call 2027-03-17 29 +4 @1e308", "'@1e308' is above 1,000,000,000", id="dear price"
        ),
        pytest.param("vix.call 2027-03-17 +4", "a vix.call leg reads", id="strike left out"),
        pytest.param("vix.future 2027-03-17 20 +4", "a vix.future leg reads", id="future's strike"),
    ],
)
def test_a_wrong_part_is_named(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=re.escape(complaint)):
        parse_leg(text)


@pytest.mark.parametrize("quantity", [-1_000_000, 1_000_000])
def test_a_million_contracts_may_be_told(quantity: int) -> None:
    assert parse_leg(f"vix.call 2027-03-17 29 {quantity:+d}").quantity == quantity


def test_people_see_a_leg_in_words() -> None:
    assert spell_leg(Leg(contract=CALL_29, quantity=4)) == "4 × VIX 17 Mar 2027 29 call"
    assert spell_leg(Leg(contract=CALL_29, quantity=-4)) == "sell 4 × VIX 17 Mar 2027 29 call"
    assert spell_leg(Leg(contract=FUTURE, quantity=1)) == "1 × VX 16 Dec 2026 future"


contracts = st.builds(
    Contract,
    kind=st.sampled_from(["vix.call", "vix.put"]),
    expiry=st.dates(date(2020, 1, 1), date(2030, 12, 31)),
    strike=st.integers(1, 400).map(lambda halves: halves / 2),
) | st.builds(
    Contract,
    kind=st.just("vix.future"),
    expiry=st.dates(date(2020, 1, 1), date(2030, 12, 31)),
    strike=st.just(0.0),
)
quantities = st.integers(-50, 50).filter(bool)
prices = st.none() | st.integers(0, 20_000).map(lambda cents: cents / 100)


@given(contracts, quantities, prices)
def test_a_printed_leg_reads_back_as_itself(
    contract: Contract, quantity: int, price: float | None
) -> None:
    fill = Fill(contract=contract, quantity=quantity, price=price)
    assert parse_leg(format_fill(fill)) == fill
    bare = Fill(contract=contract, quantity=quantity)
    assert parse_leg(format_leg(Leg(contract=contract, quantity=quantity))) == bare


@given(st.text(max_size=60))
def test_any_text_is_a_leg_or_a_sentence(text: str) -> None:
    with contextlib.suppress(ValueError):  # anything else fails the test
        parse_leg(text)


@given(st.lists(st.builds(Fill, contract=contracts, quantity=quantities), max_size=8))
def test_what_is_traded_and_traded_back_leaves_nothing(fills: list[Fill]) -> None:
    back = [Fill(contract=each.contract, quantity=-each.quantity) for each in reversed(fills)]
    assert add_legs(add_legs((), fills), back) == ()


def test_quantities_of_one_contract_add_up_and_zero_is_no_leg() -> None:
    other = Contract(kind="vix.call", expiry=date(2026, 12, 16), strike=25.0)
    legs = add_legs(
        (Leg(contract=CALL_29, quantity=4), Leg(contract=other, quantity=2)),
        (Fill(contract=CALL_29, quantity=-1), Fill(contract=other, quantity=-2)),
    )
    assert legs == (Leg(contract=CALL_29, quantity=3),)
