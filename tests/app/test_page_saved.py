"""The page over a store alone: of a file, of a PostgreSQL, and of one put in another's place."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.app.page_saved import Saved
from monitor.clock import ManualClock
from monitor.config import Settings
from monitor.config.settings import StoreSettings
from monitor.errors import ConfigError, Transient
from monitor.pipeline import State
from monitor.store.backup import back_up, put_back
from monitor.store.opening import open_shared, open_store
from monitor.store.records import Change
from monitor.store.rows import changed_rows, new_samples
from monitor.web.page import built
from tests.web.moments import BEGUN, Stage, held


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/hedgewatch.db"
    found: str = request.getfixturevalue("postgres_url")
    return found


def kept(url: str, state: State) -> None:
    with closing(open_store(url, now=BEGUN)) as store:
        change = Change(rows=changed_rows(State(), state), samples=new_samples(State(), state))
        store.commit(change)


@pytest.fixture
def state(hand: Any) -> State:
    stage = Stage(hand.book("lp_range", "self"))
    return stage.take(hand.vix(13.68, BEGUN), hand.snapshot(BEGUN, *held(hand)))


@pytest.fixture
async def saved(url: str) -> AsyncIterator[Saved]:
    settings = replace(Settings(), store=StoreSettings(url=url))
    with Saved(settings, ManualClock(BEGUN + timedelta(seconds=4))) as found:
        yield found


async def test_the_page_is_of_what_is_saved(url: str, saved: Saved, state: State) -> None:
    kept(url, state)
    seen = await saved.look()
    assert seen.state.facts == state.facts
    assert built(seen).parts["positions"].count('data-key="position:') == 6
    assert not seen.running
    with closing(open_store(url, now=BEGUN)) as store:
        store.commit(Change(rows={("position", key): None for key in state.facts.positions}))
    assert (await saved.look()).state.facts.positions == {}


async def test_of_daemons_that_share_a_store_one_must_lead(postgres_url: str, state: State) -> None:
    kept(postgres_url, state)
    settings = replace(Settings(), store=StoreSettings(url=postgres_url))
    with Saved(settings, ManualClock(BEGUN)) as saved:
        with closing(open_shared(postgres_url, now=BEGUN, name="a", lasts_s=30.0)) as one:
            one.lease.live()
            assert not (await saved.look()).running
            assert one.lease.take()
            assert (await saved.look()).running
        assert saved._open is not None
        with pytest.raises(Transient, match="read-only"):
            saved._open.store.commit(Change(rows={("meta", "at"): "1"}))


async def test_a_store_that_was_put_back_is_the_one_that_is_shown(
    tmp_path: Path, state: State
) -> None:
    path, copy = tmp_path / "hedgewatch.db", tmp_path / "copy.db"
    url = f"sqlite:///{path}"
    kept(url, state)
    back_up(path, copy)
    with closing(open_store(url, now=BEGUN)) as store:
        store.commit(Change(rows={("position", key): None for key in state.facts.positions}))
    settings = replace(Settings(), store=StoreSettings(url=url))
    with Saved(settings, ManualClock(BEGUN)) as saved:
        before = await saved.look()
        assert before.state.facts.positions == {}
        put_back(copy, path, url, now=BEGUN + timedelta(days=1))
        seen = await saved.look()
        assert seen.state.facts == state.facts
        assert seen.state.epoch != before.state.epoch


async def test_looking_never_brings_an_older_store_up_to_date(tmp_path: Path) -> None:
    """Else the older daemon that fills it would not start any more."""
    path = tmp_path / "hedgewatch.db"
    oldest = Path(__file__).parents[1] / "store" / "schemas" / "1.sql"
    with closing(sqlite3.connect(path)) as database:
        database.executescript(oldest.read_text("utf-8"))
        before = list(database.iterdump())
    settings = replace(Settings(), store=StoreSettings(url=f"sqlite:///{path}"))
    older = pytest.raises(ConfigError, match="an older Hedgewatch wrote this")
    with Saved(settings, ManualClock(BEGUN)) as saved, older:
        await saved.look()
    with closing(sqlite3.connect(path)) as database:
        assert list(database.iterdump()) == before


async def test_looking_makes_no_tables(postgres_url: str) -> None:
    settings = replace(Settings(), store=StoreSettings(url=postgres_url))
    with Saved(settings, ManualClock(BEGUN)) as saved:
        for _ in range(2):
            with pytest.raises(ConfigError, match="nothing is saved in it yet"):
                await saved.look()
