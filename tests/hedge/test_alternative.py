"""Another hedge for the same money: priced once, in the time a step has."""

from collections import Counter
from dataclasses import replace

from monitor.hedge.alternative import same_money
from monitor.hedge.instruments import Instrument
from monitor.hedge.ticket import Case
from monitor.model.layer import Contract, Leg, Ticket
from monitor.model.quote import OptionQuote
from tests.hedge.markets import COIN_DAYS, COVER, MARKET, NOW, POSITION, VIX_DAYS, contract

CALL = Leg(contract=contract("vix.call", VIX_DAYS[2], 25.0), quantity=4)
TICKET = Ticket(
    legs=(CALL,),
    prices=(5.0,),
    cost_usd=2_000.0,
    cost_low_usd=1_900.0,
    cost_high_usd=2_100.0,
    priced_by="model",
    max_loss_usd=2_000.0,
)


class Asked(dict[Contract, OptionQuote]):
    """Quotes that count how often each is asked for."""

    def __init__(self, rows: dict[Contract, OptionQuote]) -> None:
        super().__init__(rows)
        self.asked: Counter[Contract] = Counter()

    def get(self, key: Contract, default: OptionQuote | None = None) -> OptionQuote | None:  # type: ignore[override]
        self.asked[key] += 1
        return super().get(key, default)


def test_a_strip_of_thirty_strikes_asks_for_each_quote_once() -> None:
    rows = [
        contract(f"eth.{right}", day, float(strike))
        for day in COIN_DAYS
        for strike in range(1_000, 4_001, 10)
        for right in ("put", "call")
    ]
    quotes = Asked(
        {
            one: OptionQuote(contract=one, source="deribit", as_of=NOW, mark=0.02, forward=2_000.0)
            for one in rows
        }
    )
    cover = replace(COVER, held=(replace(POSITION, liquidity=20_000.0),))
    case = Case(market=replace(MARKET, quotes=quotes), at=NOW, cover=cover)
    words = same_money(Instrument(kind="eth.strip", dte=25, strikes=15), TICKET, case)
    assert words.startswith("buy ")
    assert words.endswith(" USD (deribit)")
    assert len(quotes.asked) >= 30
    assert set(quotes.asked.values()) == {1}
