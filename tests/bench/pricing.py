"""Options priced at once, and one after the other as a desk marks what is held."""

from datetime import timedelta

import numpy as np

from monitor.hedge import black_scholes
from monitor.hedge.black_scholes import Underlying
from monitor.hedge.quote import Quote, quote
from monitor.model.layer import Contract
from tests.bench.table import Figure, Table
from tests.bench.timing import Times, settled
from tests.hedge.markets import MARKET, NOW, SPXW_DAYS

OPTIONS, LIMIT_MS = 10_000, 10.0
_ONE_BY_ONE = 200
_MOST_ROUNDS = 60


def run(table: Table) -> None:
    """Measure both."""
    strikes = np.linspace(50.0, 200.0, OPTIONS)
    under = Underlying(spot=100.0, rate=0.04, dividend=0.013)
    times = Times()
    while not settled(times.cpu) and len(times.cpu) < _MOST_ROUNDS:
        with times.measured():
            black_scholes.price(under, strikes, sigma=0.2, years=0.25)
    table.add(
        "price 10,000 options",
        Figure(
            value=times.least_cpu * 1e3,
            unit="ms",
            against="limit of the requirement; one call over arrays",
            limit=LIMIT_MS,
        ),
    )
    table.add("mark one option", Figure(value=_one() * 1e6, unit="µs", against="with all greeks"))


def _one() -> float:
    """Return seconds for one contract's quote by the desk, each its own contract."""
    rows = [
        Contract(kind="spxw.put", expiry=SPXW_DAYS[2], strike=5_000.0 + 5 * n)
        for n in range(_ONE_BY_ONE)
    ]
    times = Times()
    while not settled(times.cpu) and len(times.cpu) < _MOST_ROUNDS:
        at = NOW + timedelta(seconds=len(times.cpu))
        with times.measured():
            found = [quote(one, MARKET, at) for one in rows]
        assert all(isinstance(one, Quote) for one in found)
    return times.least_cpu / _ONE_BY_ONE
