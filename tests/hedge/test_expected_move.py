import pytest

from monitor.hedge.expected_move import expected_move


def test_the_expected_move_is_one_deviation() -> None:
    # By hand: 6000 * 0.16 * sqrt(7 / 365) = 132.95.
    assert expected_move(6_000.0, 0.16, days=7) == pytest.approx(132.945, abs=1e-3)
