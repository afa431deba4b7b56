"""Outcomes of rule tests in the form that build servers read."""

import re
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path, PurePath
from typing import Final
from xml.etree.ElementTree import Element, SubElement, tostring

from monitor.errors import Fault
from monitor.rules.loader import TEST_SUFFIX
from monitor.timetravel.trial import Tested

_NO_XML: Final = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What a text may hold and a document of XML 1.0 may not."""

_Case = tuple[str, Sequence[str]]


def junit(
    tested: Sequence[Tested],
    *,
    coverage: bool = False,
    bare: Iterable[Path] = (),
    faults: Iterable[Fault] = (),
) -> str:
    """Return a JUnit document: a suite a rule file, a case a test.

    coverage: a rule that is not seen both ways is a case that fails, too, and so is each file
    of `bare`, which has no tests. faults: of files that could not be read; errors of theirs.
    """
    whole = Element("testsuites")
    for one in tested:
        cases: list[_Case] = [(outcome.name, outcome.faults) for outcome in one.outcomes]
        if coverage:
            cases += [(f"coverage of {rule}", (what,)) for rule, what in one.uncovered]
        _suite(whole, one.pack.id, cases)
    for path in bare if coverage else ():
        lacks = f"has no tests: no {path.stem}{TEST_SUFFIX}"
        _suite(whole, path.stem, [(f"coverage of {path.stem}", (lacks,))])
    for file, some in groupby(faults, key=lambda one: PurePath(one.file).name):
        _suite(whole, file, [("is read", [str(one) for one in some])], verdict="error")
    return tostring(whole, encoding="unicode", xml_declaration=True) + "\n"


def _suite(whole: Element, name: str, cases: Sequence[_Case], *, verdict: str = "failure") -> None:
    """Add a suite. verdict: what the faults of a case are, `failure` or `error`."""
    wrong = sum(bool(faults) for _, faults in cases)
    counts = {"failures": 0, "errors": 0, f"{verdict}s": wrong}
    suite = SubElement(whole, "testsuite", name=_said(name), tests=str(len(cases)))
    suite.attrib |= {key: str(count) for key, count in counts.items()}
    for case, faults in cases:
        made = SubElement(suite, "testcase", classname=_said(name), name=_said(case))
        if faults:
            told = SubElement(made, verdict, message=_said(faults[0]))
            told.text = _said("\n".join(faults))


def _said(text: str) -> str:
    return _NO_XML.sub("\N{REPLACEMENT CHARACTER}", text)
