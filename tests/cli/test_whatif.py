"""`hedgewatch whatif` and `hedgewatch ticket`: one shock, the grid, the picture, the ticket."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.cli.parser import parser
from monitor.cli.whatif_chart import axis_label
from monitor.hedge.legs import parse_leg
from monitor.model.observation import Verb, Word

MINUTE = timedelta(minutes=1)
# CFE settlements of 14 February 2020.
PRICES = {
    date(2020, 3, 18): 15.425,
    date(2020, 4, 15): 16.125,
    date(2020, 5, 20): 16.325,
    date(2020, 6, 17): 16.725,
    date(2020, 7, 22): 16.975,
    date(2020, 9, 16): 17.225,
}


@pytest.fixture
def held(home: Any, hand: Any) -> Any:
    """A home with a position, a VIX and its curve, and four calls of layer L2."""
    home.take(
        hand.settled(date(2020, 2, 14), PRICES, home.at - 30 * MINUTE),
        hand.vix(13.68, home.at - 20 * MINUTE, home.at - MINUTE),
        hand.snapshot(home.at, *(hand.position(number) for number in range(1, 21))),
    )
    leg = parse_leg("vix.call 2020-06-17 18.5 +4 @1.60")
    home.take(
        Word(id="w", verb=Verb.FILL, observed_at=home.at, by="a@cli", layer="L2", fills=(leg,))
    )
    home.extra = '[usd]\npegged = ["0x1111111111111111111111111111111111111111"]\n'
    return home


def test_one_shock_tells_positions_layers_and_both(held: Any) -> None:
    lines = held.told("whatif", "--eth", "-30%", "--vix", "45")
    assert lines[0] == "What if: ETH −30 %, VIX 45"
    told = {one[:22].strip(): one[22:].split()[0] for one in lines if one.endswith(" USD")}
    assert told["positions"].startswith("−")
    assert told["of it lost (IL)"].startswith("−")
    assert told["L2"].startswith("+")
    assert told["hedge together"] == told["L2"]
    assert "Model prices" in " ".join(lines)
    assert "not advice" in lines[-1]
    assert max(map(len, lines)) <= 80


def test_a_fall_is_read_as_percent_or_fraction(held: Any) -> None:
    assert held.told("whatif", "--eth", "-30%") == held.told("whatif", "--eth", "-0.3")


def test_without_a_move_the_grid_is_told(held: Any) -> None:
    lines = held.told("whatif")
    heads = next(one for one in lines if one.startswith("VIX "))
    assert heads.split("  ")[-1].strip() == "+50 %"
    assert [one.split()[0] for one in lines if one[:1].isdigit()] == [
        *("12", "20", "30", "45", "60", "80"),
        *("12", "20", "30", "45", "60", "80"),
    ]
    assert max(map(len, lines)) <= 80


def test_the_grid_is_drawn_and_told_as_json(held: Any, tmp_path: Path) -> None:
    png = tmp_path / "grid.png"
    lines = held.told("whatif", "--png", png)
    assert lines[-1] == f"written {png}"
    assert png.read_bytes().startswith(b"\x89PNG")
    found = json.loads("\n".join(held.told("whatif", "--json")))
    assert found["priced_by"] == "model"
    assert len(found["grid"]) == 48
    assert all(one["il_usd"] <= 0 for one in found["grid"])
    assert "not advice" in found["disclaimer"]
    assert found["left_out"] == []


def test_the_picture_s_moves_have_a_true_minus() -> None:
    assert [axis_label(move) for move in (-0.6, 0.0, 0.15)] == ["−60 %", "0 %", "+15 %"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--eth", "-130%"), "--eth: '-130%' is no move such as -30% or 0.2"),
        (("--eth", "much"), "--eth: 'much' is no move such as -30% or 0.2"),
        (("--vix", "900"), "--vix: is above 0 and up to 200"),
    ],
)
def test_a_move_that_is_none_is_refused(held: Any, words: tuple[str, ...], told: str) -> None:
    (line,) = held.told("whatif", *words, status=2)
    assert told in line


@pytest.mark.parametrize("points", ["nan", "inf", "-inf", "1e308", "200.1", "-201", "much"])
def test_a_rise_of_volatility_that_is_none_is_refused(
    points: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        parser().parse_args(["whatif", f"--dvol={points}"])
    told = capsys.readouterr().err.splitlines()[-1]
    assert told.endswith(f"argument --dvol: {points!r} is no number of points from -200 to 200")


@pytest.mark.parametrize("points", [-200.0, 0.0, 25.0, 200.0])
def test_a_rise_of_volatility_is_read(points: float) -> None:
    assert parser().parse_args(["whatif", f"--dvol={points}"]).dvol == points


def test_nothing_watched_is_nothing_to_shock(home: Any, hand: Any) -> None:
    home.take(hand.snapshot(home.at))
    assert home.told("whatif", status=1) == []


def test_a_ticket_is_drawn_up_at_any_time(held: Any) -> None:
    lines = held.told("ticket", "L1")
    assert lines[0] == "ADD · L1 VIX calls 30 d"
    assert any("buy 4 × VIX 18 Mar 2020" in one for one in lines)
    assert "not advice" in lines[-1]


def test_a_layer_that_is_on_has_a_roll_and_a_remove(held: Any) -> None:
    lines = held.told("ticket", "L2")
    heads = [one for one in lines if " · " in one]
    assert heads == ["ROLL · L2 VIX calls 110 d", "REMOVE · L2 VIX calls 110 d"]
    assert any("sell 4 × VIX 17 Jun 2020 18.5 call" in one for one in lines)
    assert sum(one.startswith("Fit  ") for one in lines) == len(heads)


def test_an_unknown_layer_is_named(held: Any) -> None:
    (line,) = held.told("ticket", "L9", status=2)
    assert line == "LAYER: no layer L9; the rules have L1, L2, L3"
    (line,) = held.told("ticket", "L2", "--position", "1:0x1:1", status=2)
    assert line.endswith("layer L2 covers the whole book: leave --position out")
