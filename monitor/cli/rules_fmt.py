"""`hedgewatch rules fmt`: rule files in the one layout."""

import argparse
from collections.abc import Iterable
from pathlib import Path

from monitor.cli.given_config import settings_of
from monitor.errors import ConfigError, Fault, Permanent
from monitor.rules.layout import laid_out
from monitor.rules.loader import read_toml
from monitor.shipped import rules_dir


def fmt(asked: argparse.Namespace) -> int:
    """Lay files out, or with `--check` only name those that are not; nothing if one is faulty."""
    found = _laid_out(_files(asked.files or [_folder(asked.config)]))
    other = {path: new for path, (old, new) in found.items() if new != old}
    for path, text in other.items():
        if not asked.check:
            _write(path, text)
        print(f"{'differs' if asked.check else 'mended '} {path}")
    count = f"{len(found)} file{'' if len(found) == 1 else 's'}"
    rest = "would be laid out anew" if asked.check else "laid out anew"
    print(f"{count}, {len(other) or 'none'} {rest}")
    return 1 if asked.check and other else 0


def _folder(config: Path) -> Path:
    settings = settings_of(config)
    folder = settings.rules.folder if settings else None
    return Path(folder) if folder else rules_dir()


def _files(paths: Iterable[Path]) -> list[Path]:
    """Return files, and those of folders in order, each once."""
    found = [one for path in paths for one in (sorted(path.glob("*.toml")) or [path])]
    return list(dict.fromkeys(found))


def _laid_out(paths: Iterable[Path]) -> dict[Path, tuple[str, str]]:
    """Return each file's text as it is and as it should be; raise ConfigError for all faulty."""
    texts, faults = dict[Path, tuple[str, str]](), list[Fault]()
    for path in paths:
        try:
            text, _ = read_toml(path)
        except ConfigError as error:
            faults += error.faults
        else:
            texts[path] = text, laid_out(text)
    if faults:
        raise ConfigError(faults)
    return texts


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Permanent(f"{path} cannot be written: {error.strerror}") from error
