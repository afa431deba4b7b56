"""`[web]`: what is refused before anything is served."""

from pathlib import Path

import pytest

from monitor.config import parse_settings, read_draft
from monitor.config.web_settings import is_loopback
from monitor.errors import ConfigError

SOUND = """\
[chain.ethereum]
rpc = ["http://127.0.0.1:9"]
[[watch]]
chain = "ethereum"
nft = [1]
[web]
"""


def test_it_is_off_and_of_this_machine_unless_said_otherwise() -> None:
    web = parse_settings(SOUND).web
    assert (web.on, web.host, web.port, web.token) == (False, "127.0.0.1", 8808, None)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param(
            'host = "0.0.0.0"',
            'web: host 0.0.0.0 is reached from elsewhere: give a token = "env:NAME" beside it',
            id="everywhere without a token",
        ),
        pytest.param(
            'host = "my.lan"',
            'web: host my.lan is reached from elsewhere: give a token = "env:NAME" beside it',
            id="a name that may be anywhere",
        ),
        pytest.param(
            'token = "CANARYCANARYCANARY"',
            'web: token must be "env:NAME", "file:/path" or "credential:NAME", '
            "never the text itself",
            id="the token itself",
        ),
        pytest.param("port = 0", "web.port: must be greater than or equal to 1, was 0"),
        pytest.param("prot = 1", "web.prot: unknown key; did you mean port?", id="a typo"),
        pytest.param('on = "yes"', "web.on: must be true or false, was 'yes'"),
    ],
)
def test_what_is_wrong_is_told_in_a_sentence(text: str, told: str) -> None:
    with pytest.raises(ConfigError) as found:
        parse_settings(SOUND + text, "my.toml")
    assert str(found.value) == f"my.toml: {told}"
    assert "CANARY" not in str(found.value)


def test_a_token_may_be_a_credential_of_a_service() -> None:
    settings = parse_settings(SOUND + 'host = "0.0.0.0"\ntoken = "credential:page"\n')
    assert settings.web.token == "credential:page"


def test_a_token_lets_it_be_reached_and_is_asked_for_at_the_start(tmp_path: Path) -> None:
    text = SOUND + 'host = "0.0.0.0"\ntoken = "env:PAGE_TOKEN"\n'
    assert parse_settings(text).web.host == "0.0.0.0"
    file = tmp_path / "c.toml"
    file.write_text(text, "utf-8")
    assert ("web.token", "env:PAGE_TOKEN") in read_draft(file).secrets


@pytest.mark.parametrize(
    ("host", "is_so"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.0.4", False),
        ("localhost.evil.example", False),
        ("", False),
    ],
)
def test_only_loopback_is_loopback(host: str, is_so: bool) -> None:
    assert is_loopback(host) is is_so
