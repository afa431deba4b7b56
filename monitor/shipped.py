"""Where the files that travel with the package lie: in the wheel, or beside it in a checkout."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def abis_dir() -> Path:
    """Return the folder of minimal contract ABIs."""
    return _first(_PACKAGE / "abis", _PACKAGE.parent / "abis")


def rules_dir() -> Path:
    """Return the folder of shipped rule packs."""
    return _first(_PACKAGE / "rulepacks", _PACKAGE.parent / "rules")


def _first(*candidates: Path) -> Path:
    for folder in candidates:
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"none of {', '.join(map(str, candidates))} exists: reinstall")
