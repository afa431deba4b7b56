"""A home: a config, a clock that stands, and the store a daemon leaves there."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from monitor.app.daemon import Daemon
from monitor.cli import main
from monitor.model.observation import Observation, Word
from monitor.pipeline import Rulebook, State
from monitor.store.sqlite import open_sqlite

AT = datetime(2020, 2, 14, 22, 30, tzinfo=UTC)
_WORD: TypeAdapter[Word] = TypeAdapter(Word)
CHAIN = """\
[chain.{name}]
rpc = ["http://127.0.0.1:9"]
chain_id = {number}
manager = "0xC36442b4a4522E871399CD717aBDD847Ab11FE88"
[[watch]]
chain = "{name}"
nft = [1]
"""


@dataclass
class Home:
    """One installation. at: what its clock shows; chains: configured, by name and id."""

    folder: Path
    book: Rulebook
    capsys: pytest.CaptureFixture[str]
    at: datetime = AT
    chains: dict[str, int] = field(default_factory=lambda: {"main": 1})
    extra: str = ""
    packs: str = '"alvh"'

    def take(self, *seen: Observation, requests: int = 0) -> State:
        """Have a daemon observe these, commit, and stop."""
        with self._daemon() as daemon:
            for one in seen:
                daemon.take(one, requests)
        return self._state

    def tidy(self) -> None:
        """Have a daemon begin, with the rules there are now, and stop."""
        with self._daemon() as daemon:
            daemon.tidy()

    @contextmanager
    def _daemon(self) -> Iterator[Daemon]:
        with closing(open_sqlite(f"sqlite:///{self.store}", now=AT)) as store:
            daemon = Daemon(
                store=store,
                book=self.book,
                state=self._state,
                channels=("console",),
                reload=lambda: self.book,
                now=lambda: self.at,
            )
            yield daemon
            self._state = daemon.state

    def hear(self) -> None:
        """Have a daemon take up every word that was left, and stop."""
        with closing(open_sqlite(f"sqlite:///{self.store}", now=AT)) as store:
            said = store.inbox.unheard()
        words = [_WORD.validate_json(one.json) for one in said]
        self.take(*(replace(word, observed_at=self.at) for word in words))

    def outcomes(self) -> list[str]:
        """Return what came of each word so far."""
        with closing(sqlite3.connect(self.store)) as database:
            return [row[0] for row in database.execute("SELECT result FROM inbox ORDER BY seq")]

    _state: State = field(default_factory=State)

    @property
    def store(self) -> Path:
        return self.folder / "var" / "hedgewatch.db"

    def told(self, *words: object, status: int = 0) -> list[str]:
        """Return the lines a command prints: on standard error where it is to fail."""
        config = self.folder / "mine.toml"
        (self.folder / "clock").write_text(self.at.isoformat())
        chains = "".join(CHAIN.format(name=k, number=n) for k, n in self.chains.items())
        clock = f'[clock]\nscenario = "{self.folder}/clock"\n'
        config.write_text(
            f'[store]\nurl = "sqlite:///{self.store}"\n{clock}{chains}'
            f"[rules]\nenabled = [{self.packs}]\n{self.extra}"
        )
        self.capsys.readouterr()
        found = main([*map(str, words), "--config", str(config)])
        out, err = self.capsys.readouterr()
        assert found == status, err
        return (err if status else out).splitlines()


@dataclass(frozen=True)
class Told:
    """What one command came to."""

    status: int
    out: str
    err: str


@pytest.fixture(autouse=True)
def _logging(request: pytest.FixtureRequest) -> None:
    request.getfixturevalue("logging_put_back")


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Told]:
    """Return a runner of commands in this process."""

    def runner(*words: object) -> Told:
        capsys.readouterr()
        status = main([str(word) for word in words])
        return Told(status, *capsys.readouterr())

    return runner


@pytest.fixture
def home(tmp_path: Path, hand: Any, capsys: pytest.CaptureFixture[str]) -> Home:
    """An installation of the shipped layers."""
    return Home(tmp_path, hand.book("alvh"), capsys)
