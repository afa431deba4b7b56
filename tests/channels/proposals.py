"""A proposal, its buttons as Telegram shows them, and a desk that knows it."""

from datetime import date
from typing import Any

from monitor.alerts.alert import Alert
from monitor.channels.telegram_buttons import event_of, keyboard, slips_of
from monitor.channels.telegram_desk import Desk, Told
from monitor.model.layer import Contract, Leg, Ticket
from tests.channels.bot_server import AT, buttons
from tests.channels.taken import Kept

CALL = Contract(kind="vix.call", expiry=date(2027, 3, 17), strike=29.0)
TICKET = Ticket(
    legs=(Leg(contract=CALL, quantity=4),),
    prices=(2.85,),
    cost_usd=1140.0,
    cost_low_usd=960.0,
    cost_high_usd=1320.0,
    priced_by="model",
    note="",
)


def data(alert: Alert, deed: str) -> str:
    return f"a:{alert.id}:{event_of(alert.idem)}:{deed}"


def under(alert: Alert) -> dict[str, Any]:
    """Return the message a proposal's buttons stand under."""
    markup = keyboard(slips_of([alert], AT))
    assert markup is not None
    return {"text": "ADD · L2 <VIX>", "reply_markup": markup.to_dict()}


def names(call: Any) -> list[str]:
    return [name for row in buttons(call) for name, _ in row]


def desk(kept: Kept, *alerts: Alert) -> Desk:
    """Return who knows what was told of alerts, the newest last."""
    last = {one.id: one for one in alerts}
    told = {(one.id, event_of(one.idem)): Told(alert=one, last=last[one.id]) for one in alerts}
    return Desk(answer=lambda *_: "", obey=kept.obey, left=kept.left, told=lambda *of: told.get(of))
