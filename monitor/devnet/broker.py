"""A private MQTT broker on a free loopback port: mosquitto, or the embedded stand-in."""

import asyncio
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, Self

from monitor.clock import SystemClock, stopwatch
from monitor.devnet import parts
from monitor.devnet.child import end, free_port, spawn
from monitor.devnet.mosquitto import EACH_SECOND, Rules, Tls, write_config
from monitor.errors import Permanent

Kind = Literal["mosquitto", "amqtt"]
_READY_S: Final = 10.0
_TRIES: Final = 5
_CLOCK: Final = SystemClock()


class Broker:
    """One broker for the length of an `async with`; keeps its port through a restart.

    users: name to password; without any, everyone may connect. acl: mosquitto's
    own access list. persistent: sessions and retained messages outlive `kill`, saved every
    second; or mosquitto's own lines that say when, none of them for its default of half an
    hour. tls: its certificate, None for a plain connection. program: mosquitto, or None for
    the stand-in, which speaks 3.1.1 only, keeps nothing and knows neither users nor lists.
    """

    def __init__(
        self,
        *,
        users: Mapping[str, str] | None = None,
        acl: str = "",
        persistent: bool | Sequence[str] = True,
        tls: Tls | None = None,
        program: Path | Literal["find"] | None = "find",
    ) -> None:
        self.host = "127.0.0.1"
        self.port = 0
        self._program = parts.mosquitto_path() if program == "find" else program
        self._rules = Rules(
            users=dict(users or {}),
            acl=acl,
            persistent=persistent is not False,
            saving=EACH_SECOND if isinstance(persistent, bool) else tuple(persistent),
            tls=tls,
        )
        self._stack = AsyncExitStack()
        self._folder = Path()
        self._process: subprocess.Popen[bytes] | None = None
        self._embedded: Any = None

    @property
    def kind(self) -> Kind:
        """Return which broker this is."""
        return "amqtt" if self._program is None else "mosquitto"

    @property
    def says(self) -> str:
        """Return one sentence for people about which broker this is."""
        if self._program is None:
            return (
                f"MQTT broker: embedded amqtt (3.1.1 only) on {self.host}:{self.port},"
                " for mosquitto is not installed"
            )
        return f"MQTT broker: mosquitto on {self.host}:{self.port}"

    @property
    def pid(self) -> int:
        """Return the broker's process id; raise Permanent where it is not a process, or not up."""
        if self._process is None:
            raise Permanent(f"the {self.kind} broker is no process of its own now")
        return self._process.pid

    @property
    def log(self) -> str:
        """Return what mosquitto has written so far."""
        return (self._folder / "broker.log").read_text("utf-8", "replace")

    async def __aenter__(self) -> Self:
        folder = tempfile.TemporaryDirectory(
            prefix="hedgewatch-broker-", ignore_cleanup_errors=True
        )
        self._folder = Path(self._stack.enter_context(folder))
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()
        await self._stack.aclose()

    async def start(self) -> None:
        """Start and wait until connections are taken; raise Permanent with the broker's words."""
        fresh = self.port == 0
        for _ in range(_TRIES if fresh else 1):
            self.port = free_port() if fresh else self.port
            if await self._started():
                return
            await self.stop()
        raise Permanent(f"{self.kind} did not start on port {self.port}: {self.log[-400:]}")

    async def stop(self) -> None:
        """Stop in good order: what is to persist is written."""
        if self._process is not None:
            await asyncio.to_thread(end, self._process)
            self._process = None
        if self._embedded is not None:
            await self._embedded.shutdown()
            self._embedded = None

    async def kill(self) -> None:
        """Take the broker away as a power cut would; the stand-in only stops."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        await self.stop()

    async def restart(self) -> None:
        """Start again on the same port, with what had persisted."""
        await self.stop()
        await self.start()

    async def _started(self) -> bool:
        if self._program is None:
            await self._start_embedded()
            return True
        config = write_config(self._folder, self._rules, host=self.host, port=self.port)
        with (self._folder / "broker.log").open("ab") as log:
            process = spawn([self._program, "-c", config], output=log, cwd=self._folder)
        self._process = process
        deadline = stopwatch() + _READY_S
        while process.poll() is None and stopwatch() < deadline:
            if await self._takes_connections():
                return process.poll() is None
            await _CLOCK.sleep(0.02)
        return False

    async def _takes_connections(self) -> bool:
        try:
            _, writer = await asyncio.open_connection(self.host, self.port)
        except OSError:
            return False
        writer.close()
        await writer.wait_closed()
        return True

    async def _start_embedded(self) -> None:
        if self._rules.users or self._rules.acl or self._rules.tls:
            raise Permanent("users, access lists and TLS need mosquitto, which is not installed")
        try:
            from amqtt.broker import Broker as Embedded  # noqa: PLC0415 - an optional extra
        except ImportError as error:
            raise Permanent("there is no MQTT broker: install mosquitto") from error
        listener = {"type": "tcp", "bind": f"{self.host}:{self.port}"}
        allow = {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}}
        self._embedded = Embedded({"listeners": {"default": listener}, "plugins": allow})
        await self._embedded.start()
