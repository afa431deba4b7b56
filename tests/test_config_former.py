"""A key of an earlier release is told as one, with what to write instead."""

import pytest

from monitor.config.former import FORMER, Former, former
from monitor.config.schema import _keys

DROPPED = {
    "channel.telegram.admins": Former(until="0.1.0", instead="name them in commands.write"),
    "chain.*.key": Former(until="0.2.0", instead="put it into the URL that rpc refers to"),
    "watch.*.owner": Former(until="0.2.0", instead="call it wallet"),
}


@pytest.mark.parametrize(
    ("place", "told"),
    [
        (("channel", "telegram", "admins"), "a key of release 0.1.0 and before: name them in"),
        (("chain", "base", "key"), "a key of release 0.2.0 and before: put it into the URL"),
        (("watch", 3, "owner"), "a key of release 0.2.0 and before: call it wallet"),
        (("chain", "base", "keys"), ""),
        (("chain", "key"), ""),
        ((), ""),
    ],
)
def test_a_key_that_was_dropped_is_told_with_its_successor(
    place: tuple[str | int, ...], told: str
) -> None:
    found = former(place, DROPPED)
    assert found.startswith(told) if told else found == ""


def test_no_key_of_today_is_called_a_former_one() -> None:
    for place in FORMER:
        *table, key = (0 if part == "*" else part for part in place.split("."))
        assert key not in _keys(tuple(table)), place
