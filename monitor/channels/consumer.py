"""A consumer of events to copy from: it tells each event once, whatever is sent again.

`python -m monitor.channels.consumer HOST PORT INSTANCE SEEN.db [5 | 3.1.1]` writes each as a
line of JSON. Neither a broker nor the daemon promises more than at least once; so the key of
what was told is kept, and a message is acknowledged only then. A crash between telling and
keeping tells once more: what must not happen twice belongs into the same transaction. Of two
that run under one name each takes the other's place: give a second one another.
"""

import json
import sqlite3
import sys
from collections.abc import Callable
from typing import Any

from paho.mqtt.client import Client, MQTTMessage, MQTTv5, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties


def consume(
    broker: tuple[str, int], instance: str, seen: str, tell: Callable[[Any], None], *, five: bool
) -> None:
    """Tell every event of a daemon once, for ever. seen: a file of its own, for the keys."""
    known = sqlite3.connect(seen)
    known.execute("CREATE TABLE IF NOT EXISTS told (idem TEXT PRIMARY KEY)")

    def hear(_client: Client, _data: object, message: MQTTMessage) -> None:
        event = json.loads(message.payload)
        with known:  # taken back if telling fails; then it is not acknowledged, and comes again
            if known.execute("INSERT OR IGNORE INTO told VALUES (?)", (event["idem"],)).rowcount:
                tell(event)

    def subscribe(client: Client, *_: object) -> None:
        client.subscribe(f"hedgewatch/{instance}/event", qos=1)

    name = f"hedgewatch-{instance}-consumer"  # by which the broker keeps what comes meanwhile
    kind = {"protocol": MQTTv5} if five else {"protocol": MQTTv311, "clean_session": False}
    client = Client(CallbackAPIVersion.VERSION2, name, **kind)
    client.on_connect, client.on_message = subscribe, hear
    lasting = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    lasting.SessionExpiryInterval = 7 * 86_400
    how: dict[str, Any] = {"clean_start": False, "properties": lasting} if five else {}
    client.connect_async(*broker, **how)
    client.loop_forever(retry_first_connection=True)


def _write(event: Any) -> None:  # noqa: ANN401 - JSON
    sys.stdout.write(f"{json.dumps(event)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    try:
        where, port, daemon, file, *version = sys.argv[1:]
        address = where, int(port)
    except ValueError:
        sys.exit(
            "usage: python -m monitor.channels.consumer HOST PORT INSTANCE SEEN.db [5 | 3.1.1]"
        )
    consume(address, daemon, file, _write, five=version != ["3.1.1"])
