"""`make audit`: known faults of what is pinned, and bills of materials as CycloneDX.

Python's packages by pip-audit into out/sbom.json, npm's (the page's charts and the devnet's
parts) by npm into out/sbom-npm.json.

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
SBOM_NPM: Final = Path("out/sbom-npm.json")
_FEW: Final = 5


def main() -> int:
    """Write the bill of materials, then look every package up."""
    python = install("audit", "pip-audit and CycloneDX, pinned by hash")
    print(materials(python, bootstrap.LOCK, bootstrap.ROOT / SBOM))
    print(materials_npm(bootstrap.ROOT / SBOM_NPM))
    print(f"written {SBOM} and {SBOM_NPM}")
    verdicts = [told(looked_up(python, bootstrap.LOCK)), told_npm(_npm("audit", "--json"))]
    for verdict, lines in verdicts:
        print("\n".join(lines), file=sys.stderr if verdict else sys.stdout)
    found = {verdict for verdict, _ in verdicts}
    return 1 if 1 in found else max(found)


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


def materials_npm(to: Path) -> str:
    """Write package-lock.json as a bill of materials; return one sentence on it."""
    bill = json.loads(_npm("sbom", "--sbom-format", "cyclonedx"))
    for of_the_moment in ("serialNumber", "metadata"):
        del bill[of_the_moment]
    to.write_text(json.dumps(bill, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return f"{len(bill['components'])} packages of package-lock.json as CycloneDX 1.5"


def _npm(*words: str) -> str:
    """Return what npm prints of the lock; it says by its exit code what the text says, too."""
    return subprocess.run(
        ["npm", *words, "--package-lock-only"],
        check=False,
        capture_output=True,
        text=True,
        cwd=bootstrap.ROOT,
    ).stdout


def told_npm(report: str) -> tuple[int, list[str]]:
    """Return the exit code and what to print of npm's report, as `told` does."""
    found = json.loads(report or "{}")
    if "vulnerabilities" not in found:
        why = found.get("message", "it printed nothing")
        return 2, [f"no package of npm's could be looked up: {why}"]
    lines = [
        f"{name} {one['range']}: {one['severity']}, "
        + ("mended in a newer version" if one["fixAvailable"] else "no version mends it yet")
        for name, one in sorted(found["vulnerabilities"].items())
    ]
    total = found["metadata"]["dependencies"]["total"]
    return (1, lines) if lines else (0, [f"{total} packages of npm's looked up: no known fault"])


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
