"""`make audit`: known faults of what is pinned, by pip-audit, and out/sbom.json, by CycloneDX.

Exit 0: every pinned package was looked up and none has a known fault; 1: one has; 2: some could
not be looked up, which is no clean bill of health.
"""

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import bootstrap
from tests.apart import install

SBOM: Final = Path("out/sbom.json")
_FEW: Final = 5


def main() -> int:
    """Write the bill of materials, then look every package up."""
    python = install("audit", "pip-audit and CycloneDX, pinned by hash")
    print(materials(python, bootstrap.LOCK, bootstrap.ROOT / SBOM))
    print(f"written {SBOM}")
    verdict, lines = told(looked_up(python, bootstrap.LOCK))
    print("\n".join(lines), file=sys.stderr if verdict else sys.stdout)
    return verdict


def materials(python: Path, lock: Path, to: Path) -> str:
    """Write a lock as a CycloneDX bill of materials; return one sentence on it."""
    to.parent.mkdir(parents=True, exist_ok=True)
    made = subprocess.run(
        [
            python,
            "-m",
            "cyclonedx_py",
            "requirements",
            "--output-reproducible",
            "--of",
            "JSON",
            lock,
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    bill = json.loads(made.stdout)
    to.write_text(json.dumps(bill, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return f"{len(bill['components'])} packages of {lock.name} as CycloneDX {bill['specVersion']}"


def looked_up(python: Path, lock: Path) -> Mapping[str, Any] | str:
    """Return pip-audit's report on a lock, or why there is none."""
    asked = ("--disable-pip", "--require-hashes", "--progress-spinner", "off", "-f", "json")
    made = subprocess.run(
        [python, "-m", "pip_audit", *asked, "-r", lock], check=False, capture_output=True, text=True
    )
    try:
        found: Mapping[str, Any] = json.loads(made.stdout)
    except ValueError:
        return (made.stderr.strip().splitlines() or ["it printed nothing"])[-1]
    return found


def told(report: Mapping[str, Any] | str) -> tuple[int, list[str]]:
    """Return the exit code and what to print of a report."""
    if isinstance(report, str):
        return 2, [f"no package could be looked up: {report}"]
    packages = report["dependencies"]
    faulty = [one for one in packages if one.get("vulns")]
    unknown = [one["name"] for one in packages if "skip_reason" in one]
    lines = [line for one in faulty for line in _faults(one)]
    if unknown:
        lines.append(_unknown(unknown, len(packages)))
    if faulty:
        return 1, lines
    if unknown:
        return 2, lines
    return 0, [f"{len(packages)} packages looked up, none has a known fault"]


def _faults(one: Mapping[str, Any]) -> Iterable[str]:
    for fault in one["vulns"]:
        mended = ", ".join(fault["fix_versions"]) or "no version yet"
        yield f"{one['name']} {one['version']}: {fault['id']}, mended in {mended}"


def _unknown(names: list[str], of: int) -> str:
    more = f" and {len(names) - _FEW} more" if len(names) > _FEW else ""
    few = ", ".join(names[:_FEW])
    return (
        f"{len(names)} of {of} packages could not be looked up, for the service that knows of "
        f"faults does not answer or does not know them: {few}{more}"
    )


if __name__ == "__main__":
    sys.exit(main())
