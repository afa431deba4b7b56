"""`hedgewatch silence`, `silences`, `unsilence`: what is said, refused and shown."""

from typing import Any

import pytest


def test_a_silence_is_left_taken_up_and_shown(home: Any) -> None:
    home.take()
    assert home.told("silences") == ["nothing is silenced"]
    told = home.told("silence", "pack=lp_range", "severity=info,warning", "--for", "4h")
    assert told[0] == "queued: the daemon is down, and takes it up when it starts"
    home.hear()
    (outcome,) = home.outcomes()
    what = "pack=lp_range severity=info,warning"
    assert outcome.endswith(f" of {what} until 2020-02-15 02:30 UTC")
    name = outcome.split()[1]
    first, second = home.told("silences")
    assert first == f"{name}  until 2020-02-15 02:30 UTC  {what}"
    assert second.startswith("        by ")
    status = " ".join(" ".join(home.told("status")).split())
    assert f"silence {name} {what}: silenced until 2020-02-15 02:30 UTC by " in status
    assert second.endswith(" at 2020-02-14 22:30 UTC")


def test_a_silence_of_nothing_there_is_says_so(home: Any) -> None:
    queued, note = home.told("silence", "pack=lp_rnage", "--for", "4h")
    assert queued.startswith("queued")
    assert note == "note: no rule in force has pack=lp_rnage: as yet it silences nothing"
    assert len(home.told("silence", "scope=*", "--for", "4h")) == 1


def test_a_silence_of_a_position_by_the_name_in_messages_says_so(home: Any, hand: Any) -> None:
    home.take(hand.snapshot(home.at, hand.position()))
    _, *note = home.told("silence", "scope=#1", "--for", "4h")
    assert " ".join(" ".join(note).split()) == (
        "note: nothing seen has scope=#1: as yet it silences nothing;"
        " of position #4471 write scope='*:4471'"
    )
    assert len(home.told("silence", "scope=*:1", "--for", "4h")) == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("pack=x",), "--for: give --for SPAN or --until WHEN"),
        (("pack=x", "--for", "1h", "--until", "2020-02-15T00:00Z"), "--for: give --for SPAN"),
        (("pack=x", "--for", "soon"), "--for: 'soon' is not a span"),
        (("pack=x", "--until", "noon"), "--until: 'noon' is no instant with its zone"),
        (("pak=x", "--for", "1h"), "MATCH: no label 'pak'; did you mean pack?"),
        (("state=on", "--for", "1h"), "MATCH: no state 'on': firing repeat resolved"),
    ],
)
def test_what_makes_no_silence_is_refused_at_once(
    home: Any, words: tuple[str, ...], told: str
) -> None:
    assert " ".join(home.told("silence", *words, status=2)).startswith(told)


def test_only_a_silences_name_can_be_ended(home: Any) -> None:
    (told,) = home.told("unsilence", "roof", status=2)
    assert told.startswith("SILENCE: 'roof' is no silence: it is six characters")


def test_a_matcher_that_fits_no_rule_is_warned_of(home: Any) -> None:
    home.extra = '[[alerts.route]]\nmatch = { pack = "alhv" }\nchannels = ["console"]\n'
    told = " ".join(" ".join(home.told("rules", "check")).split())
    assert "alerts.route.0.match: no rule in force has pack=alhv" in told
