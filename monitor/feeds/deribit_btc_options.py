"""Deribit's options on BTC: what they are quoted at. One call, asked for by itself."""

from typing import Final

from monitor.feeds.deribit import BASE_URL
from monitor.feeds.deribit_options import DeribitOptions
from monitor.feeds.provider import Provider

_SOURCE: Final = "deribit_btc_options"

PROVIDER = Provider(
    name=_SOURCE,
    poll_s=300,
    build=lambda web, clock, own: DeribitOptions(
        web=web, clock=clock, base_url=own.base_url or BASE_URL, name=_SOURCE, coin="BTC"
    ),
)
