"""What `make audit` says of a report: a fault, a clean bill, or that it cannot tell."""

from typing import Any

import pytest

from tests.audit import told


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
