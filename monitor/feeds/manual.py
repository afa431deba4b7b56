"""Values a person dated and typed into `config.toml`, for what has no live source."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from monitor.feeds.provider import Provider
from monitor.feeds.typed import ManualValue
from monitor.model.reading import Reading
from monitor.signals.catalogue import BY_NAME


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualFeed:
    """Gives the typed values, by signal; their age shows like any other's."""

    values: Mapping[str, ManualValue] = field(default_factory=dict)
    name: str = "manual"

    async def read(self) -> tuple[Reading, ...]:
        """Return every typed value."""
        return tuple(
            Reading(
                name=name,
                value=typed.value,
                unit=BY_NAME[name].unit,
                as_of=typed.instant(),
                source=self.name,
            )
            for name, typed in self.values.items()
        )


PROVIDER = Provider(
    name="manual",
    poll_s=3_600,
    build=lambda _web, _clock, own: ManualFeed(values=own.values),
    wants=("values",),
)
