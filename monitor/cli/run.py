"""`hedgewatch run`."""

import argparse
import asyncio
import faulthandler
import importlib
import signal
import sys


def run(asked: argparse.Namespace) -> int:
    """Watch until stopped."""
    # Where it stands still for good, systemd ends it by SIGABRT: then it is told where it stood.
    if sys.__stderr__ is not None:
        faulthandler.enable(sys.__stderr__)
    # It asks for the rules to be read, which is about to be done; by itself it ends the process.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    live = importlib.import_module("monitor.app.live")  # seconds of imports
    asyncio.run(live.run(asked.config, sys.stdout, asked.tape, name=asked.name))
    return 0
