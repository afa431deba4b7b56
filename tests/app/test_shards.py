"""Two chains read by two daemons tell what one daemon that reads both would have told."""

import json
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from signal import SIGCONT, SIGSTOP
from typing import Any

import pytest

from monitor.clock import stopwatch, wait
from monitor.config import Settings
from monitor.devnet.listener import listening
from monitor.devnet.local_chain import Devnet, open_devnet
from monitor.devnet.lockstep import Lockstep
from monitor.devnet.node import AnvilNode
from monitor.devnet.position_book import MintOrder
from monitor.devnet.postgres import Postgres
from monitor.devnet.stage import WIDTHS, DaemonProcess
from monitor.errors import Transient
from monitor.store.opening import living, open_store, reading
from monitor.timetravel.prices import EVERY_PRICE
from monitor.timetravel.story import Moment
from tests.app.conftest import VALUE_USD
from tests.app.test_kill import TOPIC, Outcome, settled

# Without `self`: the story goes on by hours, chain by chain, and so blinds the other each time.
PACKS = ("alvh", "lp_range", "waves")
NAMES = ("a", "b")
CHAINS = ("devnet", "second")


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A play on two chains. second: the other one."""

    play: Any
    second: Devnet

    async def second_moves(self, moment: Moment) -> int:
        """Trade on the other chain; return the block, which nobody may have taken yet."""
        await self.second.trade_to(moment.price - 1.5, volume_usd=20_000, at=moment.at)
        return (await self.second.head()).number


@asynccontextmanager
async def two_chains(play: Any, first: Moment) -> AsyncIterator[Pair]:
    """Put a second chain beside a play's own, with as many positions of the same owner."""
    node = AnvilNode(genesis=first.at - timedelta(hours=1), chain_id=31338)
    async with node, open_devnet(node, price=first.price) as second:
        made = second.deployment
        owner = made.wallets[0]
        ranges = [(first.price / w, first.price * w) if w else EVERY_PRICE for w in WIDTHS]
        await second.mint_many(
            [
                MintOrder(owner=owner, price_lower=low, price_upper=high, value_usd=VALUE_USD)
                for low, high in ranges
            ]
        )
        play.edit(
            "[usd]",
            f'[chain.second]\nrpc = ["{second.url}"]\nchain_id = 31338\n'
            f'manager = "{made.manager}"\npoll_s = 0.02\nbehind = 0\n'
            f'[[watch]]\nchain = "second"\nwallet = "{owner}"\n[usd]',
        )
        yield Pair(play=play, second=second)


def blocks(play: Any, chain: str) -> list[int]:
    """Return the blocks of a chain that were judged, the newest first."""
    return [one.number for one in play.store.history.polls(chain, 50) if one.number is not None]


async def told_to(pair: Pair, told: list[Moment], daemons: list[Any], before: Any) -> Outcome:
    """Tell the moments on both chains. before: called with the number of each."""
    play = pair.play

    async def meanwhile() -> None:
        for daemon in daemons:
            daemon.must_live()

    steps = Lockstep(stage=play.stage, store=play.store, volume_usd=30_000, meanwhile=meanwhile)
    async with listening(play.stage.broker.host, play.stage.broker.port, TOPIC) as heard:
        for daemon in daemons:
            daemon.start()
        for chain in CHAINS:
            await play.until(lambda c=chain: blocks(play, c), f"a poll of {chain}", within_s=180)
        for number, moment in enumerate(told):
            await before(number)
            wanted = await pair.second_moves(moment)
            await steps.until(lambda w=wanted: w in blocks(play, "second"), f"second's {wanted}")
            await steps.drained()
            await steps.tell(moment)
        await steps.drained()
        decided = frozenset(event.idem for event in play.store.history.events(limit=100_000))
        await settled(heard, decided)
        for daemon in daemons:
            await daemon.stop()
    return Outcome(
        decided=decided,
        heard=dict(heard.copies),
        undelivered=sum(one.waiting + one.dead for one in play.store.outbox.backlog()),
        log=tuple(sorted(event.payload for event in play.store.history.events(limit=100_000))),
    )


def words(outcome: Outcome) -> list[tuple[str, ...]]:
    """Return what people are told and when, but for the last digits of sums.

    Two chains are first read in either order, by one daemon too, and sums go by that order.
    """
    parts = ("idem", "state", "severity", "at", "since", "title", "subject", "text", "reason")
    alerts = (json.loads(payload) for payload in outcome.log)
    return sorted(tuple(alert[part] for part in parts) for alert in alerts)


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What these tests stand on."""

    set_stage: Any
    server: Postgres
    story: Callable[[date], list[Moment]]

    async def alone(self, told: list[Moment]) -> Outcome:
        """Return what one daemon on a file tells of both chains, undisturbed."""
        play = await self.set_stage(*PACKS)

        async def nothing(_number: int) -> None:
            return

        async with two_chains(play, told[0]) as pair:
            return await told_to(pair, told, [play.daemon], nothing)

    @asynccontextmanager
    async def together(
        self, told: list[Moment], lease_s: float
    ) -> AsyncIterator[tuple[Pair, dict[str, DaemonProcess]]]:
        """Give two daemons on one PostgreSQL, not started, and two chains."""
        play = await self.set_stage(*PACKS)
        url = self.server.url()
        play.edit(f'url = "{play.stage.store_url}"', f'url = "{url}"\nlease_s = {lease_s}')
        daemons = {name: DaemonProcess(play.stage, "--name", name) for name in NAMES}
        async with AsyncExitStack() as stack:
            pair = await stack.enter_async_context(two_chains(play, told[0]))
            for daemon in daemons.values():
                stack.callback(daemon.kill)
            store = stack.enter_context(closing(open_store(url, now=told[0].at)))
            yield replace(pair, play=replace(play, store=store)), daemons

    def reads(self) -> dict[str, tuple[str, ...]]:
        """Return which chains each daemon reads."""
        return dict(reading(self.server.url()))

    def one_each(self) -> bool:
        """Return whether each daemon reads one chain, and one of them leads."""
        crew = living(self.server.url())
        counts = [len(chains) for chains in self.reads().values()]
        return counts == [1, 1] and len(crew) == 2 and any(one.leads for one in crew)

    def leads(self) -> str:
        return next(one.name for one in living(self.server.url()) if one.leads)


@pytest.fixture
def ground(set_stage: Any, server: Postgres, swayed: Callable[[date], list[Moment]]) -> Ground:
    return Ground(set_stage=set_stage, server=server, story=swayed)


@dataclass(kw_only=True)
class Unrest:
    """Disturbs two daemons and their database before some moments of a story, by number."""

    ground: Ground
    pair: Pair
    daemons: dict[str, DaemonProcess]
    moves: dict[int, str]
    made: list[str] = field(default_factory=list)

    async def before(self, number: int) -> None:
        if (move := self.moves.get(number)) is None:
            return
        await self.pair.play.until(self.ground.one_each, "a chain each", within_s=60)
        leads = self.ground.leads()
        helper = next(name for name in NAMES if name != leads)
        who = leads if "who leads" in move else helper
        self.made.append(f"{move} ({who} of {self.ground.reads()[who][0]})")
        await getattr(self, f"_{move.split()[0]}")(who)

    async def _kill(self, who: str) -> None:
        self.daemons[who].kill()
        self.daemons[who].start()

    async def _pause(self, who: str) -> None:
        """Have it stand still until the other reads its chain too, and then go on."""
        process = self.daemons[who]._process
        assert process is not None
        os.kill(process.pid, SIGSTOP)
        other = next(name for name in NAMES if name != who)
        reads = self.ground.reads
        await self.pair.play.until(lambda: reads().get(other) == CHAINS, "both are read by one")
        os.kill(process.pid, SIGCONT)

    async def _crash(self, _who: str) -> None:
        """Have the database crash, and come back after its leases have run out.

        Without a turn of this loop, so that the story's own eye sees nothing.
        """
        self.ground.server.crash()
        wait(2.5)
        self.ground.server.start()
        began = stopwatch()
        while stopwatch() - began < 10:
            try:
                self.pair.play.store.outbox.backlog()
            except Transient:
                wait(0.02)
            else:
                return
        raise AssertionError("the database does not answer again")


@pytest.mark.parametrize(
    ("moves", "until"),
    [
        pytest.param(
            {2: "kill a helper", 4: "kill who leads"},
            date(2020, 2, 17),
            id="each once",
            marks=pytest.mark.timeout(400),
        ),
        pytest.param(
            {
                2: "pause a helper",
                5: "crash of the database",
                8: "kill a helper",
                11: "kill who leads",
                14: "pause a helper",
                17: "kill who leads",
                20: "crash of the database",
            },
            date(2020, 2, 21),
            id="seven",
            marks=[pytest.mark.soak, pytest.mark.timeout(1800)],
        ),
    ],
)
async def test_two_that_read_a_chain_each_tell_what_one_tells_whoever_dies(
    moves: dict[int, str], until: date, ground: Ground, capsys: pytest.CaptureFixture[str]
) -> None:
    told = ground.story(until)
    one = await ground.alone(told)
    async with ground.together(told, lease_s=2.0) as (pair, daemons):
        unrest = Unrest(ground=ground, pair=pair, daemons=daemons, moves=moves)
        several = await told_to(pair, told, list(daemons.values()), unrest.before)
    lost = one.decided - several.heard.keys()
    with capsys.disabled():
        sys.stdout.write(
            f"\n2 daemons of 2 chains, {', '.join(unrest.made)}: {len(several.decided)} events,"
            f" {several.repeats} repeats, {len(lost)} lost\n"
        )
    assert len(unrest.made) == len(moves)
    assert len(one.decided) > 100, "too few events to mean anything"
    assert any(":31338:" in idem for idem in one.decided), "nothing of the second chain"
    assert not lost
    assert several.heard.keys() == one.heard.keys() == one.decided == several.decided
    assert words(several) == words(one)
    assert (one.undelivered, several.undelivered) == (0, 0)


@pytest.mark.timeout(240)
async def test_a_chain_is_read_by_another_within_15_s_of_its_readers_death(
    ground: Ground, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the lease a config has that says nothing of it, and with no blindness between."""
    told = ground.story(date(2020, 2, 14))
    async with ground.together(told, lease_s=Settings().store.lease_s) as (pair, daemons):
        play, url = pair.play, ground.server.url()
        with ExitStack() as stack:
            for daemon in daemons.values():
                stack.callback(daemon.kill)
                daemon.start()
            await play.until(lambda: blocks(play, "second"), "a poll", within_s=180)
            await play.until(ground.one_each, "a chain each", within_s=60)
            helper = next(name for name in NAMES if name != ground.leads())
            (chain,) = ground.reads()[helper]
            moved = pair.second if chain == "second" else play.stage.devnet
            leads = ground.leads()
            began = stopwatch()
            daemons[helper].kill()
            await moved.trade_to(231.0, volume_usd=20_000, at=told[0].at)
            wanted = (await moved.head()).number
            await play.until(lambda: wanted in blocks(play, chain), "its block", within_s=60)
            took = stopwatch() - began
            assert dict(reading(url))[leads] == CHAINS
            assert ground.leads() == leads
            assert play.gaps(chain) == []
    with capsys.disabled():
        sys.stdout.write(f"\na block was judged {took:.1f} s after who read its chain was killed\n")
    assert took <= 15
