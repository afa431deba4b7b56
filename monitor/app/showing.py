"""The present on the boards: alerts and layers at once, figures that move every few seconds."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from monitor.channels.board import positions, signals, standing
from monitor.channels.mqtt import MqttChannel
from monitor.clock import stopwatch
from monitor.pipeline import Rulebook, State
from monitor.signals.facts import Facts

EVERY_S: Final = 5.0
"""Prices move with every block; nobody reads a hundred retained topics a second."""


class Showing:
    """Shows a state on the boards where it is another than the one shown.

    book: the rules in force, which know the layers; None for all there ever were.
    """

    def __init__(
        self,
        channels: Sequence[MqttChannel],
        *,
        book: Callable[[], Rulebook | None] = lambda: None,
        seconds: Callable[[], float] = stopwatch,
    ) -> None:
        self._channels = tuple(channels)
        self._book = book
        self._seconds = seconds
        self._positions: Mapping[str, str] = {}
        self._signals: Mapping[str, str] = {}
        self._standing: Mapping[str, str] | None = None
        self._moved: object = None
        self._moved_at = 0.0

    async def show(self, state: State, *, at_once: bool = False) -> None:
        """Show alerts and layers as they are; positions and signals may wait for a later call."""
        if not self._channels:
            return
        book, now = self._book(), self._seconds()
        stands = standing(state, book)
        due = at_once or self._standing is None or now - self._moved_at >= EVERY_S
        news = due and self._look(state.facts, now)
        if not news and stands == self._standing:
            return
        self._standing = stands
        for channel in self._channels:
            if book is not None:
                channel.introduce(state, book)
            await channel.show({**stands, **self._positions, **self._signals})

    def _look(self, facts: Facts, now: float) -> bool:
        """Take what moves from the facts; return whether it did."""
        said, news = signals(facts), False
        if said != self._signals:
            self._signals, self._moved_at, news = said, now, True
        if self._moved is not facts.positions:  # what did not change is the same object
            self._positions, self._moved = positions(facts), facts.positions
            self._moved_at, news = now, True
        return news
