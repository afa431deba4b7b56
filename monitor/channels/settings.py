"""What `config.toml` says about channels."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Final, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field

from monitor.logs import REFERENCE_FORMS, read_secret, refers

_STRICT: Final = ConfigDict(extra="forbid")
_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")


def _no_truth(given: Any) -> Any:  # noqa: ANN401 - whatever the file holds
    if isinstance(given, bool):
        told = "must be a number, @channel or a reference"
        raise ValueError(told)  # noqa: TRY004 - a fault of the file
    return given


Port = Annotated[int, Field(strict=True, ge=1, le=65_535)]
Seconds = Annotated[float, Field(strict=True, gt=0, le=86_400)]
CommandName = Annotated[str, Field(pattern=r"^[\w.@ -]{1,40}$")]


def _a_filter(given: str) -> str:
    """Return a filter of topics; raise ValueError unless it is one, and not of all of them."""
    levels = given.split("/")
    wild = any(set(level) & {"+", "#"} and len(level) > 1 for level in levels)
    if wild or "#" in levels[:-1] or "\0" in given or levels[0] in {"", "+", "#"}:
        raise ValueError("must be a topic, or a filter such as clients/+/reply")
    return given


TopicFilter = Annotated[str, Field(max_length=200), AfterValidator(_a_filter)]


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsSettings:
    """TLS towards the broker. ca: a file to trust instead of the system's; cert, key: ours."""

    __pydantic_config__: ClassVar = _STRICT

    ca: str | None = None
    cert: str | None = None
    key: str | None = None

    def __post_init__(self) -> None:
        if self.key is not None and self.cert is None:
            raise ValueError("key needs cert beside it")


@dataclass(frozen=True, slots=True, kw_only=True)
class MqttSettings:
    """One `[channel.mqtt]`.

    protocol: `auto` tries 5, then 3.1.1, in which a refused publish cannot be seen.
    password: a reference, as `read_secret` takes it. tls: true, or a table.
    will_delay_s: how long a lost connection is no news. reassert_s: how often the
    retained topics are published again. heartbeat_s: 0 for none. event_expiry_s: how long
    a broker keeps an event for who is away, where its proposal is not void before.
    commands: whether what the broker lets write there may tell of trades on `command`.
    command_names: who of those is heard, by the name they give or, on `command/NAME`, that
    of the topic; None for all, and with nobody in it nobody is. answer_topics: filters of the
    topics, besides our own, to which an answer may go where a command of MQTT 5 asks for it.
    discovery: `homeassistant` tells it of everything shown; without, what an earlier run has
    told is taken back. discovery_prefix: where Home Assistant listens for that.
    """

    __pydantic_config__: ClassVar = _STRICT

    host: Annotated[str, Field(min_length=1)]
    port: Port = 1883
    protocol: Literal["auto", "5", "3.1.1"] = "auto"
    username: str | None = None
    password: str | None = None
    tls: bool | TlsSettings = False
    keepalive_s: Annotated[int, Field(strict=True, ge=1, le=3_600)] = 15
    session_expiry_s: Annotated[int, Field(strict=True, ge=1, le=86_400)] = 60
    will_delay_s: Annotated[int, Field(strict=True, ge=0, le=3_600)] = 5
    reassert_s: Seconds = 60.0
    heartbeat_s: Annotated[float, Field(strict=True, ge=0, le=86_400)] = 10.0
    event_expiry_s: Annotated[int, Field(strict=True, ge=1, le=31_622_400)] = 7 * 86_400
    timeout_s: Seconds = 5.0
    commands: Annotated[bool, Field(strict=True)] = False
    command_names: tuple[CommandName, ...] | None = None
    answer_topics: tuple[TopicFilter, ...] = ()
    discovery: Literal["homeassistant"] | None = None
    discovery_prefix: Annotated[str, Field(pattern=r"^[^+#/\x00]+(/[^+#/\x00]+)*$")] = (
        "homeassistant"
    )

    def __post_init__(self) -> None:
        _check_reference("password", self.password)
        if self.password is not None and self.username is None:
            raise ValueError("password needs username beside it")
        if self.session_expiry_s <= self.will_delay_s:
            raise ValueError("session_expiry_s must exceed will_delay_s, or the will comes at once")


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandSettings:
    """One `[channel.telegram.commands]`: ids of users, none by default, and of chats.

    read: who may ask. write: who may also act: tell of trades, acknowledge, snooze.
    chats: where else they are heard than in the chat that alerts go to.
    """

    __pydantic_config__: ClassVar = _STRICT

    read: tuple[Annotated[int, Field(strict=True, ge=1)], ...] = ()
    write: tuple[Annotated[int, Field(strict=True, ge=1)], ...] = ()
    chats: tuple[Annotated[int, Field(strict=True)], ...] = ()

    @property
    def heard(self) -> frozenset[int]:
        """Return the ids of all who are answered."""
        return frozenset((*self.read, *self.write))


@dataclass(frozen=True, slots=True, kw_only=True)
class TelegramSettings:
    """One `[channel.telegram]`.

    token: a reference, as `read_secret` takes it. chat: a number, `@channel`, or a
    reference. topic: the thread of a forum group. base_url: of a local Bot API
    server, up to and with `/bot`. commands: who may ask and act in that chat;
    without it, or with nobody named, none is listened for.
    """

    __pydantic_config__: ClassVar = _STRICT

    token: str
    chat: Annotated[int | str, BeforeValidator(_no_truth)]
    topic: Annotated[int, Field(strict=True, ge=1)] | None = None
    base_url: str = "https://api.telegram.org/bot"
    timeout_s: Seconds = 10.0
    commands: CommandSettings | None = None

    def __post_init__(self) -> None:
        _check_reference("token", self.token)
        if isinstance(self.chat, str) and not self.chat.startswith("@"):
            _check_reference("chat", self.chat)
        parts = urlsplit(self.base_url)
        plain = parts.scheme == "http" and parts.hostname in _LOOPBACK
        if parts.scheme != "https" and not plain:
            raise ValueError(
                "base_url must be https, or http on the loopback: it carries the token"
            )


def chat_id(reference: int | str) -> int | str:
    """Return a chat's number or `@channel`, from where it is kept if it is a reference.

    Raises ValueError in a sentence that never holds what was kept.
    """
    if isinstance(reference, int) or reference.startswith("@"):
        return reference
    text = read_secret(reference).reveal()
    with suppress(ValueError):
        return int(text)
    if not text.startswith("@"):
        raise ValueError(f"{reference} holds neither a chat's number nor @channel")
    return text


def _check_reference(key: str, reference: str | None) -> None:
    """Raise ValueError, never with the text itself, unless it refers to a secret elsewhere."""
    if reference is not None and not refers(reference):
        raise ValueError(f"{key} must be {REFERENCE_FORMS}, never the text itself")
