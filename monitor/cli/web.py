"""`hedgewatch web`: the status page of a daemon that runs, or ran, on this machine."""

import argparse
import asyncio
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path

from monitor.config import load_settings
from monitor.config.web_settings import WebSettings
from monitor.errors import ConfigError, Fault


def web(asked: argparse.Namespace) -> int:
    """Serve the page until Ctrl-C, or print the dashboard that is shipped."""
    if asked.dashboard:
        import_module("monitor.web")
        file = Path(sys.modules["monitor.web"].__path__[0]) / "grafana.json"
        print(file.read_text("utf-8"), end="")
        return 0
    settings = load_settings(asked.config)
    given = replace(settings, web=_overruled(settings.web, asked))
    page_saved = import_module("monitor.app.page_saved")  # seconds of imports
    asyncio.run(page_saved.serve_saved(given, lambda: _begun(given.web)))
    return 0


def _begun(given: WebSettings) -> None:
    print(f"http://{_address(given)}/ shows what the daemon saves; Ctrl-C ends", flush=True)


def _overruled(known: WebSettings, asked: argparse.Namespace) -> WebSettings:
    """Return the settings with what the command line says in their place."""
    try:
        return replace(known, host=asked.host or known.host, port=asked.port or known.port)
    except ValueError as error:
        raise ConfigError([Fault(file="--host", where="", reason=str(error))]) from None


def _address(given: WebSettings) -> str:
    host = f"[{given.host}]" if ":" in given.host else given.host
    return f"{host}:{given.port}"
