"""A private `anvil` on a free loopback port: mines only when told, dies with its parent."""

import errno
import socket
import subprocess
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self

from monitor.clock import SystemClock, stopwatch
from monitor.devnet import parts
from monitor.devnet.child import end, free_port, spawn
from monitor.devnet.rpc import Rpc
from monitor.errors import Permanent, Transient

CHAIN_ID: Final = 31337
_GENESIS: Final = datetime(2020, 2, 1, tzinfo=UTC)
_TRIES: Final = 5
_READY_S: Final = 20.0
_ANSWER_S: Final = 1.0
_FREE_GAS: Final = (
    *("--hardfork", "cancun", "--gas-limit", "1000000000000", "--gas-price", "0"),
    *("--block-base-fee-per-gas", "0", "--disable-min-priority-fee"),
)
_CLOCK: Final = SystemClock()


class AnvilNode:
    """One node for the length of an `async with`, or from `start` to `stop`.

    genesis: the first block's timestamp. port: fixed, or 0 for any free one.
    The process is not tied to an event loop; only `start` needs one.
    """

    def __init__(
        self, *, genesis: datetime = _GENESIS, port: int = 0, chain_id: int = CHAIN_ID
    ) -> None:
        self.genesis = genesis
        self.chain_id = chain_id
        self.url = ""
        self._port = port
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Return the node's process id; raise Permanent before `start`."""
        if self._process is None:
            raise Permanent("the devnet's node is not running")
        return self._process.pid

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    async def start(self) -> None:
        """Start and wait until it answers; raise Permanent with its own words if it will not.

        A fixed port that is in use is refused: whose node answers there is nobody's guess.
        """
        words = ""
        if self._port:
            _must_be_free(self._port)
        for _ in range(1 if self._port else _TRIES):
            port = self._port or free_port()
            self.url = f"http://127.0.0.1:{port}"
            with tempfile.TemporaryFile() as log, tempfile.TemporaryDirectory() as folder:
                bound = Path(folder) / "bound.json"
                argv = [*self._argv(port), "--config-out", bound]
                self._process = spawn(argv, output=log)
                if await self._answers(self._process, bound):
                    return
                self.stop()
                words = _tail(log)
        raise Permanent(f"anvil did not start on {self.url}: {words or 'it said nothing'}")

    def stop(self) -> None:
        """Stop the node; once is enough, twice does no harm."""
        if self._process is not None:
            end(self._process)

    def kill(self) -> None:
        """Take the node away without notice, as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _argv(self, port: int) -> list[str | Path]:
        flags = ["--silent", "--no-mining", "--auto-impersonate", "--order", "fifo"]
        # Gas is neither scarce nor paid for; the newest 3,000 states stay in memory
        # (50 kB each), for by default the node litters the home directory with them.
        free = [*_FREE_GAS, "--no-request-size-limit", "--prune-history", "3000"]
        stamp = str(int(self.genesis.timestamp()))
        own = ["--host", "127.0.0.1", "--port", str(port), "--chain-id", str(self.chain_id)]
        return [parts.anvil_path(), *own, "--timestamp", stamp, *flags, *free]

    async def _answers(self, process: subprocess.Popen[bytes], bound: Path) -> bool:
        """Wait for an answer of our own node: it writes `bound` once the port is its own."""
        deadline = stopwatch() + _READY_S
        async with Rpc(self.url, timeout_s=_ANSWER_S) as rpc:
            while process.poll() is None and stopwatch() < deadline:
                try:
                    chain_id = int(await rpc.call("eth_chainId"), 16) if _is_there(bound) else None
                except Transient:
                    chain_id = None
                if chain_id is not None:
                    return process.poll() is None and chain_id == self.chain_id
                await _CLOCK.sleep(0.02)
        return False


def _is_there(file: Path) -> bool:
    return file.exists()


def _must_be_free(port: int) -> None:
    with socket.socket() as probe:
        # As the node binds: what is left of closed connections does not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OverflowError:
            raise Permanent(f"port {port} is none: they go from 1 to 65535") from None
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise Permanent(f"port {port} cannot be had: {error.strerror}") from error
            reason = f"port {port} is in use: give another, or 0 for any free one"
            raise Permanent(reason) from error


def _tail(log: IO[bytes]) -> str:
    log.seek(0)
    lines = log.read().decode("utf-8", "replace").split("\n")
    return " ".join(line.strip() for line in lines if line.strip())[-400:]
