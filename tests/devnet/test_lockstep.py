"""The order in which a story is told: what tickets look back on is known before the next block."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

from monitor.devnet.lockstep import Lockstep
from monitor.store.memory import MemoryInbox
from monitor.timetravel.story import Moment

MIDNIGHT = datetime(2020, 4, 29, tzinfo=UTC)


@dataclass
class Chain:
    """Counts blocks, and notes which closes were still unheard as each was made."""

    inbox: MemoryInbox
    blocks: int = 0
    unheard: list[tuple[str, ...]] = field(default_factory=list)

    async def trade_to(self, _price: float, **_how: Any) -> None:
        self.blocks += 1
        self.unheard.append(tuple(said.id for said in self.inbox.unheard()))

    async def head(self) -> Any:
        return SimpleNamespace(number=self.blocks)


def store_of(inbox: MemoryInbox, chain: Chain) -> Any:
    def polls(*_asked: object) -> list[Any]:
        return [SimpleNamespace(number=chain.blocks)]

    return SimpleNamespace(
        inbox=inbox,
        history=SimpleNamespace(polls=polls),
        outbox=SimpleNamespace(backlog=tuple),
    )


async def test_a_day_s_close_is_heard_before_the_block_that_follows_it() -> None:
    inbox = MemoryInbox()
    chain = Chain(inbox)

    async def meanwhile() -> None:
        for said in inbox.unheard():
            inbox.consume(said.id, "taken")

    stage = SimpleNamespace(devnet=chain, set_clock=lambda _at: None)
    steps = Lockstep(
        stage=cast("Any", stage), store=store_of(inbox, chain), volume_usd=1.0, meanwhile=meanwhile
    )
    for hour in (0, 6, 12):
        await steps.tell(Moment(at=MIDNIGHT + timedelta(hours=hour), price=200.0))
    assert inbox.heard("past:eth.price:binance:2020-04-28:2020-04-28") == "taken"
    assert chain.unheard == [(), (), ()]
