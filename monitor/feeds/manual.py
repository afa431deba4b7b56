"""Values a person dated and typed into `config.toml`, for what has no live source."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from monitor.clock import Clock
from monitor.errors import Transient
from monitor.feeds.provider import Provider
from monitor.feeds.typed import ManualValue
from monitor.model.reading import Reading
from monitor.signals.catalogue import BY_NAME


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualFeed:
    """Gives the typed values, by signal; their age shows like any other's.

    One dated today counts from the close of New York on, and is not given before.
    """

    clock: Clock
    values: Mapping[str, ManualValue] = field(default_factory=dict)
    name: str = "manual"

    async def read(self) -> tuple[Reading, ...]:
        """Return every typed value whose instant has come; raise Transient where none has."""
        now = self.clock.now()
        readings = tuple(
            Reading(
                name=name,
                value=typed.value,
                unit=BY_NAME[name].unit,
                as_of=typed.instant(),
                source=self.name,
            )
            for name, typed in self.values.items()
            if not typed.is_to_come(now)
        )
        if self.values and not readings:
            first = min(self.values, key=lambda name: self.values[name].instant())
            at = self.values[first].instant()
            raise Transient(f"{first} is dated {at:%Y-%m-%d %H:%M} UTC, which is to come")
        return readings


PROVIDER = Provider(
    name="manual",
    poll_s=3_600,
    build=lambda _web, clock, own: ManualFeed(clock=clock, values=own.values),
    wants=("values",),
)
