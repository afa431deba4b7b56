"""Words by MQTT: what comes on `command` goes to the inbox, what came of it to `answer`."""

import asyncio
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar, Final, NamedTuple, TypeVar

import aiomqtt
from pydantic import AwareDatetime, ConfigDict, Field, TypeAdapter, ValidationError

from monitor.channels.mqtt_board import ANSWER
from monitor.channels.mqtt_link import Link, Refused, message_properties
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What a command says of itself.

    id: the sender's own name for it, the same when it is said again. at: when it was said;
    where given, it is not taken long after.
    """

    __pydantic_config__: ClassVar = ConfigDict(extra="forbid")

    id: Annotated[str, Field(pattern=_ID)]
    by: Annotated[str, Field(pattern=r"^[\w.@ -]{0,40}$")] = ""
    at: AwareDatetime | None = None


class _Heard(NamedTuple):
    payload: bytes
    retained: bool
    at: datetime


_JSON: Final = TypeAdapter(dict[str, Any])
_ENVELOPE: Final = TypeAdapter(Envelope)
_SPOKEN: Final = TypeAdapter(Spoken)
_OF_ENVELOPE: Final = frozenset({"id", "by", "at"})


class MqttCommands:
    """Answers commands one after the other, whichever link they came by.

    obey: runs a word's errand. What a lost link keeps from being answered is answered by
    the next: its word is one by its id, however often its errand is run.
    """

    def __init__(self, root: str, obey: Errand, *, clock: Clock) -> None:
        self._topic = f"{root}/{ANSWER}"
        self._obey = obey
        self._clock = clock
        self._waiting: asyncio.Queue[_Heard] = asyncio.Queue(_MOST)
        self._at_hand: _Heard | None = None

    def hear(self, payload: bytes, *, retained: bool) -> None:
        """Take a command in; it is answered in its turn."""
        heard = _Heard(payload[: _LONGEST + 1], retained, self._clock.now())
        try:
            self._waiting.put_nowait(heard)
        except asyncio.QueueFull:
            _log.warning("mqtt: a command is dropped unanswered: %d wait already", _MOST)

    async def work(self, link: Link) -> None:
        """Answer over one link until it is lost."""
        while not link.lost:
            if self._at_hand is None:
                self._at_hand = await self._waiting.get()
            told = await self._told(self._at_hand)
            try:
                await link.publish(self._topic, told, properties=message_properties())
            except Refused as error:
                _log.warning("mqtt: the answer to a command is refused: %s", error)
            except (aiomqtt.MqttError, TimeoutError) as error:
                _log.debug("mqtt: an answer waits: %s", error)
                await self._clock.sleep(_RETRY_S)
                continue
            self._at_hand = None

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
        envelope = _valid(_ENVELOPE, {k: v for k, v in given.items() if k in _OF_ENVELOPE})
        spoken = _valid(_SPOKEN, {k: v for k, v in given.items() if k not in _OF_ENVELOPE})
        if envelope.at is not None and heard.at - envelope.at > _OLD:
            minutes = (heard.at - envelope.at) // timedelta(minutes=1)
            raise MisspokenError("at", f"it came {minutes} minutes late; say it again, as new")
        word = spoken.word(
            id=f"mqtt:{envelope.id}",
            by=f"{envelope.by}@mqtt" if envelope.by else "mqtt",
            now=heard.at,
        )
        return await self._obey(word)


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
