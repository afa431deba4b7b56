"""Option summaries in the shape captured from Deribit on 2026-10-01."""

import json
import math
from datetime import UTC, datetime
from typing import Any

import pytest

from monitor.clock import ManualClock
from monitor.errors import HedgewatchError, Permanent, Transient
from monitor.feeds.deribit_options import DeribitOptions, OptionSummary, parse_summaries
from monitor.feeds.http import Web
from monitor.feeds.witness import Witness

NOW = datetime(2026, 10, 2, 20, 30, tzinfo=UTC)
STAMP_MS = 1_790_972_990_247  # 2026-10-02 20:29:50.247 UTC


def row(name: str, **changed: object) -> dict[str, object]:
    return {
        "instrument_name": name,
        "base_currency": "ETH",
        "quote_currency": "ETH",
        "volume": 12.0,
        "open_interest": 480.2,
        "bid_price": 0.0235,
        "ask_price": 0.0245,
        "mid_price": 0.024,
        "mark_price": 0.024123,
        "last": None,
        "mark_iv": 60.0,
        "underlying_price": 2_125.0,
        "underlying_index": "ETH-30OCT26",
        "estimated_delivery_price": 2_124.6,
        "interest_rate": 0.0,
        "creation_timestamp": STAMP_MS,
    } | changed


def answer(*rows: object) -> dict[str, str]:
    return {"body": json.dumps({"jsonrpc": "2.0", "result": rows})}


# 30 October 08:00 is 27.479 days off, 27 November 55.479: 30 days are between them.
CHAIN = (
    row("ETH-30OCT26-2100-C", mark_iv=60.2),
    row("ETH-30OCT26-2100-P", mark_iv=60.2),
    row("ETH-30OCT26-2150-C", mark_iv=59.8),
    row("ETH-30OCT26-6000-C", mark_iv=640.0),
    row("ETH-27NOV26-2000-P", mark_iv=58.0, underlying_price=2_140.0),
    row("ETH-27NOV26-2200-C", mark_iv=57.0, underlying_price=2_140.0),
    row("ETH-26MAR27-2200-C", mark_iv=None, bid_price=None, underlying_price=2_190.0),
)


async def test_the_volatility_is_read_thirty_days_out(
    server: Any, site: Web, clock: ManualClock
) -> None:
    server.answers(**answer(*CHAIN))
    reading, count = await DeribitOptions(web=site, clock=clock, base_url=server.url).read()
    # By hand: at each forward in log-moneyness, then total variance in time.
    near = 60.2 - 0.4 * math.log(2_125 / 2_100) / math.log(2_150 / 2_100)
    far = 58.0 - 1.0 * math.log(2_140 / 2_000) / math.log(2_200 / 2_000)
    days = (27 + 11.5 / 24, 55 + 11.5 / 24)
    weight = (30 - days[0]) / (days[1] - days[0])
    variance = near**2 * days[0] * (1 - weight) + far**2 * days[1] * weight
    assert reading.value == pytest.approx(math.sqrt(variance / 30))
    assert 57 < reading.value < 60.2
    assert (reading.name, reading.unit) == ("iv.eth30_cex", "points")
    assert (reading.source, reading.as_of) == (
        "deribit_options",
        datetime(2026, 10, 2, 20, 29, 50, 247_000, tzinfo=UTC),
    )
    assert (count.name, count.value, count.as_of) == ("quotes.eth", 7, reading.as_of)
    (request,) = server.asked
    assert request.path_qs == "/public/get_book_summary_by_currency?currency=ETH&kind=option"


def test_an_option_is_told_with_its_prices_in_coin() -> None:
    text = answer(row("ETH-9OCT26-2d5-P", bid_price=None, ask_price=0.0))["body"]
    assert parse_summaries(text, Witness(source="deribit_options", now=NOW)) == (
        OptionSummary(
            name="ETH-9OCT26-2d5-P",
            expiry=datetime(2026, 10, 9, 8, tzinfo=UTC),
            strike=2.5,
            is_call=False,
            forward=2_125.0,
            at=datetime(2026, 10, 2, 20, 29, 50, 247_000, tzinfo=UTC),
            iv=60.0,
            mark=0.024123,
        ),
    )


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param(row("ETH-25DEC26-3000-C-X"), id="a name of another kind"),
        pytest.param(row("ETH-27NOV26-2400-C", creation_timestamp=10**20), id="an absurd stamp"),
        pytest.param({"instrument_name": "ETH-27NOV26-2400-C"}, id="nothing but a name"),
    ],
)
def test_an_odd_row_costs_only_itself(odd: object) -> None:
    witness = Witness(source="deribit_options", now=NOW)
    sound = parse_summaries(answer(*CHAIN)["body"], witness)
    assert parse_summaries(answer(odd, *CHAIN)["body"], witness) == sound


def without(name: str) -> dict[str, object]:
    return {key: value for key, value in row("ETH-30OCT26-2100-C").items() if key != name}


@pytest.mark.parametrize(
    ("said", "verdict", "sentence"),
    [
        pytest.param(answer(), Transient, "deribit_options lists no options", id="an empty list"),
        pytest.param(
            answer(without("mark_iv")),
            Permanent,
            "deribit_options sent no mark_iv: has its answer changed shape?",
            id="a key renamed",
        ),
        pytest.param(
            answer(row("ETH-PERPETUAL")),
            Permanent,
            "deribit_options sent 'ETH-PERPETUAL', which is no option's name",
            id="not an option",
        ),
        pytest.param(
            answer(row("ETH-31FEB27-2100-C")),
            Transient,
            "deribit_options sent 'ETH-31FEB27-2100-C', which expires on no day",
            id="a day there is not",
        ),
        pytest.param(
            answer(row("ETH-30ANO26-2100-C")),
            Transient,
            "deribit_options sent 'ETH-30ANO26-2100-C', which expires on no day",
            id="a month there is not",
        ),
        pytest.param(
            answer(row("ETH-30OCT26-2100-C", mark_iv="high")),
            Transient,
            'deribit_options sent "high" as mark_iv, which is no number',
            id="a word for a number",
        ),
        pytest.param(
            answer(row("ETH-30OCT26-100-C"), row("ETH-30OCT26-9000-C")),
            Transient,
            "deribit_options has no two expiries around 30 days with strikes on both sides",
            id="one expiry only, and no strike near enough to price by",
        ),
        pytest.param(
            answer(row("ETH-30OCT26-2100-C", creation_timestamp=STAMP_MS + 600_000)),
            Transient,
            "deribit_options sent a value stamped 2026-10-02 20:39 UTC, which is to come",
            id="a stamp to come",
        ),
        pytest.param(
            {"body": '{"error": {"code": 10028, "message": "too_many_requests"}}'},
            Transient,
            "deribit answered with an error: {'code': 10028, 'message': 'too_many_requests'}",
            id="an error with HTTP 200",
        ),
    ],
)
async def test_a_failure_is_one_sentence(
    fails: Any, said: dict[str, Any], verdict: type[HedgewatchError], sentence: str
) -> None:
    assert await fails(DeribitOptions, said) == (verdict, sentence)
