"""SIGHUP as the daemon starts: it asks for rules, and never ends the process."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from monitor.clock import stopwatch, wait

CONFIG = """\
[store]
url = "sqlite:///h.db"
[chain.ethereum]
rpc = ["http://127.0.0.1:9"]
[[watch]]
chain = "ethereum"
nft = [1]
[rules]
enabled = ["self"]
"""
HUP = 1 << (signal.SIGHUP - 1)


def is_heeded(pid: int) -> bool:
    """Return whether a process ignores or catches SIGHUP."""
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    masks = dict(line.split(":\t", 1) for line in status.splitlines() if line.startswith("Sig"))
    return bool((int(masks["SigIgn"], 16) | int(masks["SigCgt"], 16)) & HUP)


def test_a_hangup_at_any_moment_of_the_start_ends_nothing(tmp_path: Path) -> None:
    config, log = tmp_path / "config.toml", tmp_path / "log"
    config.write_text(CONFIG)
    with log.open("wb") as out:
        command = [sys.executable, "-m", "monitor", "run", "--config", str(config)]
        daemon = subprocess.Popen(command, stdout=out, stderr=out)
    try:
        began, sent = stopwatch(), 0
        while "watching ethereum" not in log.read_text("utf-8"):
            assert stopwatch() - began < 60, log.read_text("utf-8")
            assert daemon.poll() is None, log.read_text("utf-8")
            if is_heeded(daemon.pid):
                os.kill(daemon.pid, signal.SIGHUP)
                sent += 1
            wait(0.1)
        assert sent > 3, "it starts in seconds"
        daemon.send_signal(signal.SIGTERM)
        assert daemon.wait(timeout=30) == 0
    finally:
        daemon.kill()
    told = log.read_text("utf-8")
    assert "rules reloaded" in told, "one that came after the rules were read reads them again"
    assert "Traceback" not in told
