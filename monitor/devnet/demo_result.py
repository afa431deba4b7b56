"""What the demo came to: its story, and how the daemon did while it was told."""

from dataclasses import dataclass

from monitor.timetravel.scene import Story


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoResult(Story):
    """Everything the demo prints and draws."""

    polls: int
    gaps: int
    heard: int
    repeats: int
    undelivered: int
    took_s: float

    @property
    def sent(self) -> int:
        """Return how many events were for MQTT: a trade told unasked is for the console alone."""
        return sum(not alert.route or "mqtt" in alert.route for alert in self.alerts)
