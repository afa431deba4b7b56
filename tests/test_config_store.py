"""What `[store]` may say."""

import pytest

from monitor.config import parse_settings
from monitor.errors import ConfigError

REST = '[chain.ethereum]\nrpc = ["env:ETH_RPC_URL"]\n[[watch]]\nchain = "ethereum"\nnft = [1]\n'


@pytest.mark.parametrize(
    "url",
    [
        "env:HEDGEWATCH_STORE",
        "file:/run/store",
        "credential:store",
        "postgresql://me@db/hedgewatch",
        "postgres:///x",
    ],
)
def test_a_shared_store_is_referred_to_or_has_no_password(url: str) -> None:
    settings = parse_settings(f'{REST}[store]\nurl = "{url}"\nlease_s = 4.5\n')
    assert (settings.store.url, settings.store.lease_s) == (url, 4.5)


@pytest.mark.parametrize(
    "url", ["postgresql://me:secret@db/x", "postgres://db/x?user=me&password=secret"]
)
def test_a_password_never_stands_in_the_file(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_settings(f'{REST}[store]\nurl = "{url}"\n', "my.toml")
    assert str(caught.value) == (
        "my.toml: store.url: holds a password: put the URL into the environment and write "
        '"env:NAME"'
    )


@pytest.mark.parametrize("lease_s", ["0.5", "61", '"6"'])
def test_a_lease_is_of_some_seconds(lease_s: str) -> None:
    with pytest.raises(ConfigError, match=r"my\.toml: store\.lease_s"):
        parse_settings(f"{REST}[store]\nlease_s = {lease_s}\n", "my.toml")
