"""A real position's past from an archive node equals what the live poll saw, block by block."""

import asyncio
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.app.direct import Place, whereabouts
from monitor.app.onchain import Blocks, Walk
from monitor.cli import main
from monitor.clock import SystemClock
from monitor.config import Settings, load_settings
from monitor.errors import HedgewatchError
from monitor.model.observation import Snapshot
from monitor.sources.tape import read_tape


@pytest.fixture
async def lived(set_stage: Any, swayed: Any) -> Any:
    """A chain on which a daemon polled every block, and recorded what it saw."""
    play = await set_stage("waves", more=("--tape", "{folder}/tape"))
    tape, daemon = play.stage.folder / "tape", play.daemon

    daemon.start()
    for moment in list(swayed(date(2020, 2, 16)))[:6]:
        price = round(moment.price, 2)
        await play.stage.devnet.trade_to(price, volume_usd=30_000, at=moment.at)
        block = (await play.stage.devnet.head()).number
        await play.until(lambda number=block: number in play.blocks(), f"block {block}")
        play.stage.set_clock(moment.at)
    await daemon.stop()
    seen = [one for one in read_tape(tape) if isinstance(one, Snapshot)]
    assert len(seen) > 5
    return play, seen


def placed(play: Any) -> tuple[Settings, Place]:
    settings = load_settings(play.stage.config)
    token = str(play.stage.token_ids[1])
    return settings, whereabouts(settings, token, chain=None, protocol="uniswap_v3")


def walked(play: Any, blocks: Blocks) -> list[Snapshot]:
    settings, place = placed(play)
    clock = SystemClock()
    walk = Walk(settings=settings, place=place, clock=clock, told=lambda *_: None)
    return list(walk.over(blocks))


async def test_a_block_read_now_is_what_the_live_poll_saw_then(lived: Any) -> None:
    play, live = lived
    _, place = placed(play)
    blocks = Blocks(first=live[0].block.number, last=live[-1].block.number)
    past = {one.block.number: one for one in await asyncio.to_thread(walked, play, blocks)}
    assert list(past) == list(range(blocks.first, blocks.last + 1))  # type: ignore[arg-type]
    for seen in live:
        (then,) = [one for one in seen.positions if one.key == place.key]
        now = past[seen.block.number]
        assert now.positions == (then,)
        assert now.positions[0].basis is not None
        assert now.pools == seen.pools
        assert now.usd == seen.usd
        assert now.block == seen.block
        assert now.observed_at == seen.block.timestamp
        assert now.reorg is None


async def test_blocks_are_found_by_their_instant_and_read_at_a_stride(lived: Any) -> None:
    play, live = lived
    second, last = live[1].block, live[-1].block
    begin, end = second.timestamp - timedelta(seconds=1), last.timestamp
    blocks = Blocks(first=begin, last=end, step=2)
    numbers = [one.block.number for one in await asyncio.to_thread(walked, play, blocks)]
    # The last instant is not in: its block is stamped just then.
    assert numbers == list(range(second.number, last.number, 2))


async def test_what_cannot_be_read_is_one_sentence(lived: Any) -> None:
    play, live = lived
    last = live[-1].block
    for blocks, said in (
        (Blocks(first=last.number, last=last.number + 5), "is yet to come|has no block"),
        (Blocks(first=5, last=4), "there is no block from 5 to 4"),
        (
            Blocks(first=1, last=2),
            r"no code on .*\? Or did it come later than the blocks asked for",
        ),
        (
            Blocks(first=last.timestamp + timedelta(days=1), last=datetime.max.replace(tzinfo=UTC)),
            "no block from",
        ),
    ):
        with pytest.raises(HedgewatchError, match=said):
            await asyncio.to_thread(walked, play, blocks)


@pytest.mark.usefixtures("logging_put_back")
async def test_rules_are_judged_over_a_real_position_s_past(
    lived: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    play, live = lived
    _, place = placed(play)
    words = ["timetravel", "--config", str(play.stage.config), "--position", place.key]
    words += ["--rpc", play.stage.devnet.url, "--rules", "waves", "--out", str(tmp_path)]
    span = ["--from", str(live[0].block.number), "--to", str(live[-1].block.number)]
    assert await asyncio.to_thread(main, [*words, *span]) == 0
    told = capfd.readouterr().out
    assert place.key in told
    alerts = [json.loads(line) for line in (tmp_path / "alerts.jsonl").read_text().splitlines()]
    assert {one["rule"] for one in alerts} == {"wave.high", "wave.low"}
    prices = {one.block.number: one for one in live}
    for one in alerts:
        if one["state"] == "firing":
            assert one["block"]["number"] in prices
