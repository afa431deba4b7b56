"""From settings and rule files to what the road judges by."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path

from monitor.config import Settings
from monitor.errors import ConfigError
from monitor.pipeline import Rulebook, in_precedence
from monitor.rules.desk import orphan_rules
from monitor.rules.durations import parse_duration
from monitor.rules.lint import reachable
from monitor.rules.loader import find_packs, load_packs
from monitor.rules.pack import Pack, Rule
from monitor.shipped import rules_dir
from monitor.signals.absorb import Lens
from monitor.signals.catalogue import BY_NAME
from monitor.signals.windows import span


def load_enabled(settings: Settings) -> tuple[Pack, ...]:
    """Return the enabled packs; raise ConfigError with every fault in them at once."""
    folder = Path(settings.rules.folder) if settings.rules.folder else rules_dir()
    packs = load_packs(find_packs(folder, settings.rules.enabled))
    faults = reachable(packs, settings.channel.names())
    if faults:
        raise ConfigError(faults)
    return packs


def rulebook(settings: Settings, packs: Sequence[Pack]) -> Rulebook:
    """Return what the road judges by."""
    layers = [layer for pack in packs for layer in pack.layers]
    rules = (*(rule for pack in packs for rule in pack.rules), *orphan_rules(layers))
    return Rulebook(
        packs=tuple(packs),
        rules=in_precedence(rules),
        lens=Lens(
            pegged=frozenset(settings.usd.pegged),
            windows=_windows(rules),
            chains=frozenset(settings.chain),
        ),
        max_gap=parse_duration(settings.rules.max_gap),
    )


def _windows(rules: Iterable[Rule]) -> dict[str, timedelta]:
    """Return, for each name some rule takes a window of, how long its samples are kept."""
    kept: dict[str, timedelta] = {}
    for rule in rules:
        for expression in (rule.when, rule.clear):
            for _, name, argument in expression.windows if expression else ():
                hours = BY_NAME[name].hours
                reach = span(argument).reach(hours) if isinstance(argument, str) else timedelta(0)
                kept[name] = max(kept.get(name, timedelta(0)), reach)
    return kept
