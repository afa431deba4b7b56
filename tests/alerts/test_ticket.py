"""A ticket as people and machines read it, against texts written by hand."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from textwrap import dedent

import pytest

from monitor.alerts.alert import Alert
from monitor.alerts.event import event_fields
from monitor.alerts.render import plain, telegram_html
from monitor.alerts.ticket import ticket_lines
from monitor.channels.port import Message
from monitor.model.layer import Contract, Covers, Fit, Leg, Ticket
from tests.some_alert import a_proposal

AT = datetime(2026, 11, 20, 14, 31, 7, tzinfo=UTC)
CALL = Contract(kind="vix.call", expiry=date(2027, 3, 17), strike=29.0)
TICKET = Ticket(
    legs=(Leg(contract=CALL, quantity=4),),
    prices=(2.85,),
    cost_usd=1140.0,
    cost_low_usd=960.0,
    cost_high_usd=1320.0,
    priced_by="model",
    fee_share=0.081,
)
ADD = a_proposal(AT, ticket=TICKET, expires_at=AT + timedelta(hours=2))


def told(alert: Alert) -> str:
    return plain(Message(alert=alert, tries=0, repeat=False, now=alert.at))


def text(body: str) -> str:
    return dedent(body).strip()


WHOLE = replace(
    TICKET,
    sized="fee budget: β 0.25 × 14,074 USD of fees a year = 3,519",
    max_loss_usd=1140.0,
    margin_usd=1140.0,
    break_evens=(31.85,),
    covers=Covers(
        scenario="a 2020-like spike (ETH −30 %, VIX 45 to ETH −45 %, VIX 75)",
        low=0.21,
        high=0.46,
        loss_usd=-40_000.0,
    ),
    fit=Fit(driver="VIX", r2=0.058, corr=-0.24, calm_share=0.877, note="104 weeks to 2026-11-18"),
    better=Fit(driver="ETH's squared move", r2=0.96, corr=-0.98, note="104 weeks"),
    better_ticket="buy 20 % of the ETH strip 29 Jan 2027 (11 strikes 2100–3600), 1,131 USD (model)",
    warnings=("It loses in the same spike: 900 USD (model).",),
    note="VIX forward 25.12, settlement of 2027-03-17",
)


def test_a_ticket_tells_all_there_is_to_know_of_it() -> None:
    lines = told(replace(ADD, ticket=WHOLE)).splitlines()
    assert (
        lines[2:]
        == text("""
        Ticket  buy 4 × VIX 17 Mar 2027 29 call
        ~2.85 each, 1,140 USD
        (model, 2.40–3.30 at vol ±5)
        8.1 % of a year's fees
        Sized  fee budget: β 0.25 × 14,074 USD of fees a year = 3,519
        Most lost 1,140 USD, margin the same
        Breaks even at 31.85
        Covers expected 21–46 % of IL (model)
        in a 2020-like spike (ETH −30 %, VIX 45 to ETH −45 %, VIX 75)
        Fit  weak: IL on VIX, corr −0.24, R² 0.06
        over 104 weeks to 2026-11-18
        VIX ≤ 30 in 88 % of past IL
        better fit: ETH's squared move, corr −0.98, R² 0.96
        buy 20 % of the ETH strip 29 Jan 2027 (11 strikes 2100–3600), 1,131 USD (model)
        It loses in the same spike: 900 USD (model).
        VIX forward 25.12, settlement of 2027-03-17
        void at 16:31 UTC

        Not advice.
    """).splitlines()
    )


def test_what_is_received_is_told_without_a_minus_all_through() -> None:
    legs = (Leg(contract=CALL, quantity=-4), Leg(contract=replace(CALL, strike=35.0), quantity=4))
    rolled = replace(
        TICKET, legs=legs, prices=(6.43, 2.22), cost_usd=-1685.0, cost_low_usd=-1731.0,
        cost_high_usd=-1639.0, fee_share=-0.0071,
    )  # fmt: skip
    lines = list(ticket_lines(rolled))
    assert lines[2:] == [
        "1,685 USD received",
        "(model, 1,639–1,731 USD at vol ±5)",
        "0.71 % of a year's fees",
    ]


def test_each_thing_a_price_rests_on_has_a_line() -> None:
    noted = replace(TICKET, note="VIX forward 25.12; stated vol 95 %: model; own words")
    assert list(ticket_lines(noted))[-3:] == [
        "VIX forward 25.12",
        "stated vol 95 %: model",
        "own words",
    ]


def test_who_may_ask_is_told_how() -> None:
    message = Message(alert=ADD, tries=0, repeat=False, now=AT)
    assert telegram_html(message, asks=True).endswith("\nNot advice. /why A17F12")
    assert telegram_html(message).endswith("\nNot advice.")


@pytest.mark.parametrize(
    ("low", "high", "says"),
    [
        pytest.param(0.21, 0.46, "Covers expected 21–46 % of IL (model)", id="pays"),
        pytest.param(0.214, 0.209, "Covers expected 21 % of IL (model)", id="one figure"),
        pytest.param(-0.46, -0.21, "Loses  21–46 % of IL on top (model)", id="loses"),
        pytest.param(
            -0.10, 0.20, "Covers between pays up to 20 % and loses 10 % of IL (model)", id="either"
        ),
    ],
)
def test_what_a_ticket_covers_is_signed(low: float, high: float, says: str) -> None:
    assert WHOLE.covers is not None
    covers = replace(WHOLE.covers, low=low, high=high)
    assert says in told(replace(ADD, ticket=replace(WHOLE, covers=covers))).splitlines()


@pytest.mark.parametrize(
    ("r2", "corr", "says"),
    [
        pytest.param(
            0.24, -0.49, "Fit  weak: IL on VIX, corr −0.49, R² 0.24", id="weak below a quarter"
        ),
        pytest.param(
            0.25, -0.50, "Fit  fair: IL on VIX, corr −0.50, R² 0.25", id="fair from there"
        ),
        pytest.param(0.60, -0.77, "Fit  good: IL on VIX, corr −0.77, R² 0.60", id="good from 0.6"),
        pytest.param(
            0.998, -0.999, "Fit  good: IL on VIX, corr below −0.99, R² above 0.99", id="never one"
        ),
        pytest.param(
            0.70, 0.84, "Fit  none: IL on VIX, corr 0.84, R² 0.70, the wrong way", id="wrong way"
        ),
        pytest.param(None, None, "Fit  unknown: IL on VIX, 9 of 12 weeks are known", id="unknown"),
    ],
)
def test_a_fit_has_a_word(r2: float | None, corr: float | None, says: str) -> None:
    note = "9 of 12 weeks are known" if r2 is None else "20 weeks"
    fit = Fit(driver="VIX", r2=r2, corr=corr, note=note)
    assert says in told(replace(ADD, ticket=replace(WHOLE, fit=fit))).splitlines()


def test_a_coin_option_is_priced_in_the_coin() -> None:
    put = Leg(contract=Contract(kind="eth.put", expiry=date(2027, 1, 29), strike=2000), quantity=10)
    bought = replace(
        TICKET, legs=(put,), prices=(0.04,), cost_usd=1000.0, cost_low_usd=900.0,
        cost_high_usd=1100.0,
    )  # fmt: skip
    lines = told(replace(ADD, ticket=bought)).splitlines()
    assert "~0.0400 each, 1,000 USD" in lines
    assert "(model, 0.0360–0.0440 at vol ±5)" in lines


def test_a_sized_ticket_says_that_its_share_of_fees_is_unknown() -> None:
    unknown = replace(WHOLE, fee_share=None)
    assert "share of a year's fees unknown" in told(replace(ADD, ticket=unknown)).splitlines()


def test_machines_read_all_that_people_do() -> None:
    event = event_fields(replace(ADD, ticket=WHOLE))["ticket"]
    assert event["not_advice"] is True
    assert event["sized"].startswith("fee budget")
    assert (event["max_loss_usd"], event["margin_usd"]) == (1140.0, 1140.0)
    assert event["break_evens"] == [31.85]
    assert (event["covers"]["low"], event["covers"]["high"]) == (0.21, 0.46)
    assert event["fit"] == {
        "driver": "VIX",
        "r2": 0.058,
        "corr": -0.24,
        "calm_share": 0.877,
        "grade": "weak",
        "note": "104 weeks to 2026-11-18",
    }
    assert event["better"]["grade"] == "good"
    assert event["better_ticket"].startswith("buy 20 %")
    assert event["warnings"] == ["It loses in the same spike: 900 USD (model)."]
    bare = event_fields(ADD)["ticket"]
    assert (bare["covers"], bare["fit"], bare["better"]) == (None, None, None)


def test_a_ticket_survives_where_there_is_no_room() -> None:
    wordy = replace(ADD, ticket=WHOLE, text="so it is said\n" * 400, reason="because " * 500)
    assert len(telegram_html(Message(alert=wordy, tries=0, repeat=False, now=AT))) <= 4096
    lines = told(wordy).splitlines()
    assert [line for line in ticket_lines(WHOLE) if line not in lines] == []
    assert lines[-1] == "Not advice."
