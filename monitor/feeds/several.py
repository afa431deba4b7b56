"""Several questions to one provider, of which some may fail; several hosts of which one answers."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, TypeAlias, TypeVar, runtime_checkable

from monitor.errors import HedgewatchError, Transient
from monitor.feeds.faults import Faults
from monitor.feeds.port import Feed
from monitor.model.reading import Reading

Question: TypeAlias = Callable[[], Awaitable[tuple[Reading, ...]]]
_Answer: TypeAlias = tuple[Reading, ...] | HedgewatchError

T = TypeVar("T")


class Silence(NamedTuple):
    """A thing that is not answered, and why. of: what tells its cause from others.

    What may pass is one cause for all it touches: the words it had at first. What will
    not pass is each thing's own.
    """

    what: str
    of: str
    why: str


@dataclass(slots=True)
class Several:
    """A provider's several things, each by the beginning of the signals it gives: `macro.cpi`.

    A blank stands between several beginnings; a member of a family is `proxy.price.aave`.
    While one thing is told, the others' silence is no failure of the provider; whoever
    asked for them finds out here why they are not.
    """

    source: str
    _silent: dict[str, Silence] = field(default_factory=dict, init=False)
    _faults: Faults = field(default_factory=Faults, init=False)

    async def ask(self, questions: Mapping[str, Question]) -> tuple[Reading, ...]:
        """Ask all at once and return what was answered.

        Where nothing was, raise the failure most likely to pass.
        """
        async with asyncio.TaskGroup() as group:
            tasks = {
                what: group.create_task(self._answer(question), name=f"{self.source} {what}")
                for what, question in questions.items()
            }
        return self._sort({what: task.result() for what, task in tasks.items()})

    def hear(self, parts: Mapping[str, Callable[[], Reading]]) -> tuple[Reading, ...]:
        """Return what one answer tells of several things, as `ask` does of several answers."""
        return self._sort({what: self._part(part) for what, part in parts.items()})

    def note(self, what: str, error: HedgewatchError | None) -> None:
        """Keep why a thing is not answered; None once it is."""
        before = self._silent.pop(what, None)
        if error is None:
            return
        # What is silent as a whole has no silent parts.
        self._silent = {one: why for one, why in self._silent.items() if not _covers(what, one)}
        words = str(error) if isinstance(error, Transient) else what
        self._silent[what] = Silence(what, words if before is None else before.of, str(error))

    def silences(self, signal: str) -> tuple[Silence, ...]:
        """Return what is silent of a signal; nothing where all of it is answered."""
        return tuple(
            silence
            for what, silence in self._silent.items()
            if _covers(what, signal) or _covers(signal, what)
        )

    def _sort(self, answers: Mapping[str, _Answer]) -> tuple[Reading, ...]:
        errors = [one for one in answers.values() if isinstance(one, HedgewatchError)]
        if len(errors) == len(answers):
            raise likeliest_to_pass(errors)
        told = list[Reading]()
        for what, answer in answers.items():
            if isinstance(answer, HedgewatchError):
                self.note(what, answer)
            else:
                self.note(what, None)
                told += answer
        return tuple(told)

    async def _answer(self, question: Question) -> _Answer:
        try:
            return await question()
        except HedgewatchError as error:
            return error
        except Exception as error:  # noqa: BLE001 - logged, and the part's own failure
            return self._faults.transient(self.source, error)

    def _part(self, part: Callable[[], Reading]) -> _Answer:
        try:
            return (part(),)
        except HedgewatchError as error:
            return error
        except Exception as error:  # noqa: BLE001 - logged, and the part's own failure
            return self._faults.transient(self.source, error)


@runtime_checkable
class InParts(Protocol):
    """A feed of several things."""

    @property
    def several(self) -> Several:
        """Return what keeps their silences."""
        ...


def silences(feed: Feed, signal: str) -> tuple[Silence, ...]:
    """Return what a feed leaves out of a signal, where it tells that."""
    return feed.several.silences(signal) if isinstance(feed, InParts) else ()


async def first_of(hosts: Sequence[str], ask: Callable[[str], Awaitable[T]]) -> T:
    """Return the first answer that is one, asking hosts in order; raise when none gives one."""
    errors = list[HedgewatchError]()
    for host in hosts:
        try:
            return await ask(host)
        except HedgewatchError as error:
            errors.append(error)
    raise likeliest_to_pass(errors)


def likeliest_to_pass(errors: Iterable[HedgewatchError]) -> HedgewatchError:
    """Return the first Transient of some failures, else the first of them."""
    known = list(errors)
    return next((one for one in known if isinstance(one, Transient)), known[0])


def _covers(what: str, signal: str) -> bool:
    """Return whether a signal, or a thing, begins as one of the blank-separated beginnings."""
    return any(signal == one or signal.startswith((f"{one}.", f"{one}_")) for one in what.split())
