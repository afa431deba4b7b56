"""Who does the work of a sweep: this process, several, or a Dask cluster."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from importlib.util import find_spec
from multiprocessing import get_context
from typing import Any, Final, Protocol, Self, TypeVar

from monitor.app.garbage import collect_seldom
from monitor.errors import Permanent
from monitor.shipped import beside

T = TypeVar("T")
R = TypeVar("R")
_TRIES: Final = 5
"""How many processes may be killed under one sweep before it is given up."""


class Hands(Protocol):
    """Do a piece of work on each of many things, in whatever order they come done."""

    def each(self, work: Callable[[T], R], things: Sequence[T], /) -> Iterator[tuple[T, R]]: ...


@dataclass(frozen=True, slots=True)
class Alone:
    """One thing after another, here."""

    def each(self, work: Callable[[T], R], things: Sequence[T], /) -> Iterator[tuple[T, R]]:
        for thing in things:
            yield thing, work(thing)


class Processes:
    """So many processes of this machine, each begun afresh, whatever this one holds.

    What one of them did not finish before it was killed is done by another.
    """

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs
        self._deaths = 0
        self._pool = self._begun()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def each(self, work: Callable[[T], R], things: Sequence[T], /) -> Iterator[tuple[T, R]]:
        left = dict(enumerate(things))
        while left:
            try:
                for place, made in self._done(work, left):
                    yield left.pop(place), made
            except BrokenProcessPool as error:
                self._deaths += 1
                if self._deaths > _TRIES:
                    told = f"{self._deaths} processes of the sweep were killed; is there too little"
                    raise Permanent(f"{told} memory?") from error
                self._pool.shutdown()
                self._pool = self._begun()

    def _done(self, work: Callable[[T], R], things: Mapping[int, T]) -> Iterator[tuple[int, R]]:
        """Yield each thing's place and what became of it, until a process dies."""
        waiting = {self._pool.submit(work, thing): place for place, thing in things.items()}
        try:
            for done in as_completed(waiting):
                yield waiting[done], done.result()
        finally:
            for future in waiting:
                future.cancel()

    def _begun(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(
            max_workers=self._jobs, mp_context=get_context("spawn"), initializer=collect_seldom
        )


@dataclass(frozen=True, slots=True)
class Cluster:
    """The workers of a Dask cluster; what one did not finish before it died is done by another."""

    client: Any

    def each(self, work: Callable[[T], R], things: Sequence[T], /) -> Iterator[tuple[T, R]]:
        from distributed import KilledWorker  # noqa: PLC0415 - an extra
        from distributed import as_completed as done_ones  # noqa: PLC0415
        from distributed.client import FutureCancelledError  # noqa: PLC0415

        futures = self.client.map(work, things, pure=False)
        places = {future.key: place for place, future in enumerate(futures)}
        for done in done_ones(futures, loop=self.client.loop):
            try:
                found = done.result()
            except FutureCancelledError as error:
                raise Permanent("the Dask cluster was lost: its scheduler went away") from error
            except KilledWorker as error:
                raise Permanent("every Dask worker that tried one of the points died") from error
            yield things[places[done.key]], found


def cluster(address: str) -> Any:  # noqa: ANN401 - a distributed.Client
    """Return a client of a Dask scheduler; raise Permanent where it cannot be reached."""
    if find_spec("distributed") is None:
        raise Permanent(
            f"a sweep on a cluster needs Dask, which is not installed: {beside('distributed')}"
        )
    from distributed import Client  # noqa: PLC0415 - an extra
    from distributed.comm.addressing import parse_address  # noqa: PLC0415
    from distributed.comm.registry import get_backend  # noqa: PLC0415

    try:
        # A client of what is no address begins a thread that never ends.
        get_backend(parse_address(address, strict=True)[0])
        return Client(address, set_as_default=False)
    except (OSError, ValueError) as error:
        raise Permanent(f"no Dask scheduler answers at {address}") from error
