"""`hedgewatch rules explain`: a rule in words and numbers, and how it stands."""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from monitor.app.rulebook import read_enabled
from monitor.cli.explain_now import now_told
from monitor.cli.explain_parts import condition, enough, layer, signals, timing, windows
from monitor.cli.given_config import settings_of
from monitor.cli.lines import line
from monitor.config import Settings
from monitor.errors import ConfigError, Fault
from monitor.rules.desk import orphan_rules
from monitor.rules.durations import parse_duration
from monitor.rules.form import RESERVED
from monitor.rules.loader import load_packs, pack_files, read_packs
from monitor.rules.pack import Pack, Rule
from monitor.rules.places import place_of
from monitor.rules.suggest import did_you_mean
from monitor.shipped import rules_dir

_MOST_TOLD: Final = 12
"""Ids told to somebody who knows none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """A rule, its pack, the packs read with it, and whether it is in force."""

    rule: Rule
    pack: Pack
    packs: tuple[Pack, ...]
    enabled: bool


def explain(asked: argparse.Namespace) -> int:
    """Print what a rule means; where a daemon has saved its state, how it stands, too."""
    settings = settings_of(asked.config)
    found = _found(asked, settings or Settings())
    for text in _told(found, settings or Settings()):
        print(text)
    if settings is not None:
        print()
        for text in now_told(asked, found.rule):
            print(text)
    return 0


def _found(asked: argparse.Namespace, settings: Settings) -> _Found:
    """Return the rule asked for; raise ConfigError where there is none, or several."""
    if asked.pack is not None:
        packs = load_packs([asked.pack])
        return _one(asked.rule, packs, packs, enabled=False)
    enabled, faults = read_enabled(settings.rules, settings.channel.names())
    if _has(enabled, asked.rule):
        return _one(asked.rule, enabled, enabled, enabled=True)
    folder = Path(settings.rules.folder) if settings.rules.folder else rules_dir()
    # Packs that contradict each other may use one id: each is read by itself.
    others = tuple(pack for path in pack_files(folder) for pack in read_packs([path])[0])
    if faults and not _has(others, asked.rule):
        raise ConfigError(faults)
    return _one(asked.rule, (*enabled, *others), others, enabled=False)


def _one(wanted: str, known: Sequence[Pack], packs: Sequence[Pack], *, enabled: bool) -> _Found:
    """Return the one rule of that id. known: whose ids are told where it is none of them."""
    pairs = [(pack, rule) for pack in packs for rule in _rules(pack) if rule.id == wanted]
    if not pairs:
        ids = list(dict.fromkeys(rule.id for pack in known for rule in pack.rules))
        more = f" and {len(ids) - _MOST_TOLD} more" if len(ids) > _MOST_TOLD else ""
        hint = did_you_mean(wanted, ids) or f"; there are {', '.join(ids[:_MOST_TOLD])}{more}"
        raise _refused(f"there is no rule {wanted[:64]}{hint}")
    if len(pairs) > 1:
        files = ", ".join(pack.file for pack, _ in pairs)
        raise _refused(f"{wanted} is in several packs, choose one by --pack: {files}")
    pack, rule = pairs[0]
    within = tuple(packs) if enabled else (pack,)
    return _Found(rule=rule, pack=pack, packs=within, enabled=enabled)


def _has(packs: Sequence[Pack], wanted: str) -> bool:
    return any(rule.id == wanted for pack in packs for rule in _rules(pack))


def _rules(pack: Pack) -> tuple[Rule, ...]:
    """Return a pack's rules, and those built in for its layers."""
    return (*pack.rules, *orphan_rules(pack.layers))


def _refused(reason: str) -> ConfigError:
    return ConfigError([Fault(file="RULE", where="", reason=reason)])


def _told(found: _Found, settings: Settings) -> Iterator[str]:
    rule, pack = found.rule, found.pack
    state = "enabled" if found.enabled else "not enabled"
    yield line("", f"{rule.id}  {rule.action.value} over {_over(rule)}, {rule.severity.value}")
    yield from _place(rule, pack.file)
    yield line("pack      ", f"{pack.id}, {state}: {pack.title}; evidence: {pack.evidence}")
    for source in pack.sources:
        yield line("          ", source)
    if pack.contradicts:
        yield line("against   ", f"{', '.join(pack.contradicts)}: enable one of them")
    yield from condition("when", rule.when)
    if rule.clear is not None:
        yield from condition("clear", rule.clear)
    else:
        yield "clear     as soon as `when` is false"
    yield from windows(rule)
    yield line("unknown   ", enough(rule.on_nodata))
    yield from timing(rule, parse_duration(settings.rules.max_gap))
    yield from _inhibitors(rule, found.packs)
    if rule.layer is not None:
        yield from layer(rule.layer)
    yield line("route     ", ", ".join(rule.route) or "every configured channel")
    yield line("says      ", f"{rule.title.text} · {rule.text.text}")
    yield from signals(rule)


def _over(rule: Rule) -> str:
    return "the book" if rule.scope == "book" else f"each {rule.scope.value}"


def _place(rule: Rule, file: str) -> Iterator[str]:
    here = Path.cwd()
    shown = Path(file).relative_to(here) if Path(file).is_relative_to(here) else file
    if rule.id.endswith(RESERVED):
        yield f"file      built in, for a layer in {shown}"
        return
    place = place_of(rule, Path(file).read_text(encoding="utf-8"))
    written = f"; `{place[1]}` stands for it" if place and place[1] else ""
    yield f"file      {shown}{f':{place[0]}' if place else ''}{written}"


def _inhibitors(rule: Rule, packs: Sequence[Pack]) -> Iterator[str]:
    if rule.inhibited_by:
        yield line("silenced  ", f"while {' or '.join(rule.inhibited_by)} fires")
    silences = [one.id for pack in packs for one in pack.rules if rule.id in one.inhibited_by]
    if silences:
        yield line("silences  ", f"{', '.join(silences)} while it fires")
