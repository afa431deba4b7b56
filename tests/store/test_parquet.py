"""Bars in Parquet files: read by others too, checked by others too, whole or not at all."""

import importlib.util
import json
import subprocess
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from monitor.errors import Permanent
from monitor.model.reading import Bar
from monitor.store.parquet import SUMS, Archive, Chunk, Origin

HAS_ARROW = importlib.util.find_spec("pyarrow") is not None
needs_arrow = pytest.mark.skipif(not HAS_ARROW, reason="the extra hedgewatch[parquet] is absent")
DAY = date(2025, 6, 2)
ORIGIN = Origin(
    urls=("https://cdn.example.org/VIX_History.csv",),
    fetched_at=datetime(2026, 3, 6, 22, 30, 1, 5, tzinfo=UTC),
)


def bar(day: date, close: float) -> Bar:
    at = datetime(day.year, day.month, day.day, 20, 15, tzinfo=UTC)
    return Bar(day=day, open=close - 1, high=close + 2, low=close - 1.5, close=close, at=at)


def days(count: int, *, since: date = DAY, close: float = 18.0) -> dict[str, tuple[Bar, ...]]:
    return {"": tuple(bar(since + timedelta(days=n), close + n / 10) for n in range(count))}


def chunk(first: int, last: int, source: str = "cboe_history") -> Chunk:
    day = timedelta(days=1)
    return Chunk(signal="vix", source=source, first=DAY + first * day, last=DAY + last * day)


@needs_arrow
def test_bars_come_back_as_they_were(tmp_path: Path) -> None:
    archive, bars = Archive(tmp_path), {"2025-07-16": days(3)[""], "2025-08-20": days(2)[""]}
    archive.save(chunk(0, 2), bars, ORIGIN)
    assert archive.bars("vix", ("cboe_history",)) == bars
    assert archive.bars("vix", ("fred",)) == {}
    assert archive.bars("vvix", ("cboe_history",)) == {}


def filled(folder: Path, signal: str, together: Barrier) -> None:
    together.wait()
    for n in range(60):
        one = replace(chunk(n, n), signal=signal)
        Archive(folder).save(one, days(1, since=one.first), ORIGIN)


@needs_arrow
def test_pulls_side_by_side_lose_nothing(tmp_path: Path) -> None:
    signals, processes = ("vix", "vvix"), get_context("spawn")
    together = processes.Barrier(len(signals), timeout=60)
    pulls = [processes.Process(target=filled, args=(tmp_path, one, together)) for one in signals]
    for one in pulls:
        one.start()
    for one in pulls:
        one.join()
    assert [one.exitcode for one in pulls] == [0, 0]
    for signal in signals:
        assert len(Archive(tmp_path).bars(signal, ("cboe_history",))[""]) == 60


@needs_arrow
def test_a_file_tells_where_it_came_from(tmp_path: Path) -> None:
    import pyarrow.parquet  # noqa: PLC0415 - not there without the extra

    path = Archive(tmp_path).save(chunk(0, 2), days(3), ORIGIN)
    assert path == tmp_path / "vix" / "cboe_history" / "2025-06-02_2025-06-04.parquet"
    schema = pyarrow.parquet.read_schema(path)
    told = {key.decode(): value.decode() for key, value in schema.metadata.items()}
    assert (told["signal"], told["source"]) == ("vix", "cboe_history")
    assert json.loads(told["urls"]) == list(ORIGIN.urls)
    assert datetime.fromisoformat(told["fetched_at"]) == ORIGIN.fetched_at
    assert schema.names == ["key", "day", "open", "high", "low", "close", "at"]


@needs_arrow
def test_checksums_are_those_of_sha256sum(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    archive.save(chunk(0, 2), days(3), ORIGIN)
    archive.save(chunk(0, 2, source="fred"), days(3), ORIGIN)
    check = ["sha256sum", "--check", "--strict", SUMS]
    told = subprocess.run(check, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert told.stdout.count(": OK") == 2


@needs_arrow
def test_only_a_whole_and_unharmed_file_is_had(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    path = archive.save(chunk(0, 9), days(10), ORIGIN)
    assert archive.had(chunk(0, 9))
    assert archive.had(chunk(2, 5))
    assert not archive.had(chunk(0, 10))
    assert not archive.had(chunk(0, 9, source="fred"))
    raw = path.read_bytes()
    path.write_bytes(raw[:40] + bytes([raw[40] ^ 1]) + raw[41:])
    assert not archive.had(chunk(0, 9))
    with pytest.raises(Permanent, match="is not what SHA256SUMS says: pull vix once more"):
        archive.bars("vix", ("cboe_history",))
    path.unlink()
    assert not archive.had(chunk(0, 9))
    archive.save(chunk(0, 9), days(10), ORIGIN)
    assert archive.had(chunk(0, 9))


@needs_arrow
def test_a_file_without_its_checksum_is_none(tmp_path: Path) -> None:
    # As after a kill between the two writes.
    archive = Archive(tmp_path)
    archive.save(chunk(0, 2), days(3), ORIGIN)
    (tmp_path / SUMS).unlink()
    assert not archive.had(chunk(0, 2))
    assert archive.bars("vix", ("cboe_history",)) == {}


@needs_arrow
def test_a_longer_chunk_takes_the_place_of_those_within_it(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    short = archive.save(chunk(1, 2), days(2), ORIGIN)
    other = archive.save(chunk(1, 2, source="fred"), days(2), ORIGIN)
    long = archive.save(chunk(0, 5), days(6), ORIGIN)
    assert (short.exists(), other.exists(), long.exists()) == (False, True, True)
    assert len((tmp_path / SUMS).read_text().splitlines()) == 2


@needs_arrow
def test_of_a_day_the_first_source_s_bar_stands(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    archive.save(chunk(0, 1), days(2, close=18.0), ORIGIN)
    archive.save(chunk(0, 2, source="fred"), days(3, close=99.0), ORIGIN)
    found = archive.bars("vix", ("cboe_history", "fred"))[""]
    assert [one.close for one in found] == [18.0, 18.1, 99.2]


@needs_arrow
def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Permanent, match="nothing can be written to"):
        Archive(tmp_path / "file").save(chunk(0, 1), days(2), ORIGIN)
    with pytest.raises(Permanent, match="cannot be made"):
        Archive(tmp_path / "file").check()


@pytest.mark.skipif(HAS_ARROW, reason="pyarrow is there")
def test_without_pyarrow_it_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(Permanent, match="pipx inject hedgewatch pyarrow"):
        Archive(tmp_path / "new").check()
    assert not (tmp_path / "new").exists()


def test_an_empty_folder_has_nothing(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "none")
    assert not archive.had(chunk(0, 1))
    assert archive.bars("vix", ("cboe_history",)) == {}
