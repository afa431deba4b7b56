"""`hedgewatch layer journal L2`: every entry ever booked, by the number that mends it."""

import argparse
from collections.abc import Iterator

from monitor.cli.lines import line
from monitor.cli.look import looking
from monitor.errors import Permanent
from monitor.hedge.journal import standing
from monitor.hedge.layer import cash_usd
from monitor.hedge.legs import spell_cash, tell_fill
from monitor.model.layer import BookedFill, LayerState


def show(asked: argparse.Namespace) -> int:
    """Show a layer's journal, oldest first, and what its cash comes to."""
    with looking(asked) as look:
        layer = look.state.layers.get(f"{asked.layer}|{asked.position}")
    if layer is None or not layer.journal:
        raise Permanent(f"nothing was ever booked of {asked.layer}")
    for text in _rows(layer):
        print(text)
    return 0


def _rows(layer: LayerState) -> Iterator[str]:
    stands = {entry.number for entry in standing(layer.journal)}
    for number, booked in enumerate(layer.journal, 1):
        head = f"{number:>3}  {booked.at:%Y-%m-%d %H:%M}Z  "
        yield line(head, ", ".join(_told(booked, counts=number in stands)))
    for one in layer.cash:
        yield line(f"  -  {one.at:%Y-%m-%d %H:%M}Z  ", f"{spell_cash(one)} by {one.by}")
    cash = cash_usd(layer)
    total = "unknown: a trade has no price" if cash is None else f"{cash:+,.2f} USD"
    yield f"cash of what counts: {total}"


def _told(booked: BookedFill, *, counts: bool) -> Iterator[str]:
    cash = "no price" if booked.cash_usd is None else f"{booked.cash_usd:+,.2f} USD"
    yield f"{tell_fill(booked.fill)}, {cash} by {booked.by}".replace(", ", "  ", 1)
    if booked.reverses:
        yield f"takes back {booked.reverses}"
    elif booked.corrects:
        yield f"in the place of {booked.corrects}"
    if not counts and not booked.reverses:
        yield "counts no more"
