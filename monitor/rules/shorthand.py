"""What a `[[layer]]` says in short, written out as the rules it stands for.

`roll = { dte = 21, extrinsic = 0.70, profit = 3.0 }` is the rule `<layer>.roll`, unless a rule
of that name is written out; `monetise = [{ at = 3.0, sell = 0.5 }, …]` is `<layer>.monetise`.
"""

from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise
from typing import Any, Final

from monitor.hedge.contracts import KINDS, Right
from monitor.hedge.ladder import Rung
from monitor.rules.form import Table, inline_rows
from monitor.rules.pack import Rule

_ROLL: Final = "roll"
_MONETISE: Final = "monetise"
_MOST_RUNGS: Final = 10
_BACK: Final = 0.9
"""A rung is due until the multiple has come back by a tenth: else it would flap around it."""

_SOLD: Final = ".condor"


def by_rungs(rule: Rule) -> bool:
    """Return whether a rule is the one its layer's ladder stands for."""
    layer = rule.layer
    return layer is not None and bool(layer.ladder) and rule.id == f"{layer.id}.{_MONETISE}"


def read_ladder(table: Table, kind: str) -> tuple[Rung, ...]:
    """Return the rungs of a layer's `monetise`, noting faults. kind: its instrument's."""
    rows = inline_rows(table, _MONETISE, "{ at = 3.0, sell = 0.5 }", _MOST_RUNGS)
    told = [
        (row.number("at", 0, 1_000, need=True), row.number("sell", 0, 1, need=True), row)
        for row in rows
    ]
    for *_, row in told:
        row.close()
    if rows and (why := _not_paid_for(kind)):
        table.fault(_MONETISE, why)
    for (low, *_), (high, _, row) in pairwise(told):
        if low is not None and high is not None and high <= low:
            row.fault("at", f"{high:g} must be above the rung before it, {low:g}")
    return tuple(
        Rung(at=at, sell=sell) for at, sell, _ in told if at is not None and sell is not None
    )


def rules_of(
    table: Table, kind: str, ladder: Sequence[Rung], written: Collection[str]
) -> Iterator[Table]:
    """Yield the rules a layer's shorthand stands for, as tables. written: ids written out."""
    name = table.said("id")
    over = [one for one in (f"{name}.remove",) if one in written]
    conditions = _roll(table, kind)
    if conditions and f"{name}.{_ROLL}" not in written:
        left = "" if kind.endswith(".perp") else "{layer.dte:.0f} days and "
        yield table.standing_at(
            _ROLL,
            {
                "id": f"{name}.{_ROLL}",
                "action": "roll",
                "when": " || ".join(conditions),
                "inhibited_by": over,
                "text": left + "{layer.extrinsic_left:.0%} of the extrinsic value are left: "
                "move out in time.",
            },
        )
    if ladder:
        yield table.standing_at(_MONETISE, _monetise(name, ladder, over))


def _roll(table: Table, kind: str) -> list[str]:
    """Return the conditions of a layer's `roll`, any of which is enough."""
    inner = table.inner(_ROLL)
    if inner is None:
        return []
    dte = inner.whole("dte", 1, 1_000)
    extrinsic = inner.number("extrinsic", 0, 1)
    profit = inner.number("profit", 1, 1_000)
    right = KINDS[kind].right if kind in KINDS else None
    if right is Right.PERP:
        table.fault(_ROLL, f"{kind} never expires: there is nothing to roll")
    elif not any(key in inner for key in ("dte", "extrinsic", "profit")):
        inner.fault("dte", "a roll needs one of dte, extrinsic or profit")
    if right is Right.FUTURE and "extrinsic" in inner:
        inner.fault("extrinsic", f"{kind} has no extrinsic value")
    if "profit" in inner and (why := _not_paid_for(kind)):
        inner.fault("profit", why)
    inner.close()
    told = (
        ("layer.dte <= {:.1f}", dte),
        ("layer.extrinsic_left < {!r}", extrinsic),
        ("layer.multiple >= {!r}", profit),
    )
    return [form.format(value) for form, value in told if value is not None]


def _not_paid_for(kind: str) -> str:
    """Return why there is no multiple of what was paid for an instrument, or an empty text."""
    if kind.endswith(_SOLD):
        return f"{kind} is sold for a credit: there is no multiple of what was paid"
    if kind.endswith(".perp"):
        return f"{kind} is not paid for: there is no multiple of what was paid"
    return ""


def _monetise(name: str, ladder: Sequence[Rung], over: list[str]) -> dict[str, Any]:
    rungs = list(enumerate(ladder, start=1))
    return {
        "id": f"{name}.{_MONETISE}",
        "action": "remove",
        "when": " || ".join(
            f"layer.rungs < {n:.1f} && layer.multiple >= {rung.at!r}" for n, rung in rungs
        ),
        "clear": " && ".join(
            f"(layer.rungs >= {n:.1f} || layer.multiple < {rung.at * _BACK:.6g})"
            for n, rung in rungs
        ),
        "inhibited_by": over,
        "text": "Worth {layer.multiple:.1f} times what was paid: {ticket.legs}",
    }
