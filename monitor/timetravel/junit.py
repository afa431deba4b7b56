"""Outcomes of rule tests in the form that build servers read."""

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, tostring

from monitor.timetravel.trial import Tested


def junit(tested: Sequence[Tested], *, coverage: bool = False) -> str:
    """Return a JUnit document: a suite a rule file, a case a test.

    coverage: a rule that is not seen both ways is a case that fails, too.
    """
    whole = Element("testsuites")
    for one in tested:
        cases = [(outcome.name, outcome.faults) for outcome in one.outcomes]
        if coverage:
            cases += [(f"coverage of {rule}", (what,)) for rule, what in one.uncovered]
        suite = SubElement(
            whole,
            "testsuite",
            name=one.pack.id,
            tests=str(len(cases)),
            failures=str(sum(bool(faults) for _, faults in cases)),
        )
        for name, faults in cases:
            case = SubElement(suite, "testcase", classname=one.pack.id, name=name)
            if faults:
                SubElement(case, "failure", message=faults[0]).text = "\n".join(faults)
    return tostring(whole, encoding="unicode", xml_declaration=True) + "\n"
