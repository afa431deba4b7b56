"""A person's word by a channel: left in the inbox as a command leaves it, and its answer."""

from dataclasses import replace
from typing import Final

from pydantic import TypeAdapter

from monitor.app.notes import notes
from monitor.channels.spoken import Answer, Outcome
from monitor.clock import Clock, stopwatch
from monitor.errors import HedgewatchError
from monitor.model.observation import Verb, Word
from monitor.store.port import Inbox

_WORD: Final = TypeAdapter(Word)
_PATIENCE_S: Final = 10.0
_NAP_S: Final = 0.05
_NOT_TAKEN: Final = ("refused", "not understood")
_NOTED: Final = frozenset({Verb.FILL, Verb.ROLL, Verb.CLOSE})


class Errands:
    """Leaves words in the inbox; the state is changed by the road alone, and by nothing here.

    clock: what waits are slept on. patience_s: how long the road may take over a word.
    """

    def __init__(self, inbox: Inbox, *, clock: Clock, patience_s: float = _PATIENCE_S) -> None:
        self._inbox = inbox
        self._patience_s = patience_s
        self._clock = clock

    async def run(self, word: Word) -> Answer:
        """Return what came of a word; one whose id was left before is not left again."""
        try:
            added = self._inbox.say(word.id, _WORD.dump_json(word).decode(), word.observed_at)
        except HedgewatchError as error:
            return Answer(outcome=Outcome.REFUSED, text=f"not taken: {error}")
        try:
            heard, why = await self._outcome(word.id), f"within {self._patience_s:g} s"
        except HedgewatchError as error:
            heard, why = None, f"yet: {error}"
        if heard is None:
            text = f"it is queued, do not say it again; not taken up {why}"
            return Answer(outcome=Outcome.WAITS, text=text, repeat=not added)
        return replace(_told(word, heard), repeat=not added)

    def left(self, word: str) -> bool:
        """Return whether a word of this id was left before, whatever came of it."""
        waiting = {one.id for one in self._inbox.unheard()}
        return word in waiting or self._inbox.heard(word) is not None

    async def _outcome(self, word: str) -> str | None:
        began = stopwatch()
        while (heard := self._inbox.heard(word)) is None and stopwatch() - began < self._patience_s:
            await self._clock.sleep(_NAP_S)
        return heard


def _told(word: Word, heard: str) -> Answer:
    if heard.startswith(_NOT_TAKEN):
        # A command's option, where a message has a word.
        return Answer(outcome=Outcome.REFUSED, text=heard.replace("--position", "position"))
    odd = notes(word.verb, word.fills) if word.verb in _NOTED else ()
    return Answer(outcome=Outcome.TAKEN, text="\n".join([heard, *(f"note: {n}" for n in odd)]))
