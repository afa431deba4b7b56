"""What commands and daemon share, and nothing heavy: clock, saved store, a layer in words."""

from datetime import datetime
from pathlib import Path

from monitor.clock import Clock, ScenarioClock, SystemClock
from monitor.config import Settings
from monitor.errors import Permanent
from monitor.hedge.legs import spell_contract, spell_leg, turned_short
from monitor.model.layer import LayerState
from monitor.store.connection import database_path
from monitor.store.sqlite import SqliteStore, open_sqlite


def clock_of(settings: Settings, *, runs_on: bool = False) -> Clock:
    """Return the clock the settings ask for. runs_on: a story's as deliveries need it."""
    scenario = settings.clock.scenario
    return SystemClock() if scenario is None else ScenarioClock(Path(scenario), runs_on)


def open_saved(settings: Settings, now: datetime) -> SqliteStore:
    """Open the store a daemon has left; raise Permanent where there is none yet."""
    path = database_path(settings.store.url)
    if not path.exists():
        raise Permanent(f"nothing is saved yet: {path} is made by `hedgewatch run`")
    return open_sqlite(settings.store.url, now=now, check=False)


def describe(layer: LayerState, before: LayerState | None = None) -> str:
    """Return a layer's state in one line: `L2 on: 4 x VIX 17 Jun 2020 16 call`.

    before: as it was until a trade; a leg of which more was sold than it held is told.
    """
    legs = ", ".join(spell_leg(leg) for leg in layer.legs)
    where = "" if layer.scope == "book" else f" [{layer.scope}]"
    told = f"{layer.layer}{where} {layer.status.value.replace('_', ' ')}"
    told += f": {legs}" if legs else ""
    turned = turned_short(before.legs if before else (), layer.legs)
    short = [spell_contract(leg.contract) for leg in turned]
    if not short:
        return told
    return f"{told}; more was sold than it held, so it is now short {', '.join(short)}"
