"""The shipped dashboard asks for nothing that is not told."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

import monitor.web
from monitor.web.metrics import MOST_POSITIONS, told
from monitor.web.seen import Seen
from tests.web.moments import many

FILE = Path(monitor.web.__path__[0]) / "grafana.json"
DASHBOARD = json.loads(FILE.read_text("utf-8"))
NAMES = re.compile(r"\b(?:hedgewatch|process)_\w+")


def scraped(seen: Seen) -> str:
    return told(seen, "", build_s=0.05, readers=1)[0].decode()


def known(seen: Seen) -> dict[str, set[str]]:
    """Return every name a sample may have, with its labels' names."""
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(scraped(seen)):
        found[f"{family.name}_total" if family.type == "counter" else family.name] = set()
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


PANELS = [pytest.param(panel, id=panel["title"]) for panel in DASHBOARD["panels"]]


@pytest.mark.parametrize("panel", PANELS)
def test_every_metric_of_a_panel_exists(panel: dict[str, Any], stormy: Seen) -> None:
    there = known(stormy)
    assert panel["targets"]
    for target in panel["targets"]:
        names = NAMES.findall(target["expr"])
        assert names
        assert set(names) <= there.keys()
        labels = set().union(*(there[name] for name in names))
        assert set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])) <= labels | {"host"}
        assert set(re.findall(r'(\w+)=~?"', target["expr"])) <= labels


def test_panels_lie_beside_one_another_and_never_over() -> None:
    taken = set[tuple[int, int]]()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not cells & taken
        assert at["x"] + at["w"] <= 24
        taken |= cells
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])


def test_names_say_their_unit_and_counters_that_they_are(stormy: Seen) -> None:
    for family in text_string_to_metric_families(scraped(stormy)):
        assert re.fullmatch(r"(hedgewatch|process)_[a-z0-9_]+", family.name)
        assert not family.name.endswith(("_ms", "_minutes", "_percent", "_bps"))
        assert family.documentation


def test_no_sample_is_told_twice(stormy: Seen) -> None:
    (chain, (first, *rest)) = next(iter(stormy.endpoints.items()))
    # Two keys of one provider: Prometheus takes no two samples of the same labels.
    double = replace(stormy, endpoints={chain: (first, first, *rest)})
    lines = [one.rpartition(" ")[0] for one in scraped(double).splitlines() if one[0] != "#"]
    assert len(lines) == len(set(lines))
    assert sum("endpoint_serving" in one for one in lines) == len(rest) + 2


def test_many_positions_make_no_more_series(hand: Any) -> None:
    few = scraped(many(hand, MOST_POSITIONS)).count("\n")
    assert scraped(many(hand, MOST_POSITIONS + 100)).count("\n") == few
