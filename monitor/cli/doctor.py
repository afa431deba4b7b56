"""`hedgewatch doctor`: each thing alerts depend on, ok or what to do about it."""

import argparse
import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence

from monitor.app.doctor import examine
from monitor.app.doctor_feeds import keyless
from monitor.app.finding import Finding
from monitor.app.rulebook import polled, unkeyed
from monitor.app.soundness import Findings, look_over
from monitor.cli.lines import line
from monitor.errors import ConfigError, Fault
from monitor.logs import redact


def doctor(asked: argparse.Namespace) -> int:
    """Ask every endpoint, feed, channel, the store and the clock; return 1 if one needs mending."""
    found = look_over(asked.config)
    if found.faults:
        raise ConfigError(found.faults)
    findings = [
        _of_config(found.unset),
        *asyncio.run(_examined(found)),
        *keyless(unkeyed(found.settings, found.packs)),
    ]
    for text in told(findings):
        print(text)
    wanting = Counter(one.ok for one in findings)[False]
    print(_sentence(wanting))
    return 1 if wanting else 0


def told(findings: Sequence[Finding]) -> Iterator[str]:
    """Yield a line a finding, its verdict first, without secrets."""
    width = max((len(one.subject) for one in findings), default=0)
    for one in findings:
        head = f"{'ok' if one.ok else 'fix':<5} {one.subject:<{width}}  "
        yield line(head, redact(one.text))


async def _examined(found: Findings) -> list[Finding]:
    order = polled(found.settings, found.packs)
    return [finding async for finding in examine(found.settings, order)]


def _of_config(unset: Sequence[Fault]) -> Finding:
    if not unset:
        return Finding(ok=True, subject="config", text="sound, and every secret it names is there")
    wanting = "; ".join(f"{one.where}: {one.reason}" for one in unset)
    return Finding(ok=False, subject="config", text=wanting)


def _sentence(wanting: int) -> str:
    if not wanting:
        return "Nothing to fix."
    return f"{wanting} thing{'s' if wanting > 1 else ''} to fix."
