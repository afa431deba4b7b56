"""Who trades in a replay: a model that takes each proposal at once, or nobody."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from monitor.alerts.alert import Alert, AlertState
from monitor.model.layer import Action, Fill
from monitor.model.observation import Verb, Word

HALF_SPREAD: Final = 0.02
"""What the model pays above a ticket's price, and gets below it, a fraction. Declared."""

_VERBS: Final = {Action.ADD: Verb.FILL, Action.ROLL: Verb.ROLL, Action.REMOVE: Verb.CLOSE}
_ASKING: Final = frozenset({AlertState.FIRING, AlertState.REPEAT})


class Fills(Protocol):
    """Says what a person would have said, after the alerts of one observation."""

    def answers(self, alerts: Sequence[Alert], now: datetime, /) -> Iterator[Word]: ...


@dataclass(frozen=True, slots=True)
class NoFills:
    """Nobody trades: what the rules ask for is never done."""

    def answers(self, _alerts: Sequence[Alert], _now: datetime, /) -> Iterator[Word]:
        return iter(())


@dataclass(frozen=True, slots=True)
class ModelFills:
    """Every proposal is traded when it is made, at the ticket's prices less `half_spread`."""

    half_spread: float = HALF_SPREAD

    def answers(self, alerts: Sequence[Alert], now: datetime, /) -> Iterator[Word]:
        for alert in alerts:
            ticket = alert.ticket
            if alert.state not in _ASKING or ticket is None or alert.layer is None:
                continue
            if alert.action not in _VERBS or not ticket.legs:
                continue
            yield Word(
                id=f"model:{alert.idem}",
                verb=_VERBS[alert.action],
                observed_at=now,
                by="model",
                layer=alert.layer,
                scope=alert.scope,
                fills=tuple(
                    Fill(
                        contract=leg.contract,
                        quantity=leg.quantity,
                        price=self._paid(price, buys=leg.quantity > 0),
                    )
                    for leg, price in zip(ticket.legs, ticket.prices, strict=True)
                ),
            )

    def _paid(self, price: float, *, buys: bool) -> float:
        return price * (1 + self.half_spread if buys else 1 - self.half_spread)
