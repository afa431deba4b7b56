"""`hedgewatch rules diff`: what other rules would have told of a past storm."""

import argparse
import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from monitor.alerts.alert import Alert
from monitor.alerts.figures import span
from monitor.app.replay import Replay, Replayed
from monitor.cli.lines import line
from monitor.cli.timetravel_given import (
    SELF,
    enabled_packs,
    fills_of,
    held_of,
    replay_book,
    window_of,
)
from monitor.errors import ConfigError, Fault
from monitor.rules.loader import load_packs, rule_files, seek_packs
from monitor.rules.pack import Pack
from monitor.timetravel.alert_diff import Compared, Difference, Episode, Kind, compare
from monitor.timetravel.alert_lines import in_order
from monitor.timetravel.events import Window
from monitor.timetravel.pool import ModelPool
from monitor.timetravel.provenance import MODEL
from monitor.timetravel.report_words import dark_word
from monitor.timetravel.tape import tape

_MANY = 4
"""So many of a kind are told one by one; more are told together."""

_OF_THE_RULE = ("action", "severity", "route")

_VERBS = {Kind.APPEARS: "appear", Kind.VANISHES: "vanish", Kind.MOVES: "move",
          Kind.CHANGES: "change"}  # fmt: skip


def diff(asked: argparse.Namespace) -> int:
    """Replay both sets of rules and print how their alerts differ; return 1 where they do."""
    window = window_of(asked)
    sets = _sets(asked)
    old, new = (_replayed(asked, window, packs) for packs in sets)
    found = compare(in_order(old.alerts), in_order(new.alerts))
    dark = (old.dark, new.dark)
    if asked.json:
        told = {**_as_json(asked, window, sets, found), "not_judged": dark}
        print(json.dumps(told, ensure_ascii=False, indent=1))
    else:
        for text in _told(found.differences):
            print(text)
        print(line("", f"{_packs(sets)}, {_summary(asked, window, found)}"))
        if rules := tuple(dict.fromkeys(rule for some in dark for rule in some)):
            print(line("not judged: ", dark_word(rules)))
    return 1 if found.differences else 0


def _sets(asked: argparse.Namespace) -> list[tuple[Pack, ...]]:
    """Return both sets of packs: of folders those asked for, else those the config enables.

    All of a folder where none is enabled; never `self`, which watches a daemon: there is none.
    """
    sets = [_files(path) for path in (asked.old, asked.new)]
    folders = [(path, files) for path, files in sets if path is not None]
    known = {one.stem for _, files in folders for one in files}
    absent = [one for one in asked.rules or () if one not in known]
    if absent and folders:
        raise ConfigError(seek_packs(folders[0][0], absent)[1])
    if asked.rules and not folders:
        why = "picks packs of a folder, and both of these are files: leave it out"
        raise ConfigError([Fault(file="rules diff", where="--rules", reason=why)])
    only = set(asked.rules or known.intersection(enabled_packs(asked.config)) or known) - {SELF}
    return [
        load_packs([one for one in files if folder is None or one.stem in only])
        for folder, files in sets
    ]


def _files(path: Path) -> tuple[Path | None, list[Path]]:
    """Return the folder of rule files that is meant, None for a file, and what is in it.

    The folder may be that of rules or the whole of a copy.
    """
    if not path.is_dir():
        return None, [path]
    inner = path / "rules"
    folder = inner if inner.is_dir() else path
    return folder, rule_files([folder])


def _replayed(asked: argparse.Namespace, window: Window, packs: Sequence[Pack]) -> Replayed:
    pool = ModelPool(held=tuple(held_of(asked)), fee_share=asked.fees)
    try:
        book = replay_book(packs)
        replay = Replay(book, fills_of(asked.fills, book), settles=asked.fills == MODEL)
        return replay.run(tape(window, pool, book.lens.feeds))
    except ValueError as error:
        # Not 1, which says that there are differences.
        raise ConfigError([Fault(file="rules diff", where="", reason=str(error))]) from error


def _told(differences: Sequence[Difference]) -> Iterator[str]:
    """Yield differences in the order of time; what appears or vanishes over and over in a line."""
    alike: dict[tuple[str, ...], list[Difference]] = {}
    for one in differences:
        alike.setdefault(_what(one), []).append(one)
    for one in differences:
        some = alike[_what(one)]
        folded = one.kind in {Kind.APPEARS, Kind.VANISHES} and len(some) > _MANY
        if not folded:
            yield from _lines(one, "")
        elif one is some[0]:
            yield from _lines(one, f", {len(some)} times until {_at(some[-1].at)}")


def _what(one: Difference) -> tuple[str, ...]:
    return (one.kind, one.alert.rule, one.alert.scope, _cloud(one.alert))


def _lines(one: Difference, times: str) -> Iterator[str]:
    """Yield a difference: when, whose, and what it is."""
    alert = one.alert
    whose = f"{alert.rule}{_over(alert)}{_cloud(alert)}{times}"
    yield line(f"{one.kind:<9} {_at(one.at)}  ", whose)
    if move := _move(one):
        yield line(" " * 10, move)
        # Its text has other figures at another time; what the rule itself says is told.
        yield from (line(" " * 10, text) for text in one.what if text.startswith(_OF_THE_RULE))
    else:
        yield line(" " * 10, "; ".join(one.what) or alert.title)
        if "text" in one.what and one.old is not None and one.new is not None:
            yield line(" " * 10 + "was  ", _said(one.old.first))
            yield line(" " * 10 + "is   ", _said(one.new.first))


def _said(alert: Alert) -> str:
    return " · ".join(filter(None, (alert.title, alert.text)))


def _move(one: Difference) -> str:
    """Return how far an alert moves; nothing where it does not."""
    if not one.moved or one.old is None or one.new is None:
        return ""
    way = "later" if one.moved > timedelta(0) else "earlier"
    by = span(abs(one.moved).total_seconds())
    return f"{by} {way}: {_at(one.old.at)} → {_at(one.new.at)}"


def _over(alert: Alert) -> str:
    """Return what an alert is over, as it follows its rule: ` #2`; nothing for the book."""
    if alert.scope == "book":
        return ""
    return f" #{alert.position.rpartition(':')[2]}" if alert.position else f" {alert.scope}"


def _cloud(alert: Alert) -> str:
    return f", {alert.state.value}" if alert.state.value in {"nodata", "error"} else ""


def _at(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%MZ}"


def _packs(sets: Sequence[Sequence[Pack]]) -> str:
    """Return what was replayed, by pack."""
    return ", ".join(dict.fromkeys(pack.id for packs in sets for pack in packs)) or "no pack"


def _summary(asked: argparse.Namespace, window: Window, found: Compared) -> str:
    counts = {kind: found.count(kind) for kind in Kind}
    told = [f"{n} {kind if n == 1 else _VERBS[kind]}" for kind, n in counts.items() if n]
    same = f"{found.same} {'alert is' if found.same == 1 else 'alerts are'} the same"
    what = ", ".join([same, *told]) if told else f"no difference: {same}"
    return f"{window.title}, {_fills(asked)}: {what}"


def _fills(asked: argparse.Namespace) -> str:
    return "nobody trades" if asked.fills == "none" else "the model takes every proposal"


def _as_json(
    asked: argparse.Namespace, window: Window, sets: Sequence[Sequence[Pack]], found: Compared
) -> dict[str, Any]:
    return {
        "packs": [[pack.id for pack in packs] for packs in sets],
        "old": str(asked.old),
        "new": str(asked.new),
        "first": window.first.isoformat(),
        "last": window.last.isoformat(),
        "fills": asked.fills,
        "same": found.same,
        "differences": [
            {
                "kind": one.kind.value,
                "rule": one.alert.rule,
                "scope": one.alert.scope,
                "moved_s": one.moved.total_seconds() if one.moved is not None else None,
                "what": list(one.what),
                "old": _episode(one.old),
                "new": _episode(one.new),
            }
            for one in found.differences
        ],
    }


def _episode(one: Episode | None) -> dict[str, Any] | None:
    if one is None:
        return None
    return {
        "at": one.at.isoformat(),
        "ends": one.ends.isoformat() if one.ends else None,
        "state": one.first.state.value,
        "action": one.first.action.value,
        "severity": one.first.severity.value,
        "reminders": one.reminders,
        "title": one.first.title,
        "text": one.first.text,
    }
