"""One test alert through each channel, by the road a real one takes."""

from collections.abc import Callable
from datetime import datetime
from hashlib import sha256

import aiomqtt
from telegram.error import TelegramError

from monitor.alerts.alert import Alert, AlertState
from monitor.alerts.event import SCHEMA, event_json
from monitor.channels.mqtt_board import EVENT
from monitor.channels.mqtt_client import Access
from monitor.channels.mqtt_link import Refused, message_properties, open_link
from monitor.channels.mqtt_tls import tls_context
from monitor.channels.mqtt_version import VersionChoice
from monitor.channels.port import Message
from monitor.channels.settings import MqttSettings, TelegramSettings
from monitor.channels.telegram import TelegramChannel
from monitor.channels.telegram_bot import open_bot
from monitor.channels.telegram_errors import SHAPELESS, misshapen, shapeless, tellable, verdict
from monitor.clock import Clock
from monitor.errors import Transient
from monitor.logs import read_secret
from monitor.model.layer import Action
from monitor.rules.pack import Severity

_EXPIRY_S = 300
_RULE = "init.test"


def trial_alert(at: datetime, subject: str) -> Alert:
    """Return an alert that says it is a test. subject: whom the settings watch, for people."""
    epoch = f"{int(at.timestamp()):08x}"  # in the place of a store's, for there is none yet
    idem = f"{epoch}:{_RULE}:book:1:firing"
    return Alert(
        id=sha256(idem.encode()).hexdigest()[:6].upper(),
        idem=idem,
        key=f"{_RULE}|book",
        rule=_RULE,
        pack="init",
        scope="book",
        layer=None,
        layer_title="",
        action=Action.NOTIFY,
        state=AlertState.FIRING,
        severity=Severity.INFO,
        at=at,
        since=at,
        title="Test alert",
        text="A test: alerts of this kind will come here.",
        subject=subject,
    )


async def bot_name(settings: TelegramSettings) -> str:
    """Return `@name` of the bot that a token is of; raise Transient or Permanent.

    Raises ValueError where the token cannot be had.
    """
    bot, request = open_bot(settings)
    try:
        return f"@{(await bot.get_me()).username}"
    except TelegramError as error:
        told = verdict(error, token=settings.token, timeout_s=settings.timeout_s)
        raise misshapen(bot.token, token=settings.token) or told from tellable(error)
    except SHAPELESS as error:
        raise shapeless(error) from None
    finally:
        await request.shutdown()


async def try_telegram(settings: TelegramSettings, alert: Alert, clock: Clock) -> str:
    """Send a test alert to the chat; raise as the channel's `send` does."""
    channel = TelegramChannel(settings, clock=clock)
    try:
        await channel.send(_message(alert, clock.now))
    finally:
        await channel.close()
    return f"alert {alert.id} is in the chat"


async def try_mqtt(settings: MqttSettings, instance: str, alert: Alert, clock: Clock) -> str:
    """Publish a test alert as an event; raise Transient or Permanent.

    Under a client id of its own, so that a daemon that is connected stays so. Raises
    ValueError where a secret or a TLS file cannot be had.
    """
    topic = f"hedgewatch/{instance}/{EVENT}"
    access = Access(
        settings=settings,
        password=read_secret(settings.password) if settings.password else None,
        tls=tls_context(settings.tls),
        client_id=f"hedgewatch-{instance}-init",
        will_topic=topic,
        will="",
    )
    message = _message(alert, clock.now)
    payload = event_json(alert, sent_at=message.now)
    user = {"idempotency-key": alert.idem, "schema": SCHEMA}
    try:
        version = await VersionChoice(access).settle()
        async with open_link(access, version) as link:
            properties = message_properties(expiry_s=_EXPIRY_S, user=user)
            await link.publish_surely(topic, payload, properties=properties)
    except Refused as error:
        raise error.verdict(access.where, topic) from error
    except TimeoutError as error:
        raise Transient(access.silence) from error
    except aiomqtt.MqttError as error:
        raise Transient(f"the MQTT broker at {access.where}: {access.trouble(error)}") from error
    return f"alert {alert.id} is on {topic}"


def _message(alert: Alert, now: Callable[[], datetime]) -> Message:
    return Message(alert=alert, tries=0, repeat=False, now=now())
