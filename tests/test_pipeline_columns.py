"""Judging many rows together says, and remembers, what judging them one by one does."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.hedge.legs import parse_leg
from monitor.model.observation import Missing, Observation, Verb, Word
from monitor.model.position import Position
from monitor.pipeline import State, step

START = datetime(2020, 2, 14, 14, 30, tzinfo=UTC)
COUNT = 9
ONE_BY_ONE = 10**9
TRUTHS = (
    "position.in_range",
    "!position.in_range && position.out_of_range_s > 600",
    "position.il < -0.002",
    "min(position.distance_lower, position.distance_upper) < 0.02",
    "position.fees_usd / position.il < -1",  # divides by zero at entry
    "vix > 16.0 && position.il < -0.001",
    "book.il < -0.001 || vix > 30",
    "pool.price > 251",
    'delta(position.il, "20m") < -0.0005',
    'highest(pool.price, "30m") - pool.price > 2 && position.value_usd > 1',
    'avg(position.value_usd, "15m") > position.value_usd',
    'crossed_below(position.il, -0.001) || lowest(position.il, "1h") < -0.004',
    "has(position.il) && !has(position.out_of_range_s)",
    "system.poll_age_s > 200",
    "system.rule_errors > 0 && position.in_range",
)
LAYERED = ('layer.state == "on" && position.in_range', "layer.dte < 100 || vix > 25", "vix < 15")
SETTLED = {date(2020, 3, 18): 15.425, date(2020, 6, 17): 16.725, date(2020, 9, 16): 17.225}


def rules(dice: random.Random) -> str:
    """Return a pack of rules of every kind, as the dice fall."""
    text = 'schema = 1\n[pack]\nid = "p"\ntitle = "P"\nevidence = "claim"\nsources = []\n'
    for layer in ("A", "B"):
        text += f"""[[layer]]
id = "{layer}"
title = "{layer}"
scope = "position"
instrument = {{ kind = "vix.call", dte = 110, delta = 0.50 }}
size = {{ policy = "fixed", contracts = 1 }}
"""
        for action in ("add", "roll", "remove", "notify"):
            text += rule(dice, f"{layer}.{action}", action, (*TRUTHS, *LAYERED, *LAYERED))
    for number in range(10):
        scope = dice.choice(("position", "position", "position", "pool"))
        over = tuple(one for one in TRUTHS if scope == "position" or "position" not in one)
        text += rule(dice, f"r{number}", "notify", over, scope)
    return text


def rule(
    dice: random.Random,
    name: str,
    action: str,
    over: tuple[str, ...],
    scope: str = "",
) -> str:
    when = dice.choice(over)
    clear = dice.choice([one for one in over if one != when])
    told = {
        "clear": dice.choice((None, None, clear)),
        "for": dice.choice((None, "10m")),
        "keep_firing_for": dice.choice((None, "8m")),
        "cooldown": dice.choice((None, "30m")),
        "repeat": dice.choice((None, "25m")),
        "max_gap": dice.choice((None, "6m")),
        "on_nodata": dice.choice((None, "alert", "resolve")),
        "scope": scope or None,
    }
    lines = [f"{key} = '{value}'" for key, value in told.items() if value]
    if "position.il" in when and dice.random() < 0.5:
        lines.append('max_age = { "position.il" = "3m" }')
    if dice.random() < 0.3:
        lines.append(f'inhibited_by = ["{dice.choice(("r0", "r1", "A.notify"))}"]')
    if action == "add" and dice.random() < 0.5:
        lines.append("top_up = true")
    body = "\n".join(one for one in lines if f'["{name}"]' not in one)
    return (
        f'[[{"" if scope else "layer."}rule]]\nid = "{name}"\naction = "{action}"\n'
        f"when = '{when}'\n{body}\n"
        + (
            'text = "{position.label} {vix:.1f}"\n'
            if scope != "pool"
            else 'text = "{pool.price:.1f}"\n'
        )
    )


def story(hand: Any, dice: random.Random) -> Iterator[Observation]:
    yield hand.settled(START.date(), SETTLED, START)
    at, number = START, 0
    for turn in range(90):
        at += timedelta(minutes=dice.choice((0, 1, 3, 5, 5, 12, 40)))
        kind = dice.choices(("vix", "snapshot", "gap", "word"), (3, 7, 1, 2))[0]
        if kind == "vix":
            yield hand.vix(dice.choice((12.0, 14.0, 18.0, 28.0, 45.0)), at, at)
        elif kind == "snapshot":
            number = max(1, number + dice.choice((1, 1, 1, 1, -1)))
            yield snapshot(hand, dice, at, number)
        elif kind == "gap":
            yield hand.gap(dice.choice(("main", "vix")), at)
        else:
            yield spoken(hand, dice, at, turn)


def snapshot(hand: Any, dice: random.Random, at: datetime, number: int) -> Observation:
    held: list[Position] = []
    missing: list[Missing] = []
    for token in range(1, COUNT + 1):
        half = 60 * token
        one = hand.position(token, ticks=(hand.tick - half * 5, hand.tick + half * 3))
        match dice.choices(
            ("there", "gone", "unread", "forgotten", "empty", "owed"), (30, *[1] * 5)
        ):
            case ["there"]:
                held.append(one)
            case ["empty"]:
                held.append(replace(one, liquidity=0, basis=None))
            case ["owed"]:
                held.append(replace(one, liquidity=0, basis=None, tokens_owed0=5))
            case ["gone"]:
                missing.append(Missing(key=one.key, reason="burned", gone=True))
            case ["unread"]:
                missing.append(Missing(key=one.key, reason="the call reverted"))
            case _:
                pass
    if dice.random() < 0.1:
        held = [replace(one, basis=None) for one in held]
    tick = hand.tick + dice.choice((0, 0, 0, dice.randint(-900, 900)))
    seen = hand.snapshot(at, *held, tick=tick, number=number, missing=tuple(missing))
    block = replace(seen.block, hash=f"0x{number:02x}{dice.randint(0, 1):062x}")
    made: Observation = replace(seen, block=block)
    return made


def spoken(hand: Any, dice: random.Random, at: datetime, turn: int) -> Word:
    verb = dice.choice((Verb.FILL, Verb.FILL, Verb.CLOSE))
    fills = (parse_leg("vix.call 2020-06-17 18 +4 @1.6"),) if verb is Verb.FILL else ()
    layer, scope = dice.choice("AB"), hand.key(dice.randint(1, COUNT))
    return Word(
        id=f"w{turn}", verb=verb, observed_at=at, by="ann", layer=layer, scope=scope, fills=fills
    )


@pytest.mark.parametrize("seed", range(12))
def test_together_or_one_by_one_it_says_the_same(seed: int, hand: Any, tmp_path: Path) -> None:
    dice = random.Random(f"columns {seed}")
    (tmp_path / "p.toml").write_text(rules(dice))
    book = hand.book("lp_range", files=(tmp_path / "p.toml",))
    together, alone = replace(book, many=1), replace(book, many=ONE_BY_ONE)
    first, second, spoke = State(), State(), 0
    for seen in story(hand, dice):
        first, told = step(together, first, seen)
        second, expected = step(alone, second, seen)
        assert told == expected
        assert first == second
        spoke += len(told)
    assert spoke > 30, "too quiet a story to mean anything"
