"""`hedgewatch layer list`: titles, scope, days to expiry, proposals, and what is queued."""

from datetime import timedelta
from typing import Any

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
