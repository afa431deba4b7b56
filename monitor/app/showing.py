"""The present on the boards: alerts and layers at once, figures that move every few seconds."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from monitor.channels.board import moving, standing
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
        self._moving: Mapping[str, str] = {}
        self._standing: Mapping[str, str] | None = None
        self._moved: object = None
        self._moved_at = 0.0

    async def show(self, state: State, *, at_once: bool = False) -> None:
        """Show alerts and layers as they are; positions may wait for a later call."""
        if not self._channels:
            return
        stands, moves = standing(state), self._moving
        now, positions = self._seconds(), state.facts.positions
        due = at_once or self._standing is None or now - self._moved_at >= EVERY_S
        if due and self._moved is not positions:  # what did not change is the same object
            moves, self._moved, self._moved_at = moving(state), positions, now
        if moves is self._moving and stands == self._standing:
            return
        self._moving, self._standing = moves, stands
        for channel in self._channels:
            await channel.show({**moves, **stands})
