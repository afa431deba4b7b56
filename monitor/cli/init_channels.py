"""What `init` asks about the channels alerts go out by."""

import asyncio
from typing import Final

from monitor.app.first_visits import bot_finding, mqtt_finding, telegram_finding
from monitor.channels.settings import TelegramSettings
from monitor.cli.init_pairing import paired
from monitor.cli.init_session import Session, reasons, wanting
from monitor.config.filled import MqttPlan, TelegramPlan
from monitor.errors import ConfigError
from monitor.logs import refers

_PORT: Final = 1883
_TLS_PORT: Final = 8883


def mqtt(session: Session) -> None:
    """Settle the broker, and have it acknowledge a message."""
    asked = session.asked
    if asked.no_mqtt or (session.person is None and not asked.mqtt):
        return
    while True:
        try:
            plan = _given_mqtt(session) if asked.mqtt else _typed_mqtt(session)
            if plan is None:
                return
            session.fill(mqtt=plan)
        except (ConfigError, ValueError) as error:
            if session.person is None or asked.mqtt:
                raise wanting(f"--mqtt: {reasons(error)}") from None
            session.say(f"fix   {reasons(error)}")
            continue
        if not session.tests or session.stands([asyncio.run(mqtt_finding(session.settings()))]):
            return
        session.put(mqtt=None)
        asked.mqtt = None


def broker_at(text: str) -> tuple[str, int]:
    """Return host and port of `host`, `host:port` or `[::1]:port`; raise ValueError."""
    if set(text) & {"/", "@", " "}:  # not shown again: a password may be in it
        raise ValueError("a broker is host or host:port, without a scheme, user or path")
    host, colon, port = text.rpartition(":")
    if not colon or (":" in host and not host.startswith("[")):
        host, port = text, str(_PORT)
    if not host or not port.isascii() or not port.isdecimal():
        raise ValueError(f"a broker is host or host:port, was {text[:60]!r}")
    return host.strip("[]"), int(port)


def _given_mqtt(session: Session) -> MqttPlan:
    asked = session.asked
    host, port = broker_at(asked.mqtt)
    return MqttPlan(
        host=host,
        port=port,
        username=asked.mqtt_user or "",
        password=asked.mqtt_password or "",
        tls=asked.mqtt_tls or port == _TLS_PORT,
    )


def _typed_mqtt(session: Session) -> MqttPlan | None:
    person = session.person
    assert person is not None
    session.say()
    given = person.ask("MQTT broker, as host or host:port (Enter: none):")
    if not given:
        return None
    host, port = broker_at(given)
    tls = person.yes("Over TLS?", default=port == _TLS_PORT)
    user = person.ask("User name (Enter: none):")
    password = ""
    if user:
        typed = person.hidden("Password, or env:NAME or file:/path, not shown (Enter: none):")
        password = _secret(session, "mqtt-password", typed) if typed else ""
    return MqttPlan(host=host, port=port, username=user, password=password, tls=tls)


def telegram(session: Session) -> None:
    """Settle bot and chat, and have Telegram say that the one reaches the other."""
    asked = session.asked
    if asked.no_telegram or (session.person is None and not asked.telegram_token):
        return
    while True:
        token = asked.telegram_token or _typed_token(session)
        if not token:
            return
        bot = _bot(token, asked.telegram_api or "")
        if not session.tests or session.stands([asyncio.run(bot_finding(bot))]):
            break
        asked.telegram_token = None
    while not _reaches(session, bot):
        asked.telegram_chat = None


def _reaches(session: Session, bot: TelegramSettings) -> bool:
    """Settle the chat; return whether the answer stands."""
    try:
        session.fill(telegram=_with_chat(session, bot))
    except (ConfigError, ValueError) as error:
        if session.person is None or session.asked.telegram_chat:
            raise wanting(f"--telegram-chat: {reasons(error)}") from None
        session.say(f"fix   {reasons(error)}")
        return False
    if not session.tests:
        return True
    return session.stands([asyncio.run(telegram_finding(session.settings()))])


def _bot(token: str, base_url: str) -> TelegramSettings:
    try:
        if base_url:
            return TelegramSettings(token=token, chat=0, base_url=base_url)
        return TelegramSettings(token=token, chat=0)
    except ValueError as error:
        raise wanting(f"--telegram-token, --telegram-api: {error}") from None


def _typed_token(session: Session) -> str:
    assert session.person is not None
    session.say()
    session.say("Telegram: talk to @BotFather, say /newbot, and he gives you a bot's token.")
    typed = session.person.hidden("Token, or env:NAME or file:/path, not shown (Enter: none):")
    return _secret(session, "telegram-token", typed) if typed else ""


def _with_chat(session: Session, bot: TelegramSettings) -> TelegramPlan:
    """Return the bot with its chat and who may ask there."""
    asked = session.asked
    api, token = asked.telegram_api or "", bot.token
    if asked.telegram_chat:
        users = tuple(asked.telegram_user)
        chat = _chat(asked.telegram_chat)
        return TelegramPlan(token=token, chat=chat, users=users, tells=asked.tells, base_url=api)
    chat, user = ids(session, bot)
    users = (user,) if user else ()
    tells = bool(users) and _tells(session)
    return TelegramPlan(token=token, chat=chat, users=users, tells=tells, base_url=api)


def _tells(session: Session) -> bool:
    assert session.person is not None
    question = "May you tell it of trades from there, too, not only ask?"
    return bool(session.asked.tells) or session.person.yes(question, default=False)


def ids(session: Session, bot: TelegramSettings) -> tuple[int | str, int]:
    """Return the chat alerts go to and the user who may ask there; 0 for nobody."""
    person = session.person
    assert person is not None
    if (found := paired(session, bot)) is not None:
        return found
    session.say("Open your bot in Telegram and press Start: it may not write to you before.")
    chat = _chat(person.ask("Chat: its number, or @channel:"))
    own = str(chat) if isinstance(chat, int) and chat > 0 else ""
    user = person.ask("Your own user id, to ask it things (0: nobody may):", own or "0")
    if not (user.isascii() and user.isdecimal()):
        raise ValueError(f"a user's id is a whole number, was {user[:60]!r}")
    return chat, int(user)


def _chat(text: str) -> int | str:
    try:
        return int(text)
    except ValueError:
        if text.startswith("@") or refers(text):
            return text
    raise ValueError(f"a chat is a number, @channel, env:NAME or file:/path, was {text[:60]!r}")


def _secret(session: Session, name: str, typed: str) -> str:
    """Return a reference to what was typed, which is kept in a file if it is none itself."""
    if refers(typed):
        return typed
    reference, place = session.drawer.keep(name, typed)
    session.say(f"It will be kept in {place}, for you alone to read.")
    return reference
