"""What is told of daemons that share a store."""

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.cli import main
from monitor.store.opening import open_divided, open_shared
from monitor.store.postgres import Divided, Shared

NOW = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.fixture
def status(
    postgres_url: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    logging_put_back: None,  # noqa: ARG001
) -> Callable[[], list[str]]:
    """Return the lines of `status` on a config that refers to the store."""
    secret = tmp_path / "store"
    secret.write_text(postgres_url, encoding="utf-8")
    secret.chmod(0o600)
    config = tmp_path / "config.toml"
    config.write_text(
        f'[store]\nurl = "file:{secret}"\n'
        '[chain.ethereum]\nrpc = ["http://127.0.0.1:1"]\n'
        '[[watch]]\nchain = "ethereum"\nnft = [1]\n',
        encoding="utf-8",
    )

    def told() -> list[str]:
        assert main(["status", "--config", str(config)]) == 0
        return capsys.readouterr().out.splitlines()

    return told


def test_status_shows_who_leads_and_who_stands_by(
    status: Callable[[], list[str]], postgres_url: str
) -> None:
    def opened(name: str) -> closing[Shared]:
        return closing(open_shared(postgres_url, now=NOW, name=name, lasts_s=30.0))

    with opened("before"):
        assert status()[0] == "daemon    none is running, nothing observed yet"
    with opened("a") as a, opened("b") as b, opened("c") as c:
        for one in (c, b, a):
            one.lease.live()
        assert status()[0].startswith("daemon    nobody leads just now, a, b, c stand by;")
        assert b.lease.take()
        told = " ".join(" ".join(status()).split())
        assert told.startswith("daemon b leads since ")
        assert "UTC, a, c stand by; nothing observed yet" in told
        a.lease.leave()
        assert "UTC, c stands by; " in " ".join(" ".join(status()).split())


def test_status_shows_who_reads_which_chains(
    status: Callable[[], list[str]], postgres_url: str
) -> None:
    def opened(name: str) -> closing[Divided]:
        return closing(open_divided(postgres_url, now=NOW, name=name, lasts_s=30.0))

    led = open_shared(postgres_url, now=NOW, name="a", lasts_s=30.0)
    with closing(led), opened("a") as a, opened("b") as b, opened("c") as c:
        led.lease.live()
        assert led.lease.take()
        for one in (a, b, a, b):
            one.shares.deal(["base", "ethereum", "polygon"])
        c.shares.deal([])
        told = " ".join(" ".join(status()).split())
        assert "; a reads ethereum, polygon; b reads base; nothing observed yet" in told


def test_the_store_is_told_without_user_and_options(
    status: Callable[[], list[str]], postgres_url: str
) -> None:
    open_shared(postgres_url, now=NOW, name="a", lasts_s=30.0).close()
    (line,) = [one for one in status() if one.startswith("store ")]
    assert line.startswith("store     postgresql://127.0.0.1:")
    assert "hedgewatch@" not in line
    assert "options" not in line
