"""`hedgewatch status`, `log` and `outbox`."""

from datetime import timedelta
from typing import Any

from monitor.hedge.legs import parse_leg
from monitor.model.observation import Verb, Word
from monitor.store.lock import Lock

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
    assert [one.split()[1] for one in lines if one.startswith("feed")] == ["vix", "vx.settle"]
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


def test_an_empty_log_and_an_empty_outbox_say_so(home: Any, hand: Any) -> None:
    home.take(hand.snapshot(home.at))
    assert home.told("log") == ["no alerts yet"]
    assert home.told("outbox") == ["nothing waits, nothing was given up"]


def test_no_line_is_wider_than_80_columns_but_a_store_s_path(home: Any, hand: Any) -> None:
    home.take(hand.snapshot(home.at))
    home.take(hand.gap("main " + "the endpoint answers with an error " * 4, home.at))
    assert max(len(one) for one in home.told("status") if not one.startswith("store")) <= 80
