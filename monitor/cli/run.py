"""`hedgewatch run`."""

import argparse
import asyncio
import sys

from monitor import app


def run(asked: argparse.Namespace) -> int:
    """Watch until stopped."""
    asyncio.run(app.run(asked.config, sys.stdout))
    return 0
