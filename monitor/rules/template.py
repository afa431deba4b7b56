"""Texts of alerts with values in them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from monitor.rules.verdict import Scalar
from monitor.signals.catalogue import Kind, Scope, Signal


def _text(name: str, scope: Scope, meaning: str, *, kind: Kind = Kind.TEXT, unit: str = "") -> Signal:
    return Signal(name=name, kind=kind, unit=unit, scope=scope, meaning=meaning, source="computed")


def _usd(name: str, meaning: str) -> Signal:
    return _text(name, Scope.LAYER, meaning, kind=Kind.NUMBER, unit="usd")


TEXT_NAMES: Final = {
    signal.name: signal
    for signal in (
        _text("ticket.legs", Scope.LAYER, "what to trade: `4 x VIX 17 Mar 2027 29 call`"),
        _usd("ticket.cost_usd", "cash to pay, negative to receive"),
        _usd("ticket.cost_low_usd", "the same with vol 5 points lower"),
        _usd("ticket.cost_high_usd", "the same with vol 5 points higher"),
        _text("ticket.note", Scope.LAYER, "what the ticket's numbers rest on"),
        _text("ticket.priced_by", Scope.LAYER, "`model` or the quote's source"),
        _text("layer.title", Scope.LAYER, "the layer's title in its rule file"),
        _text("position.label", Scope.POSITION, "the position as people say it"),
        _text("pool.pair", Scope.POOL, "the pool's pair: `WETH/USDC`"),
        _text("vix_age", Scope.MARKET, "age of the last VIX in open time: `15 m`"),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A checked text with `{name:spec}` places. names: what it needs."""

    text: str
    names: frozenset[str]

    def render(self, lookup: Callable[[str], Scalar | None]) -> str:
        """Return the text with its values; what is unknown reads `unknown`."""
        raise NotImplementedError


def compile_template(
    text: str, names: Mapping[str, Signal], *, closed: Mapping[str, str] | None = None
) -> Template:
    """Return the checked template; `names` as for rules, to which TEXT_NAMES are added.

    Raises RuleError with the first fault and its column.
    """
    raise NotImplementedError
