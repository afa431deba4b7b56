import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.app.present import open_saved
from monitor.config import Settings, StoreSettings
from monitor.errors import Permanent
from monitor.store.connection import database_path
from monitor.store.lock import Lock, is_running

NOON = datetime(2020, 3, 9, 12, tzinfo=UTC)
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


@pytest.mark.skipif(os.geteuid() != 0, reason="root alone can become somebody else")
@pytest.mark.parametrize("ask", [is_running, lambda url: open_saved(settings_of(url))])
def test_whoever_may_not_look_is_told_so(ask: Callable[[str], object], url: str) -> None:
    """As for a store of systemd's: its folder is closed to all but root and the service."""
    folder = database_path(url).parent
    folder.mkdir(mode=0o700)
    child = os.fork()
    if not child:
        try:
            os.setgroups([])
            os.setuid(65534)
            ask(url)
        except Permanent as error:
            os._exit(0 if "is for who runs the daemon alone: run this as that" in str(error) else 2)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def settings_of(url: str) -> Settings:
    return Settings(store=StoreSettings(url=url))
