"""Outcomes of rule tests in the form that build servers read."""

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, tostring

from monitor.timetravel.trial import Tested


def junit(tested: Sequence[Tested]) -> str:
    """Return a JUnit document: a suite a rule file, a case a test."""
    whole = Element("testsuites")
    for one in tested:
        failed = sum(bool(outcome.faults) for outcome in one.outcomes)
        suite = SubElement(
            whole,
            "testsuite",
            name=one.pack.id,
            tests=str(len(one.outcomes)),
            failures=str(failed),
        )
        for outcome in one.outcomes:
            case = SubElement(suite, "testcase", classname=one.pack.id, name=outcome.name)
            if outcome.faults:
                SubElement(case, "failure", message=outcome.faults[0]).text = "\n".join(
                    outcome.faults
                )
    return tostring(whole, encoding="unicode", xml_declaration=True) + "\n"
