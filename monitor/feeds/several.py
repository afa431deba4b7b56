"""Several questions to one provider, of which some may fail; several hosts of which one answers."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias, TypeVar

from monitor.errors import HedgewatchError, Transient
from monitor.model.reading import Reading

_log: Final = logging.getLogger(__name__)

Question: TypeAlias = Callable[[], Awaitable[tuple[Reading, ...]]]
_Answer: TypeAlias = tuple[Reading, ...] | HedgewatchError

T = TypeVar("T")


@dataclass(slots=True)
class Several:
    """A provider's several things. What fails of them is logged once, and its end once.

    While one of them is told, the others' silence is no failure of the provider.
    """

    source: str
    _silent: dict[str, str] = field(default_factory=dict, init=False)

    async def ask(self, questions: Mapping[str, Question]) -> tuple[Reading, ...]:
        """Ask all at once and return what was answered.

        Where nothing was, raise the failure most likely to pass.
        """
        async with asyncio.TaskGroup() as group:
            tasks = {
                what: group.create_task(_answer(question), name=f"{self.source} {what}")
                for what, question in questions.items()
            }
        return self._sort({what: task.result() for what, task in tasks.items()})

    def hear(self, parts: Mapping[str, Callable[[], Reading]]) -> tuple[Reading, ...]:
        """Return what one answer tells of several things, as `ask` does of several answers."""
        return self._sort({what: _part(part) for what, part in parts.items()})

    def _sort(self, answers: Mapping[str, _Answer]) -> tuple[Reading, ...]:
        errors = [one for one in answers.values() if isinstance(one, HedgewatchError)]
        if len(errors) == len(answers):
            raise likeliest_to_pass(errors)
        told = list[Reading]()
        for what, answer in answers.items():
            if isinstance(answer, HedgewatchError):
                self.tell(what, answer)
            else:
                self.tell(what, None)
                told += answer
        return tuple(told)

    def tell(self, what: str, error: HedgewatchError | None) -> None:
        """Log that one thing is not answered, once, and once that it is again."""
        if error is not None:
            if what not in self._silent:
                _log.warning("%s tells no %s: %s", self.source, what, error)
            self._silent[what] = str(error)
        elif what in self._silent:
            del self._silent[what]
            _log.info("%s tells %s again", self.source, what)

    def silent(self, what: str) -> str:
        """Return why one thing is not answered; empty where it is."""
        return self._silent.get(what, "")


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


async def _answer(question: Question) -> _Answer:
    try:
        return await question()
    except HedgewatchError as error:
        return error


def _part(part: Callable[[], Reading]) -> _Answer:
    try:
        return (part(),)
    except HedgewatchError as error:
        return error
