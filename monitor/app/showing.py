"""The present on the boards: alerts and layers at once, figures that move every few seconds."""

from collections.abc import Callable, Sequence
from typing import Final

from monitor.channels.board import board
from monitor.channels.mqtt import MqttChannel
from monitor.clock import stopwatch
from monitor.pipeline import State

EVERY_S: Final = 5.0
"""Prices move with every block; nobody reads a hundred retained topics a second."""


class Showing:
    """Shows a state on the boards where it is another than the one shown."""

    def __init__(
        self, channels: Sequence[MqttChannel], *, seconds: Callable[[], float] = stopwatch
    ) -> None:
        self._channels = tuple(channels)
        self._seconds = seconds
        self._shown: State | None = None
        self._at = 0.0

    async def show(self, state: State, *, at_once: bool = False) -> None:
        """Show a state; one in which only positions moved may wait for a later call."""
        if not self._channels or not self._differs(state):
            return
        now = self._seconds()
        if self._only_moved(state) and now - self._at < EVERY_S and not at_once:
            return
        self._shown, self._at = state, now
        told = board(state)
        for channel in self._channels:
            await channel.show(told)

    def _differs(self, state: State) -> bool:
        return self._shown is None or not (
            self._shown.facts.positions is state.facts.positions and self._only_moved(state)
        )

    def _only_moved(self, state: State) -> bool:
        """Return whether alerts and layers are as shown. What did not change is the same object."""
        return (
            self._shown is not None
            and self._shown.instances is state.instances
            and self._shown.layers is state.layers
        )
