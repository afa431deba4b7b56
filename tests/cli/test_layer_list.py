"""`hedgewatch layer list`: titles, scope, days to expiry, proposals, and what is queued."""

from datetime import timedelta
from typing import Any

import pytest

from monitor.hedge.legs import parse_leg
from monitor.model.observation import Verb, Word

MINUTE = timedelta(minutes=1)
LEG = "vix.call 2020-06-17 18 +4 @1.60"


def bought(home: Any) -> None:
    leg = parse_leg(LEG)
    home.take(
        Word(id="w", verb=Verb.FILL, observed_at=home.at, by="ann@cli", layer="L2", fills=(leg,))
    )


def test_a_layer_keeps_its_title_and_tells_scope_and_days_to_expiry(home: Any, hand: Any) -> None:
    home.take(hand.snapshot(home.at))
    bought(home)
    lines = home.told("layer", "list")
    titles = {layer.id: layer.title for pack in home.book.packs for layer in pack.layers}
    at = next(place for place, one in enumerate(lines) if one.startswith("L2"))
    # 14 February, 22:30 UTC, to 17 June: 15 days of February, 92 to the end of May, 17.
    row = " ".join(lines[at].split())
    assert row == "L2 book on 124 d 4 × VIX 17 Jun 2020 18 call"
    assert lines[at + 1].strip() == titles["L2"]
    off = next(one for one in lines if one.startswith("L1"))
    assert off.split() == ["L1", "book", "off"]
    assert lines[at].index("book") == off.index("book")
    assert lines[at].index(" on ") == off.index(" off")
    assert max(map(len, lines)) <= 80


def test_an_open_proposal_tells_until_when_it_holds(home: Any, hand: Any) -> None:
    home.take(hand.vix(13.68, home.at - 20 * MINUTE, home.at - MINUTE))
    (told,) = {
        one.strip().split(", alert ")[0] for one in home.told("layer", "list") if "alert" in one
    }
    assert told == "add proposed"
    assert sum("void 15 Feb 22:29 UTC" in one for one in home.told("layer", "list")) == 3


def test_what_is_queued_while_the_daemon_is_down_is_listed(home: Any, hand: Any) -> None:
    home.take(hand.snapshot(home.at))
    home.told("layer", "fill", "L2", "--leg", LEG)
    home.at += 2 * MINUTE
    last = home.told("layer", "list")[-1]
    assert last.startswith("queued  fill L2 +4 VIX 17Jun20 18C @1.60 by ")
    assert last.endswith(", 2 m ago")


def test_what_was_queued_and_then_refused_is_listed_and_logged(
    home: Any, hand: Any, caplog: pytest.LogCaptureFixture
) -> None:
    home.take(hand.snapshot(home.at))
    leg = parse_leg("vix.call 2019-12-18 18 +4 @1.60")
    home.take(
        Word(id="w", verb=Verb.FILL, observed_at=home.at, by="ann@cli", layer="L2", fills=(leg,))
    )
    reason = "VIX 18 Dec 2019 18 call trades no more"
    (logged,) = (one for one in caplog.records if one.levelname == "WARNING")
    assert logged.getMessage() == f"`fill L2` by ann@cli is refused: {reason}"
    home.told("layer", "fill", "L2", "--leg", "vix.call 2019-12-18 18 +4 @1.60")
    home.hear()
    home.at += 2 * MINUTE
    told = " ".join(one.strip() for one in home.told("layer", "list"))
    assert "refused fill L2 +4 VIX 18Dec19 18C @1.60 by" in told
    assert told.endswith(f"2 m ago: {reason}")
    home.at += timedelta(days=8)
    assert "refused" not in " ".join(home.told("layer", "list"))


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        pytest.param(
            ("fill", "L9", "--leg", LEG),
            "layer fill: no layer L9; the rules have L1, L2, L3",
            id="no such layer",
        ),
        pytest.param(
            ("close", "L2", "--position", "1:0x0:1"),
            "layer close: layer L2 covers the whole book: leave --position out",
            id="over another scope",
        ),
    ],
)
def test_a_layer_the_rules_do_not_have_is_refused_though_the_daemon_is_down(
    words: tuple[str, ...], reason: str, home: Any, hand: Any
) -> None:
    home.take(hand.snapshot(home.at))
    (told,) = home.told("layer", *words, status=2)
    assert told.startswith(reason)
    assert not any(one.startswith("queued") for one in home.told("layer", "list"))


def test_who_sells_what_another_layer_holds_is_told(home: Any, hand: Any) -> None:
    home.take(hand.snapshot(home.at))
    for layer, quantity in (("L2", 4), ("L3", -4), ("L3", -1)):
        home.told("layer", "fill", layer, "--leg", f"vix.call 2020-06-17 18 {quantity:+d} @1.60")
        home.hear()
    assert home.outcomes() == [
        "L2 on: 4 × VIX 17 Jun 2020 18 call",
        *(
            f"L3 on: sell {count} × VIX 17 Jun 2020 18 call; L2 holds 4 × VIX 17 Jun 2020 18 call:"
            " if that was meant, undo this and tell of L2"
            for count in (4, 5)
        ),
    ]


@pytest.mark.parametrize(
    ("sold", "outcome"),
    [
        pytest.param(-8, "L2 off", id="all of it"),
        pytest.param(
            -9,
            "L2 on: sell 1 × VIX 17 Jun 2020 18 call; more was sold than it held, so it is now"
            " short VIX 17 Jun 2020 18 call",
            id="one more than all",
        ),
    ],
)
def test_who_sells_more_than_was_held_is_told(
    sold: int, outcome: str, home: Any, hand: Any
) -> None:
    home.take(hand.snapshot(home.at))
    for quantity in (8, sold):
        home.told("layer", "fill", "L2", "--leg", f"vix.call 2020-06-17 18 {quantity:+d} @1.60")
        home.hear()
    assert home.outcomes()[-1] == outcome


def test_what_is_held_is_told_of_and_closed_though_its_pack_is_off(
    home: Any, hand: Any, caplog: pytest.LogCaptureFixture
) -> None:
    bought(home)
    home.packs, home.book = '"crypto_dvol"', hand.book("crypto_dvol")
    home.tidy()
    (logged,) = (one.getMessage() for one in caplog.records if "layer" in one.getMessage())
    assert logged == "layer L2 holds 4 × VIX 17 Jun 2020 18 call, and no rule watches it"
    lines = home.told("layer", "list")
    assert " ".join(lines[0].split()) == "L2 book on 124 d 4 × VIX 17 Jun 2020 18 call"
    assert lines[1].strip() == "no rule in force watches it: enable its pack, or close it"
    (queued,) = home.told("layer", "close", "L2", "--leg", "vix.call 2020-06-17 18 -4 @2.10")
    assert queued.startswith("queued: ")
    home.hear()
    assert home.outcomes() == ["L2 off"]
    assert home.told("layer", "list") == []
