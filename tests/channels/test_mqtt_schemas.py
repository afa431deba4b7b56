"""The shipped schemas: sound, wholly described, and changed under a new version only."""

import hashlib
import json
import math
import re
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from monitor.alerts.alert import Alert, AlertState
from monitor.alerts.event import event_json
from monitor.channels.vitals import Vitals, heartbeat_json, status_json
from monitor.model.layer import Contract, Covers, Fit, Leg, Ticket
from monitor.model.observation import Block
from monitor.rules.verdict import Term
from monitor.signals.facts import SourceSeen
from tests.channels.contract import SCHEMAS, checker
from tests.channels.test_mqtt_commands import CASH, FAULTS, FILL

AT = datetime(2026, 11, 20, 14, 31, 7, tzinfo=UTC)
VERSIONS = Path(__file__).with_name("schema_versions.toml")
every_schema = pytest.mark.parametrize("name", SCHEMAS)


def places(node: Any, at: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every property of a schema, however deep, with its place."""
    if isinstance(node, list):
        for number, one in enumerate(node):
            yield from places(one, f"{at}[{number}]")
    if isinstance(node, dict):
        for key, one in node.get("properties", {}).items():
            yield f"{at}.{key}", one
        for key, one in node.items():
            yield from places(one, f"{at}.{key}")


@every_schema
def test_a_schema_is_one_of_draft_2020_12(name: str) -> None:
    assert SCHEMAS[name]["$schema"] == Draft202012Validator.META_SCHEMA["$id"]
    Draft202012Validator.check_schema(SCHEMAS[name])


@every_schema
def test_every_field_is_described_and_no_other_may_be_there(name: str) -> None:
    whole = {key: part for key, part in SCHEMAS[name].items() if key != "oneOf"}
    bare = [at for at, one in places(whole) if not (one.get("description") or "const" in one)]
    assert not bare
    assert SCHEMAS[name]["additionalProperties"] is False


@every_schema
def test_a_payload_says_which_schema_it_has(name: str) -> None:
    # A discovery has Home Assistant's form, and nothing may be added to it.
    if name != "discovery":
        said = SCHEMAS[name]["properties"]["schema"]["const"]
        assert (
            f"urn:hedgewatch:{said.removeprefix('hedgewatch.').replace('/', ':')}"
            == (SCHEMAS[name]["$id"])
        )


def test_the_readme_tells_of_every_topic() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    table = readme.partition("| under `hedgewatch/<instance>/`")[2].partition("\n\n")[0]
    told = set(
        re.findall(r"`([^`]+)`", "".join(line.split("|")[1] for line in table.splitlines()[2:]))
    )
    own = {
        name: how["x-hedgewatch"]["topic"] for name, how in SCHEMAS.items() if name != "discovery"
    }
    known = {
        topic.removeprefix("hedgewatch/{instance}/").replace("{", "<").replace("}", ">")
        for topic in own.values()
    }
    assert told == known


def bare(node: Any) -> Any:
    """Return a schema without its words: those may be mended at any time."""
    if isinstance(node, list):
        return [bare(one) for one in node]
    if not isinstance(node, dict):
        return node
    return {key: bare(one) for key, one in node.items() if not isinstance(one, str) or key in KEPT}


KEPT = {"type", "const", "pattern", "topic", "from", "$id"}


@every_schema
def test_a_schema_changes_only_under_a_new_version(name: str) -> None:
    text = json.dumps(bare(SCHEMAS[name]), sort_keys=True)
    print_ = hashlib.sha256(text.encode()).hexdigest()[:16]
    known = tomllib.loads(VERSIONS.read_text(encoding="utf-8"))
    assert known.get(SCHEMAS[name]["$id"]) == print_, (
        f"{name}.json is another than its version was: raise the version, here and where it is"
        f' written, and add "{SCHEMAS[name]["$id"]}" = "{print_}"; what is released stays'
    )


# --- payloads that a short run does not come by ---------------------------------------------


@pytest.mark.parametrize("state", ["online", "offline"])
def test_a_status(state: Any) -> None:
    checker("status").validate(json.loads(status_json(state, AT)))


def test_a_heartbeat_of_what_is_known_and_of_what_is_not() -> None:
    block = Block(number=7, hash="0x07", timestamp=AT)
    seen = SourceSeen(name="a", good_at=AT, block=block)
    blind = SourceSeen(name="b", gap="b cannot be reached", gap_since=AT)
    known = json.loads(
        heartbeat_json(AT, Vitals(chains={"a": seen, "b": blind}, waiting=3, dead=0))
    )
    checker("heartbeat").validate(known)
    assert known["chains"]["a"]["lag_s"] == 0
    assert known["chains"]["b"]["gap"] == "b cannot be reached"
    unknown = json.loads(heartbeat_json(AT, Vitals()))
    checker("heartbeat").validate(unknown)
    assert unknown["outbox"] == {"waiting": None, "dead": None}


TICKET = Ticket(
    legs=(
        Leg(contract=Contract(kind="vix.call", expiry=date(2027, 3, 17), strike=29.0), quantity=4),
        Leg(contract=Contract(kind="eth.perp", expiry=date.max, strike=0.0), quantity=-1),
    ),
    prices=(2.85, 2400.0),
    cost_usd=1140.0,
    cost_low_usd=960.0,
    cost_high_usd=1320.0,
    priced_by="model",
    fee_share=float("inf"),
    max_loss_usd=float("inf"),
    break_evens=(31.85, float("nan")),
    covers=Covers(scenario="as in 2020", low=-0.1, high=0.4, loss_usd=-900.0),
    warnings=("it loses in a calm",),
    fit=Fit(driver="VIX", r2=0.06, corr=-0.2, calm_share=0.9),
    better=Fit(driver="ETH"),
)


@pytest.mark.parametrize("state", AlertState)
def test_an_event_of_every_state_with_and_without_all_it_may_hold(
    make_message: Any, state: AlertState
) -> None:
    slight: Alert = make_message(state=state, trace=(), values={}, layer=None).alert
    unknown = Term(
        text="a == b", truth=None, left=None, op="==", right="calm", margin=None, age_s=math.inf
    )
    whole = replace(
        slight,
        ticket=TICKET,
        block=Block(number=7, hash="0xab", timestamp=AT),
        chain="ethereum",
        position="1:0x44:1",
        expires_at=AT,
        trace=(unknown,),
        values={"vix": 27.4, "vol.regime": "steep", "layer.open": True, "dvol.eth": None},
    )
    for alert in (slight, whole):
        checker("event").validate(json.loads(event_json(alert, sent_at=AT)))


# --- commands: what the schema takes is what the daemon takes -------------------------------

SAID_RIGHT = (
    FILL,
    CASH | {"note": "funding"},
    FILL | {"by": "node-red", "at": "2026-11-20T14:31:07Z", "schema": "hedgewatch.command/1"},
    {"id": "u-1", "verb": "undo", "layer": "L2", "entry": 3},
    {"id": "c-2", "verb": "close", "layer": "L2"},
    {"id": "k-1", "verb": "ack", "alert": "A17F3C"},
    {"id": "s-1", "verb": "snooze", "alert": "A17F3C", "span": "1h"},
)
ONLY_READ = ("leg 'vix.call 29'", "'12' is no alert", "it came ", "'2026-11-19' is no instant",
             "note is to be plain", "layer is to be plain", "cash of how many", "''",
             "fill of which layer? ", "fill takes no ", "cash takes no ")  # fmt: skip
"""What is wrong with what a field says, and not with its form: no schema tells that."""


@pytest.mark.parametrize("said", SAID_RIGHT)
def test_a_sound_command_fits(said: Any) -> None:
    checker("command").validate(dict(said))


def test_a_command_of_a_wrong_form_does_not_fit() -> None:
    forms = [
        fault
        for fault in FAULTS
        if isinstance(fault[0], dict) and not fault[3].startswith(ONLY_READ)
    ]
    assert len(forms) > 8
    for said, *_ in forms:
        assert not checker("command").is_valid(said), said
