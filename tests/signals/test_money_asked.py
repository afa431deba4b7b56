"""Of what money costs only what a size is adjusted by is worked out."""

from datetime import UTC, datetime

import pytest

from monitor.hedge.book import Ledger
from monitor.hedge.cover import Cover
from monitor.model.reading import Reading
from monitor.signals.covered import money_of
from monitor.signals.facts import Facts

AT = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
GAP = {
    f"aave.{side}|{chain}:USDC": Reading(
        name=f"aave.{side}", key=f"{chain}:USDC", value=rate, unit="", as_of=AT, source="aave"
    )
    for side, chain, rate in (("supply", "base", 0.06), ("borrow", "main", 0.04))
}


def unasked() -> Ledger:
    raise AssertionError("the layers were marked for a size that no money's cost adjusts")


@pytest.mark.parametrize(
    ("asked", "known", "told"),
    [
        pytest.param((), None, set(), id="neither"),
        # Lending at 6 % what is borrowed at 4 %: borrowing costs 2 % less than it earns.
        pytest.param(("differential",), -0.02, {"differential"}, id="the differential alone"),
        pytest.param(("wacc", "differential"), -0.02, {"wacc", "differential"}, id="both"),
    ],
)
def test_only_what_is_asked_is_worked_out(
    asked: tuple[str, ...], known: float | None, told: set[str]
) -> None:
    money = money_of(Facts(readings=GAP), Cover(), AT, asked=asked, ledger=unasked)
    assert money.differential == (known and pytest.approx(known))
    assert set(money.notes) == told
