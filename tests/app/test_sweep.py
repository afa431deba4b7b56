"""A sweep says of each point what its own replay says, whoever does the work."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.util import find_spec
from signal import SIGKILL
from threading import enumerate as enumerate_threads
from typing import Any

import pytest

from monitor.app.hands import Alone, Cluster, Hands, Processes, cluster
from monitor.app.sweep import Outcome, _Task, outcome_of, run
from monitor.errors import ConfigError, Permanent
from monitor.timetravel.grid import Point, Sweep, parse_grid
from monitor.timetravel.pool import Held
from tests.timetravel.swept import RULES

ROLLED = (
    RULES
    + """\
  [[layer.rule]]
  id = "L2.roll"
  action = "roll"
  when = 'layer.dte <= $roll'
"""
)


def sweep(*grid: str) -> Sweep:
    return Sweep(
        name="swept.toml",
        text=ROLLED,
        grid=parse_grid(grid),
        events=("yen_2024",),
        held={"1.5": Held(width=1.5, value_usd=100_000.0)},
    )


def outcomes(swept: Sweep, hands: Hands) -> tuple[list[tuple[Point, Outcome]], int]:
    return run(swept, hands, lambda _done, _of, _place: None)


def test_points_told_apart_by_nothing_are_replayed_once_and_each_has_its_own_outcome() -> None:
    # That summer the VIX closed at 27.85 and at 38.57, and never between.
    swept = sweep("calm=14.8,29,37", "n=2,4", "roll=21")
    found, replayed = outcomes(swept, Alone())
    assert replayed == 4
    for point, outcome in found:
        assert outcome == outcome_of(_Task(sweep=swept, points=(point,)))
    assert len({outcome.cost_usd for _, outcome in found}) > 1


def test_a_fall_is_known_though_expired_legs_wait_half_an_hour_for_their_settlement() -> None:
    # Calls of 30 days bought in July expire on 21 August, within that story.
    swept = replace(sweep("calm=20", "n=2", "roll=0"), text=ROLLED.replace("dte = 110", "dte = 30"))
    ((_, outcome),), _ = outcomes(swept, Alone())
    assert outcome.adds > 0
    assert outcome.fall_usd is not None
    assert outcome.bare_fall_usd is not None
    assert outcome.fall_usd != outcome.bare_fall_usd


def test_what_a_film_cannot_tell_keeps_points_apart() -> None:
    assert outcomes(sweep("calm=20", "n=2", "roll=21,22"), Alone())[1] == 2


@pytest.mark.timeout(300)
def test_processes_say_the_same_as_one() -> None:
    swept = sweep("calm=14.8,20", "n=2,4", "roll=21")
    with Processes(2) as hands:
        assert outcomes(swept, hands) == outcomes(swept, Alone())


@pytest.mark.timeout(300)
def test_a_fault_found_by_another_process_is_told_as_it_is_found_here() -> None:
    swept = sweep("calm=14.8,never", "n=2", "roll=21")
    with pytest.raises(ConfigError) as here:
        outcomes(swept, Alone())
    with Processes(1) as hands, pytest.raises(ConfigError) as there:
        outcomes(swept, hands)
    assert there.value.faults == here.value.faults
    assert "swept.toml with calm=never n=2 roll=21" in str(there.value)


def _named(number: int) -> tuple[int, int]:
    return number, os.getpid()


def test_processes_that_lose_one_lose_nothing() -> None:
    with Processes(2) as hands:
        (_, (_, victim)), *_ = hands.each(_named, range(4))
        os.kill(victim, SIGKILL)
        found = list(hands.each(_named, range(40)))
    assert sorted(number for number, _ in found) == list(range(40))
    assert all(made == number for number, (made, _) in found)
    assert victim not in {pid for _, (_, pid) in found}


def _dies(_number: int) -> None:
    os.kill(os.getpid(), SIGKILL)


def test_work_that_kills_whoever_does_it_is_given_up() -> None:
    with Processes(1) as hands, pytest.raises(Permanent, match="is there too little memory"):
        list(hands.each(_dies, [1]))


@contextmanager
def local_cluster() -> Iterator[Any]:
    from distributed import Client, LocalCluster  # noqa: PLC0415 - an extra

    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1"
        ) as scheduler,
        Client(scheduler, set_as_default=False) as client,
    ):
        yield client


EXTRA = pytest.mark.skipif(
    find_spec("distributed") is None, reason="the extra hedgewatch[dask] is absent"
)


@EXTRA
@pytest.mark.parametrize("address", ["nonsense", "foo://127.0.0.1:1"])
def test_what_is_no_address_of_a_scheduler_is_refused_and_leaves_nothing_running(
    address: str,
) -> None:
    before = set(enumerate_threads())
    with pytest.raises(Permanent, match=f"no Dask scheduler answers at {address}"):
        cluster(address)
    assert set(enumerate_threads()) == before


@EXTRA
@pytest.mark.timeout(300)
def test_a_scheduler_that_goes_away_is_told_in_one_sentence() -> None:
    swept = sweep("calm=14.8,20", "n=2,4,6", "roll=21,22")
    with local_cluster() as client:

        def tell(done: int, _of: int, _place: str) -> None:
            if done == 1:
                client.cluster.close()

        with pytest.raises(Permanent, match="the Dask cluster was lost"):
            run(swept, Cluster(client), tell)


@EXTRA
@pytest.mark.timeout(300)
def test_a_cluster_that_loses_a_worker_loses_nothing() -> None:
    swept = sweep("calm=14.8,20", "n=2,4,6", "roll=21,22")
    expected = outcomes(swept, Alone())
    with local_cluster() as client:
        workers = list(client.run(os.getpid).values())
        killed: list[int] = []

        def tell(_done: int, _of: int, _place: str) -> None:
            if not killed:
                killed.append(workers[0])
                os.kill(workers[0], SIGKILL)

        assert run(swept, Cluster(client), tell) == expected
        assert killed
        assert workers[0] not in client.run(os.getpid).values()
