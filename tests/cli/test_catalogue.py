"""The catalogue told as documentation: in 80 columns, and as SIGNALS.md."""

import re
from pathlib import Path

import pytest

from monitor.app.usage import shipped_packs, usage_of
from monitor.cli import main
from monitor.rules.durations import parse_duration
from monitor.signals.catalogue import BY_NAME, SIGNALS, Scope

ROOT = Path(__file__).parents[2]


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> list[str]:
    assert main(["signals", "--catalogue"]) == 0
    return capsys.readouterr().out.splitlines()


def test_every_name_is_there_and_no_line_is_wider_than_80_columns(told: list[str]) -> None:
    names = [text.split()[0] for text in told if text and not text.startswith(" ")]
    assert names == [signal.name for signal in SIGNALS]
    assert max(map(len, told)) <= 80
    assert all(text == text.rstrip() for text in told)


def test_an_entry_says_all_there_is_to_say(told: list[str]) -> None:
    vix = "\n".join(told)[: "\n".join(told).index("vix9d")]
    assert vix.splitlines()[0].split() == ["vix", "points,", "market"]
    assert "  Cboe Volatility Index, last published" in vix
    assert "  source     cboe, else yahoo (opt-in), else cboe_history, else fred" in vix
    assert "  too old    after 35 m in which the VIX is published" in vix
    assert "  history    520 sessions are kept" in vix
    assert re.search(r"used by L1\.add, .*; the prices of tickets", " ".join(vix.split()))


def test_names_or_their_beginnings_choose_entries(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["signals", "--catalogue", "vol.regime", "vx"]) == 0
    lines = capsys.readouterr().out.splitlines()
    names = [text.split()[0] for text in lines if text and not text.startswith(" ")]
    expected = [one.name for one in SIGNALS if one.name == "vol.regime" or one.name[:3] == "vx."]
    assert names == expected
    assert "  is one of  steep, contango, flat, inverted" in lines
    assert main(["signals", "--catalogue", "vixx"]) == 2


def test_who_uses_a_signal_is_what_the_shipped_rules_say() -> None:
    packs = shipped_packs()
    used = usage_of(packs)
    for rule in (rule for pack in packs for rule in pack.rules):
        for name in rule.when.names:
            assert rule.id in used[name].rules
    assert "L2.add" in used["vix"].rules
    assert used["vx.settle"].prices
    for name, one in used.items():
        for through in one.through:
            assert name in BY_NAME[through].inputs or BY_NAME[through].definition == name


def test_the_page_is_the_catalogue_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["signals", "--catalogue", "--markdown"]) == 0
    made = capsys.readouterr().out
    written = (ROOT / "SIGNALS.md").read_text(encoding="utf-8")
    assert written == made, "write it anew: hedgewatch signals --catalogue --markdown > SIGNALS.md"


def test_the_page_has_a_row_a_signal_and_every_row_as_many_cells(
    capsys: pytest.CaptureFixture[str],
) -> None:
    main(["signals", "--catalogue", "--markdown"])
    rows = [text for text in capsys.readouterr().out.splitlines() if text.startswith("| `")]
    assert sorted(row.split("`")[1] for row in rows) == sorted(BY_NAME)
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {9}


def test_ages_are_told_in_the_hours_they_are_counted_in(told: list[str]) -> None:
    whole = "\n".join(told)
    assert whole.count("without a block") == sum(
        one.scope in {Scope.CHAIN, Scope.POOL, Scope.POSITION, Scope.BOOK} for one in SIGNALS
    )
    assert "  too old    after 2 sessions" in told
    assert parse_duration("35m") == BY_NAME["vix"].max_age
