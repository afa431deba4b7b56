"""Contracts as Hedgewatch calls them: encoding and decoding from minimal ABIs.

Each entry of a shipped ABI carries the selector or topic it must hash to, so a
slip of the pen in a name or a type is refused at start instead of reverting later.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError, EncodingError
from eth_utils.crypto import keccak

from monitor.errors import ConfigError, Fault
from monitor.shipped import abis_dir

CONTRACTS: Final = (
    "multicall3",
    "erc20",
    "uniswap_v3_factory",
    "uniswap_v3_pool",
    "nonfungible_position_manager",
    "chainlink_aggregator",
    "uniswap_v4_position_manager",
    "uniswap_v4_state_view",
    "pancakeswap_v3_pool",
    "pancakeswap_v3_masterchef",
    "slipstream_factory",
    "slipstream_pool",
    "slipstream_position_manager",
    "slipstream_gauge",
    "aave_v3_pool",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """One function: canonical signature, 4-byte selector, canonical argument types."""

    signature: str
    selector: bytes
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event: its topic, and (name, type, indexed) of each argument in order."""

    signature: str
    topic: bytes
    inputs: tuple[tuple[str, str, bool], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """The functions and events of one ABI, by name and by full signature."""

    name: str
    functions: Mapping[str, Function]
    events: Mapping[str, Event]

    def encode(self, function: str, *args: object) -> bytes:
        """Return calldata; raise ValueError where the arguments do not fit the types."""
        entry = self.functions[function]
        try:
            return entry.selector + encode(entry.inputs, args)
        except (EncodingError, TypeError, ValueError) as error:
            raise ValueError(f"{self.name}.{entry.signature} cannot take {args!r}") from error

    def decode(self, function: str, data: bytes) -> tuple[Any, ...]:
        """Return the function's results; raise ValueError unless `data` holds them."""
        entry = self.functions[function]
        if not data:
            raise ValueError(f"{self.name}.{entry.signature} answered nothing")
        return _decode(entry.outputs, data, f"{self.name}.{entry.signature}")

    def decode_arguments(self, function: str, calldata: bytes) -> tuple[Any, ...]:
        """Return the arguments of calldata that `encode` could have written."""
        entry = self.functions[function]
        if calldata[:4] != entry.selector:
            raise ValueError(f"{self.name}.{entry.signature} does not start this calldata")
        return _decode(entry.inputs, calldata[4:], f"{self.name}.{entry.signature}")

    def decode_log(self, event: str, topics: Sequence[bytes], data: bytes) -> dict[str, Any]:
        """Return an event's arguments by name; raise ValueError if it is another event.

        Indexed arguments of dynamic type are hashes on chain and are not supported.
        """
        entry = self.events[event]
        if not topics or bytes(topics[0]) != entry.topic:
            raise ValueError(f"{self.name}: this log is not {entry.signature}")
        where = f"{self.name}.{entry.signature}"
        indexed = [kind for _, kind, is_indexed in entry.inputs if is_indexed]
        plain = [kind for _, kind, is_indexed in entry.inputs if not is_indexed]
        from_topics = iter(_decode(indexed, b"".join(topics[1:]), where))
        from_data = iter(_decode(plain, data, where))
        return {
            name: next(from_topics if is_indexed else from_data)
            for name, _, is_indexed in entry.inputs
        }


def contract_from(
    entries: Iterable[Mapping[str, Any]], name: str, *, checked: bool = False
) -> Contract:
    """Build a contract from ABI entries; constructors, errors and the like are passed over.

    checked: require every entry's `selector` or `topic0` and refuse, with a
    ConfigError naming all of them, those that do not hash to what they state.
    """
    functions: dict[str, Function] = {}
    events: dict[str, Event] = {}
    faults: list[Fault] = []
    for entry in entries:
        if entry.get("type") == "function":
            function = _function(entry)
            functions.setdefault(entry["name"], function)
            functions[function.signature] = function
            fault = _slip(entry, "selector", function.selector, function.signature)
        elif entry.get("type") == "event":
            event = _event(entry)
            events.setdefault(entry["name"], event)
            events[event.signature] = event
            fault = _slip(entry, "topic0", event.topic, event.signature)
        else:
            continue
        if checked and fault:
            faults.append(Fault(file=f"abis/{name}.json", where=entry["name"], reason=fault))
    if faults:
        raise ConfigError(faults)
    return Contract(name=name, functions=functions, events=events)


@cache
def contract(name: str) -> Contract:
    """Return one of the shipped contracts, checked; raise ConfigError if its file is wrong."""
    path = abis_dir() / f"{name}.json"
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        fault = Fault(file=f"abis/{name}.json", where="", reason=f"cannot be read: {error}")
        raise ConfigError([fault]) from error
    return contract_from(entries, name, checked=True)


def check_shipped() -> None:
    """Load every shipped ABI; raise ConfigError with the faults of all of them."""
    faults: list[Fault] = []
    for name in CONTRACTS:
        try:
            contract(name)
        except ConfigError as error:
            faults.extend(error.faults)
    if faults:
        raise ConfigError(faults)


def encode_call(name: str, function: str, *args: object) -> bytes:
    """Return calldata for a function of a shipped contract."""
    return contract(name).encode(function, *args)


def decode_result(name: str, function: str, data: bytes) -> tuple[Any, ...]:
    """Return a shipped contract's results; raise ValueError unless `data` holds them."""
    return contract(name).decode(function, data)


def topic(name: str, event: str) -> bytes:
    """Return an event's topic0, 32 bytes."""
    return contract(name).events[event].topic


def decode_log(name: str, event: str, topics: Sequence[bytes], data: bytes) -> dict[str, Any]:
    """Return a shipped contract's event arguments by name."""
    return contract(name).decode_log(event, topics, data)


def _canonical(item: Mapping[str, Any]) -> str:
    kind: str = item["type"]
    if not kind.startswith("tuple"):
        return kind
    inner = ",".join(_canonical(part) for part in item["components"])
    return f"({inner}){kind.removeprefix('tuple')}"


def _signature(entry: Mapping[str, Any]) -> str:
    inputs = ",".join(_canonical(item) for item in entry.get("inputs", ()))
    return f"{entry['name']}({inputs})"


def _function(entry: Mapping[str, Any]) -> Function:
    signature = _signature(entry)
    return Function(
        signature=signature,
        selector=keccak(text=signature)[:4],
        inputs=tuple(_canonical(item) for item in entry.get("inputs", ())),
        outputs=tuple(_canonical(item) for item in entry.get("outputs", ())),
    )


def _event(entry: Mapping[str, Any]) -> Event:
    signature = _signature(entry)
    return Event(
        signature=signature,
        topic=keccak(text=signature),
        inputs=tuple(
            (item["name"], _canonical(item), bool(item.get("indexed")))
            for item in entry.get("inputs", ())
        ),
    )


def _slip(entry: Mapping[str, Any], key: str, expected: bytes, signature: str) -> str:
    if entry.get(key) == "0x" + expected.hex():
        return ""
    return f"states {key} {entry.get(key)}, but {signature} hashes to 0x{expected.hex()}"


def _decode(types: Sequence[str], data: bytes, where: str) -> tuple[Any, ...]:
    try:
        return decode(types, data)
    except (DecodingError, OverflowError, ValueError) as error:
        raise ValueError(f"{where}: {len(data)} bytes do not hold its values") from error
