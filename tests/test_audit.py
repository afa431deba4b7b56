"""What `make audit` says of a report: a fault, a clean bill, or that it cannot tell."""

import json
from typing import Any

import pytest

from tests.audit import told, told_npm


def package(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "version": "1.0", "vulns": []} | more


FAULTY = package("b", vulns=[{"id": "PYSEC-1", "fix_versions": ["1.1", "2.0"]}])
UNKNOWN = {"name": "c", "skip_reason": "not found"}


@pytest.mark.parametrize(
    ("packages", "code", "said"),
    [
        ([package("a")], 0, "1 packages looked up, none has a known fault"),
        ([package("a"), FAULTY], 1, "b 1.0: PYSEC-1, mended in 1.1, 2.0"),
        ([package("a"), UNKNOWN], 2, "1 of 2 packages could not be looked up"),
        ([FAULTY, UNKNOWN], 1, "PYSEC-1"),
    ],
)
def test_a_package_nobody_could_look_up_is_no_clean_bill(
    packages: list[dict[str, Any]], code: int, said: str
) -> None:
    verdict, lines = told({"dependencies": packages})
    assert verdict == code
    assert said in "\n".join(lines)


def test_no_report_is_no_clean_bill() -> None:
    assert told("no such host") == (2, ["no package could be looked up: no such host"])


# npm's report, second version of its form, as its documentation has it.
NPM_FAULT = {"name": "ws", "severity": "high", "via": [], "range": "<8.1", "fixAvailable": True}


@pytest.mark.parametrize(
    ("report", "code", "said"),
    [
        ({"ws": NPM_FAULT}, 1, "ws <8.1: high, mended in a newer version"),
        ({}, 0, "51 packages of npm's looked up: no known fault"),
    ],
)
def test_a_fault_of_npms_is_told(report: dict[str, Any], code: int, said: str) -> None:
    found = {"vulnerabilities": report, "metadata": {"dependencies": {"total": 51}}}
    assert told_npm(json.dumps(found)) == (code, [said])


@pytest.mark.parametrize("report", ["", '{"message": "405 Method Not Allowed"}'])
def test_no_report_of_npms_is_no_clean_bill(report: str) -> None:
    code, (said,) = told_npm(report)
    assert code == 2
    assert said.startswith("no package of npm's could be looked up: ")
