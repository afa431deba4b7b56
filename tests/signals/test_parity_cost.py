"""What two coins' chains cost a step while every rule of parity is judged."""

import math
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from monitor.hedge import black76
from monitor.model.layer import Contract
from monitor.model.observation import Readings
from monitor.model.quote import OptionQuote
from monitor.model.reading import Reading
from monitor.pipeline import State, step
from monitor.signals.of_market import market
from tests.bench.timing import Times

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
PRICES: Final = {"eth": 2_000.0, "btc": 60_000.0}
DERIBIT: Final = {"eth": "deribit_options", "btc": "deribit_btc_options"}
DERIVE: Final = {"eth": "derive", "btc": "derive_btc"}
FRIDAYS: Final = tuple(date(2026, 3, 6) + timedelta(weeks=2 * n) for n in range(15))
STRIKES: Final = 50


def chain(source: str, root: str, days: tuple[date, ...], at: datetime) -> Iterator[OptionQuote]:
    forward = PRICES[root]
    scale = forward if source.startswith("deribit") else 1.0
    for day in days:
        years = (datetime(day.year, day.month, day.day, 8, tzinfo=UTC) - at) / timedelta(days=365)
        for n in range(STRIKES):
            strike = forward * (0.5 + n / STRIKES)
            for right in ("call", "put"):
                fair = (
                    float(
                        black76.price(forward, strike, sigma=0.6, years=years, call=right == "call")
                    )
                    / scale
                )
                yield OptionQuote(
                    contract=Contract(kind=f"{root}.{right}", expiry=day, strike=strike),
                    source=source, as_of=at, bid=0.98 * fair, ask=1.02 * fair, forward=forward,
                )  # fmt: skip


def answers(at: datetime) -> list[Readings]:
    """Return what four sources say: 1,500 quotes of each coin at Deribit, 200 at Derive."""
    found = []
    for root in PRICES:
        for source, days, iv in (
            (DERIBIT[root], FRIDAYS, "cex"), (DERIVE[root], FRIDAYS[1:3], "dex"),
        ):  # fmt: skip
            quotes = tuple(chain(source, root, days, at))
            told = {f"quotes.{root}": len(quotes), f"{root}.price": PRICES[root]}
            told[f"iv.{root}30_{iv}"] = 60.0
            readings = tuple(
                Reading(name=name, value=float(value), unit="", as_of=at, source=source)
                for name, value in told.items()
            )
            found.append(Readings(source=source, observed_at=at, readings=readings, quotes=quotes))
    return found


def test_fifteen_hundred_quotes_of_each_coin_cost_a_step_a_few_milliseconds(hand: Any) -> None:
    book = hand.book("parity")
    state, _ = step(book, State(), hand.snapshot(NOW, hand.position()))
    number, heard, minutes, between = 1, Times(), Times(), Times()
    for poll in range(5):
        at = NOW + timedelta(minutes=5 * poll)
        for answer in answers(at):
            with heard.measured():
                state, _ = step(book, state, answer)
        for second in (12, 24, 60, 72):
            number += 1
            seen = hand.snapshot(at + timedelta(seconds=second), hand.position(), number=number)
            times = minutes if second == 60 else between
            with times.measured():
                state, _ = step(book, state, seen)
    told = [market(state.facts, f"parity.{name}_{root}", state.at or NOW).value
            for name in ("conversion", "surface_edge") for root in PRICES]  # fmt: skip
    assert all(isinstance(one, float) and math.isfinite(one) for one in told)
    assert heard.middle_cpu < 0.030, heard.cpu
    assert minutes.least_cpu < 0.030, minutes.cpu
    assert between.least_cpu < 0.005, between.cpu
