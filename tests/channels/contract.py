"""Whatever was published, held against the schemas that are shipped."""

import json
import re
from typing import Any, Final

import aiomqtt
from jsonschema import Draft202012Validator

from monitor.channels.mqtt_schemas import schema, schema_names

SCHEMAS: Final = {name: schema(name) for name in schema_names()}
_PREFIX: Final = {"discovery_prefix": "homeassistant"}


def checker(name: str) -> Draft202012Validator:
    return Draft202012Validator(SCHEMAS[name])


def topic_form(name: str, instance: str = "home") -> re.Pattern[str]:
    """Return a form that the topics of one payload, and no others, have."""
    topic = SCHEMAS[name]["x-hedgewatch"]["topic"]
    for key, value in (_PREFIX | {"instance": instance}).items():
        topic = topic.replace(f"{{{key}}}", value)
    known = "".join(
        "[^/]+" if part.startswith("{") else re.escape(part)
        for part in re.split(r"(\{\w+\})", topic)
    )
    return re.compile(known)


def named(topic: str, instance: str = "home") -> str:
    """Return the payload that has this topic; a topic of none, or of two, is a fault."""
    (found,) = [name for name in SCHEMAS if topic_form(name, instance).fullmatch(topic)]
    return found


def held(message: aiomqtt.Message, instance: str = "home") -> str:
    """Return the name of what was published after holding it, and how, against its schema.

    The subscription asked for QoS 2 and for the retain flag as it was published.
    """
    assert isinstance(message.payload, bytes)
    name = named(message.topic.value, instance)
    how = SCHEMAS[name]["x-hedgewatch"]
    assert message.qos == how["qos"], message.topic
    assert message.retain == how["retained"], message.topic
    if not message.payload:
        assert how["retained"], message.topic
        return name
    payload: Any = json.loads(message.payload, parse_constant=_refuse)
    checker(name).validate(payload)
    return name


def _refuse(word: str) -> Any:
    raise AssertionError(f"{word} is no JSON")
