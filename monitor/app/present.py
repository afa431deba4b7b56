"""What commands and daemon share, and nothing heavy: the clock in force, a layer in words."""

from pathlib import Path

from monitor.clock import Clock, ScenarioClock, SystemClock
from monitor.config import Settings
from monitor.hedge.legs import spell_leg
from monitor.model.layer import LayerState


def clock_of(settings: Settings) -> Clock:
    """Return the clock the settings ask for."""
    scenario = settings.clock.scenario
    return SystemClock() if scenario is None else ScenarioClock(Path(scenario))


def describe(layer: LayerState) -> str:
    """Return a layer's state in one line: `L2 on: 4 x VIX 17 Jun 2020 16 call`."""
    legs = ", ".join(spell_leg(leg) for leg in layer.legs)
    where = "" if layer.scope == "book" else f" [{layer.scope}]"
    return f"{layer.layer}{where} {layer.status.value.replace('_', ' ')}" + (
        f": {legs}" if legs else ""
    )
