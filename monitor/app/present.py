"""What commands and daemon share, and nothing heavy: clock, saved store, a layer in words."""

from collections.abc import Iterable
from pathlib import Path

from monitor.clock import Clock, ScenarioClock, SystemClock
from monitor.config import Settings
from monitor.errors import Permanent
from monitor.hedge.legs import opposite, spell_contract, spell_leg, turned_short
from monitor.model.layer import LayerState
from monitor.store.connection import database_path, is_there
from monitor.store.opening import is_shared, open_store
from monitor.store.sqlite import SqliteStore


def clock_of(settings: Settings, *, runs_on: bool = False) -> Clock:
    """Return the clock the settings ask for. runs_on: a story's as deliveries need it."""
    scenario = settings.clock.scenario
    return SystemClock() if scenario is None else ScenarioClock(Path(scenario), runs_on)


def open_saved(settings: Settings) -> SqliteStore:
    """Open the store a daemon has left; raise Permanent where there is none yet."""
    url = settings.store.url
    if not is_shared(url) and not is_there(path := database_path(url)):
        raise Permanent(f"nothing is saved yet: {path} is made by `hedgewatch run`")
    return open_store(url, now=None)


def describe(
    layer: LayerState, before: LayerState | None = None, others: Iterable[LayerState] = ()
) -> str:
    """Return a layer's state in one line: `L2 on: 4 x VIX 17 Jun 2020 16 call`.

    before: as it was until a trade; a leg of which more was sold than it held is told, and so is
    one that another of the layers holds the other way, for it may have been meant.
    """
    legs = ", ".join(spell_leg(leg) for leg in layer.legs)
    told = f"{_named(layer)} {layer.status.value.replace('_', ' ')}"
    told += f": {legs}" if legs else ""
    turned = turned_short(before.legs if before else (), layer.legs)
    short = [spell_contract(leg.contract) for leg in turned]
    if short:
        told += f"; more was sold than it held, so it is now short {', '.join(short)}"
    had = before.legs if before else ()
    for other in others:
        for leg in opposite([one for one in layer.legs if one not in had], other.legs):
            holds = f"{_named(other)} holds {spell_leg(leg)}"
            told += f"; {holds}: if that was meant, undo this and tell of {other.layer}"
    return told


def _named(layer: LayerState) -> str:
    return layer.layer if layer.scope == "book" else f"{layer.layer} [{layer.scope}]"
