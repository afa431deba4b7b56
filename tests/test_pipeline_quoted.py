"""VIX calls from Cboe's chain, as it is served, to the ticket; and the model once it is silent."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from monitor.clock import ManualClock
from monitor.feeds.http import HttpSettings, Web
from monitor.feeds.port import quoted_by
from monitor.feeds.provider import FeedSettings, providers
from monitor.model.layer import Ticket
from monitor.model.observation import Readings
from monitor.model.reading import Reading
from monitor.pipeline import Rulebook, State, step

AT = datetime(2026, 10, 2, 15, 0, tzinfo=UTC)  # 11:00 in New York
TRADED = "2026-10-02T10:44:00"
EXPIRY = date(2026, 11, 18)
SETTLED = {date(2026, 10, 21): 18.4, EXPIRY: 19.2, date(2026, 12, 16): 19.6}
BID, ASK = 2.35, 2.45
PACK = """\
schema = 1
[pack]
id = "calls"
title = "VIX calls"
evidence = "claim"
sources = []
[[layer]]
id = "C"
title = "VIX calls, 45 days"
scope = "book"
instrument = { kind = "vix.call", dte = 45, strike = 19.0 }
size = { policy = "fixed", contracts = 4 }
[[layer.rule]]
id = "C.add"
action = "add"
when = 'vix > 17.0'
repeat = "40m"
text = "{ticket.legs}"
"""


def chain() -> dict[str, object]:
    rows = [
        {
            "option": f"VIX261118C{strike * 1000:08d}",
            "bid": BID + 19 - strike,
            "ask": ASK + 19 - strike,
            "iv": 0.95,
            "open_interest": 900.0,
            "delta": 0.5,
        }
        for strike in (18, 19, 20)
    ]
    data = {
        "options": rows,
        "symbol": "^VIX",
        "current_price": 17.6,
        "last_trade_time": TRADED,
    }
    return {"timestamp": "2026-10-02 15:00:00", "data": data}


@pytest.fixture
async def cboe() -> AsyncIterator[str]:
    """Serve the VIX's chain, and nothing else; return where."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=json.dumps(chain()), content_type="application/json")

    app = web.Application()
    app.router.add_get("/options/_VIX.json", answer)
    async with TestServer(app) as server:
        yield str(server.make_url("")).rstrip("/")


@pytest.fixture
def book(hand: Any, tmp_path: Path) -> Rulebook:
    file = tmp_path / "calls.toml"
    file.write_text(PACK)
    made: Rulebook = hand.book(files=(file,))
    return made


def ticket(state: State) -> Ticket:
    proposal = state.layers["C|book"].proposal
    assert proposal is not None
    assert proposal.ticket is not None, proposal.note
    return proposal.ticket


async def test_cboe_s_chain_prices_vix_calls_and_the_model_once_it_is_silent(
    hand: Any, book: Rulebook, cboe: str
) -> None:
    clock = ManualClock(AT)
    async with httpx.AsyncClient(trust_env=False, timeout=5) as client:
        site = Web(client, clock, settings=HttpSettings())
        feed = providers()["cboe_vix_options"].build(site, clock, FeedSettings(base_url=cboe))
        readings = await feed.read()
    quotes = quoted_by(feed)
    state, _ = step(book, State(), hand.settled(date(2026, 10, 1), SETTLED, AT))
    said = Readings(source="quotes.vix", observed_at=AT, readings=readings, quotes=quotes)
    state, _ = step(book, state, said)
    state, alerts = step(book, state, hand.vix(17.6, AT))
    quoted = ticket(state)
    assert quoted.priced_by == "cboe_vix_options"
    assert quoted.prices == pytest.approx((2.40,)), "the middle of 2.35 and 2.45"
    assert quoted.cost_usd == pytest.approx(4 * 2.40 * 100)
    assert "bid 2.35, ask 2.45" in quoted.note
    assert quoted.cost_low_usd < quoted.cost_usd < quoted.cost_high_usd
    assert [alert.rule for alert in alerts if alert.rule == "C.add"] == ["C.add"]

    later = AT + timedelta(minutes=41)
    vvix = Reading(name="vvix", value=96.0, unit="points", as_of=later, source="cboe")
    told = Readings(source="vvix", observed_at=later, readings=(vvix,))
    state, _ = step(book, state, told)
    state, _ = step(book, state, hand.vix(17.8, later))
    modelled = ticket(state)
    assert modelled.priced_by == "model"
    assert modelled.legs == quoted.legs
    assert "VVIX" in modelled.note


async def test_without_vvix_the_model_states_its_volatility(hand: Any, book: Rulebook) -> None:
    state, _ = step(book, State(), hand.settled(date(2026, 10, 1), SETTLED, AT))
    state, _ = step(book, state, hand.vix(17.6, AT))
    assert ticket(state).priced_by == "model"
    assert "stated vol 95 % at 30 d to 60 % at 220 d" in ticket(state).note
