"""What becomes of standard output: nobody reads it, nothing takes it, or it is a pipe."""

import os
import select
import subprocess
import sys
from pathlib import Path

import pytest

from monitor.clock import stopwatch

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"}
ENVIRONMENT["PYTHONPATH"] = str(ROOT)
COMMAND = (sys.executable, "-m", "monitor")
FULL = Path("/dev/full")
READY_S = 60


@pytest.mark.parametrize("verb", ["rules language", "completion bash", "--help", "rules --help"])
def test_a_reader_that_went_away_is_no_failure(verb: str) -> None:
    reads, writes = os.pipe()
    os.close(reads)
    with os.fdopen(writes, "wb") as nobody:
        told = subprocess.run(
            (*COMMAND, *verb.split()),
            env=ENVIRONMENT,
            stdout=nobody,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert (told.returncode, told.stderr) == (0, b"")


@pytest.mark.skipif(not FULL.exists(), reason="only Linux has a device that is full")
def test_a_full_disk_is_told_in_a_sentence() -> None:
    with FULL.open("wb") as full:
        told = subprocess.run(
            (*COMMAND, "rules", "language"),
            env=ENVIRONMENT,
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    said = b"hedgewatch: not all could be written: No space left on device\n"
    assert (told.returncode, told.stderr) == (1, said)


def test_what_goes_on_is_heard_through_a_pipe_as_it_is_said() -> None:
    with subprocess.Popen(
        (*COMMAND, "devnet", "--block", "3600"), env=ENVIRONMENT, stdout=subprocess.PIPE
    ) as devnet:
        try:
            assert devnet.stdout is not None
            heard, began = b"", stopwatch()
            while b"pegged = " not in heard and stopwatch() - began < READY_S:
                if select.select([devnet.stdout], [], [], 1)[0]:
                    heard += os.read(devnet.stdout.fileno(), 65_536)
            assert b"pegged = " in heard
        finally:
            devnet.terminate()
