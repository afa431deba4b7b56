"""A ticket is priced by what Deribit quotes, and by the model once it falls silent.

The server answers in the shapes captured from Deribit on 2026-10-01; options are priced by
QuantLib from one volatility.
"""

import asyncio
import io
import json
import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import QuantLib as Ql
from aiohttp import web
from aiohttp.test_utils import TestServer

from monitor.app.parts import opened
from monitor.app.rulebook import load_enabled, polled, rulebook
from monitor.clock import SystemClock
from monitor.config import load_settings
from monitor.model.layer import Ticket
from monitor.model.observation import Readings
from monitor.model.reading import Reading
from monitor.pipeline import State, step
from monitor.sources.live import Ears, Live

AT = datetime(2026, 10, 2, 20, 30, tzinfo=UTC)
EXPIRY = datetime(2026, 11, 27, 8, tzinfo=UTC)
SPOT, FORWARD, VOL = 2_124.6, 2_140.0, 0.58
STRIKES = range(1_500, 2_801, 50)
CONFIG = """\
[clock]
scenario = "{folder}/clock"
[store]
url = "sqlite:///{folder}/hedgewatch.db"
[chain.ethereum]
rpc = ["http://127.0.0.1:9"]
[[watch]]
chain = "ethereum"
nft = [1]
[feeds]
"eth.price" = ["deribit"]
[feed.deribit]
base_url = "{url}"
poll_s = 0.02
[feed.deribit_options]
base_url = "{url}"
poll_s = 0.02
[rules]
folder = "{folder}"
enabled = ["puts"]
[channel.console]
on = true
"""
PACK = """\
schema = 1
[pack]
id = "puts"
title = "Puts on ETH"
evidence = "claim"
sources = []
[[layer]]
id = "P"
title = "ETH puts, 60 days"
scope = "book"
instrument = { kind = "eth.put", dte = 60, delta = 0.25 }
size = { policy = "fixed", contracts = 3 }
[[layer.rule]]
id = "P.add"
action = "add"
when = 'eth.price > 1.0 && dvol.eth > 1.0'
for = "1m"
repeat = "40m"
text = "{ticket.legs}"
"""


def middle(strike: float, *, call: bool) -> float:
    """Return an option's price in ETH, as Deribit states it."""
    years = (EXPIRY - AT) / timedelta(days=365)
    side = Ql.Option.Call if call else Ql.Option.Put
    usd = Ql.blackFormula(side, strike, FORWARD, VOL * math.sqrt(years), 1.0)
    return float(usd) / FORWARD


def delta(strike: float) -> float:
    """Return a put's delta by the volatility and the forward that all are quoted at."""
    spread = VOL * math.sqrt((EXPIRY - AT) / timedelta(days=365))
    payoff = Ql.PlainVanillaPayoff(Ql.Option.Put, strike)
    return -float(Ql.BlackCalculator(payoff, FORWARD, spread, 1.0).deltaForward())


@dataclass
class Deribit:
    """Answers as Deribit does at the story's present. silent: its options give HTTP 503."""

    at: datetime = AT
    silent: bool = False
    asked: list[str] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request.path_qs)
        stamp = int(self.at.timestamp() * 1_000)
        moved = (self.at - AT) / timedelta(minutes=100)  # else it is taken for frozen
        name = request.path.rpartition("/")[2]
        coin = request.query.get("currency") or request.query["instrument_name"][:3]
        if name == "get_volatility_index_data":
            candle = [stamp - 60_000, *(4 * [58.0 + moved])]
            return self._result({"data": [candle], "continuation": None})
        if name == "ticker":
            told = {"instrument_name": f"{coin}-PERPETUAL", "index_price": SPOT + moved}
            return self._result({**told, "timestamp": stamp})
        if self.silent:
            return web.Response(status=503)
        return self._result([self._row(k, r, stamp) for k in STRIKES for r in "PC"])

    def _result(self, result: object) -> web.Response:
        text = json.dumps({"jsonrpc": "2.0", "result": result})
        return web.Response(text=text, content_type="application/json")

    def _row(self, strike: int, right: str, stamp: int) -> dict[str, object]:
        mid = middle(strike, call=right == "C")
        return {
            "instrument_name": f"ETH-27NOV26-{strike}-{right}",
            "bid_price": mid - 0.0005,
            "ask_price": mid + 0.0005,
            "mark_price": mid,
            "mark_iv": 100 * VOL,
            "underlying_price": FORWARD,
            "creation_timestamp": stamp,
        }


@dataclass
class Play:
    """A daemon's road on a stage of two: its feeds, and the exchange they ask."""

    folder: Path
    exchange: Deribit
    state: State = field(default_factory=State)

    def move(self, by: timedelta) -> None:
        fresh = self.folder / "clock.new"
        fresh.write_text((self.exchange.at + by).isoformat(), encoding="ascii")
        fresh.replace(self.folder / "clock")
        self.exchange.at += by

    async def passes(self, minutes: int) -> None:
        """Let time pass, three minutes at a time, so that no price grows old."""
        for _ in range(0, minutes, 3):
            self.move(timedelta(minutes=3))
            await self.until(self._fresh)

    def _fresh(self) -> bool:
        known, at = self.state.facts.readings, self.exchange.at
        stamps = {"eth.price|": at, "dvol.eth|": at - timedelta(minutes=1)}
        return all(name in known and known[name].as_of == stamp for name, stamp in stamps.items())

    def ticket(self) -> Ticket | None:
        layer = self.state.layers.get("P|book")
        return layer.proposal.ticket if layer and layer.proposal else None

    async def until(self, reached: Callable[[], object]) -> None:
        async with asyncio.timeout(20):
            while not reached():
                await SystemClock().sleep(0.005)


@asynccontextmanager
async def playing(folder: Path) -> AsyncIterator[Play]:
    play = Play(folder, Deribit())
    play.move(timedelta(0))
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", play.exchange.answer)
    async with TestServer(app) as server:
        url = str(server.make_url("")).rstrip("/")
        config = folder / "config.toml"
        config.write_text(CONFIG.format(folder=folder, url=url), "utf-8")
        (folder / "puts.toml").write_text(PACK, "utf-8")
        settings = load_settings(config)
        packs = load_enabled(settings)
        order, book, stop = polled(settings, packs), rulebook(settings, packs), asyncio.Event()
        async with opened(settings, io.StringIO(), file=str(config), order=order) as parts:
            up = Reading(name="system.up_s", value=9e3, unit="s", as_of=AT, source="daemon")
            ears = Ears(unheard=tuple, refuse=lambda *_: None, pulse=lambda _: (up,))
            feeds = [one for one in parts.polled if one.feed]
            live = Live(parts.clock, feeds, ears=ears)

            async def road() -> None:
                async for seen in live.observations(stop):
                    play.state, _ = step(book, play.state, seen)

            async with asyncio.TaskGroup() as group:
                group.create_task(road())
                yield play
                stop.set()


async def test_deribit_s_quotes_price_a_ticket_and_the_model_once_they_are_old(
    tmp_path: Path,
) -> None:
    async with playing(tmp_path) as play:
        await play.until(
            lambda: play.state.facts.quotes and "dvol.eth|" in play.state.facts.readings
        )
        await play.passes(3)
        await play.until(play.ticket)
        quoted = play.ticket()
        assert quoted is not None
        (leg,) = quoted.legs
        assert (leg.contract.kind, leg.contract.expiry) == ("eth.put", EXPIRY.date())
        assert leg.contract.strike == min(STRIKES, key=lambda one: abs(delta(one) - 0.25))
        mid = middle(leg.contract.strike, call=False)
        assert quoted.priced_by == "deribit_options"
        assert quoted.prices == pytest.approx((mid,))
        assert quoted.cost_usd == pytest.approx(3 * mid * SPOT, rel=1e-4)
        assert f"bid {mid - 0.0005:.4f}, ask {mid + 0.0005:.4f} ETH" in quoted.note
        assert "implied vol 58 %" in quoted.note

        play.exchange.silent = True
        await play.passes(42)
        await play.until(lambda: play.ticket() != quoted)
        modelled = play.ticket()
        assert modelled is not None
        assert modelled.priced_by == "model"
        # Its own volatilities put a delta at another strike than the quotes did.
        (other,) = modelled.legs
        assert (other.contract.kind, other.contract.expiry) == ("eth.put", EXPIRY.date())
        assert abs(other.contract.strike - leg.contract.strike) <= STRIKES.step
        assert other.quantity == leg.quantity
        assert play.state.facts.feeds["quotes.eth"].gap

        play.exchange.silent = False
        await play.until(lambda: not play.state.facts.feeds["quotes.eth"].gap)
        await play.passes(42)
        await play.until(lambda: play.ticket() != modelled)
        again = play.ticket()
        assert again is not None
        assert again.priced_by == "deribit_options"
    assert {one for one in play.exchange.asked if "book_summary" in one} == {
        "/public/get_book_summary_by_currency?currency=ETH&kind=option"
    }, "no rule asks for BTC's"


async def test_quotes_reach_the_facts_with_the_number_that_counts_them(tmp_path: Path) -> None:
    async with playing(tmp_path) as play:
        await play.until(lambda: play.state.facts.quotes)
        facts = play.state.facts
        assert facts.readings["quotes.eth|"].value == 2 * len(STRIKES)
        assert len(facts.quotes["deribit_options"]) == 2 * len(STRIKES)


def test_quotes_are_no_part_of_a_pulse() -> None:
    assert Readings(source="self", observed_at=AT, readings=()).quotes == ()
