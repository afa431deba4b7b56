"""A view drawn anew: over itself on a terminal, one below the other elsewhere, until Ctrl-C."""

import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

pytestmark = pytest.mark.timeout(60)
ANSI = re.compile(r"\x1b\[[0-9]*([HJK])")


def command(home: Any, *words: str) -> list[str]:
    home.told("signals", "vix")  # writes the config
    config = home.folder / "mine.toml"
    return [sys.executable, "-m", "monitor", "signals", *words, "--config", str(config)]


@contextmanager
def on_a_terminal(
    words: list[str], lines: int, columns: int = 80
) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Run a command on a terminal of such a size; yield what is read from, and it."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "LINES": str(lines), "COLUMNS": str(columns)}
    process = subprocess.Popen(words, stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    try:
        yield ours, process
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def read_until(ours: int, count: int, text: str) -> str:
    drawn = ""
    while drawn.count(text) < count:
        drawn += os.read(ours, 4096).decode()
    return drawn


def test_on_a_terminal_it_is_drawn_over_itself_and_ends_in_peace(home: Any, hand: Any) -> None:
    home.take(hand.vix(13.68, home.at, home.at))
    words = command(home, "vix", "--watch", "--every", "0.05")
    with on_a_terminal(words, 24) as (ours, process):
        drawn = read_until(ours, 3, "13.68 points")
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    frames = drawn.split("\x1b[H")
    assert frames[0] == ""
    assert frames[1].startswith("\x1b[J"), "the first clears the screen, the others only write"
    assert frames[2].startswith("2020-02-14 22:30:00 UTC, every 0.05 s; Ctrl-C ends\x1b[K\r\n")
    assert frames[2].endswith("\x1b[J"), "and clear what an earlier frame has left below"
    plain = ANSI.sub("", frames[2]).splitlines()
    assert plain[1].split()[:3] == ["signal", "scope", "value"]
    assert max(map(len, plain)) <= 80


def test_what_does_not_fit_the_terminal_is_counted(home: Any, hand: Any) -> None:
    home.take(hand.vix(13.68, home.at, home.at))
    with on_a_terminal(command(home, "--watch", "--every", "0.05"), 10) as (ours, _):
        drawn = read_until(ours, 1, "more lines")
    plain = ANSI.sub("", drawn).splitlines()
    assert len(plain) == 9
    assert re.fullmatch(r"\d+ more lines: name some, as in `hedgewatch signals vix`", plain[-1])


class Screen:
    """A terminal of so many rows and columns, as far as a frame needs one (ECMA-48, DEC wrap)."""

    def __init__(self, rows: int, columns: int) -> None:
        self.rows = [[" "] * columns for _ in range(rows)]
        self.row = self.column = self.scrolled = 0

    def take(self, drawn: str) -> None:
        for mark, letter in re.findall(r"\x1b\[([HJK])|(.)", drawn, re.DOTALL):
            if mark == "H":
                self.row = self.column = 0
            elif mark:
                # With a full row behind it the cursor still stands on the last letter.
                at = min(self.column, len(self.rows[0]) - 1)
                self.rows[self.row][at:] = [" "] * (len(self.rows[0]) - at)
                for row in self.rows[self.row + 1 :] if mark == "J" else ():
                    row[:] = [" "] * len(row)
            elif letter == "\r":
                self.column = 0
            elif letter == "\n":
                self._down()
            else:
                self._write(letter)

    def _write(self, letter: str) -> None:
        if self.column == len(self.rows[0]):
            self.column = 0
            self._down()
        self.rows[self.row][self.column] = letter
        self.column += 1

    def _down(self) -> None:
        self.row += 1
        if self.row == len(self.rows):
            self.row -= 1
            self.scrolled += 1
            self.rows = [*self.rows[1:], [" "] * len(self.rows[0])]

    @property
    def text(self) -> list[str]:
        return ["".join(row).rstrip() for row in self.rows]


@pytest.mark.parametrize(
    ("names", "columns"),
    [
        pytest.param((), 80, id="texts of several lines"),
        pytest.param(("vol",), 80, id="lines that fit"),
        pytest.param(("vol",), 30, id="lines wider than the terminal"),
    ],
)
def test_every_frame_fits_the_terminal_and_leaves_nothing_of_the_last(
    names: tuple[str, ...], columns: int, home: Any, hand: Any
) -> None:
    home.take(hand.vix(13.68, home.at, home.at))
    words = command(home, *names, "--watch", "--every", "0.05")
    with on_a_terminal(words, 12, columns) as (ours, _):
        drawn = read_until(ours, 4, "more lines")
    screen = Screen(12, columns)
    for row in screen.rows:
        row[:] = "x" * columns  # what was there before
    screen.take(drawn[: drawn.rindex("\x1b[H")])
    assert screen.scrolled == 0
    assert "x" * 9 not in "".join(screen.text)
    assert screen.text[0].startswith("2020-02-14 22:30:00 UTC, every"), "it begins at the top"
    left = next(n for n, text in enumerate(screen.text) if "more lines" in text)
    assert left == 10, "eleven rows are written, and the cursor is below them"
    whole = [row for text in home.told("signals", *names) for row in wrapped(text, columns)]
    head = len(list(wrapped("2020-02-14 22:30:00 UTC, every 0.05 s; Ctrl-C ends", columns)))
    assert screen.text[head:10] == [row.rstrip() for row in whole[: 10 - head]]
    assert screen.text[10].startswith(f"{len(whole) + head - 10} more lines")


def wrapped(text: str, columns: int) -> Iterator[str]:
    """Yield the rows of a terminal that a line takes."""
    yield text[:columns]
    if len(text) > columns:
        yield from wrapped(text[columns:], columns)


def test_elsewhere_a_frame_follows_the_other_without_a_mark(home: Any, hand: Any) -> None:
    home.take(hand.vix(13.68, home.at, home.at))
    words = command(home, "vix", "--watch", "--every", "0.05")
    with subprocess.Popen(words, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline().decode() for _ in range(9)]
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    assert "\x1b" not in "".join(lines)
    assert [n for n, text in enumerate(lines) if "Ctrl-C ends" in text] == [0, 4, 8]
    assert lines[3] == "\n"


@pytest.mark.parametrize("every", ["0", "-1", "nan"])
def test_an_interval_that_is_none_is_refused(every: str, home: Any, hand: Any) -> None:
    home.take(hand.vix(13.68, home.at, home.at))
    (told,) = home.told("signals", "--watch", "--every", every, status=2)
    assert told.startswith("--every: must be above 0 seconds")
