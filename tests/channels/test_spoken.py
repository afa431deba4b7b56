"""Words as typed and as sent: what is read is what was meant, and all else is a sentence."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.channels.spoken import FORMS, MisspokenError, Spoken, is_word, typed
from monitor.hedge.legs import format_fill
from monitor.model.layer import Contract, Fill
from monitor.model.observation import Verb, Word

AT = datetime(2026, 11, 20, 14, 31, tzinfo=UTC)
QUANTITIES = st.integers(-1000, 1000).filter(bool)
CALLS = st.builds(
    lambda day, strike: Contract(kind="vix.call", expiry=day, strike=strike / 2),
    st.dates(date(2026, 12, 1), date(2028, 12, 31)),
    st.integers(20, 200),
)
FILLS = st.builds(
    lambda contract, quantity, cents: Fill(contract=contract, quantity=quantity, price=cents / 100),
    CALLS,
    QUANTITIES,
    st.integers(0, 10_000),
)


def read(text: str) -> Word:
    return typed(text).word(id="1", by="ann@telegram", now=AT)


@given(st.lists(FILLS, min_size=1, max_size=6), st.sampled_from(["; ", ";", " ;\n"]))
def test_legs_typed_are_the_legs_read(fills: list[Fill], between: str) -> None:
    word = read("/roll L2 " + between.join(map(format_fill, fills)))
    assert word.fills == tuple(fills)
    assert (word.verb, word.layer, word.scope) == (Verb.ROLL, "L2", "book")


def test_a_silence_is_labels_then_how_long_then_why() -> None:
    word = read("/silence pack=lp_range severity=info,warning 4h moving the range")
    assert word.matchers == ("pack=lp_range", "severity=info,warning")
    assert (word.until, word.note) == (AT + timedelta(hours=4), "moving the range")
    assert read("/unsilence 3f9a21").alert == "3F9A21"
    for text, key in (
        ("", "span"),
        ("4h", "matchers"),
        ("pack=x", "span"),
        ("pak=x 4h", "matchers"),
    ):
        with pytest.raises(MisspokenError) as fault:
            read(f"/silence {text}")
        assert fault.value.key == key


@given(st.sampled_from(sorted(FORMS)), st.text(max_size=80))
def test_whatever_follows_a_verb_is_read_or_refused_in_a_sentence(verb: Verb, rest: str) -> None:
    try:
        word = read(f"/{verb} {rest}")
    except MisspokenError as error:
        told = (error.key, str(error))
    else:
        told = (word.verb, word.by)
        assert word.verb is verb
    assert all(told)


@given(
    st.builds(
        Spoken,
        verb=st.sampled_from(Verb),
        layer=st.sampled_from(["", "L2"]),
        legs=st.sampled_from([(), ("vix.call 2027-03-17 29 +4",), ("what",)]),
        position=st.sampled_from([None, "", "1:0x00:1"]),
        entry=st.integers(0, 3),
        alert=st.sampled_from(["", "A17F3C", "ä"]),
        span=st.sampled_from(["", "1h", "99999999999d", "-1h", "soon"]),
        traded_at=st.sampled_from(["", "2026-11-19T08:00Z", "0001-01-01T00:00+14:00", "noon"]),
        usd=st.sampled_from([0.0, -0.0, 12.5]),
        note=st.sampled_from(["", "funding"]),
        matchers=st.sampled_from([(), ("pack=lp_range",), ("severity=loud",)]),
    )
)
def test_no_combination_of_parts_is_read_as_what_it_is_not(spoken: Spoken) -> None:
    try:
        word = spoken.word(id="1", by="ann", now=AT)
    except MisspokenError:
        return
    of_alert = word.verb in {Verb.ACK, Verb.SNOOZE, Verb.UNSILENCE}
    assert bool(word.alert) is of_alert
    assert bool(word.layer) is not (of_alert or word.verb is Verb.SILENCE)
    assert (word.until is not None) is (word.verb in {Verb.SNOOZE, Verb.SILENCE})
    assert bool(word.matchers) is (word.verb is Verb.SILENCE)
    assert word.until is None or word.until > AT
    assert len(word.fills) == len(spoken.legs)
    assert bool(word.cash_usd) is (word.verb is Verb.CASH)
    assert (word.cash_usd, word.note) == (spoken.usd, spoken.note)
    assert (word.traded_at is not None) is bool(spoken.traded_at)


@pytest.mark.parametrize("command", ["/status", "/why", "/ticket", "/help", "fil", "/"])
def test_a_question_is_no_word(command: str) -> None:
    assert not is_word(command)
