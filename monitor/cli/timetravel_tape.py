"""`hedgewatch timetravel --tape`: what a daemon recorded, through the same road once more."""

import argparse
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from monitor.alerts.ticket import DISCLAIMER
from monitor.app.replay import Replay
from monitor.app.rulebook import load_enabled, rulebook
from monitor.app.taping import fingerprint
from monitor.cli.given_config import settings_of
from monitor.cli.lines import line
from monitor.cli.timetravel_given import fills_of, refused, tell, write_log
from monitor.config import Settings
from monitor.errors import Permanent
from monitor.pipeline import Rulebook
from monitor.sources.tape import Head, Line, read_tape
from monitor.timetravel.report_words import dark_word


@dataclass(slots=True)
class _Heads:
    """The heads of a tape, kept as it goes by."""

    seen: list[Head] = field(default_factory=list)

    def kept(self, lines: Iterable[Line]) -> Iterator[Line]:
        for one in lines:
            if isinstance(one, Head):
                self.seen.append(one)
            yield one


def replay_tape(asked: argparse.Namespace) -> int:
    """Replay a tape by the rules of a config, print its alerts, write them where asked.

    What people said is on the tape, so nobody else trades unless that is asked for.
    """
    if asked.event or asked.first or asked.last or asked.position or asked.data:
        reason = "a tape has all of its own: leave EVENT, --from, --to, --position and --data out"
        raise refused("--tape", reason)
    book, heads = _book(asked), _Heads()
    fills = fills_of(asked.fills or "none", book)
    try:
        found = Replay(book, fills).run(heads.kept(read_tape(asked.tape)))
    except ValueError as error:
        raise Permanent(f"{asked.tape}: {error}") from error
    tell(found.alerts, fills)
    print(f"\n{asked.tape}: {', '.join(pack.id for pack in book.packs)}")
    print(line(f"{'observations':<16}", f"{found.observations:,}, alerts {len(found.alerts)}"))
    print(line(f"{'rules':<16}", _same(book, heads.seen)))
    if found.dark:
        print(line(f"{'not judged':<16}", dark_word(found.dark)))
    print(DISCLAIMER)
    if asked.out:
        write_log(found.alerts, asked.out)
    return 0


def _book(asked: argparse.Namespace) -> Rulebook:
    settings = settings_of(asked.config) or Settings()
    if asked.rules:
        rules = replace(settings.rules, enabled=tuple(asked.rules))
        settings = replace(settings, rules=rules)
    return rulebook(settings, load_enabled(settings))


def _same(book: Rulebook, heads: Iterable[Head]) -> str:
    """Say whether the tape was judged by these very rules when it was recorded."""
    if {head.rules for head in heads} == {fingerprint(book)}:
        return "those it was recorded with"
    return "not those it was recorded with, or looked at otherwise: its alerts may differ"
