"""The hand-cut hot path, held to eth_abi."""

from typing import Any

import pytest
from eth_abi.abi import encode
from eth_utils.address import to_checksum_address
from hypothesis import given
from hypothesis import strategies as st

from monitor.chain.abi import encode_call
from monitor.chain.words import (
    Answer,
    Call,
    address,
    encode_aggregate3,
    sint,
    split_aggregate3,
    text,
    uint,
)

ADDRESSES = st.binary(min_size=20, max_size=20).map(to_checksum_address)
CALLS = st.lists(st.builds(Call, ADDRESSES, st.binary(max_size=100)), max_size=8)
ANSWERS = st.lists(st.tuples(st.booleans(), st.binary(max_size=100)), max_size=8)


@given(CALLS)
def test_a_batch_is_encoded_as_eth_abi_would(calls: list[Call]) -> None:
    plain = [(target, True, data) for target, data in calls]
    assert encode_aggregate3(calls) == encode_call("multicall3", "aggregate3", plain)


@given(ANSWERS)
def test_answers_are_those_that_went_in_and_an_empty_success_is_a_failure(
    answers: list[tuple[bool, bytes]],
) -> None:
    data = encode(["(bool,bytes)[]"], [answers])
    expected = [Answer(ok and bool(payload), payload) for ok, payload in answers]
    assert split_aggregate3(data, len(answers)) == expected


@given(ANSWERS, st.data())
def test_an_answer_that_did_not_change_is_the_same_object(
    answers: list[tuple[bool, bytes]], data: st.DataObject
) -> None:
    before = split_aggregate3(encode(["(bool,bytes)[]"], [answers]), len(answers))
    changed = [
        data.draw(
            st.sampled_from([one, (not one[0], one[1]), (one[0], one[1] + b"\0"), (True, b"")])
        )
        for one in answers
    ]
    told = encode(["(bool,bytes)[]"], [changed])
    after = split_aggregate3(told, len(changed), before)
    assert after == split_aggregate3(told, len(changed))
    for old, new in zip(before, after, strict=True):
        assert (old is new) == (old == new)


@given(ANSWERS.filter(bool), st.data())
def test_a_cut_answer_is_refused_not_guessed(
    answers: list[tuple[bool, bytes]], data: st.DataObject
) -> None:
    whole = encode(["(bool,bytes)[]"], [answers])
    # The last payload's padding may be missing; nothing else may.
    most = len(whole) - (-len(answers[-1][1]) % 32) - 1
    cut = data.draw(st.integers(0, most))
    with pytest.raises(ValueError, match=r"number of answers|cut short"):
        split_aggregate3(whole[:cut], len(answers))


def test_another_number_of_answers_is_refused() -> None:
    data = encode(["(bool,bytes)[]"], [[(True, b"a")]])
    with pytest.raises(ValueError, match="2 calls got another number"):
        split_aggregate3(data, 2)


@given(st.integers(0, 2**256 - 1), st.integers(-(2**23), 2**23 - 1), ADDRESSES)
def test_words_are_read_as_eth_abi_wrote_them(large: int, tick: int, who: str) -> None:
    data = encode(["uint256", "int24", "address"], [large, tick, who])
    assert (uint(data, 0), sint(data, 1), address(data, 2)) == (large, tick, who)


@given(st.text(max_size=80).filter(lambda told: len(told.encode()) != 32))
def test_a_string_is_read(told: str) -> None:
    assert text(encode(["string"], [told])) == told


@pytest.mark.parametrize(
    ("data", "told"),
    [
        pytest.param(b"MKR".ljust(32, b"\0"), "MKR", id="bytes32, as the first tokens had it"),
        pytest.param(encode(["string"], ["USDC"]), "USDC", id="a string"),
    ],
)
def test_both_kinds_of_symbol(data: bytes, told: str) -> None:
    assert text(data) == told


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\xff" * 32, id="no UTF-8"),
        pytest.param(b"\xff" * 64, id="an offset beyond the end"),
        pytest.param(encode(["string"], ["USDC"])[:-30], id="cut short"),
    ],
)
def test_what_is_no_text_is_refused(data: Any) -> None:
    with pytest.raises(ValueError, match=r"hold a string|can't decode"):
        text(data)
