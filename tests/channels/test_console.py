"""The console: one line an event."""

import io
import os
from typing import Any

import pytest

from monitor.channels.console import ConsoleChannel
from monitor.errors import Permanent, Transient


async def test_an_event_is_one_line(make_message: Any) -> None:
    stream = io.StringIO()
    await ConsoleChannel(stream).send(make_message(text="two\nlines"))
    assert stream.getvalue() == "14:31:07Z  firing   L2.add   book    VIX 27.4>20.0 ✓  A17F12\n"


async def test_a_story_of_many_days_is_dated(make_message: Any) -> None:
    stream = io.StringIO()
    await ConsoleChannel(stream, dated=True).send(make_message())
    assert stream.getvalue().startswith("2026-11-20 14:31:07Z  firing ")


async def test_a_stream_nobody_reads_is_said(make_message: Any) -> None:
    stream = io.StringIO()
    stream.close()
    with pytest.raises(Permanent, match="console cannot be written"):
        await ConsoleChannel(stream).send(make_message())


async def test_a_full_disk_is_waited_out(make_message: Any) -> None:
    with open("/dev/full", "w", encoding="utf-8") as stream:  # noqa: PTH123, ASYNC230 - a device
        with pytest.raises(Transient, match="No space left"):
            await ConsoleChannel(stream).send(make_message())
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())  # for what it still holds


@pytest.mark.parametrize("unbuffered", [False, True])
async def test_lines_that_found_no_room_go_out_once_and_in_order(
    make_message: Any, unbuffered: bool
) -> None:
    reads, writes = os.pipe()
    os.set_blocking(writes, False)
    room = os.write(writes, b"." * 10_000_000)  # as much as there is room for
    raw = io.FileIO(writes, "w")
    with io.TextIOWrapper(
        raw if unbuffered else io.BufferedWriter(raw),  # type: ignore[type-var]
        encoding="utf-8",
        write_through=unbuffered,
    ) as stream:
        console, first, second = ConsoleChannel(stream), make_message(), make_message(rule="L3.add")
        for one in (first, second, first):
            with pytest.raises(Transient):
                await console.send(one)
        assert len(os.read(reads, room)) == room
        for one in (second, first, first):
            await console.send(one)
    lines = os.read(reads, room).decode().splitlines()
    assert [line.split()[2] for line in lines] == ["L2.add", "L3.add", "L2.add"]
    os.close(reads)


async def test_what_a_stream_cannot_spell_is_not_taken_for_printed(make_message: Any) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    console, first = ConsoleChannel(stream), make_message()
    for one in (first, make_message(rule="L3.add"), first):
        with pytest.raises(Permanent, match="cannot be written"):
            await console.send(one)
