"""Labels and what they may be."""

from monitor.alerts.matcher import LABELS, Matcher, read_matcher

BLIND = dict.fromkeys(LABELS, "") | {"pack": "self", "rule": "self.blind", "severity": "critical"}
RANGE = BLIND | {"pack": "lp_range", "scope": "1:0xc364:4471", "chain": "base", "layer": "L2"}


def test_all_labels_given_must_fit_and_any_alternative_will_do() -> None:
    match = read_matcher(["pack=lp_*,alvh", "severity=warning,critical"])
    assert match.matches(RANGE)
    assert not match.matches(BLIND)
    assert not match.matches(RANGE | {"severity": "info"})
    assert match.told() == "pack=lp_*,alvh severity=warning,critical"


def test_what_is_absent_is_not_any_text() -> None:
    assert read_matcher(["layer=*"]).matches(RANGE)
    assert not read_matcher(["layer=*"]).matches(BLIND)
    assert Matcher(layer=("",)).matches(BLIND), "but it can be asked for"
    assert Matcher().matches(BLIND)
    assert Matcher().told() == "everything"
