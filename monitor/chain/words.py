"""The hot path: Multicall3's `aggregate3` and 32-byte words, cut by hand.

eth_abi builds and checks a tree for every value; at a thousand positions a poll
these slices cost about a thirtieth of it. A property test holds them to eth_abi.
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import repeat
from typing import Final, NamedTuple

from eth_utils.address import to_checksum_address

WORD: Final = 32
_AGGREGATE3: Final = bytes.fromhex("82ad56cb")
_HALF: Final = 1 << 255
_FULL: Final = 1 << 256


class Call(NamedTuple):
    """One read: a contract's EIP-55 address and calldata."""

    target: str
    data: bytes


class Answer(NamedTuple):
    """What one call of a batch gave. An empty success is a failure: no code there."""

    ok: bool
    data: bytes


_NO_ANSWER: Final = Answer(ok=False, data=b"")


def encode_aggregate3(calls: Sequence[Call]) -> bytes:
    """Return calldata for `aggregate3` in which every call is allowed to fail."""
    heads: list[bytes] = []
    tails: list[bytes] = []
    offset = WORD * len(calls)
    for target, data in calls:
        padded = data + bytes(-len(data) % WORD)
        tail = b"".join(
            (
                bytes.fromhex(target[2:]).rjust(WORD, b"\0"),
                _number(1),
                _number(3 * WORD),
                _number(len(data)),
                padded,
            )
        )
        heads.append(_number(offset))
        tails.append(tail)
        offset += len(tail)
    return b"".join((_AGGREGATE3, _number(WORD), _number(len(calls)), *heads, *tails))


def split_aggregate3(data: bytes, expected: int, before: Sequence[Answer] = ()) -> list[Answer]:
    """Return the answers in `aggregate3`'s result, in order; raise ValueError if malformed.

    before: what the same calls gave last time; who says the same again is the same
    object again, so that nobody need look twice at what did not change.
    """
    read = int.from_bytes
    base = 2 * WORD
    if len(data) < base or read(data[WORD:base]) != expected:
        raise ValueError(f"a batch of {expected} calls got another number of answers")
    answers: list[Answer] = []
    heads = range(base, base + WORD * expected, WORD)
    for head, old in zip(heads, before or repeat(_NO_ANSWER, expected), strict=True):
        start = base + read(data[head : head + WORD])
        first = start + 3 * WORD
        size = read(data[start + 2 * WORD : first])
        if first + size > len(data):
            raise ValueError("a batch's answer is cut short")
        ok = data[start + WORD - 1] == 1 and size > 0
        if ok is old.ok and size == len(old.data) and data.startswith(old.data, first):
            answers.append(old)
        else:
            answers.append(Answer(ok, data[first : first + size]))
    return answers


def uint(data: bytes, index: int) -> int:
    """Return the unsigned integer in word `index`."""
    start = WORD * index
    return int.from_bytes(data[start : start + WORD])


def sint(data: bytes, index: int) -> int:
    """Return the signed integer in word `index`, of any width."""
    value = uint(data, index)
    return value - _FULL if value >= _HALF else value


def address(data: bytes, index: int) -> str:
    """Return the address in word `index`, EIP-55."""
    start = WORD * index
    return _checksummed(data[start + 12 : start + WORD])


def text(data: bytes) -> str:
    """Return a `string` result, or a `bytes32` one as the first tokens gave it.

    Raises ValueError where the bytes are neither.
    """
    if len(data) == WORD:
        return data.rstrip(b"\0").decode("utf-8")
    start = uint(data, 0)
    size = int.from_bytes(data[start : start + WORD])
    body = data[start + WORD : start + WORD + size]
    if start + WORD > len(data) or len(body) != size:
        raise ValueError(f"{len(data)} bytes do not hold a string")
    return body.decode("utf-8")


@lru_cache(maxsize=4096)
def _checksummed(raw: bytes) -> str:
    return to_checksum_address(raw)


def _number(value: int) -> bytes:
    return value.to_bytes(WORD)
