"""One line of the doctor's."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from monitor.errors import HedgewatchError

PATIENCE_S: Final = 30.0
"""How long anything that is asked may take to answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Whether something is well, what it is about, and the words."""

    ok: bool
    subject: str
    text: str


async def asked(subject: str, ask: Callable[[], Awaitable[str]]) -> Finding:
    """Return what asking came to; a refusal, a silence or a missing secret is a finding too."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            return Finding(ok=True, subject=subject, text=await ask())
    except TimeoutError:
        return Finding(ok=False, subject=subject, text=f"no answer within {PATIENCE_S:.0f} s")
    except (HedgewatchError, ValueError) as error:
        return Finding(ok=False, subject=subject, text=str(error))
