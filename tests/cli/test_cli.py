"""The command line: what each verb prints, and what a failure looks like."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.app.daemon import Daemon
from monitor.model.observation import Missing
from monitor.pipeline import State
from monitor.store.lock import Lock
from monitor.store.sqlite import open_sqlite

AT = datetime(2020, 2, 14, 22, 30, tzinfo=UTC)
SOUND = """\
[store]
url = "sqlite:///{folder}/var/hedgewatch.db"
[clock]
scenario = "{folder}/clock"
[chain.main]
rpc = ["http://127.0.0.1:9"]
chain_id = 1
manager = "0xC36442b4a4522E871399CD717aBDD847Ab11FE88"
[[watch]]
chain = "main"
nft = [1]
[rules]
enabled = ["alvh", "self"]
"""


Run = Callable[..., Any]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A sound config, its clock at AT."""
    path = tmp_path / "mine.toml"
    path.write_text(SOUND.format(folder=tmp_path))
    (tmp_path / "clock").write_text(AT.isoformat())
    return path


@pytest.fixture
def store(config: Path) -> Path:
    """Where the config's store is, or will be."""
    return config.parent / "var" / "hedgewatch.db"


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


# --- faults ---------------------------------------------------------------------------------


def test_every_fault_of_a_config_is_told_at_once_with_file_and_key(config: Path, run: Run) -> None:
    edit(config, "chain_id = 1", 'chain_id = "one"\npoll = 3')
    edit(config, "[rules]", 'instnce = "x"\n[feed.cboe]\npoll_s = -1\n[channel.mqtt]\n[rules]')
    told = run("run", "--config", config)
    assert (told.status, told.out) == (2, "")
    lines = told.err.splitlines()
    assert all(line.startswith(f"{config}: ") for line in lines)
    keys = {line.removeprefix(f"{config}: ").partition(": ")[0] for line in lines}
    assert keys == {
        "chain.main.chain_id",
        "chain.main.poll",
        "watch.0.instnce",
        "feed.cboe.poll_s",
        "channel.mqtt.host",
    }
    assert f"{config}: chain.main.poll: unknown key; did you mean poll_s?" in lines
    assert f"{config}: channel.mqtt.host: must be given" in lines


def test_every_contradiction_of_a_config_is_told_at_once(config: Path, run: Run) -> None:
    edit(config, '[[watch]]\nchain = "main"', '[[watch]]\nchain = "mian"')
    edit(config, "[rules]", '[feeds]\nvix = ["cbeo"]\n[rules]\nmax_gap = "5 minutes"')
    told = run("run", "--config", config)
    assert told.status == 2
    assert f"{config}: watch.0.chain: no [chain.mian]; configured: main\n" in told.err
    assert f"{config}: feeds.vix: no feed is called 'cbeo'; did you mean cboe?\n" in told.err
    assert f"{config}: rules.max_gap: " in told.err


def test_every_secret_that_cannot_be_had_is_told_at_once(config: Path, run: Run) -> None:
    edit(config, '"http://127.0.0.1:9"', '"env:HEDGEWATCH_NO_SUCH_RPC"')
    login = 'username = "d"\npassword = "env:HEDGEWATCH_NO_SUCH_WORD"'
    bot = 'token = "file:/nowhere/token"\nchat = 7'
    unset = "the environment variable HEDGEWATCH_NO_SUCH"
    channels = f'[channel.mqtt]\nhost = "127.0.0.1"\n{login}\n[channel.telegram]\n{bot}\n'
    edit(config, "[rules]", f"{channels}[rules]")
    told = run("run", "--config", config)
    assert told.status == 2
    assert told.err.splitlines() == [
        f"{config}: chain.main.rpc: {unset}_RPC is not set",
        f"{config}: channel.telegram.token: /nowhere/token cannot be read: FileNotFoundError",
        f"{config}: channel.mqtt.password: {unset}_WORD is not set",
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        pytest.param(None, "no such file; `hedgewatch init` writes one"),
        pytest.param("[store\n", "not TOML: Expected ']' at the end of a table declaration"),
        pytest.param("instance = 'a\xff'", "cannot be read: 'utf-8' codec can't decode"),
    ],
    ids=["no file", "no TOML", "no UTF-8"],
)
def test_a_config_that_cannot_be_read_is_one_sentence(
    text: str | None, sentence: str, tmp_path: Path, run: Run
) -> None:
    path = tmp_path / "other.toml"
    if text is not None:
        path.write_bytes(text.encode("latin-1"))
    for verb in ("run", "status"):
        told = run(verb, "--config", path)
        assert (told.status, told.out) == (2, "")
        assert told.err.startswith(f"{path}: {sentence}")
        assert told.err.count("\n") == 1


def test_every_fault_of_a_rule_file_is_told_with_file_rule_and_place(
    config: Path, tmp_path: Path, run: Run
) -> None:
    folder = tmp_path / "rules"
    folder.mkdir()
    rule = '[[rule]]\nid = "{}"\nscope = "book"\naction = "notify"\nwhen = \'{}\'\ntext = "x"\n'
    rules = rule.format("high", "vxi > 20.0") + rule.format("low", "vix < true")
    pack = '[pack]\nid = "mine"\ntitle = "Mine"\nevidence = "claim"\nsources = []\n'
    (folder / "mine.toml").write_text(f"schema = 1\n{pack}{rules}sevrity = 'info'\n")
    edit(config, 'enabled = ["alvh", "self"]', f'enabled = ["mine"]\nfolder = "{folder}"')
    for words in (("run", "--config", config), ("rules", "check", "--config", config)):
        told = run(*words)
        assert (told.status, told.out) == (2, "")
        assert f"{folder / 'mine.toml'}:" in told.err
        assert "did you mean vix?" in told.err
        assert "did you mean severity?" in told.err
        assert {"high", "low"} <= set(told.err.replace(":", " ").split())


def test_a_pack_that_is_not_there_is_told(config: Path, run: Run) -> None:
    edit(config, 'enabled = ["alvh", "self"]', 'enabled = ["avlh"]')
    told = run("run", "--config", config)
    assert told.status == 2
    assert "avlh" in told.err


EDITS = (
    ('"http://127.0.0.1:9"', '"env:HEDGEWATCH_UNSET_RPC"'),
    ("chain_id = 1", "chain_idd = 1"),
    ('enabled = ["alvh", "self"]', 'enabled = ["avlh", "self"]\nmax_gap = "soon"'),
)
UNSET = "the environment variable HEDGEWATCH_UNSET_RPC is not set"


def test_both_tell_every_fault_and_only_one_calls_a_secret_a_fault(config: Path, run: Run) -> None:
    for old, new in EDITS:
        edit(config, old, new)
    checked, ran = (run(*verb, "--config", config) for verb in (("rules", "check"), ("run",)))
    assert (checked.status, ran.status, ran.out) == (2, 2, "")
    lines = checked.err.splitlines()
    assert len(lines) == 3
    assert lines[0] == f"{config}: chain.main.chain_idd: unknown key; did you mean chain_id?"
    assert lines[1].startswith(f"{config}: rules.max_gap: 'soon' is not a span")
    assert lines[2].endswith('rules.enabled: there is no pack "avlh"; did you mean alvh?')
    assert ran.err.splitlines() == [*lines, f"{config}: chain.main.rpc: {UNSET}"]


def test_a_check_says_in_one_line_which_secrets_a_run_will_want(config: Path, run: Run) -> None:
    edit(config, *EDITS[0])
    told = run("rules", "check", "--config", config)
    assert (told.status, told.err) == (0, "")
    notes = [line for line in told.out.splitlines() if line.startswith("note: ")]
    assert notes == [f"note: `run` will want what cannot be had here: chain.main.rpc: {UNSET}"]
    assert run("rules", "check", "--strict", "--config", config).status == 0


def test_nothing_is_started_where_a_secret_is_unset(config: Path, store: Path, run: Run) -> None:
    edit(config, *EDITS[0])
    assert run("run", "--config", config).status == 2
    assert not store.exists()


def test_a_second_daemon_is_refused_with_the_first_one_s_number(config: Path, run: Run) -> None:
    url = f"sqlite:///{config.parent}/var/hedgewatch.db"
    with Lock(url):
        told = run("run", "--config", config)
    assert told.status == 1
    assert "already runs on" in told.err
    assert told.err.startswith("hedgewatch: another hedgewatch (process ")


def test_a_store_that_is_none_is_told_by_every_verb(config: Path, store: Path, run: Run) -> None:
    store.parent.mkdir()
    store.write_text("something else entirely, and long enough not to be empty" * 20)
    for verb in ("run", "status", "positions", "signals", "log", "outbox"):
        told = run(verb, "--config", config)
        assert told.status == 2, verb
        assert told.err.startswith(f"{store}: store: the file cannot be used: file is not a data")


# --- nothing saved yet ----------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["status", "positions", "signals", "log", "outbox", "layer list"])
def test_what_only_shows_says_that_there_is_nothing_and_makes_nothing(
    verb: str, config: Path, store: Path, run: Run
) -> None:
    told = run(*verb.split(), "--config", config)
    assert (told.status, told.out) == (1, "")
    assert told.err == f"hedgewatch: nothing is saved yet: {store} is made by `hedgewatch run`\n"
    assert not store.parent.exists()


def test_a_word_waits_for_the_daemon_to_start(config: Path, store: Path, run: Run) -> None:
    leg = "vix.call 2020-06-17 18 +4 @1.60"
    told = run("layer", "fill", "L2", "--leg", leg, "--config", config)
    queued = "queued: the daemon is down, and takes it up when it starts\n"
    assert (told.status, told.out, told.err) == (0, queued, "")
    with closing(sqlite3.connect(store)) as database:
        [(word, result)] = database.execute("SELECT json, result FROM inbox").fetchall()
    assert '"layer":"L2"' in word
    assert result is None


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        pytest.param(
            ("layer", "fill", "L2"), "--leg: give at least one leg\n", id="a fill of nothing"
        ),
        pytest.param(
            ("layer", "fill", "L2", "--leg", "vix.call 2020-06-17 18 4"),
            "--leg: leg 'vix.call 2020-06-17 18 4': "
            "the quantity '4' needs its sign: +4 bought, -4 sold\n",
            id="a quantity without its sign",
        ),
        pytest.param(("snooze", "A17F12", "soon"), "span: ", id="a span that is none"),
    ],
)
def test_a_word_nobody_could_mean_is_refused_at_once(
    words: tuple[str, ...], sentence: str, config: Path, store: Path, run: Run
) -> None:
    told = run(*words, "--config", config)
    assert (told.status, told.out) == (2, "")
    assert told.err.startswith(sentence)
    assert not store.exists()


# --- what was saved -------------------------------------------------------------------------


@pytest.fixture
def saved(config: Path, store: Path, hand: Any) -> Path:
    """A store as a daemon leaves it that saw two positions, one burned, the VIX, and a gap."""
    book = hand.book("alvh", "self")
    with closing(open_sqlite(f"sqlite:///{store}", now=AT)) as opened:
        daemon = Daemon(
            store=opened,
            book=book,
            state=State(),
            channels=("console", "mqtt"),
            reload=lambda: book,
            now=lambda: AT,
        )
        minute = timedelta(minutes=1)
        far = hand.position(2, ticks=(hand.tick + 600, hand.tick + 1200))
        whole = hand.position(3, ticks=(-887_220, 887_220))
        daemon.take(hand.snapshot(AT - 3 * minute, hand.position(1), far, whole), 4)
        settled = {datetime(2020, 6, 17, tzinfo=UTC).date(): 16.725}
        daemon.take(hand.settled(AT.date(), settled, AT - 2 * minute), 0)
        daemon.take(hand.vix(13.68, AT - 75 * minute, AT - 2 * minute), 0)
        lost = Missing(key=hand.key(1), reason="its NFT was burned", gone=True)
        daemon.take(hand.snapshot(AT - minute, far, whole, number=2, missing=(lost,)), 2)
        daemon.take(hand.gap("main", AT), 1)
        letter = opened.outbox.due("mqtt", AT, 1)[0]
        opened.outbox.dead(letter.id, AT, "the broker refused it")
    return config


def test_status_tells_of_daemon_sources_and_outbox(saved: Path, run: Run) -> None:
    told = run("status", "--config", saved)
    assert told.status == 0
    assert told.out.startswith("daemon    not running, nothing observed since 22:30 UTC (0 s)\n")
    assert "chain     main         block 2, 1 m ago: main cannot be reached\n" in told.out
    assert "3 polls and 1 gap in 24 h, requests a day: measuring\n" in told.out
    vix = next(line for line in told.out.splitlines() if line.startswith("feed      vix "))
    assert vix.split(maxsplit=2)[2].startswith("13.68, ")
    assert "answered 2 m ago" in " ".join(told.out.split())
    assert "outbox    mqtt         2 waiting, oldest 2 m ago, 1 given up\n" in told.out


def test_positions_are_shown_and_what_could_not_be_read(saved: Path, run: Run) -> None:
    told = run("positions", "--config", saved)
    assert told.status == 0
    lines = [line.split() for line in told.out.splitlines()[1:]]
    assert [line[:2] for line in lines[:3]] == [[f"#{n}", "WETH/USDC"] for n in (1, 2, 3)]
    assert " ".join(lines[0][2:]) == "gone: its NFT was burned"
    assert " ".join(lines[1][2:8]) == "out ▲ 3 m 222–236 250.17"
    assert "full range" in told.out


def test_signals_are_shown_with_value_unit_and_age(saved: Path, run: Run) -> None:
    told = run("signals", "--config", saved)
    assert told.status == 0
    (vix,) = [line for line in told.out.splitlines() if line.startswith("vix ")]
    assert vix.split()[1:3] == ["13.68", "points"]
    (settled,) = [line for line in told.out.splitlines() if line.startswith("vx.settle")]
    assert settled.split()[1:3] == ["1", "value"]
    assert max(len(line) for line in told.out.splitlines()) <= 80


def test_the_log_shows_the_newest_alerts_oldest_first(saved: Path, run: Run) -> None:
    told = run("log", "--config", saved)
    assert [line for line in told.out.split() if line.endswith(".add")] == [
        "L1.add",
        "L2.add",
        "L3.add",
    ]
    assert "L3.add" in run("log", "-n", "1", "--config", saved).out
    assert "L2.add" not in run("log", "-n", "1", "--config", saved).out


def test_layers_are_listed_with_what_is_proposed(saved: Path, run: Run) -> None:
    told = run("layer", "list", "--config", saved)
    assert told.status == 0
    lines = told.out.splitlines()
    assert lines[0].split() == ["L1", "book", "proposed"]
    assert lines[2].startswith("    add proposed, alert ")


def test_a_dead_letter_is_listed_and_given_a_new_life(saved: Path, run: Run) -> None:
    told = run("outbox", "--config", saved)
    assert "mqtt         2 waiting" in told.out
    (line,) = [line for line in told.out.splitlines() if "the broker refused it" in line]
    number = line.split()[0]
    told = run("outbox", "--requeue", number, "--config", saved)
    assert told.out.startswith(f"{number} is due again\n")
    assert "3 waiting" in told.out
    told = run("outbox", "--requeue", "999", "--config", saved)
    assert (told.status, told.err) == (2, "--requeue: no dead letter 999\n")


def test_sound_rules_are_told_one_line_a_pack(config: Path, run: Run) -> None:
    told = run("rules", "check", "--config", config)
    assert (told.status, told.err) == (0, "")
    assert [line.split()[:2] for line in told.out.splitlines()] == [["ok", "alvh"], ["ok", "self"]]


def test_a_warning_is_worth_an_exit_status_when_asked(tmp_path: Path, run: Run) -> None:
    file = tmp_path / "odd.toml"
    rule = '[[rule]]\nid = "odd"\nscope = "book"\naction = "notify"\nwhen = "vix == 20.0"\n'
    pack = '[pack]\nid = "odd"\ntitle = "Odd"\nevidence = "claim"\nsources = []\n'
    file.write_text(f'schema = 1\n{pack}{rule}text = "x"\n')
    told = run("rules", "check", file)
    assert told.status == 0
    assert told.out.count("warn ") >= 1
    assert run("rules", "check", "--strict", file).status == 3


def test_packs_that_contradict_each_other_are_warned_of(config: Path, run: Run) -> None:
    edit(config, '"alvh", "self"', '"alvh", "vxth_hard", "self"')
    told = run("rules", "check", "--strict", "--config", config)
    said = " ".join(told.out.split())  # whatever was broken at 80 columns
    assert (told.status, said.count("alvh and vxth_hard contradict each other")) == (3, 1)
