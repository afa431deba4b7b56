"""What the doctor says of feeds: a line a provider, and advice that can be followed."""

from collections.abc import Mapping
from datetime import datetime

import pytest

from monitor.app.doctor_feeds import FeedVisit, keyless
from monitor.app.finding import Finding
from monitor.clock import ManualClock
from monitor.config import parse_settings
from monitor.feeds.http import HttpSettings, Web, open_client

NOBODY = "http://127.0.0.1:1"
REST = '[chain.ethereum]\nrpc = ["http://127.0.0.1:9"]\n[[watch]]\nchain = "ethereum"\nnft = [1]\n'
SILENT = "127.0.0.1 cannot be reached (ConnectError)"
AT = datetime.fromisoformat("2026-11-24T15:00:00+00:00")


async def visited(order: Mapping[str, tuple[str, ...]], text: str = "") -> list[Finding]:
    """Return what is found where no provider can be reached."""
    names = dict.fromkeys(name for asked in order.values() for name in asked)
    tables = "".join(f'[feed.{name}]\nbase_url = "{NOBODY}"\n' for name in names)
    visit = FeedVisit(
        settings=parse_settings(REST + tables + text), clock=ManualClock(AT), patience_s=5.0
    )
    async with open_client(HttpSettings()) as client:
        rounds = list(visit.rounds(order, Web(client, visit.clock)))
        return [finding for one in rounds for finding in await one]


@pytest.mark.parametrize(
    ("order", "told"),
    [
        pytest.param(
            {"vix9d": ("cboe",), "vvix": ("cboe",)},
            f"vix9d and vvix: {SILENT}; name cboe_history in [feeds]",
            id="who else has it",
        ),
        pytest.param(
            {"dvol.eth": ("deribit",)},
            f"dvol.eth: {SILENT}; nobody else gives it, so it is unknown until this answers",
            id="nobody has it, and what is old in minutes nobody types",
        ),
        pytest.param(
            {"rates.fed_funds": ("fred",)},
            f"rates.fed_funds: {SILENT};"
            " type a value in [feed.manual.values] and name manual in [feeds]",
            id="what lasts for days may be typed",
        ),
    ],
)
async def test_a_provider_that_fails_is_told_once_with_what_helps(
    order: Mapping[str, tuple[str, ...]], told: str
) -> None:
    (found,) = await visited(order)
    assert (found.ok, found.text) == (False, told)


async def test_signals_that_something_else_helps_are_told_apart_on_one_line() -> None:
    order = {"rates.fed_funds": ("fred",), "funding.eth_annual": ("binance", "dydx", "gmx")}
    order["eth.price"] = ("binance", "deribit")
    found = {one.subject: one.text for one in await visited(order)}
    assert list(found) == ["fred", "binance", "dydx", "gmx", "deribit"]
    assert found["binance"] == (
        f"funding.eth_annual and eth.price: {SILENT}; for funding.eth_annual: dydx and gmx are"
        " asked in its place until it answers; for eth.price: deribit is asked in its place until"
        " it answers"
    )


async def test_days_that_are_bundled_are_said_to_be() -> None:
    order = {"calendar.fomc": ("fed_calendar",), "calendar.cpi": ("releases",)}
    fed, releases = await visited(order)
    assert (fed.ok, fed.text) == (
        False,
        f"calendar.fomc known up to 2026-12-09, from the bundled days alone: {SILENT}",
    )
    assert (releases.ok, releases.text) == (
        True,
        (
            "calendar.cpi known up to 2026-12-10, from the bundled days:"
            " [feed.releases] key adds later ones"
        ),
    )


def test_what_waits_for_a_key_is_said_and_is_nothing_to_fix() -> None:
    text = "calendar.ppi is not read: it needs [feed.releases] key"
    assert keyless(frozenset({"calendar.ppi"})) == [Finding(ok=True, subject="releases", text=text)]
