"""`hedgewatch silence`, `silences` and `unsilence`: what people do not want to hear for a while."""

import argparse
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from monitor.alerts.matcher import Matcher, read_matcher
from monitor.alerts.reach import unfit
from monitor.alerts.silence import Silence, moment
from monitor.app.present import clock_of, open_saved
from monitor.app.rulebook import read_enabled, rulebook
from monitor.cli.layer import argument, say_word, short_id, word_of
from monitor.cli.lines import line
from monitor.config import Settings, load_settings
from monitor.errors import ConfigError, Fault
from monitor.model.observation import Verb
from monitor.rules.durations import parse_duration, parse_instant
from monitor.store.desk import restored_desk
from monitor.store.rows import restore

_INDENT: Final = "        "


def silence(asked: argparse.Namespace) -> int:
    """Silence what matches, until a moment, with a reason."""
    argument("MATCH", lambda: read_matcher(asked.match))
    if (asked.span is None) is (asked.until is None):
        raise ConfigError([Fault(file="--for", where="", reason="give --for SPAN or --until WHEN")])
    span = timedelta()
    if asked.span is not None:
        span = argument("--for", lambda: parse_duration(asked.span))
    end = None
    if asked.until is not None:
        end = argument("--until", lambda: parse_instant(asked.until))
    status = say_word(
        asked,
        lambda now: replace(
            word_of(now, Verb.SILENCE),
            matchers=tuple(asked.match),
            until=end or now + span,
            note=asked.reason,
        ),
    )
    if status == 0:
        _warn(asked)
    return status


def _warn(asked: argparse.Namespace) -> None:
    """Say so where nothing that may come is silenced; faulty rules prove nothing."""
    settings = load_settings(asked.config)
    packs, faults = read_enabled(settings.rules, settings.channel.names())
    match = read_matcher(asked.match)
    why = unfit(match, rulebook(settings, packs).rules, settings.chain)
    if why and not faults:
        print(line("note: ", f"{why}: as yet it silences nothing"))
    elif match.scope and not _is_seen(settings, Matcher(scope=match.scope)):
        told = f"nothing seen has scope={','.join(match.scope)}: as yet it silences nothing"
        print(line("note: ", f"{told}; of position #4471 write scope='*:4471'"))


def _is_seen(settings: Settings, match: Matcher) -> bool:
    """Tell whether a matcher of scopes fits any that alerts may be over now."""
    with closing(open_saved(settings)) as store:
        facts = restore(store.load().rows, ()).facts
    return any(match.matches({"scope": one}) for one in ("book", *facts.positions, *facts.pools))


def unsilence(asked: argparse.Namespace) -> int:
    """End a silence before its time."""
    named = short_id(asked.silence, "SILENCE", "silence")
    return say_word(asked, lambda now: replace(word_of(now, Verb.UNSILENCE), alert=named))


def silences(asked: argparse.Namespace) -> int:
    """Show every silence there is, the first to end first."""
    settings = load_settings(asked.config)
    now = clock_of(settings).now()
    with closing(open_saved(settings)) as store:
        desk = restored_desk(store.load().rows)
    for one in sorted(desk.silences.values(), key=lambda one: one.until):
        print(line(f"{one.id}  ", f"{_until(one, now)}  {one.match.told()}"))
        print(line(_INDENT, f"by {one.by} at {moment(one.since)}{_why(one)}"))
    if not desk.silences:
        print("nothing is silenced")
    return 0


def _until(one: Silence, now: datetime) -> str:
    return f"until {moment(one.until)}" + (" (over)" if one.until <= now else "")


def _why(one: Silence) -> str:
    return f": {one.reason}" if one.reason else ""
