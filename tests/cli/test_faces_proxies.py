"""`hedgewatch signals proxy`: a row a proxy, for a family's members have figures of their own."""

import math
from datetime import UTC, datetime, time, timedelta
from typing import Any

from monitor.calendars.sessions import sessions_back
from monitor.model.observation import Past, Readings
from monitor.model.reading import Reading
from monitor.signals.bars import point

CLOSE = time(21)


def bars(home: Any, count: int, sign: float) -> tuple[Any, ...]:
    """Return closes of so many sessions to today; each move is 0.6 m + 2 m² of the index's."""
    days = [sessions_back(home.at.date(), n) for n in range(80)][::-1]
    moves = [0.01 * math.sin(1.7 * n) for n in range(80)]
    closes, level = [], math.log(90 if sign else 3000)
    for day, m in zip(days, moves, strict=True):
        level += m if not sign else sign * (0.6 * m + 2 * m * m)
        closes.append(point(day, math.exp(level), datetime.combine(day, CLOSE, UTC)))
    return tuple(closes[-count:])


def known(home: Any, name: str, key: str, rows: tuple[Any, ...]) -> tuple[Readings, Past]:
    last = rows[-1]
    reading = Reading(
        name=name, key=key, value=last.close, unit="usd", as_of=last.at, source="yahoo"
    )
    return (
        Readings(source=name, observed_at=home.at, readings=(reading,)),
        Past(id=f"{name}{key}", source="x", observed_at=home.at, name=name, bars=rows, key=key),
    )


def test_each_proxy_has_its_own_row_or_why_it_has_none(home: Any) -> None:
    home.take(*known(home, "spx.price", "", bars(home, 80, 0)))
    both = [
        known(home, "proxy.price", "vnq", bars(home, 80, 1)),
        known(home, "proxy.price", "uni", bars(home, 20, -1)),
    ]
    readings = tuple(one for seen, _ in both for one in seen.readings)
    home.take(Readings(source="proxy.price", observed_at=home.at, readings=readings))
    home.take(*(past for _, past in both))
    told = [" ".join(row.split()) for row in home.told("signals", "proxy.beta", "proxy.convexity")]
    assert told[1:] == [
        "proxy.beta uni unknown: 19 of 60 sessions known of both",
        "proxy.beta vnq 0.6 1 h 79 sessions",
        "proxy.convexity uni unknown: 19 of 60 sessions known of both",
        "proxy.convexity vnq 2.0 1 h 79 sessions",
    ]


def test_without_the_index_no_proxy_is_told_of(home: Any) -> None:
    seen, past = known(home, "proxy.price", "vnq", bars(home, 80, 1))
    home.take(seen, past)
    (_, *told) = home.told("signals", "proxy.beta")
    assert " ".join(told[0].split()) == "proxy.beta unknown: spx.price has not been read yet"


def test_a_chains_rates_that_no_rule_asks_for_say_so(home: Any) -> None:
    home.take(*known(home, "proxy.price", "vnq", bars(home, 80, 1)))
    told = " ".join(" ".join(home.told("signals", "aave.supply")[1:]).split())
    assert told.startswith("aave.supply unknown: not read, no rule asks for it")
    home.at += timedelta(days=6)
    told = " ".join(" ".join(home.told("signals", "proxy.beta")[1:]).split())
    assert told.startswith("proxy.beta unknown: ")
