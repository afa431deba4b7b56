"""Two scripted nodes before one private chain, and a reader that asks both."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from monitor.chain.reader import ChainReader
from monitor.devnet.local_chain import Devnet
from monitor.model.observation import Snapshot
from monitor.model.position import Position
from tests.chain.symptoms import Symptom

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = 3_600
Fault = Callable[[str, list[Any]], Symptom | dict[str, Any] | None]


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def at_logs(symptom: Symptom) -> Fault:
    return lambda method, _params: symptom if method == "eth_getLogs" else None


@dataclass(kw_only=True)
class Node:
    """A scripted node before the private one. fault: what it answers instead, where not None."""

    scripted: Any
    devnet: Devnet
    fault: Fault = lambda _method, _params: None
    heads: list[int] = field(default_factory=list)
    read_to: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.scripted.script = self.script

    async def script(self, method: str, params: list[Any]) -> Any:
        if method == "eth_getLogs":
            self.read_to.append(int(params[0]["toBlock"], 16))
        wrong = self.fault(method, params)
        if isinstance(wrong, Symptom):
            return wrong.response()
        told = wrong or await self.scripted.forward(self.devnet.url, method, params)
        if method == "eth_getBlockByNumber" and told["result"]:
            self.heads.append(int(told["result"]["number"], 16))
        return told

    def count(self, method: str) -> int:
        return sum(asked == method for asked, _ in self.scripted.asked)

    @property
    def logs(self) -> int:
        return self.count("eth_getLogs")


async def reader_of(reader_on: Any, pair: tuple[Node, ...], **settings: Any) -> ChainReader:
    devnet = pair[0].devnet
    token_id = await devnet.mint(devnet.deployment.wallets[0], 200, 300)
    urls = tuple(one.scripted.url for one in pair)
    made: ChainReader = await reader_on(devnet, {"nft": (token_id,)}, rpc=urls, **settings)
    return made


async def taken(reader: ChainReader, at: datetime) -> Snapshot:
    snapshot = await reader.snapshot(at)
    assert snapshot is not None
    return snapshot


async def only(reader: ChainReader, at: datetime) -> Position:
    (position,) = (await taken(reader, at)).positions
    return position


async def grown(pair: tuple[Node, ...], position: Position) -> None:
    await pair[0].devnet.increase(position.token_id, value_usd=20_000)
