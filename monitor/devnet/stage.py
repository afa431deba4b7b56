"""The stage a story is told on: devnet, broker, feed server, and the daemon as a real process."""

import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from subprocess import Popen
from typing import Final

from monitor.clock import SystemClock, stopwatch
from monitor.devnet.broker import Broker
from monitor.devnet.cboe_server import CboeServer
from monitor.devnet.child import spawn
from monitor.devnet.local_chain import Devnet, open_devnet
from monitor.devnet.node import AnvilNode
from monitor.devnet.position_book import MintOrder
from monitor.errors import Permanent
from monitor.timetravel.prices import EVERY_PRICE

WIDTHS: Final = (1.2, 1.5, 2.0, None)
"""How far each position's range reaches, times and divided by; None is the full range."""

_POLL_S: Final = 0.02
_SILENT: Final = """\
"eth.price" = []                     # the pool's own is the story's
"dvol.eth" = []                      # there was none before March 2021
vvix = []                            # the server tells the VIX alone, and
"quotes.vix" = []                    # option prices of that spring are nobody's to give"""
_FEED_POLL_S: Final = 0.02  # as often as the chain, for the story waits on them
_STOP_S: Final = 20.0
_CLOCK: Final = SystemClock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Everything that runs but the daemon. folder: of its config, clock and store."""

    folder: Path
    node: AnvilNode
    devnet: Devnet
    broker: Broker
    cboe: CboeServer
    owner: str
    token_ids: tuple[int, ...]

    @property
    def config(self) -> Path:
        return self.folder / "config.toml"

    @property
    def store_url(self) -> str:
        return f"sqlite:///{self.folder.resolve() / 'hedgewatch.db'}"

    def set_clock(self, at: datetime) -> None:
        """Move the story's present, atomically."""
        fresh = self.folder / "clock.new"
        fresh.write_text(at.isoformat(), encoding="ascii")
        os.replace(fresh, self.folder / "clock")  # noqa: PTH105 - atomic, and said so

    def write_config(self, packs: Sequence[str]) -> None:
        """Write the daemon's settings."""
        made = self.devnet.deployment
        enabled = ", ".join(f'"{pack}"' for pack in packs)
        self.config.write_text(
            f"""\
instance = "demo"
[clock]
scenario = "{self.folder.resolve() / "clock"}"
[store]
url = "{self.store_url}"
[chain.devnet]
rpc = ["{self.devnet.url}"]
chain_id = {self.devnet.chain_id}
manager = "{made.manager}"
poll_s = {_POLL_S}
behind = 0
[[watch]]
chain = "devnet"
wallet = "{self.owner}"
[usd]
pegged = ["{made.usdc}"]
[feeds]
vix = ["cboe"]                       # and nobody outside this machine
{_SILENT}
[feed.cboe]
base_url = "{self.cboe.base_url}"
poll_s = {_FEED_POLL_S}
[feed.cboe_settlement]
base_url = "{self.cboe.settlement_base_url}"
poll_s = {_FEED_POLL_S}
[rules]
enabled = [{enabled}]
[channel.mqtt]
host = "{self.broker.host}"
port = {self.broker.port}
""",
            encoding="utf-8",
        )


@asynccontextmanager
async def open_stage(
    folder: Path, *, start: datetime, price: float, value_usd: float
) -> AsyncIterator[Stage]:
    """Set the stage: pool at `price`, one position of `value_usd` for each of WIDTHS.

    folder: there already.
    """
    node = AnvilNode(genesis=start - timedelta(hours=1))
    async with (
        node,
        open_devnet(node, price=price) as devnet,
        Broker() as broker,
        CboeServer() as cboe,
    ):
        owner = devnet.deployment.wallets[0]
        ranges = [(price / width, price * width) if width else EVERY_PRICE for width in WIDTHS]
        orders = [
            MintOrder(owner=owner, price_lower=low, price_upper=high, value_usd=value_usd)
            for low, high in ranges
        ]
        yield Stage(
            folder=folder,
            node=node,
            devnet=devnet,
            broker=broker,
            cboe=cboe,
            owner=owner,
            token_ids=tuple(await devnet.mint_many(orders)),
        )


class DaemonProcess:
    """`hedgewatch run` as a child: started, killed, started again.

    more: arguments besides the config.
    """

    def __init__(self, stage: Stage, *more: str) -> None:
        self._stage, self._more = stage, more
        self._process: Popen[bytes] | None = None
        self._log = stage.folder / "daemon.log"
        self.console = stage.folder / "console.txt"

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it; what it prints and what it logs go to two files, appended."""
        with self._log.open("ab") as log, self.console.open("ab") as out:
            command: list[str | Path] = [
                sys.executable,
                "-m",
                "monitor",
                "run",
                "--config",
                self._stage.config,
                *self._more,
            ]
            self._process = spawn(command, output=out, errors=log)

    def kill(self) -> None:
        """Take it away as SIGKILL does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    async def stop(self) -> None:
        """Ask it to stop and wait until it has."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        began = stopwatch()
        while self._process.poll() is None:
            if stopwatch() - began > _STOP_S:
                self.kill()
                raise Permanent(f"the daemon did not stop within {_STOP_S:.0f} s of SIGTERM")
            await _CLOCK.sleep(0.02)

    def must_live(self) -> None:
        """Raise Permanent with its last words when it has died on its own."""
        if self.alive:
            return
        words = self._log.read_text("utf-8", "replace").strip().splitlines()[-12:]
        raise Permanent("the daemon ended: " + " / ".join(words))
