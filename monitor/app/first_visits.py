"""What `hedgewatch init` asks of the world before it believes an answer."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from monitor.alerts.alert import Alert
from monitor.app.doctor_chain import visit_chain
from monitor.app.doctor_feeds import FeedVisit, keyless
from monitor.app.finding import PATIENCE_S, Finding, asked
from monitor.app.rulebook import polled, unkeyed
from monitor.app.skew import Skew
from monitor.chain.rpc import Endpoint
from monitor.chain.settings import rpc_url
from monitor.channels.settings import TelegramSettings
from monitor.channels.trial import bot_name, trial_alert, try_mqtt, try_telegram
from monitor.channels.visits import visit_mqtt, visit_telegram
from monitor.clock import SystemClock
from monitor.config import Settings
from monitor.errors import Transient
from monitor.feeds.http import HttpSettings, Web, open_client
from monitor.rules.pack import Pack

_CLOCK: Final = SystemClock()


async def chain_served(reference: str) -> int:
    """Return the id of the chain an endpoint serves; raise Transient or Permanent.

    Raises ValueError where the reference cannot be followed.
    """
    endpoint = Endpoint(rpc_url(reference), timeout_s=PATIENCE_S)
    try:
        told = await endpoint.call("eth_chainId")
        return int(told, 16)
    except (TypeError, ValueError):
        raise Transient(f"{endpoint.host} answered eth_chainId with no number") from None
    finally:
        await endpoint.close()


async def chain_findings(settings: Settings) -> list[Finding]:
    """Return a finding an endpoint, then one for each part watched."""
    (name,) = settings.chain
    return await visit_chain(name, settings, _CLOCK, Skew(_CLOCK))


async def feed_findings(settings: Settings, packs: Sequence[Pack]) -> list[Finding]:
    """Return what each provider says that the enabled packs want asked."""
    visit = FeedVisit(settings=settings, clock=_CLOCK, patience_s=PATIENCE_S)
    order = polled(settings, packs)
    async with open_client(HttpSettings()) as client:
        found = await asyncio.gather(*visit.rounds(order, Web(client, _CLOCK)))
    told = [finding for findings in found for finding in findings]
    return [*told, *keyless(unkeyed(settings, packs))]


async def mqtt_finding(settings: Settings) -> Finding:
    """Return how the broker takes a message."""
    given = settings.channel.mqtt
    assert given is not None
    return await asked("mqtt", lambda: visit_mqtt(given, settings.instance))


async def bot_finding(settings: TelegramSettings) -> Finding:
    """Return whose token it is."""
    return await asked("telegram", lambda: bot_name(settings))


async def telegram_finding(settings: Settings) -> Finding:
    """Return which chat the bot reaches."""
    given = settings.channel.telegram
    assert given is not None
    return await asked("telegram", lambda: visit_telegram(given))


async def trial_findings(settings: Settings, subject: str) -> list[Finding]:
    """Send one test alert through each channel that is configured, and say how it went."""
    alert, found = trial_alert(_CLOCK.now(), subject), list[Finding]()
    mqtt, telegram = settings.channel.mqtt, settings.channel.telegram
    if telegram is not None:
        found.append(await asked("telegram", lambda: try_telegram(telegram, alert, _CLOCK)))
    if mqtt is not None:
        ask = _publishing(settings, alert)
        found.append(await asked("mqtt", ask))
    return found


def _publishing(settings: Settings, alert: Alert) -> Callable[[], Awaitable[str]]:
    given = settings.channel.mqtt
    assert given is not None
    return lambda: try_mqtt(given, settings.instance, alert, _CLOCK)
