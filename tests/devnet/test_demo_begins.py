"""The demo's first evening, from the folder a newcomer stands in."""

import contextlib
from datetime import date
from pathlib import Path

import pytest

from monitor.alerts.alert import AlertState
from monitor.devnet.demo import DemoSettings, run_demo
from monitor.model.layer import Action


@pytest.mark.usefixtures("mosquitto")
async def test_a_relative_folder_is_told_into_from_wherever_one_stands(tmp_path: Path) -> None:
    said: list[str] = []
    with contextlib.chdir(tmp_path):
        settings = DemoSettings(out=Path("out"), until=date(2020, 2, 15))
        result = await run_demo(settings, say=said.append)
    added = [one for one in result.alerts if one.action is Action.ADD]
    assert [one.layer for one in added if one.state is AlertState.FIRING] == ["L1", "L2", "L3"]
    assert {one.layer for one in added if one.state is AlertState.FILLED} == {"L1", "L2", "L3"}
    assert (result.gaps, result.undelivered) == (0, 0)
    assert result.heard == result.sent
    assert sorted(one.name for one in (tmp_path / "out" / "run").glob("hedgewatch.db")) == [
        "hedgewatch.db"
    ]
