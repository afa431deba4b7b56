"""What Home Assistant makes entities of: its own form of device discovery.

The form is told at www.home-assistant.io/integrations/mqtt, under "Device discovery
payload". A template gives `None` for what is unknown: neither zero nor off.
"""

import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, TypeAlias

from pydantic import TypeAdapter

from monitor import __version__
from monitor.alerts.compose import label
from monitor.channels.board import ALERTS, layer_topic, position_topic, signal_topic, told_layers
from monitor.channels.mqtt_board import STATUS
from monitor.model.layer import LayerState, LayerStatus
from monitor.model.same import Same
from monitor.pipeline import Rulebook, State
from monitor.rules.scopes import scopes_of
from monitor.signals.facts import PositionSeen

Component: TypeAlias = Mapping[str, Any]

_log: Final = logging.getLogger(__name__)
MOST: Final = 500
"""Entities told of; a person looks at fewer, and a broker may refuse a longer message."""

OLDEST_READ_S: Final = 300
"""A position whose chain was not read for so long is unknown, as pack `self` has it."""

OLDEST_VIX_S: Final = 4 * 86_400
"""An older VIX is unknown: a long weekend is over by then."""


@dataclass(frozen=True, slots=True)
class _Found:
    """What is read of a discovery that a broker has, whoever wrote it: entities, each flat."""

    components: dict[str, dict[str, str | int | list[str]]]


_FOUND: Final = TypeAdapter(_Found)

_OWN: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-")


class Discovery:
    """Tells Home Assistant of one daemon's entities, over this life and the next.

    An entity that is gone is told once to be gone and left out then, as Home Assistant asks.
    topic: where it is told. expire_s: without a word for so long an entity is unavailable.
    """

    def __init__(self, root: str, *, prefix: str, expire_s: int) -> None:
        self.root = root
        self.name = _plain(root.replace("/", "-"), spared="_")
        self.topic = f"{prefix}/device/{self.name}/config"
        self.expire_s = expire_s
        self._wanted: dict[str, Component] | None = None
        self._known: dict[str, Component] = {}
        self._whole = False
        self._said_many = False
        self._text: str | None = None

    def want(self, components: Mapping[str, Component], *, whole: bool) -> None:
        """Take what there is to tell of; whole: what is not among it is gone.

        Of more than MOST the first are told, and that is said once.
        """
        self._wanted, self._whole = dict(islice(components.items(), MOST)), whole
        self._text = None
        if len(components) > MOST and not self._said_many:
            self._said_many = True
            _log.warning("mqtt: Home Assistant is told of the first %d entities only", MOST)

    def saw(self, payload: bytes) -> None:
        """Take note of what an earlier life has told."""
        self._text = None
        try:
            self._known |= _entities_in(payload)
        except ValueError:
            _log.info("mqtt: %s held what is not ours: it is written over", self.topic)

    def told(self, payload: str) -> None:
        """Take note that the broker has taken what was to be told."""
        self._known, self._text = _entities_in(payload), None

    def payload(self) -> str | None:
        """Return what is to be told; None before anything is wanted."""
        if self._text is None and self._wanted is not None:
            self._text = self._written(self._wanted)
        return self._text

    def _written(self, wanted: Mapping[str, Component]) -> str:
        gone = {key: one for key, one in self._known.items() if key not in wanted}
        if self._whole:
            gone = {key: {"platform": one["platform"]} for key, one in gone.items()}
        return json.dumps(self._device() | {"components": {**wanted, **gone}}, sort_keys=True)

    def _device(self) -> dict[str, Any]:
        status = f"{self.root}/{STATUS}"
        return {
            "device": {
                "identifiers": [self.name],
                "name": f"Hedgewatch {self.root.partition('/')[2]}",
                "manufacturer": "Hedgewatch",
                "sw_version": __version__,
            },
            "origin": {"name": "Hedgewatch", "sw_version": __version__},
            "availability_topic": status,
            "availability_template": "{{ value_json.state }}",
            "payload_available": "online",
            "payload_not_available": "offline",
            "qos": 1,
        }


def _entities_in(payload: bytes | str) -> dict[str, Component]:
    """Return the entities of a discovery, those told to be gone left out."""
    found = _FOUND.validate_json(payload).components
    return {key: one for key, one in found.items() if {"platform", "unique_id"} <= one.keys()}


def complete(state: State, book: Rulebook) -> bool:
    """Return whether every chain was read, so that what is not there is gone."""
    seen = (state.facts.chains.get(name) for name in book.lens.chains)
    return all(one is not None and one.good_at is not None for one in seen)


def outline(state: State, book: Rulebook) -> tuple[Any, ...]:
    """Return what the entities depend on: while it is the same, so are they."""
    facts = state.facts
    return (
        Same(book),
        tuple(key for key, one in facts.positions.items() if not one.gone),
        tuple(facts.pools),
        tuple((one.layer, one.scope, one.status) for one in told_layers(state, book)),
        "vix|" in facts.readings,
        complete(state, book),
    )


def components(state: State, book: Rulebook, told: Discovery) -> dict[str, Component]:
    """Return entities by id, positions, layers and VIX before alerts; one too many at most."""
    found: dict[str, Component] = {}
    for kind, key, entity in islice(_entities(state, book), MOST + 1):
        name = _plain(f"{kind}|{key}")
        found[name] = {
            **entity,
            "unique_id": f"{told.name}-{name}",
            "state_topic": f"{told.root}/{entity['state_topic']}",
            "expire_after": told.expire_s,
        }
        if "json_attributes_topic" in entity:
            found[name] = {
                **found[name],
                "json_attributes_topic": f"{told.root}/{entity['json_attributes_topic']}",
            }
    return found


def _entities(state: State, book: Rulebook) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for key, seen in state.facts.positions.items():
        if not seen.gone:
            yield from ((kind, key, entity) for kind, entity in _of_position(seen))
    for layer in told_layers(state, book):
        yield "layer", f"{layer.layer}|{layer.scope}", _of_layer(layer, state)
    if "vix|" in state.facts.readings:
        yield "signal", "vix", _of_vix()
    for rule in book.rules:
        for scope in scopes_of(rule, state.facts, state.layers):
            yield "alert", f"{rule.id}|{scope}", _of_alert(rule.id, scope, state)


def _of_position(seen: PositionSeen) -> Iterator[tuple[str, dict[str, Any]]]:
    whose, topic = label(seen), position_topic(seen.position.key)
    old = f"as_timestamp(now()) - as_timestamp(value_json.observed_at, 0) > {OLDEST_READ_S}"

    def known(condition: str, value: str) -> str:
        unknown = f"value_json.unread or {old}{condition}"
        return f"{{{{ 'None' if {unknown} else {value} }}}}"

    figures = (
        ("il", "IL", "value_json.il", "(value_json.il * 100) | round(4)", "%"),
        ("value", "value", "value_json.total.usd", "value_json.total.usd | round(2)", "USD"),
    )
    for kind, name, field, value, unit in figures:
        yield (
            kind,
            {
                "platform": "sensor",
                "name": f"{whose} {name}",
                "state_topic": topic,
                "value_template": known(f" or {field} is none", value),
                "unit_of_measurement": unit,
                "state_class": "measurement",
                "suggested_display_precision": 2,
            },
        )
    yield (
        "in_range",
        {
            "platform": "binary_sensor",
            "name": f"{whose} in range",
            "state_topic": topic,
            "value_template": known("", "'ON' if value_json.in_range else 'OFF'"),
            "payload_on": "ON",
            "payload_off": "OFF",
        },
    )


def _of_layer(layer: LayerState, state: State) -> dict[str, Any]:
    topic = layer_topic(layer.layer, layer.scope)
    return {
        "platform": "sensor",
        "name": f"Layer {layer.layer}{_whose(layer.scope, state)}",
        "state_topic": topic,
        "json_attributes_topic": topic,
        "value_template": "{{ value_json.state }}",
        "device_class": "enum",
        "options": [status.value for status in LayerStatus],
    }


def _of_vix() -> dict[str, Any]:
    old = f"as_timestamp(now()) - as_timestamp(value_json.as_of, 0) > {OLDEST_VIX_S}"
    unknown = f"value_json.value is none or {old}"
    return {
        "platform": "sensor",
        "name": "VIX",
        "state_topic": signal_topic("vix"),
        "json_attributes_topic": signal_topic("vix"),
        "value_template": f"{{{{ 'None' if {unknown} else value_json.value }}}}",
        "unit_of_measurement": "points",
        "state_class": "measurement",
        "suggested_display_precision": 2,
    }


def _of_alert(rule: str, scope: str, state: State) -> dict[str, Any]:
    key = json.dumps(f"{rule}|{scope}")
    fires, unknown = f"{key} in value_json.firing", f"{key} in value_json.unknown"
    return {
        "platform": "binary_sensor",
        "name": f"Alert {rule}{_whose(scope, state)}",
        "state_topic": ALERTS,
        "value_template": f"{{{{ 'ON' if {fires} else 'None' if {unknown} else 'OFF' }}}}",
        "device_class": "problem",
        "payload_on": "ON",
        "payload_off": "OFF",
    }


def _whose(scope: str, state: State) -> str:
    if (position := state.facts.positions.get(scope)) is not None:
        return f" {label(position)}"
    pool = state.facts.pools.get(scope)
    return f" {pool.state.pool.pair}" if pool else ""


def _plain(key: str, spared: str = "") -> str:
    """Return a key in letters, digits, - and _ alone; two never become one, if none is spared."""
    own = _OWN | set(spared)
    return "".join(chr(one) if chr(one) in own else f"_{one:02x}" for one in key.encode())
