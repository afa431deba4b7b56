"""`hedgewatch mqtt schema`: every topic, or one payload's schema as it is shipped."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import monitor.channels
from monitor.channels.mqtt_schemas import schema_names

SHIPPED = Path(monitor.channels.__file__).with_name("schemas")


def test_every_topic_is_listed_within_80_columns(run: Callable[..., Any]) -> None:
    told = run("mqtt", "schema")
    assert (told.status, told.err) == (0, "")
    assert [line.split()[0] for line in told.out.splitlines() if line[:1].strip()] == [
        *schema_names(),
        "`hedgewatch",
    ]
    assert "event      hedgewatch/{instance}/event\n           QoS 1, not retained." in told.out
    assert max(map(len, told.out.splitlines())) <= 80


def test_one_schema_is_printed_as_it_is_shipped(run: Callable[..., Any]) -> None:
    told = run("mqtt", "schema", "event")
    assert told.out == (SHIPPED / "event.json").read_text(encoding="utf-8")
    assert json.loads(told.out)["title"] == "Event"


def test_a_payload_there_is_not_is_refused_with_those_there_are(run: Callable[..., Any]) -> None:
    told = run("mqtt", "schema", "events")
    assert told.status == 2
    assert told.err == (
        "mqtt schema: there is no payload 'events' (did you mean event?):"
        " alert, alerts, answer, command, discovery, doctor, event, heartbeat, layer, position,"
        " signal, status\n"
    )
