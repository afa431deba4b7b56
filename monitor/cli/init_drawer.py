"""Where `init` keeps secrets: first where Ctrl-C takes them away, at the end beside the config."""

import os
import tempfile
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from monitor.chain.settings import rpc_url
from monitor.errors import Permanent
from monitor.logs import refers
from monitor.shipped import example_config

_FOLDER: Final = "secrets"
_OWNER_ONLY: Final = 0o600


class Drawer(AbstractContextManager["Drawer"]):
    """Holds what is written until all of it is settled at once.

    config: the file that is to refer to it; its folder is there. Raises Permanent where
    nothing can be written there.
    """

    def __init__(self, config: Path) -> None:
        self.config = config.resolve()
        folder = self.config.parent
        try:
            self._stage = tempfile.TemporaryDirectory(prefix=".hedgewatch-init-", dir=folder)
        except OSError as error:
            reason = f"no file can be made in {folder}: {error.strerror}"
            raise Permanent(reason) from error
        self._kept: dict[Path, Path] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stage.cleanup()

    def keep(self, name: str, text: str) -> tuple[str, str]:
        """Keep a secret; return the reference to it now, and where it will lie."""
        place = self._place(name, text)
        staged = Path(self._stage.name) / place.name
        staged.unlink(missing_ok=True)
        _write_private(staged, text)
        self._kept[staged] = place
        return f"file:{staged}", str(place)

    def settle(self, text: str) -> Path | None:
        """Put a config and the secrets it refers to in their places.

        Returns where the owner's config that stood there is kept, None where there was none.
        """
        for staged, place in self._kept.items():
            if str(staged) in text:
                place.parent.mkdir(mode=0o700, exist_ok=True)
                os.replace(staged, place)  # noqa: PTH105 - atomic, and said so
        old = self._set_aside()
        fresh = Path(self._stage.name) / "config"
        fresh.write_text(self.final(text), encoding="utf-8")
        os.replace(fresh, self.config)  # noqa: PTH105 - atomic, and said so
        return old

    def final(self, text: str) -> str:
        """Return a config with the places where its secrets will lie."""
        for staged, place in self._kept.items():
            text = text.replace(str(staged), str(place))
        return text

    def _place(self, name: str, text: str) -> Path:
        """Return a free name for a secret, or that of a file which holds this very one."""
        folder, number = self.config.parent / _FOLDER, 1
        while True:
            place = folder / (name if number == 1 else f"{name}-{number}")
            if not place.exists():
                return place
            with suppress(OSError, UnicodeDecodeError):
                if place.read_text(encoding="utf-8").strip() == text:
                    return place
            number += 1

    def _set_aside(self) -> Path | None:
        """Keep the config that is there by another name, unless it is the example alone."""
        if not self.config.exists() or is_example(self.config):
            return None
        number = 1
        while (old := self._aside(number)).exists():
            number += 1
        os.link(self.config, old)
        return old

    def _aside(self, number: int) -> Path:
        more = "" if number == 1 else f".{number}"
        return self.config.with_name(f"{self.config.name}.old{more}")


def is_example(config: Path) -> bool:
    """Return whether a config is the shipped example, word for word."""
    return config.read_text(encoding="utf-8", errors="replace") == example_config()


def is_open(url: str) -> bool:
    """Return whether a URL holds no secret, so that it may stand in the config."""
    try:
        rpc_url(url)
    except ValueError:
        return False
    return not refers(url)


def _write_private(path: Path, text: str) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(f"{text}\n")
