"""`hedgewatch status`, `log` and `outbox`."""

from contextlib import closing
from datetime import timedelta
from typing import Any

from monitor.chain.breaker import BreakerState
from monitor.chain.health import EndpointHealth
from monitor.hedge.legs import parse_leg
from monitor.model.observation import Missing, Verb, Word
from monitor.store.endpoints import KIND, row_of
from monitor.store.lock import Lock
from monitor.store.records import Change
from monitor.store.sqlite import open_sqlite

MINUTE = timedelta(minutes=1)


def line(home: Any, head: str) -> str:
    return next(one for one in home.told("status") if one.startswith(head))


def test_requests_a_day_are_told_from_twenty_polls_on(home: Any, hand: Any) -> None:
    for second in range(19):
        home.take(hand.snapshot(home.at - timedelta(seconds=60 - second)), requests=3)
    assert "19 polls and 0 gaps in 24 h, requests a day: measuring" in home.told("status")[4]
    home.take(hand.gap("main", home.at), requests=3)
    # 3 requests every 12 seconds: 7,200 polls a day.
    told = "20 polls and 1 gap in 24 h, about 21,600 requests a day"
    assert told in home.told("status")[4]


def test_requests_of_the_day_before_do_not_count(home: Any, hand: Any) -> None:
    begun = home.at - timedelta(days=2)
    home.take(hand.snapshot(begun), requests=100_000)
    for second in range(20):
        home.take(hand.snapshot(home.at - timedelta(seconds=20 - second)), requests=1)
    assert "20 polls and 0 gaps in 24 h, about 7,200 requests" in home.told("status")[4]


def test_only_what_is_configured_is_listed(home: Any, hand: Any) -> None:
    home.take(hand.snapshot(home.at), hand.vix(19.0, home.at), hand.gap("dvol.eth", home.at))
    home.chains = {"base": 8453}
    home.extra = '[feeds]\n"dvol.eth" = []\n'
    lines = home.told("status")
    assert [one.split()[1] for one in lines if one.startswith("chain")] == ["base"]
    assert [one.split()[1] for one in lines if one.startswith("feed")] == [
        "vix",
        "vvix",
        "vx.settle",
        "eth.price",
        "quotes.vix",
    ]
    assert line(home, "chain").endswith("not read yet")


def test_a_daemon_that_is_down_says_since_when_nothing_was_observed(home: Any, hand: Any) -> None:
    home.take(hand.snapshot(home.at))
    home.at += timedelta(hours=40)
    assert line(home, "daemon") == (
        "daemon    not running, nothing observed since 14 Feb 22:30 UTC (40 h)"
    )
    with Lock(f"sqlite:///{home.store}"):
        assert line(home, "daemon") == "daemon    running, last observation 40 h ago"


def test_the_store_the_layers_and_the_oldest_letter_are_told(home: Any, hand: Any) -> None:
    home.take(hand.snapshot(home.at))
    assert line(home, "store") == f"store     {home.store}"
    assert line(home, "layers") == "layers    none on"
    assert line(home, "outbox") == "outbox    nothing waits, nothing was given up"
    home.take(hand.vix(13.68, home.at - 3 * MINUTE, home.at - 3 * MINUTE))
    leg = parse_leg("vix.call 2020-06-17 18 +4 @1.60")
    home.take(
        Word(id="w", verb=Verb.FILL, observed_at=home.at, by="ann@cli", layer="L2", fills=(leg,))
    )
    assert line(home, "layers") == "layers    on: L2"
    assert "4 waiting, oldest " in line(home, "outbox")


def test_each_endpoint_is_told_with_what_ails_it(home: Any, hand: Any) -> None:
    home.take(hand.snapshot(home.at))
    with closing(open_sqlite(f"sqlite:///{home.store}", now=home.at)) as store:
        found = (
            EndpointHealth(
                host="first.example/…",
                serving=True,
                breaker=BreakerState.CLOSED,
                log_width=2_000,
                logs_resting_until=home.at + timedelta(minutes=10),
                logs_resting_why="first.example/… does not offer eth_getLogs: no (code -32601)",
            ),
            EndpointHealth(
                host="second.example",
                serving=False,
                breaker=BreakerState.OPEN,
                resting_until=home.at + timedelta(minutes=2),
                resting_why="second.example cannot be reached: Connection refused",
            ),
            EndpointHealth(
                host="third.example",
                serving=False,
                breaker=BreakerState.CLOSED,
                quarantined_since=home.at - timedelta(minutes=3),
                quarantined_why="third.example at block 7 is 90 s behind first.example at block 9",
            ),
            EndpointHealth(
                host="fourth.example", serving=False, breaker=BreakerState.CLOSED, asked=False
            ),
        )
        store.commit(Change(rows={(KIND, "main"): row_of(found), (KIND, "gone"): "no JSON"}))
    told: list[str] = []
    for one in home.told("status"):
        if one.startswith("endpoint"):
            told.append(" ".join(one.split()))
        elif told and one.startswith(" "):
            told[-1] += f" {one.strip()}"
    assert told == [
        (
            "endpoint main first.example/… serves; its logs rest until 22:40 UTC: it does not "
            "offer eth_getLogs: no (code -32601); gives logs of 2,000 blocks at once"
        ),
        (
            "endpoint main second.example stands by; rests until 22:32 UTC: it cannot be reached: "
            "Connection refused"
        ),
        (
            "endpoint main third.example stands by; put aside since 22:27 UTC: third.example at "
            "block 7 is 90 s behind first.example at block 9"
        ),
        "endpoint main fourth.example stands by; not asked yet",
    ]


def test_an_empty_log_and_an_empty_outbox_say_so(home: Any, hand: Any) -> None:
    home.take(hand.snapshot(home.at))
    assert home.told("log") == ["no alerts yet"]
    assert home.told("outbox") == ["nothing waits, nothing was given up"]


def test_no_line_is_wider_than_80_columns_but_a_store_s_path(home: Any, hand: Any) -> None:
    home.take(hand.snapshot(home.at))
    home.take(hand.gap("main " + "the endpoint answers with an error " * 4, home.at))
    assert max(len(one) for one in home.told("status") if not one.startswith("store")) <= 80


def test_a_reading_s_own_age_is_told_and_that_it_is_over_its_limit(home: Any, hand: Any) -> None:
    home.at = home.at.replace(day=19, hour=17, minute=0)  # noon in New York, on a Wednesday
    asked = home.at - timedelta(seconds=10)
    home.take(hand.vix(19.25, home.at - 20 * MINUTE, asked))
    assert line(home, "feed      vix ") == (
        "feed      vix          19.25, 20 m old, from cboe; answered 10 s ago"
    )
    home.at += 80 * MINUTE
    home.take(hand.vix(19.25, home.at - 100 * MINUTE, home.at - timedelta(seconds=10)))
    told = " ".join(" ".join(home.told("status")).split())
    late = "older than its limit: 1 h 40 m old in session, limit 35 m; answered 10 s ago"
    assert f"feed vix {late}" in told


def test_rules_at_rest_count_as_judged(home: Any, hand: Any) -> None:
    home.take(hand.vix(19.0, home.at - 3 * MINUTE, home.at - 3 * MINUTE))
    # Three layers over the book, each with its add, roll and remove.
    rules = len(home.book.rules)
    assert rules >= 9
    assert line(home, "alerts") == (
        f"alerts    0 firing, {rules} rules judged in {rules} instances"
    )


def test_what_is_watched_and_cannot_be_read_is_told(home: Any, hand: Any) -> None:
    gone = Missing(key="1:0xc3:999", reason="position 999: it was burned", gone=True)
    no_code = Missing(key="1:0xab", reason="pool 0xab: slot0: nothing is deployed there")
    home.take(hand.snapshot(home.at - MINUTE, missing=(gone, no_code)))
    home.take(hand.snapshot(home.at, number=2, missing=(gone, no_code)))
    told = [one for one in home.told("status") if one.startswith("missing")]
    assert told == [
        "missing   main         position 999: it was burned",
        "missing   main         pool 0xab: slot0: nothing is deployed there",
    ]
