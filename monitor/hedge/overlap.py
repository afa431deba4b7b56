"""What already hedges a scope: layers over the same positions, over more of them and over fewer."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Final

from monitor.hedge.contracts import expired
from monitor.hedge.worth import Holding, held
from monitor.model.layer import LayerState

_BOOK: Final = "book"


def hedging(
    scope: str,
    layers: Iterable[LayerState],
    *,
    pools: Mapping[str, str],
    lost: Callable[[str], float],
    at: datetime,
) -> tuple[Holding, ...]:
    """Return the live legs that hedge a scope: `book`, a pool's or a position's key.

    A layer over the scope, or over a part of it, counts whole. One over more counts by the
    scope's share of the loss that it is for: nobody says which position a book's puts are for.
    pools: each position's pool, by key. lost: the loss expected of a scope in the shock, USD, <= 0.
    """
    found: list[Holding] = []
    for layer in layers:
        share = _share(scope, layer.scope, pools, lost) if layer.legs else 0.0
        if share:
            live = [leg for leg in layer.legs if not expired(leg.contract, at)]
            found += [(contract, n * share) for contract, n in held(live)]
    return tuple(found)


def _share(scope: str, other: str, pools: Mapping[str, str], lost: Callable[[str], float]) -> float:
    """Return how much of a layer over another scope counts in this one."""
    if scope in {other, _BOOK} or pools.get(other) == scope:
        return 1.0
    if other not in {_BOOK, pools.get(scope)}:
        return 0.0
    whole = lost(other)
    # Where the wider one is not expected to lose, no share is known: all of it counts.
    return lost(scope) / whole if whole else 1.0
