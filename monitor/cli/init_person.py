"""Who answers `init`: a person at a terminal."""

import getpass
from collections.abc import Callable
from typing import Protocol

from monitor.errors import Permanent


class Person(Protocol):
    """Answers one question at a time. Raises Permanent where no more answers will come."""

    def ask(self, question: str, default: str = "") -> str:
        """Return an answer without blanks around it; the default where it is empty."""
        ...

    def hidden(self, question: str, default: str = "") -> str:
        """Return an answer that is not shown while it is typed; as `ask` else."""
        ...

    def yes(self, question: str, *, default: bool) -> bool:
        """Return yes or no."""
        ...


class Terminal:
    """A person at a terminal."""

    def ask(self, question: str, default: str = "") -> str:
        """Return an answer without blanks around it; the default where it is empty."""
        return _answered(f"{question}{_shown(default)} ", input) or default

    def hidden(self, question: str, default: str = "") -> str:
        """Return an answer that is not shown while it is typed; as `ask` else."""
        return _answered(f"{question}{_shown(default)} ", getpass.getpass) or default

    def yes(self, question: str, *, default: bool) -> bool:
        """Return yes or no; what is neither is asked again."""
        while True:
            given = self.ask(f"{question} {'[Y/n]' if default else '[y/N]'}").lower()
            if given in {"", "y", "yes", "n", "no"}:
                return given.startswith("y") if given else default


def _shown(default: str) -> str:
    return f" [{default}]" if default else ""


def _answered(prompt: str, ask: Callable[[str], str]) -> str:
    try:
        return ask(prompt).strip()
    except EOFError:
        raise Permanent("the answers ended early: nothing was written") from None
    except UnicodeDecodeError:
        return ""
