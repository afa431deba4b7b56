"""The verb of the status page."""

import argparse

from monitor.cli.verbs import Verbs, add_config, add_verb

_MORE = """

`[web] on = true` has `hedgewatch run` serve the same. /metrics is for
Prometheus; /healthz says that the process lives, /readyz by 503, with the
reasons, that the daemon is blind. Others than this machine are served only
where the config has `[web] token = "env:NAME"`.
"""


def add_web(verbs: "Verbs[argparse.ArgumentParser]") -> None:
    """Add `web`."""
    verb = add_verb(verbs, "web", "serve a read-only status page, metrics and health", "web:web")
    verb.epilog = f"{verb.epilog}{_MORE}"
    add_config(verb)
    verb.add_argument("--host", metavar="HOST", help="instead of [web] host; default: 127.0.0.1")
    verb.add_argument(
        "--port", type=_port, metavar="N", help="instead of [web] port; default: 8808"
    )
    verb.add_argument(
        "--dashboard", action="store_true", help="print the Grafana dashboard that is shipped"
    )


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65_535:  # noqa: PLR2004 - the last port
        raise argparse.ArgumentTypeError(f"{text!r} is no port from 1 to 65535")
    return int(text)
