"""Tools that stay out of the product's environment: one of their own a lock."""

import sys
from pathlib import Path

import bootstrap


def install(name: str, says: str) -> Path:
    """Return the Python of `requirements-NAME.lock`; installs what it pins, unless that is there.

    says: what set-up prints of it.
    """
    home, lock = bootstrap.CACHE / name, bootstrap.ROOT / f"requirements-{name}.lock"
    python = home / "bin" / "python"
    step = bootstrap.Step(
        name=name, says=says, reads=(lock.name,), made=python, do=lambda: _install(home, lock)
    )
    if not step.done():
        step.do()
        step.stamp.write_text(step.mark(), encoding="ascii")
    return python


def _install(home: Path, lock: Path) -> None:
    uv, python = bootstrap.UV, home / "bin" / "python"
    bootstrap.run("uv", uv, "venv", "-q", "--clear", "--python", sys.executable, home)
    options = ("-q", "--python", python, "--require-hashes", "-r", lock)
    bootstrap.run("uv", uv, "pip", "install", *options)
