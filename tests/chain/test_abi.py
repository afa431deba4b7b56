"""The shipped ABIs against the compiled contracts, and coding there and back."""

import json
from typing import Any

import pytest
from eth_abi.abi import encode
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.chain.abi import (
    CONTRACTS,
    Contract,
    check_shipped,
    contract,
    contract_from,
    decode_log,
    decode_result,
    encode_call,
    topic,
)
from monitor.devnet.contracts import FACTORY, MANAGER, POOL, TOKEN
from monitor.devnet.parts import artifact
from monitor.errors import ConfigError
from monitor.shipped import abis_dir

NPM = "nonfungible_position_manager"


def value_of(kind: str) -> st.SearchStrategy[Any]:
    """Any value of a canonical ABI type."""
    if kind.endswith("[]"):
        return st.lists(value_of(kind[:-2]), max_size=3).map(tuple)
    if kind.startswith("("):
        return st.tuples(*(value_of(part) for part in kind[1:-1].split(",")))
    if kind.startswith("uint"):
        return st.integers(0, 2 ** int(kind[4:]) - 1)
    if kind.startswith("int"):
        half = 2 ** (int(kind[3:]) - 1)
        return st.integers(-half, half - 1)
    return {
        "address": st.binary(min_size=20, max_size=20).map(lambda raw: "0x" + raw.hex()),
        "bool": st.booleans(),
        "bytes": st.binary(max_size=70),
        "bytes32": st.binary(min_size=32, max_size=32),
        "string": st.text(max_size=40),
    }[kind]


FUNCTIONS = [
    pytest.param(name, entry.signature, id=f"{name}.{entry.signature}")
    for name in CONTRACTS
    for entry in {id(one): one for one in contract(name).functions.values()}.values()
]


@pytest.mark.parametrize(("name", "signature"), FUNCTIONS)
@settings(max_examples=20)
@given(data=st.data())
def test_arguments_come_back_as_they_went(name: str, signature: str, data: Any) -> None:
    entry = contract(name).functions[signature]
    arguments = data.draw(st.tuples(*(value_of(kind) for kind in entry.inputs)))
    calldata = encode_call(name, signature, *arguments)
    assert calldata[:4] == entry.selector
    assert contract(name).decode_arguments(signature, calldata) == arguments


@pytest.mark.parametrize(("name", "signature"), FUNCTIONS)
@settings(max_examples=20)
@given(data=st.data())
def test_results_come_back_as_they_went(name: str, signature: str, data: Any) -> None:
    entry = contract(name).functions[signature]
    results = data.draw(st.tuples(*(value_of(kind) for kind in entry.outputs)))
    # A function that takes what this one returns encodes its results.
    inputs = [as_argument(f"a{n}", kind) for n, kind in enumerate(entry.outputs)]
    mirror = contract_from([{"type": "function", "name": "f", "inputs": inputs}], "mirror")
    assert decode_result(name, signature, mirror.encode("f", *results)[4:]) == results


EVENTS = [
    pytest.param(name, entry.signature, id=f"{name}.{entry.signature}")
    for name in CONTRACTS
    for entry in {id(one): one for one in contract(name).events.values()}.values()
]


@pytest.mark.parametrize(("name", "signature"), EVENTS)
@settings(max_examples=20)
@given(data=st.data())
def test_events_come_back_as_they_went(name: str, signature: str, data: Any) -> None:
    entry = contract(name).events[signature]
    told = {one: data.draw(value_of(kind)) for one, kind, _ in entry.inputs}
    indexed = [encode([kind], [told[one]]) for one, kind, is_indexed in entry.inputs if is_indexed]
    plain = [(kind, told[one]) for one, kind, is_indexed in entry.inputs if not is_indexed]
    body = encode([kind for kind, _ in plain], [value for _, value in plain])
    assert decode_log(name, signature, [entry.topic, *indexed], body) == told


def as_argument(name: str, kind: str) -> dict[str, Any]:
    if not kind.startswith("("):
        return {"name": name, "type": kind}
    inner, _, suffix = kind[1:].rpartition(")")
    parts = [{"name": f"{name}{n}", "type": part} for n, part in enumerate(inner.split(","))]
    return {"name": name, "type": "tuple" + suffix, "components": parts}


@pytest.mark.parametrize(
    ("name", "compiled"),
    [
        pytest.param("uniswap_v3_factory", FACTORY, id="the factory"),
        pytest.param("uniswap_v3_pool", POOL, id="the pool"),
        pytest.param(NPM, MANAGER, id="the position manager"),
        pytest.param("erc20", TOKEN, id="a token"),
        pytest.param("pancakeswap_v3_pool", "PancakeV3Pool", id="PancakeSwap's pool"),
        pytest.param("pancakeswap_v3_masterchef", "MasterChefV3", id="PancakeSwap's farm"),
    ],
)
def test_every_entry_is_as_the_compiler_wrote_it(name: str, compiled: str) -> None:
    real = contract_from(artifact(compiled)["abi"], compiled)
    ours = contract(name)
    for signature, function in ours.functions.items():
        assert real.functions[signature] == function
    for signature, event in ours.events.items():
        assert real.events[signature] == event


def test_everything_shipped_is_sound() -> None:
    check_shipped()
    assert sorted(path.stem for path in abis_dir().glob("*.json")) == sorted(CONTRACTS)


def entries(name: str) -> list[dict[str, Any]]:
    loaded: list[dict[str, Any]] = json.loads((abis_dir() / f"{name}.json").read_text())
    return loaded


@pytest.mark.parametrize("name", CONTRACTS)
def test_a_typo_in_any_name_or_type_is_refused(name: str) -> None:
    for index, entry in enumerate(entries(name)):
        wrong = entries(name)
        wrong[index]["name"] += "s"
        refused(wrong, name)
        for number, argument in enumerate(entry["inputs"]):
            wrong = entries(name)
            changed = "uint32" if argument["type"] != "uint32" else "uint64"
            wrong[index]["inputs"][number]["type"] = changed
            refused(wrong, name)


def refused(wrong: list[dict[str, Any]], name: str) -> None:
    with pytest.raises(ConfigError, match=f"abis/{name}.json: .* hashes to 0x"):
        contract_from(wrong, name, checked=True)


def test_every_slip_of_a_file_is_told_at_once() -> None:
    wrong = entries("uniswap_v3_pool")
    wrong[0]["selector"] = "0x00000000"
    del wrong[1]["selector"]
    with pytest.raises(ConfigError) as caught:
        contract_from(wrong, "uniswap_v3_pool", checked=True)
    assert [str(fault) for fault in caught.value.faults] == [
        f"abis/uniswap_v3_pool.json: {told}"
        for told in (
            "slot0: states selector 0x00000000, but slot0() hashes to 0x3850c7bd",
            "liquidity: states selector None, but liquidity() hashes to 0x1a686502",
        )
    ]


def test_topics_are_the_published_ones() -> None:
    # As block explorers show them for the manager's logs.
    assert topic(NPM, "IncreaseLiquidity").hex().startswith("3067048beee31b25")
    assert topic(NPM, "DecreaseLiquidity").hex().startswith("26f6a048ee9138f2")
    assert topic(NPM, "Collect").hex().startswith("40d0efd1a53d60ec")
    assert topic(NPM, "Transfer").hex().startswith("ddf252ad1be2c89b")


def test_a_log_is_read_by_name() -> None:
    topics = [topic(NPM, "Collect"), (7).to_bytes(32)]
    data = (5).to_bytes(32) + (11).to_bytes(32) + (13).to_bytes(32)
    told = decode_log(NPM, "Collect", topics, data)
    assert told == {
        "tokenId": 7,
        "recipient": "0x" + "0" * 39 + "5",
        "amount0": 11,
        "amount1": 13,
    }


def test_another_event_s_log_is_refused() -> None:
    with pytest.raises(ValueError, match="is not Collect"):
        decode_log(NPM, "Collect", [topic(NPM, "Transfer")], b"")


@pytest.mark.parametrize(
    "data", [pytest.param(b"", id="nothing"), pytest.param(b"\0" * 31, id="a byte too few")]
)
def test_a_short_result_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="uniswap_v3_pool"):
        decode_result("uniswap_v3_pool", "liquidity", data)


def test_arguments_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match=r"ticks\(int24\) cannot take"):
        encode_call("uniswap_v3_pool", "ticks", 2**23)


def test_overloads_are_told_apart_by_signature() -> None:
    both = [
        {"type": "function", "name": "f", "inputs": [{"name": "a", "type": kind}]}
        for kind in ("uint256", "address")
    ]
    made: Contract = contract_from(both, "overloaded")
    assert made.functions["f"] == made.functions["f(uint256)"]
    assert made.functions["f(address)"].inputs == ("address",)
