"""What every question of `init` shares: the plan so far, who answers, and what is told."""

import argparse
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from monitor.app.finding import Finding
from monitor.cli.doctor import told
from monitor.cli.init_drawer import Drawer
from monitor.cli.init_person import Person
from monitor.cli.lines import line
from monitor.config import Settings, parse_settings
from monitor.config.filled import Plan, filled
from monitor.errors import ConfigError, Fault, Permanent
from monitor.logs import redact
from monitor.shipped import example_config


@dataclass(kw_only=True)
class Session:
    """One run of `init`. person: None where nobody is there to be asked."""

    asked: argparse.Namespace
    person: Person | None
    drawer: Drawer
    plan: Plan
    out: Callable[[str], None] = print

    @property
    def tests(self) -> bool:
        """Return whether answers are tried out."""
        return not self.asked.untested

    def text(self) -> str:
        """Return the config as the plan has it."""
        return filled(example_config(), self.plan)

    def settings(self) -> Settings:
        """Return the plan's settings; raise ConfigError where they cannot be."""
        return parse_settings(self.text(), self.drawer.config.name)

    def put(self, **answers: Any) -> None:  # noqa: ANN401 - fields of a plan
        """Take answers into the plan, whatever the others are."""
        self.plan = replace(self.plan, **answers)

    def fill(self, **answers: Any) -> None:  # noqa: ANN401 - fields of a plan
        """Take answers into the plan, if they are sound with it; raise ConfigError if not."""
        before = self.plan
        self.plan = replace(before, **answers)
        try:
            self.settings()
        except ConfigError:
            self.plan = before
            raise

    def say(self, text: str = "") -> None:
        """Tell a person something, in lines of at most 80 columns."""
        self.out(line("", redact(self.drawer.final(text))) if text else "")

    def show(self, findings: Iterable[Finding]) -> None:
        """Tell what was found, of secrets where they will lie."""
        final = self.drawer.final
        for text in told([replace(one, text=final(one.text)) for one in findings]):
            self.out(text)

    def stands(self, findings: Iterable[Finding]) -> bool:
        """Tell what was found, and return whether the answer stands.

        Where it was found wanting a person may keep it; without one nothing is written, and
        Permanent is raised.
        """
        findings = list(findings)
        self.show(findings)
        if all(one.ok for one in findings):
            return True
        if self.person is None:
            raise Permanent(
                "nothing was written: mend that, or give --untested to write it all the same"
            )
        return self.person.yes("Keep it all the same?", default=False)


def wanting(reason: str) -> ConfigError:
    """Return the fault of what was asked for on the command line."""
    return ConfigError([Fault(file="init", where="", reason=reason)])


def reasons(error: Exception) -> str:
    """Return what is wrong without the file, which is not written yet."""
    if not isinstance(error, ConfigError):
        return str(error)
    return "; ".join(
        f"{one.where}: {one.reason}" if one.where else one.reason for one in error.faults
    )
