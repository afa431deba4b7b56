"""`hedgewatch book`: the layers' money beside the loss they are there for, in 80 columns."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from monitor.cli.book import _percent, _rate, _signed, _usd
from monitor.hedge.legs import parse_leg
from monitor.model.observation import Readings, Verb, Word
from monitor.model.reading import Reading

# Cboe's settlements of 14 February and 16 March 2020, and the VIX at its closes.
CALM = {date(2020, 3, 18): 15.425, date(2020, 6, 17): 16.725, date(2020, 9, 16): 17.225}
STORM = {date(2020, 3, 18): 71.4, date(2020, 6, 17): 44.5, date(2020, 9, 16): 34.0}
BEGUN = datetime(2020, 2, 14, 21, 20, tzinfo=UTC)
PEAK = datetime(2020, 3, 16, 20, 20, tzinfo=UTC)


def bought(at: datetime, layer: str, *legs: str) -> Word:
    fills = tuple(parse_leg(leg) for leg in legs)
    return Word(
        id=f"{layer}{at}", verb=Verb.FILL, observed_at=at, by="ann", layer=layer, fills=fills
    )


def calm(home: Any, hand: Any) -> None:
    home.take(
        hand.settled(BEGUN.date(), CALM, BEGUN),
        hand.vix(13.68, BEGUN),
        hand.snapshot(BEGUN, hand.position()),
        bought(BEGUN, "L2", "vix.call 2020-06-17 18 +4 @1.60"),
        bought(BEGUN, "L3", "vix.call 2020-09-16 20 +2 @2.10"),
    )
    home.at = BEGUN


def storm(home: Any, hand: Any) -> None:
    """Tell of 12 to 16 March: ETH falls by a fifth, the VIX stands far above 30."""
    days = ((4, 75.47, 800), (3, 57.83, 1_200), (2, 0.0, 1_100), (1, 0.0, 1_400), (0, 82.69, 2_000))
    for number, (back, vix, ticks) in enumerate(days, 2):
        at = PEAK - timedelta(days=back)
        if vix:  # the markets' days; on the others the chain alone is read
            home.take(hand.settled(at.date(), STORM, at), hand.vix(vix, at))
        home.take(hand.snapshot(at, hand.position(), tick=hand.tick + ticks, number=number))
    home.at = PEAK


def test_before_the_first_trade_it_says_so(home: Any, hand: Any) -> None:
    home.take(hand.snapshot(home.at, hand.position()))
    lines = home.told("book")
    assert lines[-1] == "no hedge was ever booked: `hedgewatch layer fill` tells of a trade"
    told = json.loads("\n".join(home.told("book", "--json")))
    assert told["il_offset_since"] is None
    assert told["why"]["il_offset_since"] == "no hedge was ever booked"


def test_the_book_after_a_storm_fits_a_terminal_and_its_figures_agree(home: Any, hand: Any) -> None:
    calm(home, hand)
    storm(home, hand)
    lines = home.told("book")
    assert max(map(len, lines)) <= 80
    assert lines[0] == "hedge book at 16 Mar 2020 20:20 UTC, USD, prices: model"
    told = json.loads("\n".join(home.told("book", "--json")))
    first, second = told["layers"]
    assert first["spent_usd"] == 640.0  # 4 x 1.60 x 100
    assert second["spent_usd"] == 420.0
    assert told["pnl_usd"] == pytest.approx(first["value_usd"] + second["value_usd"] - 1060.0)
    # The future stands at 44.5: 4 calls of 18 are worth their 106 USD a point intrinsically.
    assert first["value_usd"] > 4 * 100 * (44.5 - 18)
    assert told["theta_usd_day"] < 0 < told["vega_usd_point"]
    assert told["il_offset_since"] > 0
    assert told["il_offset_vix_above_30"] is not None
    assert "published claim: 60-75 % above VIX 30 (claim, not measured)" in " ".join(lines)
    assert any("steward" in one for one in lines)


def funding(rate: float, at: datetime) -> Readings:
    reading = Reading(
        name="funding.eth_annual", value=rate, unit="fraction", as_of=at, source="binance"
    )
    return Readings(source="funding.eth_annual", observed_at=at, readings=(reading,))


def test_a_perpetual_has_its_funding_in_theta_and_needs_no_volatility(home: Any, hand: Any) -> None:
    home.take(
        hand.snapshot(BEGUN, hand.position()),
        bought(BEGUN, "L2", "eth.perp -2 @250"),
        bought(BEGUN, "L3", "vix.call 2020-09-16 20 +2 @2.10"),
    )
    home.at = BEGUN
    lines = home.told("book")
    assert "  unknown: funding.eth_annual has not been read yet" in lines
    (mine, _), told = told_layers(home)
    assert mine["value_usd"] == pytest.approx(-500.0, rel=1e-3)
    assert (mine["theta_usd_day"], mine["carry"]) == (None, "")
    assert told["theta_usd_day"] is None
    home.take(funding(0.1095, BEGUN))
    assert "  theta/day: funding +10.95% a year, binance" in home.told("book")
    (mine, _), _ = told_layers(home)
    # 10.95 % of 500 dollars, a 365th: what longs pay shorts.
    assert mine["theta_usd_day"] == pytest.approx(0.15, rel=1e-3)


def told_layers(home: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    told = json.loads("\n".join(home.told("book", "--json")))
    return told["layers"], told


def test_a_loss_that_does_not_count_from_the_first_trade_says_so(home: Any, hand: Any) -> None:
    late = replace(
        bought(BEGUN, "L2", "vix.call 2020-06-17 18 +4 @1.60"),
        traded_at=BEGUN - timedelta(days=3),
    )
    home.take(
        hand.settled(BEGUN.date(), CALM, BEGUN),
        hand.vix(13.68, BEGUN),
        hand.snapshot(BEGUN, hand.position()),
        late,
    )
    storm(home, hand)
    lines = home.told("book")
    assert max(map(len, lines)) <= 80
    told = " ".join(" ".join(lines).split())
    note = (
        "the loss counts from 2020-02-14 21:20Z, not from the first trade, 2020-02-11 21:20Z:"
        " #1 was not watched then, or its liquidity was another"
    )
    assert note in told
    assert "of the IL since 14 Feb 2020" in told
    assert json.loads("\n".join(home.told("book", "--json")))["since_note"] == note


def test_without_fees_no_share_of_them_is_made_up(home: Any, hand: Any) -> None:
    calm(home, hand)
    told = json.loads("\n".join(home.told("book", "--json")))
    assert told["cost_share_of_fees"] is None
    assert told["why"]["cost_share_of_fees"] == "a year's fees are not known"
    assert told["il_offset_since"] is None, "nothing was lost yet"
    assert told["il_offset_vix_above_30"] is None
    assert told["score"] in {0, None}


def test_a_condor_s_credit_is_no_cushion_for_the_steward(home: Any, hand: Any) -> None:
    calm(home, hand)
    # 100 points of width less 5 of credit, 20 times 100 USD a point, and the calls' 1,060.
    state = home.take(
        bought(
            BEGUN + timedelta(seconds=1),
            "L1",
            "spx.put 2020-03-20 3200 -20 @12",
            "spx.put 2020-03-20 3100 +20 @9",
            "spx.call 2020-03-20 3500 -20 @7",
            "spx.call 2020-03-20 3600 +20 @5",
        )
    )
    value = sum(one.measures.total.usd for one in state.facts.positions.values())
    share = (190_000 + 1_060) / value
    told = json.loads("\n".join(home.told("book", "--json")))
    asked = {one["asked"]: one["so"] for one in told["score_of"]}
    assert share > 0.1
    assert asked[f"at most 10% of the book at risk ({share:.1%})"] is False


def test_the_promoter_is_chosen_in_the_settings(home: Any, hand: Any) -> None:
    calm(home, hand)
    home.extra = '[book]\nprofile = "promoter"\n'
    lines = home.told("book")
    assert any(one.startswith("profile    promoter: hedged only above VIX 25") for one in lines)
    home.extra = '[book]\nprofile = "gambler"\n'
    assert "book.profile" in home.told("book", status=2)[0]


def test_nothing_is_told_with_a_minus_before_zero() -> None:
    nought = (-0.0004, "")
    assert (_percent(nought), _percent(nought, signed=True)) == ("0.0 %", "+0.0 %")
    assert (_signed(nought, 1), _usd(nought), _rate(nought)) == ("+0.0", "0", "+0%")
