"""The house's budgets: how long things may be, and what may not be used where."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = sorted((ROOT / "monitor").rglob("*.py"))
PRODUCT = [*PACKAGE, ROOT / "bootstrap.py"]
TESTS = sorted((ROOT / "tests").rglob("*.py"))
OWN_FOLDERS = ("monitor", "abis", "rules", "tests", ".ci")

FILE_LINES = 400
FUNCTION_LINES = 40
CLASS_LINES = 150
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "base", "manager"}
# Each takes the place of an honest fake or an argument.
PATCHING = {"unittest.mock", "mock", "monkeypatch", "mocker"}
CLOCK_READS = {
    *(f"time.{name}" for name in ("time", "time_ns", "monotonic", "monotonic_ns")),
    *(f"time.{name}" for name in ("perf_counter", "perf_counter_ns", "sleep", "localtime")),
    *(f"datetime.{name}" for name in ("now", "utcnow", "today")),
    *(f"datetime.datetime.{name}" for name in ("now", "utcnow", "today")),
    *(f"date.{name}" for name in ("today",)),
    *("asyncio.sleep", "asyncio.create_task"),
}
# Written in halves, so that this file does not name what it forbids.
PACKAGE_HOSTS = ("//py" + "pi", "python" + "hosted", "." + "npmjs.", "//" + "deb.")

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def definitions(path: Path) -> Iterator[Definition]:
    for node in ast.walk(tree(path)):
        if isinstance(node, Definition):
            yield node


def lines(node: Definition) -> int:
    """Count a definition's lines without its decorators and docstring."""
    assert node.end_lineno is not None
    total = node.end_lineno - node.lineno + 1
    first = node.body[0]
    if ast.get_docstring(node, clean=False) is not None:
        assert first.end_lineno is not None
        total -= first.end_lineno - first.lineno + 1
    return total


def dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return ""


def names_used(path: Path) -> Iterator[tuple[str, int]]:
    """Yield every dotted name, import and parameter of a file, with its line."""
    for node in ast.walk(tree(path)):
        match node:
            case ast.Attribute() | ast.Name():
                yield dotted(node), node.lineno
            case ast.ImportFrom(module=str(module)):
                yield module, node.lineno
                yield from ((f"{module}.{alias.name}", node.lineno) for alias in node.names)
            case ast.Import():
                yield from ((alias.name, node.lineno) for alias in node.names)
            case ast.arg():
                yield node.arg, node.lineno


@pytest.mark.parametrize("path", [*PRODUCT, *TESTS], ids=name)
def test_a_file_fits_in_one_reading(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= FILE_LINES


@pytest.mark.parametrize("path", PRODUCT, ids=name)
def test_functions_and_classes_are_short(path: Path) -> None:
    too_long = [
        f"{path.name}:{node.lineno} {node.name} has {lines(node)} lines"
        for node in definitions(path)
        if lines(node) > (CLASS_LINES if isinstance(node, ast.ClassDef) else FUNCTION_LINES)
    ]
    assert not too_long


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert not [name(path) for path in PACKAGE if VAGUE_NAMES & {*path.with_suffix("").parts[-2:]}]


@pytest.mark.parametrize("path", [*PRODUCT, *TESTS], ids=name)
def test_nothing_is_mocked_or_patched(path: Path) -> None:
    assert not [f"line {line}: {used}" for used, line in names_used(path) if used in PATCHING]


@pytest.mark.parametrize("path", [p for p in PACKAGE if p.name != "clock.py"], ids=name)
def test_only_the_clock_reads_a_clock_or_sleeps(path: Path) -> None:
    assert not [f"line {line}: {used}" for used, line in names_used(path) if used in CLOCK_READS]


def test_no_file_names_a_package_host() -> None:
    files = [path for path in ROOT.iterdir() if path.is_file()]
    for folder in OWN_FOLDERS:
        files += [path for path in (ROOT / folder).rglob("*") if path.is_file()]
    named = [
        f"{name(path)}: {host}"
        for path in files
        if "__pycache__" not in path.parts
        for host in PACKAGE_HOSTS
        if host.encode() in path.read_bytes()
    ]
    assert not named


# --- the measure itself ---------------------------------------------------------------------


def test_a_docstring_does_not_count_against_its_function(tmp_path: Path) -> None:
    file = tmp_path / "sample.py"
    file.write_text('def f():\n    """One.\n\n    Two.\n    """\n    a = 1\n    return a\n')
    assert [lines(node) for node in definitions(file)] == [3]


@pytest.mark.parametrize(
    ("code", "found"),
    [
        pytest.param("import time\ntime.time()", "time.time", id="a plain call"),
        pytest.param("from time import monotonic", "time.monotonic", id="an imported function"),
        pytest.param("x = datetime.now(UTC)", "datetime.now", id="a method"),
        pytest.param("import asyncio\nf = asyncio.sleep", "asyncio.sleep", id="passed as a value"),
    ],
)
def test_every_way_to_a_clock_is_seen(code: str, found: str, tmp_path: Path) -> None:
    file = tmp_path / "sample.py"
    file.write_text(code)
    assert found in {used for used, _ in names_used(file)} & CLOCK_READS


@pytest.mark.parametrize(
    ("code", "found"),
    [
        pytest.param("from unittest.mock import Mock", "unittest.mock", id="mock is imported"),
        pytest.param("from unittest import mock", "unittest.mock", id="mock is named"),
        pytest.param("def test_x(monkeypatch): ...", "monkeypatch", id="a fixture patches"),
    ],
)
def test_every_way_to_patch_is_seen(code: str, found: str, tmp_path: Path) -> None:
    file = tmp_path / "sample.py"
    file.write_text(code)
    assert found in {used for used, _ in names_used(file)} & PATCHING
