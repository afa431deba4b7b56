"""A trade that no alert asked for leaves its line all the same."""

from datetime import UTC, datetime, timedelta
from typing import Any

from monitor.alerts.alert import Alert
from monitor.alerts.render import console_line
from monitor.hedge.legs import parse_leg
from monitor.model.observation import Verb, Word
from monitor.pipeline import Rulebook, State, step

AT = datetime(2020, 2, 13, 22, 30, tzinfo=UTC)


def word(verb: Verb, at: datetime, *legs: str, name: str) -> Word:
    fills = tuple(parse_leg(leg) for leg in legs)
    return Word(id=name, verb=verb, observed_at=at, by="ann@cli", layer="L2", fills=fills)


def taken(book: Rulebook, state: State, said: Word) -> tuple[State, list[Alert]]:
    state, alerts = step(book, state, said)
    return state, list(alerts)


def test_a_fill_that_nobody_asked_for_leaves_a_line_too(hand: Any) -> None:
    book, state = hand.book("alvh"), State()
    said = word(Verb.FILL, AT, "vix.call 2020-06-17 18 +4 @1.60", name="bought")
    state, (event,) = taken(book, state, said)
    line = "22:30:00Z  filled   L2       book    +4 VIX 17Jun20 18C @1.60 by ann@cli"
    assert console_line(event) == f"{line}  {event.id}"
    assert (event.rule, event.state.value) == ("L2.fill", "filled")
    assert (event.text, event.route) == ("Now holds 4 × VIX 17 Jun 2020 18 call", ("console",))
    state, alerts = taken(book, state, said)
    assert alerts == [], "the same word is heard once"
    state, (event,) = taken(book, state, word(Verb.CLOSE, AT + timedelta(hours=1), name="sold"))
    assert (event.rule, event.reason) == ("L2.close", "-4 VIX 17Jun20 18C by ann@cli")
    assert event.text == "Now off"
    state, alerts = taken(book, state, word(Verb.CLOSE, AT + timedelta(hours=2), name="again"))
    assert alerts == [], "what is refused is not done"


def test_a_roll_that_was_asked_for_fills_what_asked(hand: Any) -> None:
    """Though it is what ends the condition, too, the condition is not what ended."""
    book, state = hand.book("alvh"), State()
    bought = word(Verb.FILL, AT, "vix.call 2020-06-17 18 +4 @1.60", name="bought")
    state, _ = taken(book, state, bought)
    near = AT + timedelta(days=110)
    state, alerts = step(book, state, hand.vix(27.0, near))
    (asked,) = (one for one in alerts if one.rule == "L2.roll")
    assert asked.state.value == "firing"
    legs = ("vix.call 2020-06-17 18 -4 @9.10", "vix.call 2020-09-16 30 +4 @4.20")
    _, (done,) = taken(book, state, word(Verb.ROLL, near, *legs, name="rolled"))
    assert (done.id, done.rule, done.state.value) == (asked.id, "L2.roll", "filled")
    assert done.reason.endswith("by ann@cli")
