"""A layer that is on while the rules of it are taken out of force: it can still be put in order."""

from datetime import timedelta
from typing import Any

import pytest

from monitor.model.layer import LayerStatus
from monitor.model.observation import Verb
from tests.test_pipeline import FEB_14, HOUR, L2_CALLS, Road, word

LATER = FEB_14 + timedelta(days=3)


@pytest.fixture
def road(hand: Any) -> Road:
    """A road whose L2 is on, judged from now on by rules that have no such layer."""
    before = Road(hand.book("alvh"))
    before.take(word(Verb.FILL, FEB_14, L2_CALLS))
    return Road(hand.book("crypto_dvol"), state=before.state)


def test_what_is_held_can_be_closed(road: Road) -> None:
    closing = word(Verb.CLOSE, LATER, "vix.call 2020-06-17 18 -4 @2.10")
    assert road.refusal(closing) == ""
    road.take(closing)
    layer = road.layer("L2")
    assert (layer.status, layer.legs) == (LayerStatus.OFF, ())
    assert [entry.cash_usd for entry in layer.journal] == [-4 * 1.60 * 100, 4 * 2.10 * 100]


def test_what_is_booked_can_be_mended(road: Road) -> None:
    road.take(word(Verb.CORRECT, LATER, "vix.call 2020-06-17 18 +3 @1.60", entry=1))
    assert [leg.quantity for leg in road.layer("L2").legs] == [3]
    road.take(word(Verb.CASH, LATER, cash_usd=-1.25, note="fees"))
    assert [one.usd for one in road.layer("L2").cash] == [-1.25]
    road.take(word(Verb.UNDO, LATER + HOUR))
    assert road.layer("L2").legs == ()


def test_nothing_is_opened_that_no_rule_would_watch(road: Road) -> None:
    for verb in (Verb.FILL, Verb.ROLL):
        spoken = word(verb, LATER, L2_CALLS)
        assert road.refusal(spoken) == "no layer L2; the rules have none"


def test_of_a_layer_never_booked_nothing_is_taken(road: Road) -> None:
    spoken = word(Verb.CLOSE, LATER, layer="L3")
    assert road.refusal(spoken) == "no layer L3; the rules have none"
