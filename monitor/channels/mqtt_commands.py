"""Words by MQTT: what comes on `command` goes to the inbox, what came of it to `answer`."""

import asyncio
import json
import logging
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar, Final

import aiomqtt
from pydantic import AwareDatetime, ConfigDict, Field, TypeAdapter, ValidationError

from monitor.channels.mqtt_link import Link, message_properties
from monitor.channels.spoken import Answer, Errand, MisspokenError, Outcome, Spoken
from monitor.clock import Clock

_log: Final = logging.getLogger(__name__)
COMMAND: Final = "command"
ANSWER: Final = "answer"
SCHEMA: Final = "hedgewatch.answer/1"
_MOST: Final = 64
"""Commands that may wait; a person does not get that far ahead of the daemon."""
_LONGEST: Final = 16_384
_OLD: Final = timedelta(minutes=10)
_NAME: Final = re.compile(r"[\x21-\x7e]{1,100}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Command(Spoken):
    """The JSON of one command. id: the sender's own, the same for a repeat. at: when it was said.

    A command that says when it was said is not taken long after.
    """

    __pydantic_config__: ClassVar = ConfigDict(extra="forbid")

    id: str
    by: Annotated[str, Field(max_length=40)] = ""
    at: AwareDatetime | None = None
