"""What a run keeps of its tape: exactly what the store took, whatever ends it."""

import json
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.app.daemon import Daemon
from monitor.app.rulebook import load_enabled, rulebook
from monitor.app.taping import ROW, Taping, fingerprint, taping
from monitor.config import RulesSettings, Settings
from monitor.model.observation import Gap, Observation, Readings
from monitor.model.reading import Reading
from monitor.sources.tape import Head, read_tape
from monitor.store.port import Store
from monitor.store.rows import restore
from monitor.store.sqlite import open_sqlite
from tests.store.filling import file_system

AT = datetime(2020, 2, 14, 22, 30, tzinfo=UTC)
SETTINGS = Settings(rules=RulesSettings(enabled=("alvh",)))
BOOK = rulebook(SETTINGS, load_enabled(SETTINGS))


def gap(number: int) -> Gap:
    return Gap(source="vix", observed_at=AT + timedelta(seconds=number), reason=f"no {number}")


def ran(folder: Path, *seen: Observation, tape: Path | None, dies_in: Gap | None = None) -> None:
    """Run a daemon over observations; it may die between writing one and taking it."""
    with (
        closing(open_sqlite(f"sqlite:///{folder / 'store.db'}", now=AT)) as store,
        taping(tape, store, BOOK, lambda: AT) as kept,
    ):
        daemon = daemon_of(store, kept)
        for one in seen:
            daemon.take(one, 0)
        if dies_in is not None:
            kept.note(dies_in)


def daemon_of(store: Store, kept: Taping) -> Daemon:
    saved = store.load()
    return Daemon(
        store=store,
        book=BOOK,
        state=restore(saved.rows, saved.samples),
        channels=(),
        reload=lambda: BOOK,
        now=lambda: AT,
        record=kept.note,
    )


def told(tape: Path) -> list[str]:
    """Return a tape in short: `whole` and `on` for its heads, gaps by their reason."""
    lines = list(read_tape(tape))
    return [
        ("on" if one.rows is None else "whole") if isinstance(one, Head) else one.reason
        for one in lines
        if isinstance(one, Head | Gap)
    ]


def test_a_tape_goes_on_after_what_the_store_took(tmp_path: Path) -> None:
    tape = tmp_path / "tape"
    ran(tmp_path, gap(1), gap(2), tape=tape, dies_in=gap(3))
    assert told(tape) == ["whole", "no 1", "no 2", "no 3"]
    ran(tmp_path, gap(4), tape=tape)
    assert told(tape) == ["whole", "no 1", "no 2", "on", "no 4"]


def test_a_run_without_the_tape_makes_the_next_begin_anew(tmp_path: Path) -> None:
    tape = tmp_path / "tape"
    ran(tmp_path, gap(1), tape=tape)
    ran(tmp_path, gap(2), tape=None)
    ran(tmp_path, gap(3), tape=tape)
    assert told(tape) == ["whole", "no 1", "whole", "no 3"]
    second = [one for one in read_tape(tape) if isinstance(one, Head)][1]
    rows = {(kind, key): text for kind, key, text in second.rows or ()}
    # What the run between saw is in the state the tape begins with again.
    assert restore(rows, ()).at == gap(2).observed_at
    assert ROW not in rows


def test_a_tape_of_an_older_store_begins_with_what_is_saved(tmp_path: Path) -> None:
    ran(tmp_path, gap(1), tape=None)
    ran(tmp_path, gap(2), tape=tmp_path / "tape")
    (head,) = [one for one in read_tape(tmp_path / "tape") if isinstance(one, Head)]
    rows = {(kind, key): text for kind, key, text in head.rows or ()}
    assert restore(rows, ()).facts.feeds["vix"].gap == "no 1"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 128 kB."""
    with file_system(tmp_path / "disk", "128k") as folder:
        yield folder


def test_a_full_disk_ends_the_tape_and_not_the_watch(
    disk: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tape, long = disk / "tape", replace(gap(2), reason="x" * 200_000)
    ran(tmp_path, gap(1), long, gap(3), tape=tape)
    assert told(tape) == ["whole", "no 1"]
    assert caplog.messages == [f"the tape {tape} ends here: No space left on device"]
    caplog.clear()
    ran(tmp_path, gap(4), tape=tape)
    assert caplog.messages == [], "there is room for a little: it begins anew"
    assert told(tape) == ["whole", "no 1", "whole", "no 4"]


def test_a_disk_that_is_full_from_the_start_is_no_reason_not_to_watch(
    disk: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tape = disk / "tape"
    ran(tmp_path, gap(1), tape=tape)
    with suppress(OSError):
        (disk / "ballast").write_bytes(b"x" * 200_000)
    ran(tmp_path, replace(gap(2), reason="y" * 8000), tape=tape)
    assert caplog.messages == [f"the tape {tape} ends here: No space left on device"]
    with closing(open_sqlite(f"sqlite:///{tmp_path / 'store.db'}", now=AT)) as store:
        assert ROW not in store.load().rows
        assert restore(store.load().rows, ()).facts.feeds["vix"].gap == "y" * 8000


def test_the_store_knows_how_far_the_road_came(tmp_path: Path) -> None:
    tape = tmp_path / "tape"
    vix = Reading(name="vix", value=13.7, unit="index points", as_of=AT, source="cboe")
    ran(tmp_path, Readings(source="vix", observed_at=AT, readings=(vix,)), tape=tape)
    with closing(open_sqlite(f"sqlite:///{tmp_path / 'store.db'}", now=AT)) as store:
        row = json.loads(store.load().rows[ROW])
    assert row == {"file": str(tape), "came_to": tape.stat().st_size}


def test_the_fingerprint_tells_other_rules_and_other_dollars() -> None:
    pegged = replace(BOOK, lens=replace(BOOK.lens, pegged=frozenset({"0x01"})))
    other = replace(SETTINGS, rules=RulesSettings(enabled=("lp_range",)))
    books = [BOOK, pegged, rulebook(other, load_enabled(other))]
    assert len({fingerprint(book) for book in books}) == 3
    assert fingerprint(rulebook(SETTINGS, load_enabled(SETTINGS))) == fingerprint(BOOK)
