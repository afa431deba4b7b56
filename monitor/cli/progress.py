"""How far something long is: a bar that is drawn over itself on a terminal, else plain lines."""

from dataclasses import dataclass, field
from typing import Final, TextIO

from monitor.cli.lines import COLUMNS, cut

_WIDTH: Final = 24


@dataclass(slots=True)
class Progress:
    """Tells steps on a stream. head: what is under way."""

    stream: TextIO
    head: str
    _drawn: bool = field(default=False, init=False)

    def step(self, done: int, of: int, text: str, brief: str) -> None:
        """Tell that `done` of `of` steps are done, the last of them `text`; `brief` in the bar."""
        if not self.stream.isatty():
            print(f"{self.head}  {text}", file=self.stream, flush=True)
            return
        full = round(_WIDTH * done / of) if of else _WIDTH
        bar = "█" * full + "─" * (_WIDTH - full)
        told = cut(f"{self.head} ├{bar}┤ {done} of {of}  {brief}", COLUMNS - 1)
        self.stream.write(f"\r\x1b[K{told}")
        self.stream.flush()
        self._drawn = True

    def say(self, text: str) -> None:
        """Tell something that stays."""
        self.end()
        print(text, file=self.stream, flush=True)

    def end(self) -> None:
        """Take the bar away."""
        if self._drawn:
            self.stream.write("\r\x1b[K")
            self.stream.flush()
            self._drawn = False
