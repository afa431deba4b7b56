"""The verbs for whoever writes a consumer of what is published by MQTT."""

import argparse

from monitor.channels.mqtt_schemas import schema_names
from monitor.cli.verbs import Verbs, add_group, add_verb


def add_mqtt(verbs: "Verbs[argparse.ArgumentParser]") -> None:
    """Add `mqtt` and its verbs."""
    what = add_group(verbs, "mqtt", "what is published by MQTT, for whoever writes a consumer")
    show = add_verb(
        what, "schema", "show every topic, or the JSON Schema of one payload", "mqtt:show"
    )
    show.add_argument(
        "name",
        nargs="?",
        metavar="NAME",
        help=f"one of {', '.join(schema_names())} (default: every topic)",
    )
