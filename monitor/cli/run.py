"""`hedgewatch run`."""

import argparse
import asyncio
import sys

from monitor.app.live import run as watch


def run(asked: argparse.Namespace) -> int:
    """Watch until stopped."""
    asyncio.run(watch(asked.config, sys.stdout))
    return 0
