"""Rule files into packs; whatever is wrong with any of them is told all at once."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from monitor.errors import ConfigError, Fault
from monitor.model.layer import Action
from monitor.rules.form import Table
from monitor.rules.layer_form import read_layer
from monitor.rules.lint import unknown_inhibitors
from monitor.rules.pack import Layer, Pack, Rule
from monitor.rules.rule_form import Defaults, RuleReader, read_defaults
from monitor.rules.shorthand import rules_of
from monitor.rules.source import Source, Stand
from monitor.rules.suggest import did_you_mean, one_of
from monitor.shipped import rules_dir
from monitor.signals.catalogue import BY_NAME, Signal

SCHEMA: Final = 1
MAX_BYTES: Final = 256 * 1024
TEST_SUFFIX: Final = ".test.toml"

# Stands in for a missing [pack], so that the rest of the file is read all the same.
_NO_PACK: Final = {"id": "-", "title": "-", "evidence": "claim"}
_UNREAD: Final[Mapping[type[Exception], str]] = {
    RecursionError: "is nested too deeply",
    UnicodeDecodeError: "is not UTF-8",
}
_AT: Final = re.compile(r" ?\(at (?:line (\d+), column (\d+)|end of document)\)$")


class Evidence(StrEnum):
    """What a pack rests on."""

    CLAIM = "claim"
    PUBLISHED = "published"
    MEASURED = "measured"


def find_packs(folder: Path, enabled: Sequence[str]) -> list[Path]:
    """Return the files of the enabled packs; raises ConfigError for one that is not there."""
    paths, faults = seek_packs(folder, enabled)
    if faults:
        raise ConfigError(faults)
    return paths


def seek_packs(folder: Path, enabled: Sequence[str]) -> tuple[list[Path], list[Fault]]:
    """Return the files of the enabled packs, and a fault for each that is not there."""
    known = {path.stem: path for path in pack_files(folder)}
    faults = []
    for name in enabled:
        if name not in known:
            hint = did_you_mean(name, known) or (f"; there are {', '.join(known)}" if known else "")
            reason = f'there is no pack "{name}"{hint}'
            faults.append(Fault(file=str(folder), where="rules.enabled", reason=reason))
    return [known[name] for name in dict.fromkeys(enabled) if name in known], faults


def pack_files(folder: Path) -> list[Path]:
    """Return the rule files of a folder in order, its tests of rules left out."""
    return [path for path in sorted(folder.glob("*.toml")) if not _is_test(path)]


def rule_files(paths: Iterable[Path]) -> list[Path]:
    """Return files, and the rule files of folders; raise ConfigError for a folder of none."""
    found, faults = list[Path](), list[Fault]()
    for path in paths:
        some = pack_files(path) if path.is_dir() else [path]
        if not some:
            faults.append(Fault(file=str(path), where="", reason="holds no rule files"))
        found += some
    if faults:
        raise ConfigError(faults)
    return found


def load_packs(paths: Sequence[Path], names: Mapping[str, Signal] = BY_NAME) -> tuple[Pack, ...]:
    """Return the packs of these files; raises ConfigError with every fault of all of them."""
    packs, faults = read_packs(paths, names)
    if faults:
        raise ConfigError(faults)
    return packs


def read_packs(
    paths: Sequence[Path], names: Mapping[str, Signal] = BY_NAME, *, complete: bool = True
) -> tuple[tuple[Pack, ...], list[Fault]]:
    """Return the packs of the sound files, and every fault of all of them.

    complete: there are no other files; else a rule that is not in these may be elsewhere.
    """
    return _sound([_load(path, names) for path in paths], complete=complete)


def pack_of(file: str, text: str) -> Pack:
    """Return the pack of a text; raise ConfigError with every fault of it. file: as it is told."""
    packs, faults = _sound([_parsed(file, text, BY_NAME)], complete=True)
    if faults:
        raise ConfigError(faults)
    return packs[0]


def _sound(drafts: Sequence["_Draft"], *, complete: bool) -> tuple[tuple[Pack, ...], list[Fault]]:
    """Return the packs of what has no fault, and every fault of all."""
    _across(drafts, complete=complete and all(draft.pack is not None for draft in drafts))
    faults = [
        fault
        for draft in drafts
        for fault in sorted(draft.source.faults, key=lambda one: (one.line or 0, one.column or 0))
    ]
    right = (draft.pack for draft in drafts if not draft.source.faults)
    return tuple(pack for pack in right if pack is not None), faults


@dataclass(slots=True)
class _Draft:
    """A file as far as it could be read.

    ids: every pack, layer and rule id with its table, those of faulty ones too.
    """

    source: Source
    pack: Pack | None = None
    rules: tuple[Rule, ...] = ()
    ids: list[tuple[str, str, Table]] = field(default_factory=list)


def _across(drafts: Sequence[_Draft], *, complete: bool) -> None:
    """Note what is wrong between tables: an id given twice, an inhibitor that is not there."""
    seen: dict[tuple[str, str], str] = {}
    tables: dict[str, Table] = {}
    for draft in drafts:
        for kind, name, table in draft.ids:
            if name and (kind, name) in seen:
                table.fault("id", f"there is a {kind} {name} already, in {seen[kind, name]}")
            seen.setdefault((kind, name), draft.source.file)
            if kind == "rule":
                tables.setdefault(name, table)
    _inhibitors([rule for draft in drafts for rule in draft.rules], tables, complete=complete)
    packs = {name: table for draft in drafts for kind, name, table in draft.ids if kind == "pack"}
    for draft in drafts:
        if draft.pack is not None and draft.pack.contradicts:
            for reason in _odd_contradictions(draft.pack, packs):
                packs[draft.pack.id].fault("contradicts", reason)


def _odd_contradictions(pack: Pack, here: Mapping[str, Table]) -> Iterator[str]:
    """Yield a sentence for each pack contradicted that is nowhere.

    It need not be read with this one, but must be there: among these, beside it, or shipped.
    """
    folders = (Path(pack.file).parent, rules_dir())
    known = here.keys() | {path.stem for folder in folders for path in pack_files(folder)}
    for other in pack.contradicts:
        if other == pack.id:
            yield "a pack cannot contradict itself"
        elif other not in known:
            yield f"there is no pack {other[:64]}{did_you_mean(other, known)}"


def _inhibitors(found: Sequence[Rule], tables: Mapping[str, Table], *, complete: bool) -> None:
    rules = {rule.id: rule for rule in found}
    for rule in rules.values():
        if rule.layer is None and rule.action is not Action.NOTIFY:
            continue  # its layer is at fault, and with it the names it would excuse
        table = tables[rule.id]
        for reason, excused in unknown_inhibitors(rule, tables):
            if complete and not excused:
                table.fault("inhibited_by", reason)
        for other in rule.inhibited_by:
            if other in rules and other != rule.id and rule.id in rules[other].inhibited_by:
                table.fault("inhibited_by", f"{rule.id} and {other} inhibit each other")


def _is_test(path: Path) -> bool:
    return path.name.endswith(TEST_SUFFIX)


def _load(path: Path, names: Mapping[str, Signal]) -> _Draft:
    text, reason = _text(path)
    if not reason:
        return _parsed(str(path), text, names)
    draft = _Draft(Source(str(path), text))
    draft.source.faults.append(Fault(file=str(path), where="", reason=reason))
    return draft


def _parsed(file: str, text: str, names: Mapping[str, Signal]) -> _Draft:
    draft = _Draft(Source(file, text))
    try:
        _read(tomllib.loads(text), draft, names)
    except tomllib.TOMLDecodeError as error:
        draft.source.faults.append(not_toml(file, str(error)))
    except RecursionError:
        draft.source.faults.append(Fault(file=file, where="", reason="is nested too deeply"))
    return draft


def _text(path: Path) -> tuple[str, str]:
    """Return a file's text, or why it is not to be had."""
    try:
        real = path.resolve(strict=True)
        if reason := _barred(path, real):
            return "", reason
        return real.read_text(encoding="utf-8"), ""
    except FileNotFoundError:
        return "", "there is no such file"
    except UnicodeDecodeError:
        return "", "is not UTF-8"
    except OSError as error:
        return "", f"cannot be read: {error.strerror}"


def _barred(path: Path, real: Path) -> str:
    if _is_test(path):
        return "holds tests of rules, not rules"
    if not real.is_relative_to(path.parent.resolve()):
        return "is a link that leaves its folder"
    if real.stat().st_size > MAX_BYTES:
        return f"is larger than {MAX_BYTES // 1024} kB"
    return ""


def read_toml(path: Path) -> tuple[str, dict[str, Any]]:
    """Return a file's text and what it says; raise ConfigError with the one reason it cannot be."""
    try:
        text = path.read_text(encoding="utf-8")
        return text, tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([not_toml(str(path), str(error))]) from error
    except (OSError, RecursionError, UnicodeDecodeError) as error:
        reason = _UNREAD.get(type(error)) or f"cannot be read: {getattr(error, 'strerror', error)}"
        raise ConfigError([Fault(file=str(path), where="", reason=reason)]) from error


def not_toml(file: str, message: str) -> Fault:
    """Return the fault of a file that `tomllib` refuses, with its place. message: as it says so."""
    found = _AT.search(message)
    line, column = (int(found[1]), int(found[2])) if found and found[1] else (None, None)
    reason = _AT.sub("", message) if line else message
    return Fault(file=file, where="", reason=f"not TOML: {reason}", line=line, column=column)


def _read(data: dict[str, Any], draft: _Draft, names: Mapping[str, Signal]) -> None:
    top = Table(data, Stand(source=draft.source))
    if top.whole("schema", SCHEMA, SCHEMA) is None and "schema" not in top:
        top.fault("schema", f"must be given: schema = {SCHEMA}")
    head = top.inner("pack", header="pack")
    if head is None:
        if "pack" not in top:
            top.fault("pack", "must be given: [pack] with id, title and evidence")
        head = Table(_NO_PACK, Stand(source=Source("", ""), header="pack", what="pack"))
    defaults_table = top.inner("defaults", header="defaults")
    defaults = read_defaults(defaults_table, names) if defaults_table else Defaults()
    name, title = head.name("id"), head.text("title", need=True) or ""
    if "evidence" not in head:
        head.fault("evidence", f"must be given: {one_of(Evidence)}")
    evidence = head.word("evidence", Evidence) or ""
    sources, contradicts = head.texts("sources") or (), head.texts("contradicts") or ()
    head.close()
    draft.ids.append(("pack", name, head))
    reader = RuleReader(pack=name, defaults=defaults, names=names)
    layers, rules = _layers(top, draft, reader)
    for table in top.rows("rule", header="rule"):
        rules.append(reader.read(table))
        draft.ids.append(("rule", table.said("id"), table))
    top.close()
    if not rules:
        top.fault("rule", "a pack needs at least one rule")
    draft.rules = tuple(rule for rule in rules if rule is not None)
    draft.pack = Pack(
        id=name,
        title=title,
        evidence=evidence,
        sources=sources,
        rules=draft.rules,
        layers=tuple(layers),
        file=draft.source.file,
        contradicts=contradicts,
    )


def _layers(top: Table, draft: _Draft, reader: RuleReader) -> tuple[list[Layer], list[Rule | None]]:
    layers: list[Layer] = []
    rules: list[Rule | None] = []
    spelled = 0
    for table in top.rows("layer", header="layer"):
        layer = read_layer(table)
        draft.ids.append(("layer", table.said("id"), table))
        # TOML counts [[layer.rule]] over the whole file, so the first here is not number 0.
        own = table.rows("rule", header="layer.rule", first=spelled)
        spelled += len(own)
        written = {row.said("id") for row in own}
        kind, ladder = (layer.instrument.kind, layer.ladder) if layer else ("", ())
        meant = list(rules_of(table, kind, ladder, written))
        if not own and not meant:
            table.fault("", "a layer needs at least one [[layer.rule]]")
        within = replace(reader, layered=True, layer=layer)
        for row in (*own, *meant):
            rules.append(within.read(row))
            draft.ids.append(("rule", row.said("id"), row))
        table.close()
        layers += [layer] if layer is not None else []
    return layers, rules
