"""Child processes that cannot outlive the process that started them."""

import os
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Final

# Runs in the child before the real program: PR_SET_PDEATHSIG (1) survives exec, and the
# parent may already be gone by then. A shim instead of preexec_fn, which is not thread-safe.
_SHIM: Final = (
    "import ctypes, os, sys\n"
    "ctypes.CDLL(None).prctl(1, 9, 0, 0, 0)\n"
    "os.getppid() == int(sys.argv[1]) or os._exit(1)\n"
    "os.execvp(sys.argv[2], sys.argv[2:])\n"
)
_GRACE_S: Final = 5.0


def spawn(
    argv: Sequence[str | Path],
    *,
    output: IO[bytes] | int = subprocess.DEVNULL,
    errors: IO[bytes] | int = subprocess.STDOUT,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Start a program that the kernel kills when this process dies, however it dies.

    The tie is to the calling thread, so call from one that stays. Where the kernel
    is not Linux there is no tie, and only `end` stops the child.
    env: added to this process's own. output: takes both standard streams,
    unless `errors` takes the second.
    """
    words = [str(word) for word in argv]
    if sys.platform == "linux":
        words = [sys.executable, "-ISc", _SHIM, str(os.getpid()), *words]
    return subprocess.Popen(
        words,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=errors,
        env={**os.environ, **(env or {})},
        cwd=cwd,
    )


def end(process: subprocess.Popen[bytes], *, grace_s: float = _GRACE_S) -> int:
    """Ask a child to stop, kill it after the grace, and return its exit status."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(grace_s)
        except subprocess.TimeoutExpired:
            process.kill()
    return process.wait()


def free_port() -> int:
    """Return a loopback port that was free a moment ago; be ready to lose the race for it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
