"""The console: one line an event."""

import io
from typing import Any

import pytest

from monitor.channels.console import ConsoleChannel
from monitor.errors import Permanent


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
