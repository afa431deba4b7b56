"""Demeter as a process: its packages stay out of the product's environment."""

import json
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from monitor.devnet.child import end
from tests.apart import install

Position = tuple[int, int, int, int]


class Demeter:
    """Demeter, ready to value the same positions again and again. amounts: what it finds."""

    def __init__(self, process: subprocess.Popen[str], given: dict[str, object]) -> None:
        self._out = _pipe(process.stdin)
        self._in = _pipe(process.stdout)
        told = self._ask(json.dumps(given))
        self.version: str = told["version"]
        self.amounts: list[list[str]] = told["amounts"]

    def value(self) -> float:
        """Return the CPU seconds that valuing every position once took it."""
        return float(self._ask("again"))

    def _ask(self, line: str) -> Any:
        self._out.write(line + "\n")
        self._out.flush()
        return json.loads(self._in.readline())


@contextmanager
def demeter(positions: Sequence[Position], decimals: tuple[int, int]) -> Iterator[Demeter]:
    """Run Demeter over positions, each (sqrt_price_x96, tick_lower, tick_upper, liquidity)."""
    with _running("demeter_peer.py", {"decimals": decimals, "positions": positions}) as peer:
        yield peer


@contextmanager
def demeter_bars(begins: str, prices: Sequence[float], ticks: tuple[int, int]) -> Iterator[Demeter]:
    """Run Demeter's back test over minutes from `begins` on, with one position."""
    with _running("demeter_bars.py", {"begins": begins, "prices": prices, "range": ticks}) as peer:
        yield peer


@contextmanager
def _running(script: str, given: dict[str, object]) -> Iterator[Demeter]:
    process = subprocess.Popen(
        [install("bench", "the bench's peer, pinned by hash"), Path(__file__).parent / script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Demeter(process, given)
    finally:
        _pipe(process.stdin).close()
        end(process)  # type: ignore[arg-type]


def _pipe(stream: IO[str] | None) -> IO[str]:
    assert stream is not None
    return stream
