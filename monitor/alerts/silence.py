"""Silences: what people do not want to be told of for a while, and why."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from monitor.alerts.matcher import Matcher, read_matcher
from monitor.model.observation import Verb, Word

SPOKEN: Final = frozenset({Verb.SILENCE, Verb.UNSILENCE})
"""The words that are the policy's, and no rule's or layer's."""

LONGEST: Final = timedelta(days=366)


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """One silence. id: six hex digits. by: who said it; reason: why, in their words."""

    id: str
    match: Matcher
    since: datetime
    until: datetime
    by: str
    reason: str = ""

    def told(self) -> str:
        """Return why an alert it matches is not told: `silenced until … by ann: roof`."""
        why = f": {self.reason}" if self.reason else ""
        return f"silenced until {moment(self.until)} by {self.by}{why}"


def moment(at: datetime) -> str:
    """Return an instant to the minute, with its zone."""
    return f"{at:%Y-%m-%d %H:%M} UTC"


def refusal(silences: Mapping[str, Silence], word: Word, now: datetime) -> str:
    """Return why a word about silences cannot be taken, in one sentence, or an empty text.

    now: when it is heard, which is long after it was said where the daemon was down.
    """
    if word.verb is Verb.UNSILENCE:
        if word.alert in silences:
            return ""
        return f"no silence {word.alert[:20]}; there are: {', '.join(silences) or 'none'}"
    try:
        read_matcher(word.matchers)
    except ValueError as error:
        return str(error)
    if word.until is None:
        return "a silence needs its end"
    if word.until - word.observed_at > LONGEST:
        return "a silence lasts a year at most"
    ended = word.until <= max(word.observed_at, now)
    return f"the silence would have ended at {moment(word.until)}" if ended else ""


def heard(silences: Mapping[str, Silence], word: Word) -> Mapping[str, Silence]:
    """Return the silences after a word that is not refused."""
    if word.verb is Verb.UNSILENCE:
        return {key: one for key, one in silences.items() if key != word.alert}
    assert word.until is not None
    new = Silence(
        id=short_id(word),
        match=read_matcher(word.matchers),
        since=word.observed_at,
        until=word.until,
        by=word.by,
        reason=word.note,
    )
    return {**silences, new.id: new}


def short_id(word: Word) -> str:
    """Return the six characters people call the silence of a word by."""
    return hashlib.sha256(f"silence|{word.id}".encode()).hexdigest()[:6].upper()


def outcome(silences: Mapping[str, Silence], word: Word) -> str:
    """Return what came of a word about silences, in one sentence."""
    if word.verb is Verb.UNSILENCE:
        return f"silence {word.alert} is over"
    new = silences[short_id(word)]
    return f"silence {new.id} of {new.match.told()} until {moment(new.until)}"
