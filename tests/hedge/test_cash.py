"""Money beside trades, such as a perpetual's funding: by hand."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.hedge import layer as layers
from monitor.hedge.book import line_of
from monitor.hedge.legs import parse_leg
from monitor.model.layer import LayerState
from monitor.model.observation import Verb, Word

NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
OFF = LayerState(layer="P", scope="book")
YEAR = timedelta(days=365)


def said(verb: Verb, hours: float, *legs: str, usd: float = 0.0) -> Word:
    at = NOW + timedelta(hours=hours)
    fills = tuple(parse_leg(leg) for leg in legs)
    return Word(
        id=f"{verb}{hours}",
        verb=verb,
        observed_at=at,
        by="ann",
        layer="P",
        fills=fills,
        cash_usd=usd,
        note="funding" if usd else "",
    )


SHORT = layers.hear(OFF, said(Verb.FILL, 0, "eth.perp -1 @2000"))


def test_funding_is_a_part_of_what_the_layer_made() -> None:
    received = layers.hear(SHORT, said(Verb.CASH, 8, usd=12.5))
    paid = layers.hear(received, said(Verb.CASH, 16, usd=-2.5))
    assert paid.legs == SHORT.legs
    off = layers.hear(paid, said(Verb.CLOSE, 24, "eth.perp +1 @2000"))
    line = line_of(off, None, NOW + timedelta(hours=24))
    # Sold and bought at the same price: what is left is 12.50 - 2.50.
    assert line.pnl[0] == pytest.approx(10.0)
    assert (line.returned[0], line.spent[0]) == (2_012.5, 2_002.5)
    assert line.paid[0] == 0.0
    assert layers.cash_usd(off) == pytest.approx(10.0)


def test_it_counts_in_the_rate_of_return_on_its_day() -> None:
    bought = layers.hear(OFF, said(Verb.FILL, 0, "vix.call 2027-06-16 20 +1 @10"))
    given = layers.hear(bought, replace(said(Verb.CASH, 1, usd=100.0), id="later"))
    given = replace(given, cash=(replace(given.cash[0], at=NOW + YEAR),))
    sold = layers.hear(given, said(Verb.CLOSE, 24 * 365, "vix.call 2027-06-16 20 -1 @10"))
    # 1,000 became 1,100 in a year.
    assert line_of(sold, None, NOW + YEAR).irr[0] == pytest.approx(0.1)


def test_a_word_of_cash_counts_once_and_can_be_dated() -> None:
    word = replace(said(Verb.CASH, 8, usd=12.5), traded_at=NOW + timedelta(hours=4))
    once = layers.hear(SHORT, word)
    assert once.cash[0].at == NOW + timedelta(hours=4)
    assert layers.hear(once, word) is once


def test_what_is_no_amount_or_of_no_layer_is_refused() -> None:
    assert layers.refusal(OFF, said(Verb.CASH, 1, usd=5.0)) == "nothing was ever booked of P"
    for usd in (0.0, float("nan"), float("inf")):
        assert "needs an amount" in layers.refusal(SHORT, said(Verb.CASH, 1, usd=usd))
    to_come = replace(said(Verb.CASH, 1, usd=5.0), traded_at=NOW + YEAR)
    assert "is still to come" in layers.refusal(SHORT, to_come)
