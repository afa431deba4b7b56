"""A tape's lines: what is written is what is read, whole or not at all."""

import math
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from monitor.errors import ConfigError
from monitor.model.layer import PERPETUAL, Contract, Fill
from monitor.model.observation import Gap, Missing, Observation, Past, Readings, Verb, Word
from monitor.model.quote import OptionQuote
from monitor.model.reading import Bar, Reading
from monitor.sources.tape import Head, Recorder, open_tape, parsed, read_tape, written
from monitor.timetravel.pool import Held, ModelPool

AT = datetime(2020, 3, 12, 14, 30, 0, 123456, tzinfo=UTC)
HEAD = Head(
    version="1",
    epoch="5e6a",
    rules="abc",
    at=AT,
    rows=(("layer", "L2|book", '{"a": "é"}'),),
    samples=(("vix", AT, 0.1 + 0.2),),
)
CONTRACT = Contract(kind="eth.perp", expiry=PERPETUAL, strike=0.0)
READING = Reading(name="vix", value=math.inf, unit="index points", as_of=AT, source="cboe")


def seen() -> list[Observation]:
    held = (Held(width=1.5, value_usd=1e5), Held(width=None, value_usd=1e5))
    pool = ModelPool(held=held, fee_share=1.0)
    pool.snapshot(AT, 250.0)
    return [
        pool.snapshot(AT + timedelta(hours=1), 199.99),
        Readings(
            source="vix",
            observed_at=AT,
            readings=(READING,),
            refused=(Missing(key="vix|", reason="stale"),),
            quotes=(
                OptionQuote(
                    contract=Contract(kind="vix.call", expiry=date(2020, 6, 17), strike=18.0),
                    bid=1.5,
                    ask=None,
                    as_of=AT,
                    source="cboe_vix_options",
                ),
            ),
        ),
        Past(
            id="past:vix",
            source="cboe_history",
            observed_at=AT,
            name="vix",
            bars=(Bar(day=date(2020, 3, 11), open=1.0, high=2.0, low=0.5, close=1e-9, at=AT),),
        ),
        Gap(source="devnet", observed_at=AT, reason='timed "out"\nafter 10 s'),
        Word(
            id="w",
            verb=Verb.FILL,
            observed_at=AT,
            by="a@cli",
            layer="L2",
            fills=(Fill(contract=CONTRACT, quantity=Decimal("-0.25"), price=2_000.5),),
        ),
    ]


@pytest.mark.parametrize("line", [HEAD, *seen()], ids=lambda line: type(line).__name__)
def test_what_is_written_is_what_is_read(line: Observation) -> None:
    text = written(line)
    assert "\n" not in text
    assert parsed(text) == line
    assert type(parsed(text)) is type(line)


def taped(path: Path, *lines: Observation | Head) -> int:
    with open_tape(path, came_to=None) as tape:
        return [tape.write(line) for line in lines][-1]


def test_a_line_that_was_never_written_whole_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "tape"
    taped(path, HEAD, *seen())
    path.write_bytes(path.read_bytes()[:-20])
    assert list(read_tape(path)) == [HEAD, *seen()[:-1]]
    with open_tape(path, came_to=None) as tape:
        assert not tape.goes_on
        tape.write(HEAD)
    assert list(read_tape(path)) == [HEAD, *seen()[:-1], HEAD]


def test_a_tape_is_its_owner_s_alone(tmp_path: Path) -> None:
    taped(tmp_path / "tape", HEAD)
    assert (tmp_path / "tape").stat().st_mode & 0o777 == 0o600


def test_what_the_road_never_took_is_cut_off_when_the_tape_goes_on(tmp_path: Path) -> None:
    path, (_, _, _, gap, word) = tmp_path / "tape", seen()
    came_to = taped(path, HEAD, gap)
    taped(path, word)
    with open_tape(path, came_to=came_to) as tape:
        assert tape.goes_on
        tape.write(gap)
    assert list(read_tape(path)) == [HEAD, gap, gap]


def test_a_tape_shorter_than_the_road_came_does_not_go_on(tmp_path: Path) -> None:
    path = tmp_path / "tape"
    came_to = taped(path, HEAD)
    with open_tape(path, came_to=came_to + 1) as tape:
        assert not tape.goes_on


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("instance = 1\n", "tape:1: tape: it is no line of a tape", id="another file"),
        pytest.param(written(seen()[3]) + "\n", "begins with its head", id="no head"),
        pytest.param(
            f'{written(HEAD)}\n{{"gap":{{"source":"x"}}}}\n',
            "tape:2: tape: it is no gap",
            id="part",
        ),
        pytest.param(f"{written(HEAD)}\n\n", "tape:2", id="an empty line"),
    ],
)
def test_what_is_no_tape_is_told_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "tape"
    path.write_text(text)
    with pytest.raises(ConfigError, match=said):
        list(read_tape(path))


def test_another_file_is_never_written_to(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("instance = 1\n")
    with pytest.raises(ConfigError, match="no line of a tape"):
        open_tape(path, came_to=None)
    assert path.read_text() == "instance = 1\n"


def test_a_missing_tape_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        list(read_tape(tmp_path / "none"))


def test_a_full_disk_is_told_by_the_write() -> None:
    with (
        Path("/dev/full").open("wb", buffering=0) as full,
        Recorder(path=Path("/dev/full"), file=full, goes_on=False) as tape,
        pytest.raises(OSError, match="No space left"),
    ):
        tape.write(HEAD)
