"""Packs prove themselves: a slip in any level of theirs fails their own tests."""

import re
from collections.abc import Iterator
from pathlib import Path
from shutil import copy

import pytest

from monitor.errors import ConfigError
from monitor.rules.loader import TEST_SUFFIX, pack_files
from monitor.shipped import rules_dir
from monitor.timetravel.trial import run_file

SLIP = 0.15
CONDITION = re.compile(r"^\s*(?:when|clear) = ")
LEVEL = re.compile(r'(?<![\w."])-?\d+(?:\.\d+)?(?![\w"])')
NOT_YET = {"alvh_condor", "crypto_layers", "delta_band", "il_strip", "parity", "second_engine"}
"""Packs whose levels in conditions of several parts are not all tested from both sides."""
PROVEN = sorted({path.stem for path in pack_files(rules_dir())} - NOT_YET)


def slips(text: str) -> Iterator[tuple[str, str]]:
    """Yield a pack with one level of a condition raised or lowered, and what was done.

    Zeros are left: most are of counts, of which none lies between them and one.
    """
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if not (head := CONDITION.match(line)):
            continue
        for found in LEVEL.finditer(line, head.end()):
            level = float(found[0])
            for wrong in (level * (1 + SLIP), level * (1 - SLIP)) if level else ():
                slipped = f"{line[: found.start()]}{wrong:.6f}{line[found.end() :]}"
                whole = "\n".join([*lines[:number], slipped, *lines[number + 1 :]])
                yield whole, f"line {number + 1}: {found[0]} as {wrong:g}"


@pytest.mark.parametrize("name", PROVEN)
def test_a_slip_in_a_level_of_a_pack_fails_its_own_tests(name: str, tmp_path: Path) -> None:
    for path in (*pack_files(rules_dir()), rules_dir() / f"{name}{TEST_SUFFIX}"):
        copy(path, tmp_path)
    pack, unseen = tmp_path / f"{name}.toml", []
    for text, slip in slips(pack.read_text(encoding="utf-8")):
        pack.write_text(text, encoding="utf-8")
        try:
            outcomes = run_file(tmp_path / f"{name}{TEST_SUFFIX}").outcomes
        except ConfigError:  # refused when it is read
            continue
        if not any(one.faults for one in outcomes):
            unseen.append(slip)
    assert unseen == []
