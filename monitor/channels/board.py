"""The present state as retained payloads, one a topic suffix."""

import json
from collections.abc import Mapping
from typing import Any, Final

from monitor.alerts.compose import label, short_id
from monitor.amm.measure import Worth
from monitor.hedge.legs import format_leg
from monitor.pipeline import State
from monitor.rules.lifecycle import Instance, Phase
from monitor.signals.facts import PositionSeen

SCHEMA: Final = "hedgewatch.state/1"


def moving(state: State) -> Mapping[str, str]:
    """Return topic suffix to JSON payload of the part that every block moves: positions."""
    positions = state.facts.positions.items()
    return _written({f"position/{key}/state": _position(s) for key, s in positions if not s.gone})


def standing(state: State) -> Mapping[str, str]:
    """Return the same of what prices alone do not move: alerts not at rest, and every layer."""
    shown: dict[str, dict[str, Any]] = {}
    for instance in state.instances.values():
        if instance.phase is not Phase.INACTIVE or instance.flag:
            shown[f"alert/{instance.rule}/{instance.scope}/state"] = _alert(instance, state.epoch)
    for layer in state.layers.values():
        shown[f"layer/{layer.layer}/{layer.scope}/state"] = {
            "schema": SCHEMA,
            "state": layer.status.value,
            "legs": [format_leg(leg) for leg in layer.legs],
            "proposal": layer.proposal.alert if layer.proposal else None,
        }
    return _written(shown)


def _written(shown: Mapping[str, dict[str, Any]]) -> dict[str, str]:
    return {suffix: json.dumps(payload, sort_keys=True) for suffix, payload in shown.items()}


def _position(seen: PositionSeen) -> dict[str, Any]:
    measures = seen.measures
    return {
        "schema": SCHEMA,
        "label": label(seen),
        "pair": seen.pair,
        "chain": seen.chain,
        "block": seen.block.number,
        "data_ts": seen.block.timestamp.isoformat(),
        "owner": seen.position.owner,
        "in_range": measures.in_range,
        "out_since": seen.out_since.isoformat() if seen.out_since else None,
        "distance_lower": measures.distance_lower,
        "distance_upper": measures.distance_upper,
        "price": measures.price,
        "price_lower": measures.price_lower,
        "price_upper": measures.price_upper,
        "il": measures.il,
        "il_note": seen.position.basis_note,
        "il_worth": _worth(measures.il_worth),
        "il_realised_token1": measures.il_realised_token1,
        "il_realised_usd": measures.il_realised_usd,
        "value": _worth(measures.value),
        "fees": _worth(measures.fees),
        "total": _worth(measures.total),
        "amount0_raw": str(measures.amount0),
        "amount1_raw": str(measures.amount1),
        "fees0_raw": str(measures.fees0) if measures.fees else None,
        "fees1_raw": str(measures.fees1) if measures.fees else None,
    }


def _worth(worth: Worth | None) -> dict[str, float | None] | None:
    """Return a value in whole token0, in whole token1 and in US dollars."""
    if worth is None:
        return None
    return {"token0": worth.token0, "token1": worth.token1, "usd": worth.usd}


def _alert(instance: Instance, epoch: str) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "state": instance.phase.value,
        "flag": instance.flag.value,
        "seq": instance.seq,
        "since": instance.since.isoformat() if instance.since else None,
        "id": short_id(instance, epoch) if instance.phase is Phase.FIRING else None,
    }
