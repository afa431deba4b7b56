"""The present state as retained payloads, one a topic suffix."""

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from monitor.alerts.compose import label, short_id
from monitor.amm.measure import Worth
from monitor.hedge.legs import format_leg
from monitor.model.layer import LayerState
from monitor.model.pool import Token
from monitor.model.reading import Reading
from monitor.pipeline import Rulebook, State
from monitor.rules.lifecycle import Flag, Instance, Phase
from monitor.signals.catalogue import BY_NAME, Scope
from monitor.signals.facts import Facts, PositionSeen
from monitor.signals.of_market import frozen_s

POSITION_SCHEMA: Final = "hedgewatch.position/1"
SIGNAL_SCHEMA: Final = "hedgewatch.signal/1"
ALERT_SCHEMA: Final = "hedgewatch.alert/1"
ALERTS_SCHEMA: Final = "hedgewatch.alerts/1"
LAYER_SCHEMA: Final = "hedgewatch.layer/1"
ALERTS: Final = "alerts"
_OWN: Final = "system."
_ENCODED: Final = json.JSONEncoder(sort_keys=True, allow_nan=False).encode


def position_topic(key: str) -> str:
    """Return the topic suffix of a position."""
    return f"position/{key}/state"


def layer_topic(layer: str, scope: str) -> str:
    """Return the topic suffix of a layer over a scope."""
    return f"layer/{layer}/{scope}/state"


def signal_topic(name: str) -> str:
    """Return the topic suffix of a signal."""
    return f"signal/{name}/state"


def positions(facts: Facts) -> Mapping[str, str]:
    """Return topic suffix to JSON payload of what every block moves."""
    there = (seen for seen in facts.positions.values() if not seen.gone)
    return _written({position_topic(one.position.key): _position(one, facts) for one in there})


def signals(facts: Facts) -> Mapping[str, str]:
    """Return the same of each number a feed or a chain states, families left out."""
    told = (one for one in facts.readings.values() if not (one.key or one.name.startswith(_OWN)))
    return _written({signal_topic(one.name): _signal(one) for one in told})


def standing(state: State, book: Rulebook | None = None) -> Mapping[str, str]:
    """Return the same of what prices alone do not move: alerts, and layers.

    An alert has a topic of its own while it is not at rest, and all of them have one together.
    book: whose layers are told, and besides them those that hold something; None for all.
    """
    restless = [one for one in state.instances.values() if _is_restless(one)]
    shown: dict[str, dict[str, Any]] = {ALERTS: _alerts(restless, state.epoch)}
    for instance in restless:
        topic = f"alert/{instance.rule}/{instance.scope}/state"
        shown[topic] = _alert(instance, state.epoch)
    for layer in told_layers(state, book):
        shown[layer_topic(layer.layer, layer.scope)] = _layer(layer)
    return _written(shown)


def told_layers(state: State, book: Rulebook | None) -> Iterator[LayerState]:
    """Yield the layers that rules know, and those that hold something without any.

    One of the whole book that nobody has touched yet is off.
    """
    known = {layer.id: layer for pack in book.packs for layer in pack.layers} if book else {}
    for layer in state.layers.values():
        if book is None or layer.legs or layer.layer in known:
            yield layer
    for one in known.values():
        if one.scope is Scope.BOOK and f"{one.id}|book" not in state.layers:
            yield LayerState(layer=one.id, scope="book")


def _written(shown: Mapping[str, dict[str, Any]]) -> dict[str, str]:
    return {suffix: _ENCODED(payload) for suffix, payload in shown.items()}


def _is_restless(instance: Instance) -> bool:
    return instance.phase is not Phase.INACTIVE or bool(instance.flag)


def _position(seen: PositionSeen, facts: Facts) -> dict[str, Any]:
    measures = seen.measures
    chain, pool = facts.chains.get(seen.chain), facts.pools.get(seen.position.pool)
    return {
        "schema": POSITION_SCHEMA,
        "id": seen.position.key,
        "label": label(seen),
        "pair": seen.pair,
        "chain": seen.chain,
        "block": seen.block.number,
        "data_ts": seen.block.timestamp.isoformat(),
        "observed_at": chain.good_at.isoformat() if chain and chain.good_at else None,
        "unread": seen.unread or None,
        "owner": seen.position.owner,
        "token0": _token(pool.state.pool.token0) if pool else None,
        "token1": _token(pool.state.pool.token1) if pool else None,
        "in_range": measures.in_range,
        "out_since": seen.out_since.isoformat() if seen.out_since else None,
        "distance_lower": _finite(measures.distance_lower),
        "distance_upper": _finite(measures.distance_upper),
        "price": _finite(measures.price),
        "price_lower": _finite(measures.price_lower),
        "price_upper": _finite(measures.price_upper),
        "il": _finite(measures.il),
        "il_note": seen.position.basis_note,
        "il_worth": _worth(measures.il_worth),
        "il_realised_token1": _finite(measures.il_realised_token1),
        "il_realised_usd": _finite(measures.il_realised_usd),
        "value": _worth(measures.value),
        "fees": _worth(measures.fees),
        "total": _worth(measures.total),
        "amount0_raw": str(measures.amount0),
        "amount1_raw": str(measures.amount1),
        "fees0_raw": str(measures.fees0) if measures.fees else None,
        "fees1_raw": str(measures.fees1) if measures.fees else None,
    }


def _token(token: Token) -> dict[str, Any]:
    return {"address": token.address, "symbol": token.symbol, "decimals": token.decimals}


def _worth(worth: Worth | None) -> dict[str, float | None] | None:
    """Return a value in whole token0, in whole token1 and in US dollars."""
    if worth is None:
        return None
    return {
        "token0": _finite(worth.token0),
        "token1": _finite(worth.token1),
        "usd": _finite(worth.usd),
    }


def _finite(number: float | None) -> float | None:
    """Return a number as strict JSON can tell it: what is not finite is not known."""
    return number if number is not None and math.isfinite(number) else None


def _signal(reading: Reading) -> dict[str, Any]:
    known = BY_NAME.get(reading.name)
    frozen = known is not None and frozen_s(known, reading) > 0  # which no `as_of` would betray
    return {
        "schema": SIGNAL_SCHEMA,
        "name": reading.name,
        "value": None if frozen else _finite(reading.value),
        "unit": reading.unit,
        "as_of": reading.as_of.isoformat(),
        "source": reading.source,
    }


def _alert(instance: Instance, epoch: str) -> dict[str, Any]:
    return {
        "schema": ALERT_SCHEMA,
        "rule": instance.rule,
        "scope": instance.scope,
        "state": instance.phase.value,
        "flag": instance.flag.value,
        "seq": instance.seq,
        "since": instance.since.isoformat() if instance.since else None,
        "id": short_id(instance, epoch) if instance.phase is Phase.FIRING else None,
    }


def _alerts(restless: Iterable[Instance], epoch: str) -> dict[str, Any]:
    firing, pending, unknown = dict[str, str](), list[str](), list[str]()
    for instance in restless:
        key = f"{instance.rule}|{instance.scope}"
        if instance.phase is Phase.FIRING:
            firing[key] = short_id(instance, epoch)
        elif instance.phase is Phase.PENDING:
            pending.append(key)
        if instance.flag is not Flag.NONE:
            unknown.append(key)
    return {
        "schema": ALERTS_SCHEMA,
        "firing": firing,
        "pending": sorted(pending),
        "unknown": sorted(unknown),
    }


def _layer(layer: LayerState) -> dict[str, Any]:
    return {
        "schema": LAYER_SCHEMA,
        "layer": layer.layer,
        "scope": layer.scope,
        "state": layer.status.value,
        "legs": [format_leg(leg) for leg in layer.legs],
        "proposal": layer.proposal.alert if layer.proposal else None,
    }
