"""Config, rules and secrets: whatever is wrong anywhere is told in one go."""

import asyncio
from pathlib import Path

import pytest

from monitor.alerts.policy import Policy
from monitor.app.soundness import Files, look_over, ready
from monitor.errors import ConfigError

SOUND = """\
[chain.ethereum]
rpc = ["http://127.0.0.1:9"]
[[watch]]
chain = "ethereum"
nft = [1]
"""
PACK = """\
schema = 1
[pack]
id = "mine"
title = "Mine"
evidence = "claim"
[[rule]]
id = "high"
scope = "book"
action = "notify"
when = 'vix > 20.0'
text = "x"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of rule files with one sound pack."""
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "mine.toml").write_text(PACK)
    return rules


def written(folder: Path, text: str, enabled: str = '["mine"]') -> Path:
    path = folder.parent / "config.toml"
    path.write_text(f'{text}\n[rules]\nenabled = {enabled}\nfolder = "{folder}"\n')
    return path


def told(path: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        ready(path)
    return [str(fault).replace(f"{path.parent}/", "") for fault in caught.value.faults]


def test_what_is_sound_is_ready(folder: Path) -> None:
    settings, packs = ready(written(folder, SOUND))
    assert list(settings.chain) == ["ethereum"]
    assert [pack.id for pack in packs] == ["mine"]


def test_settings_packs_rule_files_and_secrets_are_told_together(folder: Path) -> None:
    bad = PACK.replace("vix >", "vxi >").replace('"mine"', '"bad"').replace('"high"', '"low"')
    (folder / "bad.toml").write_text(bad)
    text = (
        SOUND.replace("http://127.0.0.1:9", "env:HEDGEWATCH_UNSET_RPC")
        + 'poll = 3\n[[watch]]\nchain = "bse"\nnft = [1]\n'
        + '[channel.mqtt]\nhost = "h"\nusername = "u"\npassword = "env:HEDGEWATCH_UNSET_WORD"\n'
        + '[channel.telegram]\ntoken = "env:HEDGEWATCH_UNSET_TOKEN"\n'
    )
    unset = "the environment variable HEDGEWATCH_UNSET"
    lines = told(written(folder, text, '["mine", "bad", "mien"]'))
    assert [line for line in lines if not line.startswith("rules/bad.toml:")] == [
        "config.toml: watch.0.poll: unknown key; did you mean pool?",
        "config.toml: channel.telegram.chat: must be given",
        "config.toml: watch.1.chain: no [chain.bse]; configured: ethereum",
        'rules: rules.enabled: there is no pack "mien"; did you mean mine?',
        f"config.toml: chain.ethereum.rpc: {unset}_RPC is not set",
        f"config.toml: channel.telegram.token: {unset}_TOKEN is not set",
        f"config.toml: channel.mqtt.password: {unset}_WORD is not set",
    ]
    assert any("did you mean vix?" in line for line in lines)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('[channel.telegram]\nchat = "@here"\n', id="its table lacks a key"),
        pytest.param('[channel]\ntelegam = { chat = "@here" }\n', id="its table is mistyped"),
        pytest.param("channel = 5\n", id="there is no table at all"),
    ],
)
def test_a_rule_is_not_said_to_reach_nobody_for_a_faulty_channel(folder: Path, text: str) -> None:
    (folder / "mine.toml").write_text(PACK + 'route = ["telegram"]\n')
    lines = told(written(folder, text + SOUND))
    assert len(lines) == 1
    assert lines[0].startswith("config.toml: channel")


def test_a_rule_that_reaches_nobody_is_told_beside_what_else_is_wrong(folder: Path) -> None:
    (folder / "mine.toml").write_text(PACK + 'route = ["telegram"]\n')
    lines = told(written(folder, 'instance = "a b"\n' + SOUND))
    assert [line.partition(":")[0] for line in lines] == ["config.toml", "rules/mine.toml"]
    assert "telegram leads to nobody; configured: console" in lines[1]


@pytest.mark.parametrize("rules", ['foldr = "x"', "folder = 5", 'enabld = ["x"]', "enabled = 5"])
def test_no_pack_is_blamed_when_it_is_unknown_which_were_meant(tmp_path: Path, rules: str) -> None:
    path = tmp_path / "config.toml"
    enabled = "" if "enab" in rules else 'enabled = ["of_my_own"]\n'
    path.write_text(f"{SOUND}[rules]\n{enabled}{rules}\n")
    assert len(told(path)) == 1


def test_a_rule_in_a_pack_that_is_not_there_is_not_missed(folder: Path) -> None:
    (folder / "mine.toml").write_text(PACK + 'inhibited_by = ["calm"]\n')
    assert len(told(written(folder, SOUND, '["mine", "other"]'))) == 1
    (folder / "other.toml").write_text("schema = \n")
    assert len(told(written(folder, SOUND, '["mine", "other"]'))) == 1
    (line,) = told(written(folder, SOUND))
    assert "there is no rule calm" in line


def test_secrets_that_cannot_be_had_are_no_fault_of_the_files(folder: Path, tmp_path: Path) -> None:
    chat = tmp_path / "chat"
    chat.write_text("CANARY")
    chat.chmod(0o600)
    bot = f'[channel.telegram]\ntoken = "env:HEDGEWATCH_UNSET"\nchat = "file:{chat}"\n'
    found = look_over(written(folder, SOUND + bot))
    assert found.faults == ()
    assert [fault.where for fault in found.unset] == [
        "channel.telegram.token",
        "channel.telegram.chat",
    ]
    assert found.unset[1].reason == f"file:{chat} holds neither a chat's number nor @channel"
    assert "CANARY" not in str(found)


def test_keys_of_feeds_are_secrets_like_others(folder: Path) -> None:
    text = (
        SOUND + '[feed.bls]\nkey = "env:HEDGEWATCH_UNSET_BLS"\n'
        '[feed.releases]\nkey = "env:HEDGEWATCH_UNSET_FRED"\n'
    )
    unset = "the environment variable HEDGEWATCH_UNSET"
    assert told(written(folder, text)) == [
        f"config.toml: feed.bls.key: {unset}_BLS is not set",
        f"config.toml: feed.releases.key: {unset}_FRED is not set",
    ]


def test_a_typed_value_whose_date_is_to_come_is_told_with_the_rest(folder: Path) -> None:
    scenario = folder.parent / "now"
    scenario.write_text("2026-11-20T15:00:00+00:00")
    values = (
        f'[clock]\nscenario = "{scenario}"\n[feed.manual.values]\n'
        "vix = { value = 48.0, as_of = 2026-11-21 }\n"
        "vvix = { value = 90.0, as_of = 2026-11-20 }\n"
        "skew = { value = 140.0, as_of = 2026-11-20T16:00:00Z }\n"
    )
    where, late = "config.toml: feed.manual.values", "which is to come"
    assert told(written(folder, SOUND.replace("nft", "nfts") + values))[-2:] == [
        f"{where}.vix.as_of: is dated 2026-11-21, {late}",
        f"{where}.skew.as_of: is dated 2026-11-20T16:00:00+00:00, {late}",
    ]


def test_files_that_become_faulty_leave_in_force_what_was_read_before(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    files = Files(written(folder, SOUND))
    before = files.read()
    (folder / "mine.toml").write_text("[[rule]")
    assert files.read() == before
    assert "what was in force stays, the files have become faulty: " in caplog.text
    assert "mine.toml" in caplog.text
    (folder / "mine.toml").write_text(PACK.replace("20.0", "21.0"))
    assert files.read() != before
    files.keep(*before)  # as after a reload
    (folder / "mine.toml").write_text("[[rule]")
    assert files.read() == before


def test_who_stands_by_heeds_a_hangup_once_and_keeps_what_was_in_force_over_a_slip(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = written(folder, SOUND)
    files, hangup = Files(file), asyncio.Event()
    assert files.policy() == Policy()
    quiet = '[[alerts.quiet]]\nhours = "23:00-07:00"\n'
    written(folder, SOUND + quiet)
    files.heed(hangup)
    assert files.policy() == Policy()
    hangup.set()
    files.heed(hangup)
    (window,) = files.policy().quiet
    assert window.hours == ("23:00-07:00",)
    assert not hangup.is_set()
    written(folder, SOUND + "[alerts]\nquiet = 1\n")
    hangup.set()
    files.heed(hangup)
    assert files.policy().quiet == (window,)
    assert "what was in force stays, the files have become faulty: " in caplog.text


def test_files_that_never_were_sound_begin_nothing(folder: Path) -> None:
    (folder / "mine.toml").write_text("[[rule]")
    with pytest.raises(ConfigError):
        Files(written(folder, SOUND)).read()
