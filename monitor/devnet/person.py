"""The person of the story: does what each proposal asks, at the ticket's prices, by command."""

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from monitor.alerts.alert import Alert, AlertState
from monitor.errors import Permanent
from monitor.hedge.legs import format_fill
from monitor.model.layer import Action, Fill, Ticket

_VERBS: Final = {Action.ADD: "fill", Action.ROLL: "roll", Action.REMOVE: "close"}


@dataclass(frozen=True, slots=True)
class Person:
    """Answers proposals through `hedgewatch layer`, as a reader of the README would."""

    config: Path

    async def answer(self, alert: Alert) -> str:
        """Do what the alert proposes; return what the daemon said, empty if there is nothing."""
        if alert.state not in {AlertState.FIRING, AlertState.REPEAT} or alert.ticket is None:
            return ""
        if alert.action not in _VERBS or alert.layer is None:
            return ""
        legs = [word for fill in _fills(alert.ticket) for word in ("--leg", format_fill(fill))]
        verb = _VERBS[alert.action]
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "monitor", "layer", verb, alert.layer),
            *("--config", str(self.config), *legs),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        said, errors = await process.communicate()
        if process.returncode:
            words = (said + errors).decode("utf-8", "replace").strip()
            raise Permanent(f"`hedgewatch layer {verb} {alert.layer}` failed: {words}")
        return said.decode().strip()


def _fills(ticket: Ticket) -> list[Fill]:
    """Return the ticket as trades at its own prices, to the cent of a point."""
    return [
        Fill(contract=leg.contract, quantity=leg.quantity, price=round(price, 2))
        for leg, price in zip(ticket.legs, ticket.prices, strict=True)
    ]
