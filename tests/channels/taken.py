"""An inbox that takes every word, and the trade that people and programs tell it of."""

from dataclasses import dataclass, field
from datetime import date
from typing import Final

from monitor.channels.spoken import Answer, Outcome
from monitor.model.layer import Contract, Fill
from monitor.model.observation import Word

LEG: Final = "vix.call 2027-03-17 29 +4 @2.85"
BOUGHT: Final = Fill(
    contract=Contract(kind="vix.call", expiry=date(2027, 3, 17), strike=29.0),
    quantity=4,
    price=2.85,
)


@dataclass
class Kept:
    """An inbox whose every new word is taken; `fault` is raised instead, once it is given."""

    words: dict[str, Word] = field(default_factory=dict)
    fault: Exception | None = None

    def left(self, word: str) -> bool:
        return word in self.words

    async def obey(self, word: Word) -> Answer:
        if self.fault:
            raise self.fault
        repeat = word.id in self.words
        self.words.setdefault(word.id, word)
        return Answer(outcome=Outcome.TAKEN, text=f"{word.verb} taken", repeat=repeat)
