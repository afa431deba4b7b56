"""Which rules a past could not tell: that they said nothing is no sign that all was calm."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from monitor.pipeline import State
from monitor.rules.lifecycle import Flag
from monitor.rules.pack import Rule
from monitor.signals.catalogue import BY_NAME, Scope
from monitor.signals.of_market import market


@dataclass(slots=True)
class Dark:
    """Notes what is known, from the first block on, of rules and the market's names they ask for.

    A rule is dark that never fired and was always unknown, or was so at times while a name it
    asks for was never had.
    """

    rules: Sequence[Rule]
    _always: frozenset[str] | None = field(default=None, init=False)
    _ever: set[str] = field(default_factory=set, init=False)
    _fired: set[str] = field(default_factory=set, init=False)
    _lacking: set[str] = field(default_factory=set, init=False)

    def __post_init__(self) -> None:
        """Begin with nothing had."""
        self._lacking = {name for rule in self.rules for name in _of_market(rule)}

    def look(self, state: State) -> None:
        """Take in what is known after an observation."""
        at = state.at
        if at is None or not state.facts.chains:
            return  # before the first block nothing is known of positions
        told = state.instances.values()
        self._fired.update(one.rule for one in told if one.begun)
        dim = {one.rule for one in told if one.flag is not Flag.NONE}
        self._ever |= dim
        now = dim - {one.rule for one in told if one.flag is Flag.NONE}
        self._always = frozenset(now) if self._always is None else self._always & now
        self._lacking = {
            name for name in self._lacking if market(state.facts, name, at).value is None
        }

    def found(self) -> tuple[str, ...]:
        """Return the rules that are dark, in the order they are judged."""
        return tuple(rule.id for rule in self.rules if self._is_dark(rule))

    def _is_dark(self, rule: Rule) -> bool:
        if rule.id in self._fired or rule.id not in self._ever:
            return False
        return rule.id in (self._always or ()) or not self._lacking.isdisjoint(_of_market(rule))


def _of_market(rule: Rule) -> Iterator[str]:
    return (name for name in rule.when.names if BY_NAME[name].scope is Scope.MARKET)
