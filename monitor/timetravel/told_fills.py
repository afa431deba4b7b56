"""Trades that a person did in a past storm, as a file tells them.

[[trade]]
at = 2020-02-18T15:00:00Z
layer = "L2"
verb = "fill"                                    # fill, roll or close
legs = ["vix.call 2020-06-17 18 +4 @2.25"]       # as `layer fill --leg` reads them
scope = "book"                                   # or a pool's or a position's key
"""

import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from monitor.alerts.alert import Alert
from monitor.errors import ConfigError, Fault
from monitor.hedge.legs import parse_leg
from monitor.model.layer import Fill
from monitor.model.observation import Verb, Word
from monitor.rules.form import Table, instant_of
from monitor.rules.pack import Rule
from monitor.rules.scopes import unknown_layer
from monitor.rules.source import Source, Stand

_VERBS: Final = (Verb.FILL, Verb.ROLL, Verb.CLOSE)


@dataclass(slots=True)
class ToldFills:
    """Tells each trade after the first observation that does not come before it.

    words: in order; each is observed then, and traded when the file says.
    """

    words: Sequence[Word]
    _told: int = field(default=0, init=False)

    def answers(self, _alerts: Sequence[Alert], now: datetime, /) -> Iterator[Word]:
        while self._told < len(self.words) and self.words[self._told].observed_at <= now:
            word = self.words[self._told]
            self._told += 1
            yield Word(
                id=word.id,
                verb=word.verb,
                observed_at=now,
                by=word.by,
                layer=word.layer,
                scope=word.scope,
                fills=word.fills,
                traded_at=word.observed_at,
            )

    @property
    def untold(self) -> int:
        """Return how many trades lie beyond the last observation."""
        return len(self.words) - self._told


def read_fills(path: Path, rules: Iterable[Rule]) -> ToldFills:
    """Return the trades of a file. rules: whose layers it may speak of.

    Raises ConfigError with every fault: file, line, key and value.
    """
    try:
        text = path.read_text(encoding="utf-8")
        data = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError([Fault(file=str(path), where="", reason=str(error))]) from error
    source, rules = Source(str(path), text), tuple(rules)
    whole = Table(data, Stand(source=source))
    tables = whole.rows("trade", header="trade")
    words = [_word(table, number, rules) for number, table in enumerate(tables, start=1)]
    whole.close()
    if not tables:
        whole.fault("trade", "there is no [[trade]]")
    if source.faults:
        raise ConfigError(source.faults)
    return ToldFills(sorted((one for one in words if one), key=lambda one: one.observed_at))


def _word(table: Table, number: int, rules: Sequence[Rule]) -> Word | None:
    """Return what a person said, observed when it was traded; None where it is at fault."""
    before = table.faulty
    at, layer = instant_of(table, "at"), table.name("layer")
    if at is None and table.faulty == before:
        table.fault("at", "must be given: an instant such as 2020-02-18T15:00:00Z")
    verb = table.word("verb", Verb, among=_VERBS) or Verb.FILL
    scope = table.text("scope") or "book"
    faulty = table.faulty
    fills = tuple(_legs(table))
    if not fills and verb is not Verb.CLOSE and table.faulty == faulty:
        table.fault("legs", "must be given: what was traded")
    table.close()
    if at is None or table.faulty > before:
        return None
    word = Word(
        id=f"told:{number}",
        verb=verb,
        observed_at=at,
        by="file",
        layer=layer,
        scope=scope,
        fills=fills,
    )
    if why := unknown_layer(rules, word):
        table.fault("layer", why)
    return word


def _legs(table: Table) -> Iterator[Fill]:
    for text in table.texts("legs") or ():
        try:
            yield parse_leg(text)
        except ValueError as error:
            table.fault("legs", str(error))
