"""`hedgewatch mqtt schema`: what is published by MQTT, for whoever writes a consumer."""

import argparse

from monitor.channels.mqtt_schemas import schema, schema_names, schema_text
from monitor.cli.lines import line
from monitor.errors import ConfigError, Fault


def show(asked: argparse.Namespace) -> int:
    """Print a payload's JSON Schema, or the topic of every payload."""
    if asked.name is None:
        _plan()
        return 0
    try:
        print(schema_text(asked.name), end="")
    except LookupError as error:
        raise ConfigError([Fault(file="mqtt schema", where="", reason=str(error))]) from None
    return 0


def _plan() -> None:
    width = max(map(len, schema_names()))
    for name in schema_names():
        told = schema(name)
        how = told["x-hedgewatch"]
        kept = "retained" if how["retained"] else "not retained"
        print(f"{name:<{width}}  {how['topic']}")
        said = f"QoS {how['qos']}, {kept}. {told['description']}"
        print(line(" " * (width + 2), said))
    print("\n`hedgewatch mqtt schema NAME` prints the JSON Schema of one.")
