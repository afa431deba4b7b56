"""Which past is known: bars the daemon has taken up, and bars that wait for it."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from pydantic import TypeAdapter, ValidationError

from monitor.model.observation import Past
from monitor.model.reading import Bar
from monitor.signals.bars import Bars
from monitor.store.bars import restored_bars
from monitor.store.port import Store

_PAST: TypeAdapter[Past] = TypeAdapter(Past)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Bars of one signal by the member of its family; by the empty text where it is none.

    taken: those of the daemon. queued: those it has not taken up yet.
    """

    taken: Mapping[str, tuple[Bar, ...]] = field(default_factory=dict)
    queued: Mapping[str, tuple[Bar, ...]] = field(default_factory=dict)

    @property
    def days(self) -> frozenset[date]:
        """Return every session that some bar is of."""
        tables = (self.taken, self.queued)
        return frozenset(bar.day for table in tables for bars in table.values() for bar in bars)


def all_known(store: Store) -> dict[str, Known]:
    """Return what is known, by signal."""
    taken: dict[str, dict[str, tuple[Bar, ...]]] = {}
    for name, bars in restored_bars(store.load().rows).items():
        signal, _, key = name.partition("|")
        taken.setdefault(signal, {})[key] = bars.bars
    queued: dict[str, dict[str, tuple[Bar, ...]]] = {}
    for said in store.inbox.unheard():
        try:
            past = _PAST.validate_json(said.json)
        except ValidationError:
            continue  # a person's word
        table = queued.setdefault(past.name, {})
        if past.bars:
            table[past.key] = Bars(bars=table.get(past.key, ())).join(past.bars, sys.maxsize).bars
    names = dict.fromkeys((*taken, *queued))
    return {
        name: Known(taken=taken.get(name, {}), queued=queued.get(name, {}))
        for name in names
        if taken.get(name) or queued.get(name)
    }
