"""Derive's options on BTC: as those on ETH, asked for by themselves."""

from typing import Final

from monitor.feeds.derive import HOSTS, Derive
from monitor.feeds.provider import Provider

_SOURCE: Final = "derive_btc"

PROVIDER = Provider(
    name=_SOURCE,
    poll_s=300,
    build=lambda web, clock, own: Derive(
        web=web,
        clock=clock,
        hosts=(own.base_url,) if own.base_url else HOSTS,
        name=_SOURCE,
        coin="BTC",
    ),
)
