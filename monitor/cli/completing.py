"""What may follow on a command line, worked out from the parser itself and from what is there.

A shell asks by `hedgewatch __complete WORD… CURRENT` and is answered in lines, `word TAB
meaning`; the one line `:files` stands for files and folders.
"""

import argparse
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from monitor.cli.parser import parser
from monitor.cli.verbs import Verbs
from monitor.shipped import rules_dir
from monitor.timetravel.events import EVENTS

FILES: Final = ":files"
_MANY: Final = ("*", "+")
_NEWEST_ALERTS: Final = 20

Words = Iterable[tuple[str, str]]


@dataclass(slots=True)
class Place:
    """Where on a command line the cursor is.

    taker: the option or argument the current word is for, None where there is none. seen: the
    options given before. config: the settings named so far.
    """

    verb: argparse.ArgumentParser
    taker: argparse.Action | None = None
    seen: set[str] = field(default_factory=set)
    config: Path = Path("config.toml")


def complete(words: Sequence[str]) -> list[str]:
    """Return the lines for the last of the words after the program's name; it may be empty."""
    *before, current = words or [""]
    place = _place(before)
    if current.startswith("-") and not _takes_value(place.taker):
        return _lines(_options(place), current)
    if place.taker is None:
        return []
    if place.taker.choices is None and place.taker.type is Path:
        return [FILES]
    return _lines(_values(place.taker, place.config), current)


def _place(before: Sequence[str]) -> Place:
    """Walk over the words that are finished."""
    place = Place(verb=parser())
    left, taker = _arguments(place.verb), None
    for word in before:
        if word.startswith("-") and len(word) > 1:
            place.seen.add(word.partition("=")[0])
            taker = None if "=" in word else _option(place.verb, word)
            continue
        if taker is not None:
            if taker.dest == "config":
                place.config = Path(word)
            taker = taker if taker.nargs in _MANY else None
            continue
        if not left:
            continue
        if isinstance(left[0], Verbs):
            place.verb = left[0].choices.get(word, place.verb)
            left = _arguments(place.verb)
        elif left[0].nargs not in _MANY:
            left = left[1:]
    place.taker = taker if taker is not None else (left[0] if left else None)
    return place


def _arguments(verb: argparse.ArgumentParser) -> list[argparse.Action]:
    return [one for one in verb._actions if not one.option_strings]  # noqa: SLF001


def _option(verb: argparse.ArgumentParser, word: str) -> argparse.Action | None:
    """Return an option that takes a value."""
    for one in verb._actions:  # noqa: SLF001 - argparse tells them nowhere else
        if word in one.option_strings and one.nargs != 0:
            return one
    return None


def _takes_value(taker: argparse.Action | None) -> bool:
    """Return whether a word must follow whatever it begins with: that of an option."""
    return taker is not None and bool(taker.option_strings) and taker.nargs not in _MANY


def _options(place: Place) -> Words:
    for one in place.verb._actions:  # noqa: SLF001 - argparse tells them nowhere else
        again = one.__class__.__name__ == "_AppendAction"
        if not again and place.seen.intersection(one.option_strings):
            continue
        for name in one.option_strings:
            if name.startswith("--"):
                yield name, (one.help or "").replace("%%", "%")


def _values(taker: argparse.Action, config: Path) -> Words:
    if isinstance(taker, Verbs):
        told = {one.dest: one.help or "" for one in taker._choices_actions}  # noqa: SLF001
        return [(name, told.get(name, "")) for name in taker.choices]
    if taker.choices is not None:
        return [(str(one), "") for one in taker.choices]
    source = _SOURCES.get(str(taker.metavar)) or _SOURCES.get(taker.dest)
    return source(config) if source else ()


def _lines(words: Words, current: str) -> list[str]:
    """Return the words that begin as the current one does, each with its meaning on one line."""
    return [
        f"{word}\t{' '.join(told.split())}".rstrip("\t")
        for word, told in words
        if word.startswith(current)
    ]


# --- what is there ----------------------------------------------------------------------------


def _settings(config: Path) -> Mapping[str, object]:
    """Return a config as it is written; nothing where it cannot be read."""
    try:
        return tomllib.loads(config.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def _pack_files(config: Path) -> list[Path]:
    """Return the rule files of a config, or the shipped ones."""
    rules = _settings(config).get("rules")
    own = rules.get("folder") if isinstance(rules, dict) else None
    folder = config.parent / own if isinstance(own, str) else rules_dir()
    return sorted(one for one in folder.glob("*.toml") if not one.stem.endswith(".test"))


def _packs(config: Path) -> Words:
    for name, whole in _packs_whole(config):
        head = whole.get("pack")
        yield name, str(head.get("title", "")) if isinstance(head, dict) else ""


def _packs_whole(config: Path) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Yield each pack that is TOML, by its id, which is its file's name."""
    for file in _pack_files(config):
        try:
            yield file.stem, tomllib.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue


def _rules(config: Path) -> Words:
    """Return the rules of all packs, for those that are off can be explained, too."""
    found = dict[str, str]()
    for pack, whole in _packs_whole(config):
        for one in (*_tables(whole, "layer"), whole):
            found |= {str(rule.get("id")): f"of {pack}" for rule in _tables(one, "rule")}
    return found.items()


def _layers(config: Path) -> Words:
    """Return the layers of the enabled packs; of all where a config does not say which."""
    rules = _settings(config).get("rules")
    enabled = rules.get("enabled") if isinstance(rules, dict) else None
    for pack, whole in _packs_whole(config):
        if not isinstance(enabled, list) or pack in enabled:
            for one in _tables(whole, "layer"):
                yield str(one.get("id")), str(one.get("title", ""))


def _tables(whole: Mapping[str, object], name: str) -> list[Mapping[str, object]]:
    found = whole.get(name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _events(_: Path) -> Words:
    return [(name, one.title) for name, one in EVENTS.items()]


def _chains(config: Path) -> Words:
    chains = _settings(config).get("chain")
    return [(name, "") for name in chains] if isinstance(chains, dict) else ()


def _signals(_: Path) -> Words:
    from monitor.signals.catalogue import SIGNALS  # noqa: PLC0415 - a second, wanted here alone

    return [(one.name, one.meaning) for one in SIGNALS]


def _alerts(config: Path) -> Words:
    """Return the newest alerts; importing what reads them takes a while, too."""
    from monitor.cli.look import opened, told_by  # noqa: PLC0415

    with opened(argparse.Namespace(config=config)) as (_, store):
        for event in reversed(store.history.latest(_NEWEST_ALERTS)):
            alert = told_by(event)
            yield event.alert_id, f"{alert.rule} {alert.state.value}" if alert else ""


_SOURCES: Final[Mapping[str, Callable[[Path], Words]]] = {
    "PACK": _packs,
    "RULE": _rules,
    "LAYER": _layers,
    "EVENT": _events,
    "E": _events,
    "SIGNAL": _signals,
    "names": _signals,
    "chain": _chains,
    "ALERT": _alerts,
}
"""Where the words of an argument come from, by what it is called in the help, or by its name."""
