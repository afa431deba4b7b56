"""What is wrong with who may tell of trades, in one sentence that names the place."""

import pytest

from monitor.config import parse_settings
from monitor.errors import ConfigError

TELEGRAM = '[channel.telegram]\ntoken = "env:X"\nchat = 1\n[channel.telegram.commands]\n'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            f'{TELEGRAM}write = ["ann"]',
            "telegram.commands.write.0: must be a whole number, was 'ann'",
        ),
        (
            f"{TELEGRAM}write = [true]",
            "telegram.commands.write.0: must be a whole number, was True",
        ),
        (f"{TELEGRAM}writ = [1]", "telegram.commands.writ: unknown key; did you mean write?"),
        ('[channel.mqtt]\nhost = "h"\ncommands = "yes"', "mqtt.commands: must be "),
    ],
)
def test_a_faulty_list_is_told_in_a_sentence(text: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_settings(text, "my.toml")
    assert f"my.toml: channel.{told}" in str(caught.value)
