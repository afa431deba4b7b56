"""How long a broker keeps an event for a consumer that is away."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.alerts.alert import AlertState
from monitor.devnet.broker import Broker

AT = datetime(2026, 11, 20, 14, 31, 7, tzinfo=UTC)
EVENT = "hedgewatch/home/event"
WEEK_S = 7 * 86_400
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("changes", "message", "expiry_s"),
    [
        pytest.param({}, {}, WEEK_S, id="nothing proposed"),
        pytest.param(
            {},
            {"expires_at": AT, "now": AT + timedelta(minutes=1)},
            WEEK_S,
            id="void before it left",
        ),
        pytest.param({}, {"expires_at": AT + 1500 * SECOND}, 1500, id="a proposal"),
        pytest.param(
            {},
            {"expires_at": AT + 1500 * SECOND, "state": AlertState.REPEAT},
            1500,
            id="a proposal told again",
        ),
        *(
            pytest.param(
                {}, {"expires_at": AT + 1500 * SECOND, "state": state}, WEEK_S, id=f"{state}: news"
            )
            for state in AlertState
            if state not in {AlertState.FIRING, AlertState.REPEAT}
        ),
        pytest.param({"event_expiry_s": 3600}, {}, 3600, id="as configured"),
        pytest.param(
            {}, {"expires_at": AT + timedelta(days=30)}, WEEK_S, id="a proposal longer than that"
        ),
    ],
)
async def test_every_event_expires(  # noqa: PLR0913 - three fixtures and the table's columns
    broker: Broker,
    listening: Any,
    running: Any,
    make_message: Any,
    *,
    changes: dict[str, int],
    message: dict[str, Any],
    expiry_s: int,
) -> None:
    async with listening(broker) as ear, running(broker, **changes) as channel:
        await channel.send(make_message(**message))
        await ear.until(lambda heard: heard.payloads(EVENT))
        event = next(one for one in ear.heard if one.topic.value == EVENT)
        assert expiry_s - 10 <= event.properties.MessageExpiryInterval <= expiry_s
