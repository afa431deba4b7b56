import os
import subprocess
import sys
from pathlib import Path

import pytest

from monitor.errors import Permanent
from monitor.store.lock import Lock, is_running

HOLD = (
    "import sys; from monitor.store.lock import Lock\n"
    "with Lock(sys.argv[1]):\n"
    "    print('held', flush=True)\n"
    "    sys.stdin.read()\n"
)


def test_a_second_daemon_is_told_who_the_first_is(url: str) -> None:
    with Lock(url), pytest.raises(Permanent) as caught, Lock(url):
        pass
    told = f"another hedgewatch (process {os.getpid()}) already runs on {url}: stop it first"
    assert str(caught.value) == told


def test_the_lock_is_free_again_once_let_go(url: str) -> None:
    assert not is_running(url)
    for _ in range(2):
        with Lock(url):
            assert is_running(url)
        assert not is_running(url)


def test_the_lock_ends_with_its_process_however_that_ends(url: str) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", HOLD, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with child:
        try:
            assert child.stdout is not None
            assert child.stdout.readline() == "held\n"
            assert is_running(url)
            with pytest.raises(Permanent, match=f"process {child.pid}"), Lock(url):
                pass
        finally:
            child.kill()
    assert not is_running(url)
    with Lock(url):
        pass


def test_the_lock_file_lies_beside_the_store_and_is_private(url: str, tmp_path: Path) -> None:
    with Lock(url):
        path = tmp_path / "var" / "hedgewatch.db.lock"
        assert path.read_text() == f"{os.getpid()}\n"
        assert path.stat().st_mode & 0o777 == 0o600
