"""A chart drawn by a process of its own, which ends with it.

Drawing takes a second, and its library tens of megabytes: the loop that polls would stand
still for what of it does not let go, and the daemon would be as much larger for ever.
"""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from pydantic import TypeAdapter

from monitor.app.chart import Scenery
from monitor.errors import Permanent
from monitor.logs import redact
from monitor.timetravel.chart import check_drawing

SCENERY: Final = TypeAdapter(Scenery)
_MODULE: Final = "monitor.app.chart_drawn"
_PATIENCE_S: Final = 60.0


async def drawn(shown: Scenery, *, patience_s: float = _PATIENCE_S) -> bytes:
    """Return the chart as PNG; raise Permanent in a sentence where it cannot be drawn."""
    check_drawing()
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", _MODULE), stdin=PIPE, stdout=PIPE, stderr=PIPE, env=_surroundings()
    )
    try:
        async with asyncio.timeout(patience_s):
            png, said = await child.communicate(SCENERY.dump_json(shown))
    except TimeoutError:
        raise Permanent(f"the chart was not drawn in {patience_s:g} s") from None
    finally:
        with suppress(ProcessLookupError):
            child.kill()
        await child.wait()
    if child.returncode:
        last = said.decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise Permanent(f"the chart cannot be drawn: {redact(last)}")
    return png


def _surroundings() -> Mapping[str, str]:
    """Return the environment; where there is no home, with a place to keep what is known of fonts.

    Else they would be looked through for every chart anew.
    """
    kept = os.environ.get("CACHE_DIRECTORY") or os.environ.get("STATE_DIRECTORY")
    place = {"MPLCONFIGDIR": f"{kept.partition(':')[0]}/matplotlib"} if kept else {}
    paths = os.pathsep.join(filter(None, sys.path))
    return {**place, **os.environ, "PYTHONPATH": paths}
