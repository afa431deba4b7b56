"""What readers of the chain keep: as it was saved, over restarts, and in older files too."""

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from monitor.chain.checkpoint import Checkpoint, Hand, Place
from monitor.model.position import Flow, LiquidityEvent
from monitor.store.port import Store
from monitor.store.sqlite import SqliteStore, open_sqlite

EVENT = LiquidityEvent(
    flow=Flow.INCREASE,
    block_number=7,
    log_index=3,
    at=datetime(2020, 3, 9, 12, tzinfo=UTC),
    liquidity=2**127 + 1,
    amount0=2**200 + 1,
    amount1=0,
    sqrt_price_x96=2**159 - 1,
    block_hash="0xb",
    transaction="0xt",
    sender="0xs",
    given=True,
)
HAND = Hand(block_number=7, log_index=1, block_hash="0xb", transaction="0xt", giver="0", taker="1")


def kept(key: str, **more: Any) -> Checkpoint:
    return Checkpoint(
        **{"key": key, "first": 1, "next_block": 9, "events": (EVENT,), "hands": (HAND,)} | more
    )


def test_checkpoints_come_back_to_the_digit_by_chain(store: Store) -> None:
    one = kept("1:0xa:7", place=Place("0xp", -60, 60), mark=(2**127, "0xo", 5))
    store.checkpoints.save([one, kept("10:0xa:7")])
    assert store.checkpoints.load(1) == (one,)
    assert store.checkpoints.load(2) == ()


def test_a_later_checkpoint_takes_the_place_of_an_earlier_one(store: Store) -> None:
    store.checkpoints.save([kept("1:0xa:7"), kept("1:0xa:8")])
    later = kept("1:0xa:7", next_block=90, events=())
    store.checkpoints.save([later])
    assert store.checkpoints.load(1) == (later, kept("1:0xa:8"))


def test_a_file_remembers_them(reopen: Callable[..., SqliteStore]) -> None:
    first = reopen()
    first.checkpoints.save([kept("1:0xa:7")])
    first.close()
    assert reopen().checkpoints.load(1) == (kept("1:0xa:7"),)


def test_what_cannot_be_read_is_left_out_and_said(
    tmp_path: Path, start: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    url = f"sqlite:///{tmp_path}/x.db"
    with closing(open_sqlite(url, now=start)) as store:
        store.checkpoints.save([kept("1:0xa:7"), kept("1:0xa:8")])
        store._database.run("UPDATE checkpoint SET json = '{' WHERE key = '1:0xa:7'")
        assert store.checkpoints.load(1) == (kept("1:0xa:8"),)
    assert "1:0xa:7" in caplog.text
