"""Parity after costs, by hand: quotes that are level lose their costs, one that is off makes it."""

import json
import math
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
import QuantLib

from monitor.clock import ManualClock
from monitor.feeds.deribit_options import option_quotes, parse_summaries
from monitor.feeds.witness import heard
from monitor.model.layer import Contract
from monitor.model.quote import OptionQuote
from monitor.model.reading import Reading
from monitor.signals import of_parity
from monitor.signals.facts import Facts
from monitor.signals.of_market import Told, market

AT = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
ETH = 2_000.0
BTC = 60_000.0
SPX = 6_000.0
RATE = 0.04
APRIL = date(2026, 4, 24)
SETTLED = datetime(2026, 4, 24, 8, 0, tzinfo=UTC)
JUNE = date(2026, 6, 18)
OPENS = datetime(2026, 6, 18, 13, 30, tzinfo=UTC)
FORWARD = 2_020.0
FUTURE = 0.0005 + 0.00025 + 0.0001
"""Taken, delivered, and half a spread, of the future's notional."""


def readings(at: datetime = AT, **more: float) -> dict[str, Reading]:
    told = {"eth.price": ETH, "btc.price": BTC, "spx.price": SPX, "rates.risk_free": RATE}
    told |= {f"quotes.{root}": 100.0 for root in ("eth", "btc", "spx")} | more
    return {
        f"{name}|": Reading(name=name, value=value, unit="", as_of=at, source="test")
        for name, value in told.items()
    }


def facts(*quotes: OptionQuote, at: datetime = AT, **by: Iterable[OptionQuote]) -> Facts:
    sources = {source: tuple(every) for source, every in by.items()}
    if quotes:
        sources["deribit"] = quotes
    return Facts(readings=readings(at), quotes=sources)


def quoted(kind: str, strike: float, bid: float | None, ask: float | None) -> OptionQuote:
    contract = Contract(kind=kind, expiry=APRIL, strike=strike)
    return OptionQuote(
        contract=contract, source="deribit", as_of=AT, bid=bid, ask=ask, forward=FORWARD
    )


def level(strike: float, *, spread: float = 0.0) -> tuple[OptionQuote, OptionQuote]:
    """Return a call and a put of QuantLib's Black-76 price, in coin."""
    deviation = 0.6 * math.sqrt((SETTLED - AT) / timedelta(days=365))
    call, put = (
        QuantLib.blackFormula(kind, strike, FORWARD, deviation) / FORWARD
        for kind in (QuantLib.Option.Call, QuantLib.Option.Put)
    )
    return (
        quoted("eth.call", strike, call - spread, call + spread),
        quoted("eth.put", strike, put - spread, put + spread),
    )


def ask(known: Facts, name: str) -> Told:
    return market(known, f"parity.{name}", AT)


def number(told: Told) -> float:
    assert isinstance(told.value, float), told.note
    return told.value


# --- Deribit ----------------------------------------------------------------------------------


@pytest.mark.parametrize("spread", [0.0, 0.0005])
def test_level_quotes_lose_fees_and_spreads_either_way(spread: float) -> None:
    known = facts(*level(2_000.0, spread=spread))
    # Two options, one delivery, 2,000 dollars of the future, and half of both spreads.
    costs = 2 * 0.0003 + 0.00015 + 2_000 / FORWARD * FUTURE + 2 * spread
    for name in ("conversion_eth", "reversal_eth"):
        assert number(ask(known, name)) == pytest.approx(-costs * ETH, rel=1e-9)


def test_btc_is_judged_as_eth_is_by_its_own_quotes_price_and_index() -> None:
    # A call 0.004 coins too dear, the strike and the forward 30 times as high.
    call, put = level(2_000.0)
    assert call.bid is not None
    dear = replace(call, bid=call.bid + 0.004, ask=None)

    def of_btc(one: OptionQuote) -> OptionQuote:
        kind = one.contract.kind.replace("eth", "btc")
        contract = replace(one.contract, kind=kind, strike=60_000.0)
        return replace(one, contract=contract, forward=30 * FORWARD)

    known = facts(call, put, deribit_btc_options=[of_btc(dear), of_btc(put)])
    costs = 2 * 0.0003 + 0.00015 + 2_000 / FORWARD * FUTURE
    told = ask(known, "conversion_btc")
    assert number(told) == pytest.approx((0.004 - costs) * BTC, rel=1e-9)
    assert "60,000: sell the call" in told.note
    assert "BTC after fees; settles on Deribit's BTC index at 08:00 UTC" in told.note
    assert number(ask(known, "conversion_eth")) == pytest.approx(-costs * ETH, rel=1e-9)
    assert ask(facts(call, put), "conversion_btc").value is None


def test_in_the_last_half_hour_level_quotes_still_lose_their_costs() -> None:
    # Option and future settle on one average, so what is left of the time is no matter.
    at = SETTLED - timedelta(minutes=30)
    deviation = 0.6 * math.sqrt(timedelta(minutes=30) / timedelta(days=365))
    pair = []
    for kind, right in (("eth.call", QuantLib.Option.Call), ("eth.put", QuantLib.Option.Put)):
        price = QuantLib.blackFormula(right, 2_000.0, 2_001.0, deviation) / 2_001.0
        one = quoted(kind, 2_000.0, price, price)
        pair.append(replace(one, as_of=at, forward=2_001.0))
    known = Facts(readings=readings(at), quotes={"deribit": tuple(pair)})
    fees = sum(min(0.0003, 0.125 * one.bid) for one in pair if one.bid is not None)
    costs = fees + 0.00015 + 2_000 / 2_001 * FUTURE
    for name in ("conversion_eth", "reversal_eth"):
        told = number(market(known, f"parity.{name}", at))
        assert told == pytest.approx(-costs * ETH, rel=1e-9)


def test_a_call_that_is_dear_is_worth_a_conversion_and_its_legs_are_told() -> None:
    call, put = level(2_000.0)
    assert call.bid is not None
    dear = replace(call, bid=call.bid + 0.004, ask=None)
    told = ask(facts(dear, put, *level(2_200.0)), "conversion_eth")
    costs = 2 * 0.0003 + 0.00015 + 2_000 / FORWARD * FUTURE
    assert number(told) == pytest.approx((0.004 - costs) * ETH, rel=1e-9)
    assert told.note.startswith("24 Apr 2026 2,000: sell the call at 0.0")
    assert "buy 2,000 USD of the future at 2,020.00" in told.note
    assert "settles on Deribit's ETH index at 08:00 UTC" in told.note
    # The reversal needs that call's ask, so it is the other strike's.
    assert "2,200: buy the call" in ask(facts(dear, put, *level(2_200.0)), "reversal_eth").note


def test_a_premium_of_little_pays_an_eighth_of_itself_in_fees() -> None:
    pair = (quoted("eth.call", 4_000.0, 0.0008, 0.0010), quoted("eth.put", 4_000.0, 0.9, 0.98))
    told = number(ask(facts(*pair), "conversion_eth"))
    gross = 0.0008 - 0.98 + 4_000 / FORWARD - 1
    costs = 0.0001 + 0.0003 + 0.00015 + 4_000 / FORWARD * FUTURE
    assert told == pytest.approx((gross - costs) * ETH, rel=1e-9)


@pytest.mark.parametrize(
    "quotes",
    [
        pytest.param((), id="nothing is quoted"),
        pytest.param((quoted("eth.call", 2_000.0, 0.05, 0.06),), id="no put of that strike"),
        pytest.param(
            (quoted("eth.call", 2_000.0, None, 0.06), quoted("eth.put", 2_000.0, 0.05, None)),
            id="nothing to sell the call to",
        ),
        pytest.param(
            tuple(replace(one, as_of=AT - timedelta(minutes=13)) for one in level(2_000.0)),
            id="two polls were missed",
        ),
        pytest.param(
            tuple(replace(one, forward=None) for one in level(2_000.0)), id="without a forward"
        ),
        pytest.param(
            tuple(replace(one, forward=1.01) for one in level(2_000.0)),
            id="a forward in another unit",
        ),
        pytest.param(
            tuple(replace(one, bid=0.9, ask=0.05) for one in level(2_000.0)), id="sides that cross"
        ),
        pytest.param(
            (quoted("eth.call", 2_000.0, 0.0, 0.06), quoted("eth.put", 2_000.0, 0.05, 0.06)),
            id="a bid of nothing",
        ),
        pytest.param(
            (quoted("eth.call", 2_000.0, 151.0, 152.0), quoted("eth.put", 2_000.0, 0.05, 0.06)),
            id="a call in dollars",
        ),
    ],
)
def test_what_is_not_quoted_is_not_known(quotes: tuple[OptionQuote, ...]) -> None:
    told = ask(facts(*quotes), "conversion_eth")
    assert told.value is None
    assert told.note == "no strike of Deribit has a fresh call bid and put ask and a forward"


def test_a_contract_past_its_hour_is_left_out() -> None:
    at = SETTLED
    late = tuple(replace(one, as_of=at) for one in level(2_000.0))
    known = Facts(readings=readings(at), quotes={"deribit": late})
    assert market(known, "parity.conversion_eth", at).value is None


def test_deribit_s_own_answer_is_judged() -> None:
    """In the shape captured from Deribit, with its underlying price for a forward."""
    at = datetime(2026, 10, 2, 20, 30, tzinfo=UTC)
    rows = [
        {
            "instrument_name": f"ETH-30OCT26-2100-{right}",
            "bid_price": bid,
            "ask_price": bid + 0.001,
            "mark_price": bid + 0.0005,
            "mark_iv": 60.0,
            "underlying_price": 2_125.0,
            "underlying_index": "ETH-30OCT26",
            "creation_timestamp": 1_790_972_990_247,
        }
        for right, bid in (("C", 0.0735), ("P", 0.0610))
    ]
    told = parse_summaries(json.dumps({"result": rows}), heard("deribit_options", ManualClock(at)))
    quotes = tuple(option_quotes(told, "deribit_options"))
    known = Facts(readings=readings(at), quotes={"deribit_options": quotes})
    found = market(known, "parity.conversion_eth", at)
    coin = 0.0735 - 0.0620 + 2_100 / 2_125 - 1
    costs = 2 * 0.0003 + 0.00015 + 2_100 / 2_125 * FUTURE
    assert number(found) == pytest.approx((coin - costs) * ETH, rel=1e-6)


def test_an_expiry_without_a_listed_future_is_left_out_and_told() -> None:
    call, put = level(2_000.0)
    assert call.bid is not None
    dear = replace(call, bid=call.bid + 0.004, ask=None, tradable_forward=False)
    alone = ask(facts(dear, replace(put, tradable_forward=False)), "conversion_eth")
    assert alone.value is None
    assert alone.note.endswith("; 1 expiry without a listed future left out")
    later = [replace(one, contract=replace(one.contract, expiry=JUNE)) for one in level(2_200.0)]
    told = ask(facts(dear, put, *later), "conversion_eth")
    assert told.note.startswith("18 Jun 2026 2,200")
    assert told.note.endswith("; 1 expiry without a listed future left out")


# --- SPX --------------------------------------------------------------------------------------

YEARS = (OPENS - AT) / timedelta(days=365)


def index(strike: float, *, spread: float = 0.5, call: float = 0.0) -> tuple[OptionQuote, ...]:
    """Return both options of a strike at QuantLib's price. call: added to the call's."""
    discount = math.exp(-RATE * YEARS)
    deviation, forward = 0.16 * math.sqrt(YEARS), SPX * math.exp((RATE - 0.013) * YEARS)
    found = []
    for right, kind, more in (
        ("call", QuantLib.Option.Call, call),
        ("put", QuantLib.Option.Put, 0.0),
    ):
        price = QuantLib.blackFormula(kind, strike, forward, deviation, discount) + more
        contract = Contract(kind=f"spx.{right}", expiry=JUNE, strike=strike)
        found.append(
            OptionQuote(
                contract=contract, source="cboe", as_of=AT, bid=price - spread, ask=price + spread
            )
        )
    return tuple(found)


STRIKES = (5_700.0, 5_800.0, 5_900.0, 6_000.0, 6_100.0, 6_200.0)


def chain(**wrong: float) -> tuple[OptionQuote, ...]:
    return tuple(
        one for strike in STRIKES for one in index(strike, call=wrong.get(f"k{strike:.0f}", 0.0))
    )


def test_a_level_chain_loses_its_costs() -> None:
    known = facts(cboe=chain())
    discount = math.exp(-RATE * YEARS)
    # Two half-spreads of half a point, 3 dollars, and a tick of the future.
    costs = 100 * (2 * 0.5 + 0.03 + 0.25 * discount)
    for name in ("conversion_spx", "reversal_spx"):
        assert number(ask(known, name)) == pytest.approx(-costs, abs=1e-6)


def test_a_strike_that_is_off_its_chain_is_found() -> None:
    told = ask(facts(cboe=chain(k5900=4.0)), "conversion_spx")
    discount = math.exp(-RATE * YEARS)
    assert number(told) == pytest.approx(100 * (4.0 - 1.03 - 0.25 * discount), abs=1e-6)
    assert told.note.startswith("SPX 18 Jun 2026 5,900: sell the call")


def test_a_rate_that_is_not_the_chain_s_makes_no_profit_of_its_own() -> None:
    known = facts(cboe=chain())
    far = replace(known, readings=readings(**{"rates.risk_free": 0.01}))
    told = number(ask(known, "conversion_spx"))
    assert number(ask(far, "conversion_spx")) == pytest.approx(told)
    assert number(ask(far, "box_spx")) > 0.015  # That is the box's to tell.


def test_a_level_box_lends_below_the_rate_by_its_costs() -> None:
    told = ask(facts(cboe=chain()), "box_spx")
    # The widest box bears its four half-spreads and six dollars best, sold or bought.
    worth = 500 * math.exp(-RATE * YEARS)
    lends = math.log(500 / (worth + 2.06)) / YEARS - RATE
    borrows = RATE - math.log(500 / (worth - 2.06)) / YEARS
    assert number(told) == pytest.approx(max(lends, borrows), abs=1e-9)
    assert "5,700 to 6,200 lends" in told.note


def test_a_box_that_lends_above_the_rate_names_its_strikes() -> None:
    # The call of 5,700 is 20 too cheap: bought in a box it costs that much less.
    told = ask(facts(cboe=chain(k5700=-20.0)), "box_spx")
    widths = [strike - 5_700 for strike in STRIKES[1:]]
    discount = math.exp(-RATE * YEARS)
    rates = [math.log(w / (w * discount - 20 + 2.06)) / YEARS - RATE for w in widths]
    assert number(told) == pytest.approx(max(rates), abs=1e-9)
    assert "5,700 to 5,800 lends" in told.note
    # And one that is 20 too dear, sold, borrows below it.
    dear = ask(facts(cboe=chain(k5700=20.0)), "box_spx")
    assert "5,700 to 5,800 borrows" in dear.note
    assert number(dear) > 0


def test_an_index_quoted_late_is_late_by_rule() -> None:
    late = [replace(one, as_of=AT - timedelta(minutes=20)) for one in chain()]
    assert ask(facts(cboe=late), "box_spx").value is not None


def test_what_an_index_chain_locks_in_is_worked_out_once_a_minute() -> None:
    known = facts(cboe=chain())

    def worked() -> int:
        return of_parity._locked.cache_info().misses + of_parity._boxes.cache_info().misses

    before = worked()
    for moved in (0.0, 3.0):  # The index moves, its chain is the same.
        near = replace(known, readings=readings(**{"spx.price": SPX + moved}))
        for name in ("conversion_spx", "reversal_spx", "box_spx"):
            assert ask(near, name).value is not None
    assert worked() - before == 3


def test_boxes_are_made_of_round_strikes() -> None:
    odd = [one for strike in (5_705.0, 5_815.0, 5_935.0, 6_045.0, 6_165.0) for one in index(strike)]
    assert ask(facts(cboe=odd), "conversion_spx").value is not None
    assert ask(facts(cboe=odd), "box_spx").value is None


def test_too_few_strikes_and_a_box_of_days_tell_nothing() -> None:
    few = facts(cboe=[one for strike in STRIKES[:4] for one in index(strike)])
    assert ask(few, "conversion_spx").value is None
    assert ask(few, "box_spx").value is None
    rows = readings()
    missing = replace(few, readings={key: rows[key] for key in ("spx.price|", "quotes.spx|")})
    assert ask(missing, "box_spx").note == "rates.risk_free has not been read yet"
