"""The demo's first evening, the folder a newcomer stands in, and what it may remove there."""

import contextlib
from datetime import date
from pathlib import Path

import pytest

from monitor.alerts.alert import AlertState
from monitor.devnet.demo import DemoSettings, run_demo
from monitor.devnet.demo_folder import claim
from monitor.errors import Permanent
from monitor.model.layer import Action
from tests.devnet.test_parts import environment


@pytest.mark.usefixtures("mosquitto")
async def test_a_relative_folder_is_told_into_from_wherever_one_stands(tmp_path: Path) -> None:
    said: list[str] = []
    with contextlib.chdir(tmp_path):
        claim(left := Path("out") / "run")
        (left / "hedgewatch.db").write_text("of an earlier run, which was cut short")
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
            assert one.ticket.fit.driver == "the VIX forward's rises"
            assert one.ticket.fit.note == "53 weeks to 2020-02-12"
            assert one.ticket.fit.calm_share == 1.0
            assert one.ticket.better is not None
            assert one.ticket.better.driver == "ETH's squared move"
            assert one.ticket.better_ticket.startswith("buy ")
    assert (result.gaps, result.undelivered) == (0, 0)
    assert result.heard == result.sent
    assert sorted(one.name for one in (tmp_path / "out" / "run").glob("hedgewatch.db")) == [
        "hedgewatch.db"
    ]


async def refusal(out: Path) -> str:
    with pytest.raises(Permanent) as caught:
        await run_demo(DemoSettings(out=out), say=lambda _: None)
    return str(caught.value)


async def test_a_folder_that_is_somebody_elses_is_refused_and_left_alone(tmp_path: Path) -> None:
    thesis = tmp_path / "run" / "thesis.txt"
    thesis.parent.mkdir()
    thesis.write_text("years")
    told = await refusal(tmp_path)
    assert told.startswith(f"{tmp_path}/run is not the demo's and would be emptied: ")
    assert [path.name for path in thesis.parent.iterdir()] == ["thesis.txt"]
    assert thesis.read_text() == "years"


async def test_a_missing_node_leaves_what_the_last_run_left(tmp_path: Path) -> None:
    with environment(PATH=str(tmp_path), HEDGEWATCH_PARTS=str(tmp_path)):
        assert (await refusal(tmp_path / "out")).startswith("anvil is missing: ")
        left = tmp_path / "out" / "run" / "hedgewatch.db"
        left.touch()
        assert (await refusal(tmp_path / "out")).startswith("anvil is missing: ")
    assert left.exists()


@pytest.mark.parametrize(
    ("out", "why"),
    [
        pytest.param("a file", "Not a directory", id="a file in the folder's place"),
        pytest.param("/proc/x", "No such file or directory", id="where nothing can be made"),
    ],
)
async def test_a_folder_that_cannot_be_made_is_one_sentence(
    tmp_path: Path, out: str, why: str
) -> None:
    (tmp_path / "a file").touch()
    folder = tmp_path / out
    assert await refusal(folder) == f"the demo cannot run in {folder}/run: {why}"
