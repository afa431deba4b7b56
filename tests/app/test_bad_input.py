"""What nodes and feeds do to the daemon: each fault is one sentence, and the rest goes on."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web

from monitor.alerts.wire import from_json
from monitor.devnet.child import free_port
from monitor.rules.lifecycle import Flag, Phase
from monitor.timetravel.story import moments

FIRST = next(moments())
ADDS = {"L1.add", "L2.add", "L3.add"}
MULTICALL = "0xcA11bde05977b3631167028862bE2a173976CA11"
NOWHERE = "0x00000000000000000000000000000000DeaDBeef"


def quote(play: Any, value: float, *, after_min: int = 0, age_min: int = 75) -> None:
    """Print a VIX and set the clock so long after the story's first moment."""
    at = FIRST.at + timedelta(minutes=after_min)
    play.stage.set_clock(at)
    play.stage.cboe.set_quote(value, at - timedelta(minutes=age_min))


def vix(play: Any) -> float | None:
    reading = play.state().facts.readings.get("vix|")
    return reading.value if reading else None


async def adds_decided(play: Any) -> None:
    """Let the chain be read and the three layers be proposed."""
    await play.until(play.blocks, "a block")
    assert FIRST.printed is not None
    play.stage.cboe.set_settlements(FIRST.printed.date(), FIRST.settlements)
    quote(play, 13.68)
    await play.until(lambda: play.firing() >= ADDS, "the three adds")


def refused(code: int, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message}}


def only(method: str, answer: Any) -> Callable[[str, list[Any]], Any]:
    return lambda asked, _: answer() if asked == method else None


def healthy(_method: str, _params: list[Any]) -> None:
    return None


PAGE = "<html><title>Just a moment...</title></html>"
CHAIN = [
    pytest.param(
        lambda _m, _p: web.Response(text=PAGE, content_type="text/html"),
        "{host} answered HTTP 200 with something else than JSON",
        id="HTML with HTTP 200",
    ),
    pytest.param(
        lambda _m, _p: web.Response(status=503, text=PAGE),
        "{host} failed (HTTP 503)",
        id="HTTP 503",
    ),
    pytest.param(
        only("eth_call", lambda: {"result": "0x"}),
        f"{{host}} answered an empty 0x for {MULTICALL}: "
        "it lacks block {block}, or nothing is deployed there",
        id="an empty 0x",
    ),
    pytest.param(
        only("eth_call", lambda: refused(3, "execution reverted")),
        f"{MULTICALL} is not Multicall3: the contract reverted: execution reverted",
        id="a call that reverts",
    ),
    pytest.param(
        only("eth_getBlockByNumber", lambda: {"result": None}),
        "{host} answered null to eth_getBlockByNumber",
        id="a null head",
    ),
    pytest.param(
        only("eth_getBlockByNumber", lambda: {"result": {"number": "0x?"}}),
        "{host} answered a block header without its fields",
        id="a head that is no block",
    ),
]


@pytest.mark.parametrize(("fault", "sentence"), CHAIN)
async def test_a_node_that_fails_is_a_gap_and_the_daemon_goes_on(
    fault: Any, sentence: str, set_stage: Any, relay_to: Any, watching: Any
) -> None:
    play = await set_stage("alvh", "self")
    relay = await relay_to(play)
    async with watching(play.stage.config) as watch:
        await adds_decided(play)
        before = play.state().instances["L1.add|book"]
        relay.fault = fault
        block = await play.stage.devnet.mine(FIRST.at + timedelta(minutes=1))
        await play.until(lambda: play.gaps("devnet"), "a gap")
        host = relay.url.removeprefix("http://")
        assert play.gaps("devnet") == [sentence.format(host=host, block=block)]
        quote(play, 13.9, after_min=2)
        await play.until(lambda: vix(play) == 13.9, "the VIX, although the chain is blind")
        assert play.state().instances["L1.add|book"] == before
        assert watch.log.getvalue().count("WARNING devnet: ") == 1, "an outage is logged once"
        relay.fault = healthy
        number = await play.stage.devnet.mine(FIRST.at + timedelta(minutes=3))
        await play.until(lambda: play.blocks()[0] >= number, "the newest block")
        assert play.firing() >= ADDS
        await play.until(lambda: not play.owed(), "the outbox")
        assert "INFO devnet answers again" in watch.log.getvalue()
    assert {from_json(e.payload).rule for e in play.store.history.events()} == ADDS


async def test_a_node_that_is_down_at_start_is_read_once_it_is_up(
    set_stage: Any, watching: Any
) -> None:
    play = await set_stage("alvh", "self")
    up, down = play.stage.devnet.url, f"http://127.0.0.1:{free_port()}"
    play.edit(up, down)
    async with watching(play.stage.config):
        await play.until(lambda: play.gaps("devnet"), "a gap")
        (sentence,) = play.gaps("devnet")
        assert sentence == f"{down.removeprefix('http://')} cannot be reached: Connection refused"
        quote(play, 13.68)
        await play.until(lambda: play.firing() >= ADDS, "the adds, although the chain is down")
    play.edit(down, up)
    async with watching(play.stage.config):
        await play.until(play.blocks, "a block")
        assert play.firing() >= ADDS


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        pytest.param(
            "chain_id = {chain_id}",
            "chain_id = 1",
            "{host} serves chain id 31337, but devnet is 1",
            id="a wrong chain id",
        ),
        pytest.param(
            'manager = "{manager}"',
            f'manager = "{NOWHERE}"',
            f"the position manager's address {NOWHERE} has no code on devnet: "
            "is it the right address, and the right chain?",
            id="an address without code",
        ),
    ],
)
async def test_a_chain_that_is_configured_wrong_is_told_and_the_feeds_go_on(
    old: str, new: str, sentence: str, set_stage: Any, watching: Any
) -> None:
    play = await set_stage("alvh", "self")
    made = play.stage.devnet
    host = made.url.removeprefix("http://")
    play.edit(old.format(chain_id=made.chain_id, manager=made.deployment.manager), new)
    async with watching(play.stage.config):
        await play.until(lambda: play.gaps("devnet"), "a gap")
        assert play.gaps("devnet")[0].startswith(sentence.format(host=host))
        quote(play, 13.68)
        await play.until(lambda: play.firing() >= ADDS, "the adds")
    assert play.blocks() == []
    assert play.state().facts.positions == {}, "nothing is known, and nothing is zero"


async def test_a_burned_position_is_told_and_the_others_are_read(
    set_stage: Any, watching: Any
) -> None:
    play = await set_stage("waves", "self")
    burned, *others = play.stage.token_ids
    watched = f"nft = [{', '.join(map(str, play.stage.token_ids))}, 999]"
    play.edit(f'wallet = "{play.stage.owner}"', watched)
    async with watching(play.stage.config):
        await play.until(lambda: "wave.high" in play.firing(), "the alerts over each position")
        await play.stage.devnet.burn(burned, at=FIRST.at + timedelta(minutes=1))
        await play.until(
            lambda: any("resolved" in e.idem for e in play.store.history.events()),
            "the end of the alert over the burned one",
        )
    positions = {p.position.token_id: p for p in play.state().facts.positions.values()}
    assert {number for number, seen in positions.items() if not seen.gone} == set(others)
    missing = {m.key.split(":")[-1]: m.reason for m in play.state().facts.chains["devnet"].missing}
    assert set(missing) == {str(burned), "999"}
    (ended,) = (e for e in play.store.history.events() if "resolved" in e.idem)
    assert from_json(ended.payload).reason == f"the position is gone: {positions[burned].gone}"


@pytest.mark.parametrize("absurd", [-1.0, 0.0, 200.5, 1e9])
async def test_an_absurd_vix_is_a_gap_and_clears_nothing(
    absurd: float, set_stage: Any, watching: Any
) -> None:
    play = await set_stage("alvh", "self")
    async with watching(play.stage.config):
        await adds_decided(play)
        quote(play, absurd, after_min=2)
        await play.until(lambda: "absurd" in "".join(play.gaps("vix")), "a gap")
        assert play.gaps("vix")[0] == (
            f"cboe sent {absurd} as current_price, which is absurd: it is above 0 and up to 200"
        )
        number = await play.stage.devnet.mine(FIRST.at + timedelta(minutes=3))
        await play.until(lambda: play.blocks()[0] >= number, "the chain, which goes on")
        assert (vix(play), play.firing() >= ADDS) == (13.68, True)
        quote(play, 17.5, after_min=4)
        await play.until(lambda: not play.firing() & ADDS, "the adds withdrawn")


CALM = """\
schema = 1
[pack]
id = "calm"
title = "A rule that speaks when it cannot see"
evidence = "claim"
sources = []
[[rule]]
id = "calm"
scope = "book"
action = "notify"
on_nodata = "alert"
when = 'vix < 15.0'
text = "VIX {vix:.2f}, {vix_age} old"
"""


async def test_an_old_vix_makes_a_rule_unknown_not_false_and_the_alert_tells_its_age(
    set_stage: Any, watching: Any
) -> None:
    play = await set_stage("self")
    (play.stage.folder / "rules" / "calm.toml").write_text(CALM)
    play.edit('enabled = ["self"]', 'enabled = ["calm"]')
    in_session = 92 * 60  # Tuesday 18 February, 13:30 in New York
    quote(play, 13.68, after_min=in_session, age_min=20)
    async with watching(play.stage.config):
        await play.until(lambda: play.firing() == {"calm"}, "the alert")
        quote(play, 13.68, after_min=in_session + 60, age_min=80)
        await play.stage.devnet.mine(FIRST.at + timedelta(minutes=in_session + 60))
        await play.until(lambda: "nodata" in play.store.history.latest(1)[0].idem, "the old age")
    fresh, old = (from_json(event.payload) for event in play.store.history.latest(2))
    assert (fresh.state.value, fresh.text) == ("firing", "VIX 13.68, 20 m old")
    assert old.text == "VIX unknown, 80 m old"
    assert (old.state.value, old.reason) == ("nodata", "vix is 1 h 20 m old in session, limit 35 m")
    instance = play.state().instances["calm|book"]
    assert (instance.phase, instance.flag) == (Phase.FIRING, Flag.NODATA)
