"""What the hardness tests are made of: stages, relays and channels that are others' fixtures."""

from tests.app.conftest import relay_to, serve, set_stage, swayed, watching
from tests.channels.conftest import brisk, listening, make_message, running

__all__ = [
    "brisk",
    "listening",
    "make_message",
    "relay_to",
    "running",
    "serve",
    "set_stage",
    "swayed",
    "watching",
]
