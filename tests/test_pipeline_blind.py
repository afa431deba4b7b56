"""Which chains and positions cannot be seen, and that each is told of by name."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.alerts.alert import Alert
from monitor.alerts.render import plain
from monitor.app.rulebook import load_enabled, retired, rulebook
from monitor.channels.port import Message
from monitor.config import parse_settings
from monitor.model.observation import Block, Gap, Missing, Observation, Snapshot
from monitor.pipeline import Rulebook, State, step

START = datetime(2026, 11, 27, 15, 0, tzinfo=UTC)
IDS = {"ethereum": 1, "base": 8453}
Outages = Mapping[str, tuple[int, int]]


def book(*chains: str) -> Rulebook:
    given = "".join(
        f'[chain.{one}]\nrpc = ["env:X"]\n[[watch]]\nchain = "{one}"\nnft = [1]\n'
        for one in chains or IDS
    )
    settings = parse_settings(f'{given}[rules]\nenabled = ["self"]\n')
    return rulebook(settings, load_enabled(settings))


def seen(chain: str, at_s: int, *missing: Missing) -> Snapshot:
    at = START + timedelta(seconds=at_s)
    return Snapshot(
        observed_at=at,
        chain=chain,
        chain_id=IDS[chain],
        block=Block(number=100 + at_s, hash=f"0x{at_s:064x}", timestamp=at),
        pools=(),
        positions=(),
        missing=missing,
    )


def polls(outages: Outages, *, until_s: int, chains: Iterable[str] = IDS) -> Iterable[Observation]:
    """Yield a poll of each chain every 12 s; from..until, in seconds, a chain is out."""
    for at_s in range(0, until_s, 12):
        for chain in chains:
            out, back = outages.get(chain, (until_s, until_s))
            if out <= at_s < back:
                at = START + timedelta(seconds=at_s)
                yield Gap(observed_at=at, source=chain, reason=f"{chain} refuses")
            else:
                yield seen(chain, at_s)


def told(rules: Rulebook, observations: Iterable[Observation]) -> list[Alert]:
    state, heard = retired(rules, State())[0], list[Alert]()
    for one in observations:
        state, alerts = step(rules, state, one)
        heard += alerts
    return heard


def read(alert: Alert) -> str:
    return plain(Message(alert=alert, tries=0, repeat=False, now=alert.at))


def test_the_chain_that_is_blind_is_named_and_not_the_healthy_one() -> None:
    """Out from 60 s: last seen at 48 s, over five minutes at 360 s; seen again at 600 s."""
    firing, resolved = told(book(), polls({"base": (60, 600)}, until_s=720))
    assert read(firing).startswith("🔴 BLIND · base   ")
    assert "ethereum" not in read(firing)
    assert "base: base refuses" in read(firing)
    assert (firing.chain, firing.title) == ("base", "base")
    assert firing.block is not None
    assert firing.block.number == 148
    assert read(resolved).startswith("🟢 SEES AGAIN · base after 4 m ")
    assert (resolved.chain, resolved.title, resolved.since) == ("base", "base", firing.at)


def test_a_chain_that_was_never_read_is_named_too() -> None:
    (firing,) = told(book(), polls({"base": (0, 500)}, until_s=500))
    assert (firing.chain, firing.title, firing.block) == ("base", "base", None)


def test_one_chain_alone_is_named_as_before() -> None:
    alone = polls({"base": (60, 600)}, until_s=720, chains=("base",))
    firing, resolved = told(book("base"), alone)
    assert (firing.title, resolved.title) == ("base", "base")


def test_a_second_chain_going_blind_and_one_of_two_coming_back_are_told() -> None:
    outages = {"ethereum": (60, 1000), "base": (400, 1600)}
    heard = told(book(), polls(outages, until_s=2400))
    assert [(one.state, one.title) for one in heard] == [
        ("firing", "ethereum"),
        ("repeat", "base, ethereum"),
        ("repeat", "base"),
        ("resolved", "base"),
    ]
    one, both, left, none = heard
    assert [round((each.at - START).total_seconds()) for each in heard] == [360, 708, 1008, 1608]
    assert len({each.id for each in heard}) == 1
    assert len({each.idem for each in heard}) == 4
    assert read(both).startswith("🔴 STILL BLIND · base, ethereum   ")
    assert "base is blind now" in read(both)
    assert "ethereum: ethereum refuses" in read(both)
    assert "base: base refuses" in read(both)
    assert both.chain is None
    assert "ethereum sees again" in read(left)
    assert "ethereum: " not in read(left)
    assert none.since == one.since


def test_a_failed_poll_of_a_healthy_chain_is_not_called_blind() -> None:
    outages = {"ethereum": (60, 800), "base": (348, 384)}
    heard = told(book(), polls(outages, until_s=900))
    assert [(one.state, one.title) for one in heard] == [
        ("firing", "ethereum"),
        ("resolved", "ethereum"),
    ]
    assert "base" not in read(heard[0])


def test_a_wallet_that_cannot_be_listed_is_told_after_five_minutes_and_its_end() -> None:
    wallet = Missing(
        key="1:0x00000000000000000000000000000000000000AA",
        reason="wallet 0x…AA cannot be listed: balanceOf reverts",
        wallet=True,
    )
    dark = [seen("ethereum", at_s, wallet) for at_s in range(0, 612, 12)]
    firing, resolved = told(book("ethereum"), [*dark, seen("ethereum", 612)])
    assert (firing.rule, firing.severity, firing.state) == ("self.unread", "warning", "firing")
    assert firing.at == START + timedelta(minutes=5)
    assert "wallet 0x…AA cannot be listed: balanceOf reverts" in read(firing)
    assert firing.values == {"system.unread": 1.0}
    assert resolved.state == "resolved"


def test_what_the_chain_says_is_gone_is_not_unread() -> None:
    burned = Missing(key="1:0xC3:1", reason="position 1: burned", gone=True)
    assert told(book("ethereum"), [seen("ethereum", n * 12, burned) for n in range(60)]) == []


def test_all_that_is_unread_is_counted_and_the_first_named() -> None:
    first, second = (
        Missing(key=f"1:0xC3:{n}", reason=f"position {n}: ownerOf reverts") for n in (1, 2)
    )
    base = Missing(key="8453:0xC3:7", reason="position 7: empty answer")
    observations = [
        one
        for n in range(27)
        for one in (seen("ethereum", n * 12, first, second), seen("base", n * 12, base))
    ]
    (firing,) = told(book(), observations)
    assert firing.values == {"system.unread": 3.0}
    assert "base: position 7: empty answer, and 2 more" in read(firing)


@pytest.mark.parametrize("unread", [False, True])
def test_an_entry_unknown_for_an_hour_is_told_by_position_and_reason(
    hand: Any, *, unread: bool
) -> None:
    note = "its deposits are not known yet: rpc.example does not offer eth_getLogs"
    known, emptied = hand.position(1), replace(hand.position(3), liquidity=0, basis=None)
    unknown = replace(hand.position(2), basis=None, basis_note=note)
    missing = (Missing(key=unknown.key, reason="the call reverted"),) if unread else ()
    observations = []
    for minute in range(64):
        at = START + timedelta(minutes=minute)
        positions = (known, emptied) if unread and minute > 30 else (known, unknown, emptied)
        lost = missing if unknown not in positions else ()
        observations.append(hand.snapshot(at, *positions, number=minute, missing=lost))
    end = START + timedelta(minutes=64)
    found = replace(unknown, basis=known.basis, basis_note="")
    observations.append(hand.snapshot(end, known, found, emptied, number=64))
    heard = told(hand.book("self"), observations)
    firing, resolved = (one for one in heard if one.rule == "self.entries")
    assert (firing.state, firing.severity, resolved.state) == ("firing", "warning", "resolved")
    assert (firing.at, resolved.at) == (START + timedelta(hours=1), end)
    assert firing.values == {"system.entries_unknown": 1.0}
    assert f"main: #2: {note}" in read(firing)
    assert "[[entry]]" in read(firing)


def test_an_entry_that_is_read_within_the_hour_is_not_told_of(hand: Any) -> None:
    known = hand.position(1)
    unknown = replace(known, basis=None, basis_note="its deposits are still being read")
    observations = [
        hand.snapshot(
            START + timedelta(minutes=minute), known if minute > 50 else unknown, number=minute
        )
        for minute in range(90)
    ]
    assert told(hand.book("self"), observations) == []
