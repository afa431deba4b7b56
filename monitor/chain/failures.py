"""Every way a node fails, as a verdict and one clear sentence.

Transient                    Permanent
├── NoHistory                ├── EndpointRefused
├── RangeTooWide             ├── Reverted
├── TooHeavy                 └── NoCode
├── EmptyAnswer
├── NotReached
├── NotOffered
├── NotThere
├── NoBlock
├── Behind
├── Lagging
└── Disagrees

A verdict says whether another endpoint could do better: all may but Reverted,
which is the contract's own answer and the same everywhere. Those that blame the
question or the node's head, and not the node's health, are NO_FAULT.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from types import MappingProxyType
from typing import Any, Final

from monitor.chain.log_limits import stated_blocks
from monitor.chain.words import text as word_text
from monitor.errors import HedgewatchError, Permanent, Transient
from monitor.logs import redact


class NoHistory(Transient):
    """The node has pruned the state it was asked for."""


class RangeTooWide(Transient):
    """The node answers logs for fewer blocks at once. most: as many as it says, if it does."""

    def __init__(self, sentence: str, most: int | None = None) -> None:
        super().__init__(sentence)
        self.most = most


class TooHeavy(Transient):
    """One call was more than the node computes at once; half of it may pass."""


class EmptyAnswer(Transient):
    """An `eth_call` answered nothing at all: no code there, or no such block here."""


class NotReached(Transient):
    """No answer came at all: no connection, none in time, or one broken off."""


class NotOffered(Transient):
    """The node does not know the method at all."""


class NotThere(Transient):
    """The node answered null: it has nothing of what it was asked for."""


class NoBlock(Transient):
    """The node was asked for a block by number and has none of it."""


class Behind(Transient):
    """The node is well and has no block newer than was read already."""


class Lagging(Transient):
    """The node's head is too far behind that of the chain's other endpoints."""


class Disagrees(Transient):
    """Two nodes tell different things of one block."""


class Incomplete(Transient):
    """The events a node tells of a position do not come to what the position holds."""


class TooFar(Incomplete):
    """The events of a position begin further back than a node's ranges of logs reach."""


class StillIncomplete(Incomplete):
    """The same as a while ago: the node was not asked again."""


class EndpointRefused(Permanent):
    """This endpoint will not serve us: a wrong key, path or chain."""


class NoCode(Permanent):
    """An address that must be a contract has no code."""


class Reverted(Permanent):
    """The contract itself refused. reason: its words, empty where it gave none."""

    def __init__(self, sentence: str, reason: str = "") -> None:
        super().__init__(sentence)
        self.reason = reason


NO_FAULT: Final = (NoHistory, RangeTooWide, TooHeavy, Behind, Lagging, Disagrees)
"""What another endpoint may do better although this one is well: it need not rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """One shape of JSON-RPC error: any of its codes, or its words, for these methods."""

    verdict: type[HedgewatchError]
    sentence: str
    words: str = r"(?!)"
    codes: frozenset[int] = frozenset()
    methods: tuple[str, ...] = ()

    def fits(self, method: str, code: object, text: str) -> bool:
        if self.methods and method not in self.methods:
            return False
        return code in self.codes or re.search(self.words, text, re.IGNORECASE) is not None


_LOGS: Final = ("eth_getLogs",)
# Codes mean different things to different providers, so words decide first and
# the order of the rows matters: a limit on logs also says "limit exceeded".
_ROWS: Final = (
    _Row(
        verdict=TooHeavy,
        sentence="{host} could not compute {method} at once: {said}",
        words=r"out ?of ?gas|execution aborted|gas (limit|cap)",
        methods=("eth_call",),
    ),
    _Row(
        verdict=Reverted,
        sentence="the contract reverted: {reason}",
        words=r"revert|0x08c379a0",
        codes=frozenset({3}),
        methods=("eth_call",),
    ),
    _Row(
        verdict=Transient,
        sentence="{host} limits the rate: {said}",
        words=r"rate.?limit|rate exceeded|too many requests|(retry|again) (in|after) \d"
        r"|compute units|\bCUP?S\b",
        codes=frozenset({429, -32090, -32097, 42903}),
    ),
    _Row(
        verdict=NoBlock,
        sentence="{host} does not have the block yet: {said}",
        words=r"beyond (the )?current head|after last accepted block|future block",
        methods=_LOGS,
    ),
    _Row(
        verdict=RangeTooWide,
        sentence="{host} gives no logs over so many blocks: {said}",
        words=r"ranges?\b|returned more than|more than \d+ (results|logs|blocks)|limited to"
        r"|timed?.?out|deadline exceeded|too (wide|large|big)|max(imum)? .*blocks|response size"
        r"|too many (blocks|logs|results|topics)|narrow your (filter|query)"
        r"|(logs matched|query) .*exceeds|blocks distance|smaller than size|at most \d+ blocks",
        codes=frozenset({-32602, -32701, -32614}),
        methods=_LOGS,
    ),
    _Row(
        verdict=Transient,
        sentence="{host} limits the rate: {said}",
        words=r"capacity|credits|quota|throughput|daily request",
    ),
    # Of logs these words mean the range as often as the rate: narrowing shows which.
    _Row(
        verdict=RangeTooWide,
        sentence="{host} gives no logs over so many blocks: {said}",
        words=r"limit exceeded",
        codes=frozenset({-32005}),
        methods=_LOGS,
    ),
    _Row(
        verdict=Transient,
        sentence="{host} limits the rate: {said}",
        words=r"limit exceeded",
        codes=frozenset({-32005}),
    ),
    _Row(
        verdict=NoHistory,
        sentence="{host} keeps no state that old: {said}",
        words=r"missing trie node|metadata is not found|layer stale|pruned|historical state"
        r"|archive|state .*not available|no state available|proof window",
        codes=frozenset({-32801, 4444}),
    ),
    _Row(
        verdict=Transient,
        sentence="{host} does not have the block yet: {said}",
        words=r"header not found|unknown block|block not found|not have the requested block"
        r"|block ?.*(out of ?range|not available)|cannot find block",
        codes=frozenset({-39001}),
    ),
    _Row(
        verdict=EndpointRefused,
        sentence="{host} refused the key: {said}; check {origin}",
        words=r"unauthori[sz]ed|api.?key|authenticat|project id|forbidden|access denied",
    ),
    _Row(
        verdict=NotOffered,
        sentence="{host} does not offer {method}: {said}",
        words=r"method .*(not found|does not exist|not (supported|available|allowed|whitelisted))",
        codes=frozenset({-32601}),
    ),
)
_HTTP: Final[Mapping[int, tuple[type[HedgewatchError], str]]] = MappingProxyType(
    {
        401: (EndpointRefused, "{host} refused the key (HTTP 401): check {origin}"),
        402: (Transient, "{host} says the plan's credits are used up (HTTP 402)"),
        403: (EndpointRefused, "{host} refused the key (HTTP 403): check {origin}"),
        404: (EndpointRefused, "{host} knows no such path (HTTP 404): check {origin}"),
        413: (TooHeavy, "{host} takes no request this large (HTTP 413)"),
        **{
            status: (EndpointRefused, f"{{host}} redirects (HTTP {status}): check {{origin}}")
            for status in (301, 302, 303, 307, 308)
        },
    }
)
_TOO_MANY: Final = 429
_MOST_WORDS: Final = 160
_LONGEST_WAIT_S: Final = 86_400
_RETRY_IN: Final = re.compile(
    r"(?:retry|again) (?:in|after) (\d+(?:\.\d+)?) ?(ms|s|m)?", re.IGNORECASE
)
_ERROR: Final = bytes.fromhex("08c379a0")  # Error(string)


def from_http(
    host: str, status: int, headers: Mapping[str, str], *, origin: str
) -> HedgewatchError:
    """Return the verdict on an HTTP status other than 200 whose body says nothing.

    origin: where the URL is kept, like `env:ETH_RPC_URL`; the URL itself stays secret.
    """
    if status == _TOO_MANY:
        wait = retry_after(headers)
        asked = f", and asks to wait {wait.total_seconds():g} s" if wait else ""
        return Transient(f"{host} limits the rate (HTTP 429){asked}", retry_after=wait)
    verdict, sentence = _HTTP.get(status, (Transient, f"{{host}} failed (HTTP {status})"))
    return verdict(sentence.format(host=host, origin=origin))


def from_error(host: str, method: str, error: Any, *, origin: str) -> HedgewatchError:  # noqa: ANN401
    """Return the verdict on a JSON-RPC `error` member, whatever it holds."""
    if not isinstance(error, Mapping):
        error = {"message": error}
    code, message, data = error.get("code"), str(error.get("message", "")), error.get("data")
    detail = data if isinstance(data, str) else ""
    reason = revert_reason(detail)
    said = f"{one_line(message)} (code {code})"
    text = f"{message} {data if method in _LOGS and data else detail}"
    for row in _ROWS:
        if row.fits(method, code, text):
            break
    else:
        row = _Row(verdict=Transient, sentence="{host} failed {method}: {said}")
    sentence = row.sentence.format(
        host=host, method=method, said=said, origin=origin, reason=reason or one_line(message)
    )
    if row.verdict is Reverted:
        return Reverted(sentence, reason)
    if row.verdict is RangeTooWide:
        return RangeTooWide(sentence, stated_blocks(text))
    if row.verdict is Transient:
        return Transient(sentence, retry_after=_asked_wait(message))
    return row.verdict(sentence)


def retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """Return the wait a `Retry-After` header asks for: seconds, or a date against `Date`.

    A day at most, here and in a body's words: the seconds may be any number.
    """
    asked = headers.get("Retry-After", "").strip()
    if asked.isdecimal():
        return _wait(float(asked))
    try:
        until = parsedate_to_datetime(asked)
        return _wait((until - parsedate_to_datetime(headers.get("Date", ""))).total_seconds())
    except (TypeError, ValueError):
        return None


def revert_reason(data: str) -> str:
    """Return the words in `Error(string)` revert data, empty where there are none."""
    try:
        raw = bytes.fromhex(data.removeprefix("Reverted ").removeprefix("0x"))
        return one_line(word_text(raw[4:])) if raw[:4] == _ERROR else ""
    except ValueError:
        return ""


def one_line(text: object) -> str:
    """Return a stranger's text on one line, short, and with our secrets struck out."""
    line = " ".join(redact(str(text)).split())
    line = "".join(letter for letter in line if letter.isprintable())
    return line if len(line) <= _MOST_WORDS else line[: _MOST_WORDS - 1] + "…"


def _asked_wait(text: str) -> timedelta | None:
    found = _RETRY_IN.search(text)
    if found is None:
        return None
    unit = {"ms": 0.001, "m": 60.0}.get((found[2] or "s").lower(), 1.0)
    return _wait(float(found[1]) * unit)


def _wait(seconds: float) -> timedelta:
    return timedelta(seconds=min(max(seconds, 0), _LONGEST_WAIT_S))
