"""Words by MQTT: what comes on `command` goes to the inbox, what came of it to `answer`.

A command of MQTT 5 may name the topic of its answer. That topic must be one of those the
settings allow: a stranger's choice would have us write where only we may.
"""

import asyncio
import json
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar, Final, Literal, NamedTuple, TypeVar

import aiomqtt
from pydantic import AwareDatetime, ConfigDict, Field, TypeAdapter, ValidationError

from monitor.channels.mqtt_board import ANSWER, COMMAND
from monitor.channels.mqtt_link import Link, Refused, message_properties
from monitor.channels.settings import MqttSettings
from monitor.channels.spoken import Answer, Errand, MisspokenError, Outcome, Spoken
from monitor.clock import Clock

T = TypeVar("T")
_log: Final = logging.getLogger(__name__)
SCHEMA: Final = "hedgewatch.answer/1"
_MOST: Final = 64
"""Commands that may wait; a person does not get that far ahead of the daemon."""
_LONGEST: Final = 16_384
_OLD: Final = timedelta(minutes=10)
_RETRY_S: Final = 0.5
_ID: Final = r"^[\x21-\x7e]{1,100}$"
_NAME: Final = re.compile(r"[\w.@ -]{0,40}")
_WILD: Final = frozenset("+#\0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What a command says of itself.

    id: the sender's own name for it, the same when it is said again; on `command/NAME` it is
    that name's own, so that no two people's words are taken for one. at: when it was said;
    where given, it is not taken long after. schema: the form it has, the only one there is.
    """

    __pydantic_config__: ClassVar = ConfigDict(extra="forbid")

    id: Annotated[str, Field(pattern=_ID)]
    by: Annotated[str, Field(pattern=f"^{_NAME.pattern}$")] = ""
    at: AwareDatetime | None = None
    schema: Literal["hedgewatch.command/1"] = "hedgewatch.command/1"


class _Heard(NamedTuple):
    """A command as it came. name: of its topic, where the broker vouches for it; or empty."""

    payload: bytes
    retained: bool
    at: datetime
    name: str
    reply: str
    mark: bytes | None


_JSON: Final = TypeAdapter(dict[str, Any])
_ENVELOPE: Final = TypeAdapter(Envelope)
_SPOKEN: Final = TypeAdapter(Spoken)
_OF_ENVELOPE: Final = frozenset({"id", "by", "at", "schema"})


class MqttCommands:
    """Answers commands one after the other, whichever link they came by.

    obey: runs a word's errand. What a lost link keeps from being answered is answered by
    the next: its word is one by its id, however often its errand is run.
    """

    def __init__(self, root: str, settings: MqttSettings, obey: Errand, *, clock: Clock) -> None:
        self._root = root
        self._settings = settings
        self._obey = obey
        self._clock = clock
        self._waiting: asyncio.Queue[_Heard] = asyncio.Queue(_MOST)
        self._at_hand: _Heard | None = None

    def hear(self, topic: str, message: aiomqtt.Message) -> None:
        """Take in what came on `command` or `command/NAME`, to be answered in its turn."""
        command, _, name = topic.partition("/")
        known = command == COMMAND and _NAME.fullmatch(name)
        if not known or not isinstance(message.payload, bytes):
            return
        heard = _Heard(
            payload=message.payload[: _LONGEST + 1],
            retained=bool(message.retain),
            at=self._clock.now(),
            name=name,
            reply=getattr(message.properties, "ResponseTopic", ""),
            mark=getattr(message.properties, "CorrelationData", None),
        )
        try:
            self._waiting.put_nowait(heard)
        except asyncio.QueueFull:
            _log.warning("mqtt: a command is dropped unanswered: %d wait already", _MOST)

    async def work(self, link: Link) -> None:
        """Answer over one link until it is lost."""
        while not link.lost:
            if self._at_hand is None:
                self._at_hand = await self._waiting.get()
            heard = self._at_hand
            told = await self._told(heard)
            try:
                await self._answer(link, heard, told)
            except (aiomqtt.MqttError, TimeoutError) as error:
                _log.debug("mqtt: an answer waits: %s", error)
                await self._clock.sleep(_RETRY_S)
                continue
            self._at_hand = None

    async def _answer(self, link: Link, heard: _Heard, told: str) -> None:
        """Publish an answer where it is asked for; where that is refused, on our own topic."""
        own = "/".join(filter(None, (self._root, ANSWER, heard.name)))
        asked = heard.reply if self._may_answer(heard.reply) else own
        for topic in dict.fromkeys((asked, own)):
            try:
                await link.publish(topic, told, properties=message_properties(mark=heard.mark))
            except Refused as error:
                _log.warning("mqtt: the answer to a command is refused: %s: %s", topic, error)
            else:
                return

    def _may_answer(self, topic: str) -> bool:
        """Return whether an answer may go to a topic that a command names.

        However wide the settings are: among our own topics it may go to `answer` only.
        """
        if not topic or set(topic) & _WILD:
            return False
        ours = topic.startswith(f"{self._root}/")
        allowed = (f"{self._root}/{ANSWER}/#",) if ours else self._settings.answer_topics
        return any(aiomqtt.Topic(topic).matches(one) for one in allowed)

    async def _told(self, heard: _Heard) -> str:
        """Return the JSON of what came of a command."""
        given: Mapping[str, Any] = {}
        key = ""
        try:
            given = _opened(heard)
            answer = await self._obeyed(given, heard)
        except MisspokenError as error:
            answer, key = Answer(outcome=Outcome.REFUSED, text=str(error)), error.key
        except Exception:  # noqa: BLE001 - told below
            # A command must not end the watching.
            _log.exception("a command by MQTT failed in an unforeseen way")
            answer = Answer(outcome=Outcome.UNKNOWN, text="failed: see the log and the journal")
        name = given.get("id")
        return json.dumps(
            {
                "schema": SCHEMA,
                "id": name if isinstance(name, str) else None,
                "outcome": answer.outcome.value,
                "text": answer.text.removeprefix("refused: "),
                "key": key or None,
                "repeat": answer.repeat,
                "ts": self._clock.now().isoformat(timespec="seconds"),
            }
        )

    async def _obeyed(self, given: Mapping[str, Any], heard: _Heard) -> Answer:
        if heard.retained:
            raise MisspokenError("", "a retained command is not taken: publish it without retain")
        if heard.reply and not self._may_answer(heard.reply):
            reason = f"no answer may go to {heard.reply[:80]!r}: see channel.mqtt.answer_topics"
            raise MisspokenError("", reason)
        envelope = _valid(_ENVELOPE, {k: v for k, v in given.items() if k in _OF_ENVELOPE})
        spoken = _valid(_SPOKEN, {k: v for k, v in given.items() if k not in _OF_ENVELOPE})
        if envelope.at is not None and heard.at - envelope.at > _OLD:
            minutes = (heard.at - envelope.at) // timedelta(minutes=1)
            raise MisspokenError("at", f"it came {minutes} minutes late; say it again, as new")
        by = self._who(envelope.by, heard.name)
        name = f"mqtt:{envelope.id}{' ' * bool(heard.name)}{heard.name}"
        word = spoken.word(id=name, by=f"{by}@mqtt" if by else "mqtt", now=heard.at)
        return await self._obey(word)

    def _who(self, said: str, name: str) -> str:
        """Return who speaks; raise MisspokenError for whoever may not."""
        if name and said not in {"", name}:
            raise MisspokenError("by", f"on command/{name} nobody speaks as {said!r}")
        who, allowed = name or said, self._settings.command_names
        if allowed is not None and who not in allowed:
            reason = f"{who!r} is not one of channel.mqtt.command_names" if who else "say who: by"
            raise MisspokenError("by", reason)
        return who


def _opened(heard: _Heard) -> Mapping[str, Any]:
    if len(heard.payload) > _LONGEST:
        raise MisspokenError("", f"a command has at most {_LONGEST:,} bytes")
    try:
        return _JSON.validate_json(heard.payload)
    except ValidationError as error:
        reason = error.errors(include_url=False, include_input=False)[0]["msg"]
        raise MisspokenError("", f"a command is one JSON object: {reason}") from None


def _valid(form: TypeAdapter[T], given: Mapping[str, Any]) -> T:
    """Return what was given as the form asks; raise MisspokenError naming a key at fault."""
    try:
        return form.validate_python(given)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        raise MisspokenError(key, f"{key}: {first['msg']}") from None
