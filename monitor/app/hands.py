"""Who does the work of a sweep: this process, several, or a Dask cluster."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from importlib.util import find_spec
from multiprocessing import get_context
from typing import Any, Protocol, TypeVar

from monitor.app.garbage import collect_seldom
from monitor.errors import Permanent

T = TypeVar("T")
R = TypeVar("R")


class Hands(Protocol):
    """Do a piece of work on each of many things, in whatever order they come done."""

    def each(self, work: Callable[[T], R], things: Sequence[T], /) -> Iterator[tuple[T, R]]: ...


@dataclass(frozen=True, slots=True)
class Alone:
    """One thing after another, here."""

    def each(self, work: Callable[[T], R], things: Sequence[T], /) -> Iterator[tuple[T, R]]:
        for thing in things:
            yield thing, work(thing)


@dataclass(frozen=True, slots=True)
class Processes:
    """So many processes of this machine, started when they are first asked."""

    pool: ProcessPoolExecutor

    def each(self, work: Callable[[T], R], things: Sequence[T], /) -> Iterator[tuple[T, R]]:
        waiting = {self.pool.submit(work, thing): thing for thing in things}
        try:
            for done in as_completed(waiting):
                yield waiting.pop(done), done.result()
        except BrokenProcessPool as error:
            raise Permanent(
                "a process of the sweep was killed; is there too little memory?"
            ) from error
        finally:
            for left in waiting:
                left.cancel()


def processes(jobs: int) -> ProcessPoolExecutor:
    """Return a pool of so many processes; each is begun afresh, whatever this one holds."""
    return ProcessPoolExecutor(
        max_workers=jobs, mp_context=get_context("spawn"), initializer=collect_seldom
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
            "a sweep on a cluster needs Dask, which is not installed: "
            "run pip install 'hedgewatch[dask]'"
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
