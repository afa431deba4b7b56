"""A passing visit to each channel: does it answer, and would it take an alert?"""

import json
from typing import Final

import aiomqtt
from telegram.constants import ChatAction, ChatType
from telegram.error import BadRequest, TelegramError

from monitor.channels.mqtt_client import V5, Access
from monitor.channels.mqtt_link import Refused, open_link
from monitor.channels.mqtt_tls import tls_context
from monitor.channels.mqtt_version import VersionChoice
from monitor.channels.settings import MqttSettings, TelegramSettings, chat_id
from monitor.channels.telegram_bot import open_bot
from monitor.channels.telegram_errors import SHAPELESS, shapeless, tellable, verdict
from monitor.errors import Permanent, Transient
from monitor.logs import read_secret, redact

DOCTOR_SCHEMA: Final = "hedgewatch.doctor/1"


async def visit_mqtt(settings: MqttSettings, instance: str) -> str:
    """Return how the broker takes a QoS 1 message; raise Transient or Permanent.

    Under a client id of its own, so that a daemon that is connected stays so. Raises
    ValueError where a secret or a TLS file cannot be had.
    """
    topic = f"hedgewatch/{instance}/doctor"
    access = Access(
        settings=settings,
        password=read_secret(settings.password) if settings.password else None,
        tls=tls_context(settings.tls),
        client_id=f"hedgewatch-{instance}-doctor",
        will_topic=topic,
        will="",
    )
    try:
        version = await VersionChoice(access).settle()
        async with open_link(access, version) as link:
            await link.publish_surely(topic, json.dumps({"schema": DOCTOR_SCHEMA}))
    except Refused as error:
        raise error.verdict(access.where, topic) from error
    except TimeoutError as error:
        raise Transient(access.silence) from error
    except aiomqtt.MqttError as error:
        raise Transient(f"the MQTT broker at {access.where}: {access.trouble(error)}") from error
    spoken = "5" if version is V5 else "3.1.1"
    told = f"{access.where}, MQTT {spoken}, QoS 1 acknowledged"
    if not settings.commands:
        return told
    return f"{told}, takes commands{'' if settings.username else ' and gives no password'}"


async def visit_telegram(settings: TelegramSettings) -> str:
    """Return who the bot is and which chat it may write to, sending no message.

    Raises Transient or Permanent, and ValueError where a secret cannot be had.
    """
    chat = chat_id(settings.chat)
    bot, request = open_bot(settings)
    try:
        me = await bot.get_me()
        there = await bot.get_chat(chat)
        if there.type != ChatType.CHANNEL:
            await bot.send_chat_action(chat, ChatAction.TYPING, message_thread_id=settings.topic)
    except BadRequest as error:
        said = redact(error.message)
        raise Permanent(f"Telegram: {said}: is channel.telegram.chat the right one?") from error
    except TelegramError as error:
        raise verdict(error, token=settings.token, timeout_s=settings.timeout_s) from tellable(
            error
        )
    except SHAPELESS as error:
        raise shapeless(error) from None
    finally:
        await request.shutdown()
    told = f"@{me.username} reaches {there.title or there.full_name or chat}"
    return f"{told}, {_who(settings)}" if settings.commands else told


def _who(settings: TelegramSettings) -> str:
    """Return how many users are answered, and how many of them may say something."""
    given = settings.commands
    if given is None or not given.heard:
        return "nobody may ask"
    asks, tells = len(given.heard), len(set(given.write))
    return f"{asks} may ask, {tells or 'nobody'} may tell of trades"
