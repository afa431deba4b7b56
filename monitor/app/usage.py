"""Which shipped rules ask for each signal, straight or through what is worked out of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from monitor.feeds.settings import PRICED
from monitor.rules.loader import pack_files, read_packs
from monitor.rules.pack import Pack
from monitor.shipped import rules_dir
from monitor.signals.catalogue import BY_NAME, SIGNALS


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Who uses one signal. rules: by id. through: names worked out of it that are used.

    texts: of rules that tell it and are not judged by it. prices: whether tickets are
    priced by it.
    """

    rules: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    through: tuple[str, ...] = ()
    prices: bool = False

    def __bool__(self) -> bool:
        """Return whether anything uses it."""
        return bool(self.rules or self.texts or self.through or self.prices)


def shipped_packs() -> tuple[Pack, ...]:
    """Return every pack that ships."""
    packs, _ = read_packs(pack_files(rules_dir()))
    return packs


def usage_of(packs: Iterable[Pack]) -> Mapping[str, Usage]:
    """Return who uses each signal of the catalogue."""
    rules = [rule for pack in packs for rule in pack.rules]
    judged, told = dict[str, dict[str, None]](), dict[str, dict[str, None]]()
    for rule in rules:
        for table, parts in ((judged, (rule.when, rule.clear)), (told, (rule.title, rule.text))):
            for name in (name for part in parts if part for name in part.names):
                table.setdefault(name, {})[rule.id] = None
    found = dict[str, Usage]()
    # What is worked out comes after what it rests on, so that the last is asked first.
    for name in reversed(list(BY_NAME)):
        found[name] = Usage(
            rules=tuple(judged.get(name, ())),
            texts=tuple(one for one in told.get(name, ()) if one not in judged.get(name, ())),
            through=tuple(
                one.name for one in SIGNALS if name in rests_on(one.name) and found.get(one.name)
            ),
            prices=name in PRICED,
        )
    return found


def rests_on(name: str) -> tuple[str, ...]:
    """Return what a signal is worked out of, of what is read; of a chain's, the family."""
    signal = BY_NAME[name]
    return signal.inputs or ((signal.definition,) if signal.definition in BY_NAME else ())
