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
    for one in added:
        if one.state is AlertState.FIRING:
            assert one.ticket is not None
            assert one.ticket.fit is not None
            # A year of Wednesdays from the closes that were left: 13 Feb 2019 to 12 Feb 2020.
            assert (one.ticket.fit.driver, one.ticket.fit.note) == ("VIX", "53 weeks to 2020-02-12")
            assert one.ticket.fit.calm_share == 1.0
            assert one.ticket.better is not None
            assert one.ticket.better.driver == "ETH's squared move"
            assert one.ticket.better_ticket.startswith("buy ")
    assert (result.gaps, result.undelivered) == (0, 0)
    assert result.heard == result.sent
    assert sorted(one.name for one in (tmp_path / "out" / "run").glob("hedgewatch.db")) == [
        "hedgewatch.db"
    ]
