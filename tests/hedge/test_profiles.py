"""The two characters: what each asks, and a score that is unknown rather than made up."""

import pytest

from monitor.hedge.book import Known
from monitor.hedge.profiles import PROFILES, Name, score

WELL: Known = (0.8, "")
POOR: Known = (0.1, "")
UNREAD: Known = (None, "not read")


@pytest.mark.parametrize(
    ("name", "vix", "told", "value"),
    [
        pytest.param("steward", 14.0, (WELL, (-0.05, ""), (0.08, "")), 1, id="all is so"),
        pytest.param("steward", 14.0, (POOR, (-0.05, ""), (0.08, "")), 0, id="hedged too little"),
        pytest.param("steward", 14.0, (WELL, (0.02, ""), (0.08, "")), 0, id="dearer than its fees"),
        pytest.param("steward", 14.0, (WELL, (-0.05, ""), (0.11, "")), 0, id="too much at risk"),
        pytest.param("steward", 14.0, (UNREAD, (-0.05, ""), (0.08, "")), None, id="unknown"),
        pytest.param("steward", 14.0, (UNREAD, (0.02, ""), (0.08, "")), 0, id="one no is a no"),
        pytest.param("promoter", 14.0, (POOR, (-0.05, ""), (0.5, "")), 1, id="in calm unasked"),
        pytest.param("promoter", 25.0, (POOR, (-0.05, ""), (0.5, "")), 1, id="25 is not above 25"),
        pytest.param("promoter", 31.0, (POOR, (-0.05, ""), (0.5, "")), 0, id="in a storm asked"),
        pytest.param("promoter", 14.0, (WELL, (0.02, ""), (0.5, "")), None, id="emissions unread"),
        pytest.param("promoter", None, (WELL, (-0.05, ""), (0.5, "")), None, id="without a VIX"),
    ],
)
def test_a_profile_scores_by_what_it_asks(
    name: Name, vix: float | None, told: tuple[Known, Known, Known], value: int | None
) -> None:
    coverage, cost, capital = told
    found = score(PROFILES[name], vix=vix, coverage=coverage, cost=cost, capital=capital)
    assert found.value == value
