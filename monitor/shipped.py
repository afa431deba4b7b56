"""Where the files that travel with the package lie: in the wheel, or beside it in a checkout."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def abis_dir() -> Path:
    """Return the folder of minimal contract ABIs."""
    return _first(_PACKAGE / "abis", _PACKAGE.parent / "abis")


def rules_dir() -> Path:
    """Return the folder of shipped rule packs."""
    return _first(_PACKAGE / "rulepacks", _PACKAGE.parent / "rules")


def pack_names() -> tuple[str, ...]:
    """Return the names of the shipped packs."""
    files = rules_dir().glob("*.toml")
    return tuple(sorted(one.stem for one in files if not one.stem.endswith(".test")))


def beside(package: str) -> str:
    """Return what to type for a package that is asked for by few, as `name` or `name[extra]`."""
    name = f"'{package}'" if "[" in package else package
    return f"`pipx inject hedgewatch {name}`, in a checkout `.venv/bin/uv pip install {name}`"


def example_config() -> str:
    """Return the commented config to start from."""
    for file in (_PACKAGE / "example.toml", _PACKAGE.parent / "config.toml"):
        if file.is_file():
            return file.read_text(encoding="utf-8")
    raise FileNotFoundError("the example config is not there: reinstall")


def _first(*candidates: Path) -> Path:
    for folder in candidates:
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"none of {', '.join(map(str, candidates))} exists: reinstall")
