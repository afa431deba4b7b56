"""Alerts as people read them, against texts written by hand."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from textwrap import dedent
from typing import Any

import pytest

from monitor.alerts.alert import Alert, AlertState
from monitor.alerts.render import CONSOLE_WIDTH, console_line, plain, telegram_html
from monitor.channels.port import Message
from monitor.model.layer import Action, Contract, Leg, Ticket
from monitor.rules.pack import Severity
from monitor.rules.verdict import Term
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


def term(text: str, left: Any, right: Any, **more: Any) -> Term:
    """A comparison that holds, unless told otherwise."""
    op = next(sign for sign in (" > ", " < ", " >= ", " <= ", " == ") if sign in text).strip()
    fields = {"truth": True, "margin": None} | more
    return Term(text=text, left=left, op=op, right=right, **fields)


VIX = term("vix > 20.0", 27.4, 20.0, unit="points", source="cboe", age_s=907.0)
STALE = replace(
    VIX, truth=None, left=None, age_s=50_400.0, note="vix is 14 h old in session, limit 35 m"
)
ADD = a_proposal(
    AT,
    subject="Book: 3 positions, 412,300 USD",
    trace=(
        VIX,
        term('delta(vix, "1d") > 2.0', 6.2, 2.0, unit="points", source="cboe", age_s=907.0),
        term("book.il < -0.03", -0.038, -0.03, unit="fraction"),
    ),
    values={"vix": 27.4, "book.il": -0.038},
    ticket=TICKET,
    expires_at=AT + timedelta(hours=2),
    route=("telegram", "mqtt"),
)
BLIND = replace(
    ADD,
    rule="self.blind",
    pack="self",
    layer=None,
    layer_title="",
    action=Action.NOTIFY,
    severity=Severity.CRITICAL,
    title="chain",
    text="Rules on positions are unknown, none is cleared.",
    subject="",
    chain="ethereum",
    trace=(term("system.poll_age_s > 300", 312.0, 300.0, unit="s"),),
    values={"system.poll_age_s": 312.0},
    ticket=None,
    expires_at=None,
)


def message(alert: Alert, *, after: timedelta = timedelta(0), repeat: bool = False) -> Message:
    return Message(alert=alert, tries=0, repeat=repeat, now=alert.at + after)


def told(alert: Alert, **more: Any) -> str:
    return plain(message(alert, **more))


def text(body: str) -> str:
    return dedent(body).strip()


def test_an_add_reads_as_it_was_sketched() -> None:
    assert told(ADD) == text("""
        🟠 ADD · L2 VIX calls 110 d   A17F12
        Book: 3 positions, 412,300 USD

        VIX 27.4 > 20.0  (15 m old)
        VIX +6.2 in a day > 2.0
        Book IL −3.8 % < −3.0 %

        Ticket  buy 4 × VIX 17 Mar 2027 29 call
        ~2.85 each, 1,140 USD
        (model, 2.40–3.30 at vol ±5)
        8.1 % of a year's fees
        void at 16:31 UTC

        Not advice.
    """)


def test_in_telegram_the_head_is_bold_the_name_to_tap_and_all_else_escaped() -> None:
    awkward = replace(ADD, ticket=None, trace=(VIX,), subject="<b>A&B</b>", layer_title="a<b")
    assert telegram_html(message(awkward)) == text("""
        🟠 <b>ADD · L2 a&lt;b</b>   <code>A17F12</code>
        &lt;b&gt;A&amp;B&lt;/b&gt;

        VIX 27.4 &gt; 20.0  (15 m old)

        Not advice.
    """)


def test_what_there_is_no_data_for_is_left_out() -> None:
    bare = replace(ADD, subject="", ticket=None, trace=(), expires_at=None)
    assert told(bare) == text("""
        🟠 ADD · L2 VIX calls 110 d   A17F12

        Not advice.
    """)


def test_the_author_s_words_stand_below_the_numbers() -> None:
    notify = replace(
        ADD,
        action=Action.NOTIFY,
        layer=None,
        layer_title="",
        title="Out of range",
        text="Nothing is earned here.\nMove the range or wait.",
        subject="#4471 WETH/USDC 1,800–2,600",
        ticket=None,
        severity=Severity.INFO,
        trace=(term("position.out_of_range_s > 3600", 11_400.0, 3600.0, unit="s"),),
    )
    assert told(notify) == text("""
        🔵 Out of range   A17F12
        #4471 WETH/USDC 1,800–2,600

        Out of range 3 h 10 m > 1 h
        Nothing is earned here.
        Move the range or wait.
    """)


def test_a_reminder_says_since_when() -> None:
    still = replace(
        ADD, state=AlertState.REPEAT, at=AT + timedelta(hours=4), trace=(VIX,), ticket=None,
        expires_at=AT + timedelta(hours=6),
    )  # fmt: skip
    assert told(still) == text("""
        🟠 STILL ADD · L2 VIX calls 110 d   A17F12
        Book: 3 positions, 412,300 USD

        VIX 27.4 > 20.0  (15 m old)
        So for 4 h, since 14:31 UTC

        Not advice.
    """)


def test_a_reminder_that_cannot_be_judged_does_not_say_that_it_is_still_so() -> None:
    reason = "not cleared: an input is unknown"
    still = replace(
        ADD, state=AlertState.REPEAT, at=AT + timedelta(hours=4), trace=(STALE,), ticket=None,
        expires_at=AT + timedelta(hours=6), reason=reason,
    )  # fmt: skip
    assert told(still) == text("""
        🟠 STILL ADD · L2 VIX calls 110 d   A17F12
        Book: 3 positions, 412,300 USD

        VIX unknown: 14 h old in session, limit 35 m
        First true 4 h ago, at 14:31 UTC
        not cleared: an input is unknown

        Not advice.
    """)


def test_a_proposal_that_is_void_by_the_time_it_leaves_is_delivered_as_void() -> None:
    assert told(ADD, after=timedelta(hours=2)) == text("""
        ⚪ EXPIRED · L2 VIX calls 110 d   A17F12
        Book: 3 positions, 412,300 USD

        The add proposal became void at 16:31 UTC.
        Do not trade on it.

        delayed 2 h: so at 14:31 UTC
    """)


@pytest.mark.parametrize(
    ("after", "says"),
    [
        pytest.param(timedelta(minutes=2), None, id="two minutes are no delay"),
        pytest.param(timedelta(minutes=5), "delayed 5 m: so at 14:31 UTC", id="minutes"),
        pytest.param(timedelta(hours=2), "delayed 2 h: so at 14:31 UTC", id="hours"),
        pytest.param(
            timedelta(days=2), "delayed 2 d: so at 20 Nov 14:31 UTC", id="days, with the day"
        ),
    ],
)
def test_what_comes_late_says_how_late(after: timedelta, says: str | None) -> None:
    lines = told(replace(BLIND, severity=Severity.INFO), after=after).splitlines()
    assert [line for line in lines if line.startswith("delayed")] == ([says] if says else [])


def test_what_may_have_arrived_before_says_so() -> None:
    assert "\n(may be a repeat)\n" in told(ADD, repeat=True)
    assert "repeat" not in told(ADD)


def test_no_data_names_the_input_and_its_age() -> None:
    nodata = replace(ADD, state=AlertState.NODATA, trace=(STALE, ADD.trace[2]))
    assert told(nodata) == text("""
        ⚪ NO DATA · L2 VIX calls 110 d   A17F12
        Book: 3 positions, 412,300 USD

        VIX unknown: 14 h old in session, limit 35 m
    """)


def test_an_unknown_input_beside_the_one_that_fired_is_told_too() -> None:
    lines = told(replace(ADD, trace=(STALE, ADD.trace[2]))).splitlines()
    assert lines[3:5] == ["VIX unknown: 14 h old in session, limit 35 m", "Book IL −3.8 % < −3.0 %"]


@pytest.mark.parametrize(
    ("note", "says"),
    [
        pytest.param("vix has not been read yet", "VIX has not been read yet", id="never read"),
        pytest.param("0 / 0", "VIX unknown: 0 / 0", id="another reason"),
        pytest.param("", "VIX unknown: 14 h old", id="an age alone"),
    ],
)
def test_an_unknown_comparison_says_why(note: str, says: str) -> None:
    alert = replace(ADD, state=AlertState.NODATA, trace=(replace(STALE, note=note),))
    assert told(alert).splitlines()[-1] == says


def test_the_end_of_an_alert_is_short() -> None:
    over = replace(ADD, state=AlertState.RESOLVED, at=AT + timedelta(hours=3, minutes=20))
    assert told(over) == text("""
        🟢 RESOLVED · L2 VIX calls 110 d   A17F12
        Book: 3 positions, 412,300 USD

        Over after 3 h 20 m.
    """)


def test_a_rule_that_failed_says_how() -> None:
    failed = replace(ADD, state=AlertState.ERROR, reason="division by zero in `a / b`")
    assert told(failed).splitlines()[0] == "🟠 RULE FAILED · L2 VIX calls 110 d   A17F12"
    assert "division by zero in `a / b`" in told(failed)


def test_blindness_is_told_as_it_was_sketched() -> None:
    assert told(replace(BLIND, reason="rpc-1: 429 since 14:02 UTC")) == text("""
        🔴 BLIND · ethereum   A17F12

        No good snapshot for 5 m 12 s (limit 5 m)
        rpc-1: 429 since 14:02 UTC
        Rules on positions are unknown, none is cleared.
    """)


def test_seeing_again_is_one_line() -> None:
    again = replace(BLIND, state=AlertState.RESOLVED, at=AT + timedelta(minutes=7, seconds=40))
    assert told(again) == "🟢 SEES AGAIN · ethereum after 7 m 40 s   A17F12"


def test_a_late_feed_names_the_feed_rule_not_the_chain() -> None:
    feed = replace(
        BLIND,
        rule="self.feed",
        title="feeds",
        severity=Severity.WARNING,
        values={"system.feed_age_s": 720.0},
        trace=(term("system.feed_age_s > 600", 720.0, 600.0, unit="s"),),
    )
    assert told(feed).splitlines()[:3] == [
        "🟠 BLIND · feeds   A17F12",
        "",
        "A feed is 12 m over its age (limit 10 m)",
    ]


def test_trouble_that_does_not_blind_is_called_trouble() -> None:
    stuck = replace(
        BLIND,
        rule="self.outbox",
        title="delivery",
        values={"system.outbox_age_s": 720.0},
        trace=(term("system.outbox_age_s > 600", 720.0, 600.0, unit="s"),),
    )
    assert told(stuck).splitlines()[0] == "🔴 TROUBLE · delivery   A17F12"
    over = replace(stuck, state=AlertState.RESOLVED, at=AT + timedelta(minutes=3))
    assert told(over) == "🟢 WELL AGAIN · delivery after 3 m   A17F12"


def test_a_roll_tells_every_leg_its_price_and_what_comes_in() -> None:
    later = Contract(kind="vix.call", expiry=date(2027, 5, 19), strike=22.5)
    roll = Ticket(
        legs=(Leg(contract=CALL, quantity=-4), Leg(contract=later, quantity=4)),
        prices=(5.10, 3.05),
        cost_usd=-820.0,
        cost_low_usd=-990.0,
        cost_high_usd=-640.0,
        priced_by="model",
        note="VX May 19.85, vol 0.95 by parity",
    )
    lines = told(replace(ADD, action=Action.ROLL, ticket=roll)).splitlines()
    assert lines[0] == "🟠 ROLL · L2 VIX calls 110 d   A17F12"
    assert lines[7:13] == [
        "Ticket  sell 4 × VIX 17 Mar 2027 29 call  ~5.10",
        "buy 4 × VIX 19 May 2027 22.5 call  ~3.05",
        "820 USD received",
        "(model, 640–990 USD at vol ±5)",
        "VX May 19.85, vol 0.95 by parity",
        "void at 16:31 UTC",
    ]


def test_a_quote_without_a_band_names_its_source() -> None:
    quoted = replace(TICKET, priced_by="cboe, 15 m late", cost_low_usd=1140.0, cost_high_usd=1140.0)
    assert "(cboe, 15 m late)" in told(replace(ADD, ticket=quoted)).splitlines()


def test_the_console_tells_an_event_in_one_line() -> None:
    assert console_line(replace(ADD, trace=ADD.trace[:1])) == (
        "14:31:07Z  firing   L2.add   book    VIX 27.4>20.0 ✓  A17F12 → telegram, mqtt"
    )
    assert console_line(ADD) == (
        "14:31:07Z  firing   L2.add   book    VIX 27.4>20.0 ✓  ΔVIX 6.2>2.0 ✓ +1  A17F12"
    )


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        pytest.param(
            {"state": AlertState.RESOLVED, "at": AT + timedelta(minutes=5)},
            "14:36:07Z  resolved L2.add   book    after 5 m  A17F12 → telegram, mqtt",
            id="an end says how long it lasted",
        ),
        pytest.param(
            {"state": AlertState.NODATA, "trace": (STALE,)},
            "14:31:07Z  nodata   L2.add   book    VIX 14 h old ?  A17F12 → telegram, mqtt",
            id="no data says how old",
        ),
        pytest.param(
            {"state": AlertState.FILLED, "reason": "+4 VIX 17Mar27 29C @2.85 by cli", "route": ()},
            "14:31:07Z  filled   L2       book    +4 VIX 17Mar27 29C @2.85 by cli  A17F12",
            id="a fill says what and by whom",
        ),
        pytest.param(
            {
                "scope": "1:0xC36442b4a4522E871399CD717aBDD847Ab11FE88:4471",
                "trace": (term("position.il < -0.05", -0.0512, -0.05, unit="fraction"),),
            },
            "14:31:07Z  firing   L2.add   #4471   IL −5.1%<−5.0% ✓  A17F12 → telegram, mqtt",
            id="a position is its token id",
        ),
    ],
)
def test_each_kind_of_event_has_its_line(changes: dict[str, Any], line: str) -> None:
    assert console_line(replace(ADD, **changes)) == line
    assert len(line) <= CONSOLE_WIDTH


def test_a_proposal_fits_a_phone() -> None:
    assert max(map(len, told(ADD).splitlines())) <= 44
