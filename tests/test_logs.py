"""No secret in any log line, error or repr, whatever road it takes."""

import io
import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from monitor.logs import RedactingFormatter, Secret, read_secret, redact, set_up

# Shaped like secrets, and nobody's. Split, so that no scanner takes them for real ones.
TOKEN = "987654321:" + "AAlogs-Canary_canary-Canary_canary0"
KEY = "kEy0canary1kEy2canary3kEy4canary"


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What a logger of its own writes through the redacting formatter."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(RedactingFormatter("%(levelname)s %(name)s: %(message)s"))
    logger = logging.getLogger("canary")
    logger.addHandler(handler)
    logger.propagate = False
    yield stream
    logger.removeHandler(handler)
    logger.propagate = True


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            f"POST https://api.telegram.org/bot{TOKEN}/sendMessage 200",
            "POST https://api.telegram.org/bot***/sendMessage 200",
            id="a bot token right after /bot",
        ),
        pytest.param(
            f"429, url='https://eth-mainnet.g.alchemy.com/v2/{KEY}'",
            "429, url='https://eth-mainnet.g.alchemy.com/v2/***'",
            id="a key in an RPC path",
        ),
        pytest.param(
            f"wss://mainnet.infura.io/ws/v3/{KEY}: closed",
            "wss://mainnet.infura.io/ws/v3/***: closed",
            id="a key behind a WebSocket",
        ),
        pytest.param(f"GET /v3/{KEY}", "GET /v3/***", id="a path without its host"),
        pytest.param(
            f"https://some.quiknode.pro/{KEY}/ failed",
            "https://some.quiknode.pro/***/ failed",
            id="a path that is nothing but the key",
        ),
        pytest.param(
            f"https://rpc.example/?chain=1&apikey={KEY}&x=1",
            "https://rpc.example/?chain=1&apikey=***&x=1",
            id="a key in a query",
        ),
        pytest.param(
            "mqtt://daemon:hunter2@broker:1883", "mqtt://***@broker:1883", id="a login in a URL"
        ),
        pytest.param(
            "Authorization: Bearer abc.def.ghi", "Authorization: Bearer ***", id="a header"
        ),
        pytest.param(
            "{'authorization': 'Basic aGVsbG86d29ybGQ='}",
            "{'authorization': 'Basic ***'}",
            id="a header in a dict",
        ),
    ],
)
def test_what_looks_like_a_secret_is_starred(text: str, expected: str) -> None:
    assert redact(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "https://etherscan.io/address/0xC36442b4a4522E871399CD717aBDD847Ab11FE88",
        "position 1:0xC36442b4a4522E871399CD717aBDD847Ab11FE88:4471 idem L2.add:book:1:firing",
        "https://www.cboe.com/us/futures/market_statistics/settlement/",
        "http://127.0.0.1:8545 did not answer",
        "block 21,204,511 0x9f3c2d1e0b4a5968778695a4b3c2d1e0f9e8d7c6b5a49382716051423324150a",
        "14:31:07Z  firing   L2.add   book    VIX 27.4>20.0",
    ],
)
def test_what_people_need_is_left_alone(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    "spelling",
    [
        pytest.param(lambda word: word, id="as it is"),
        pytest.param(lambda word: quote(word, safe=""), id="in a URL"),
        pytest.param(json.dumps, id="in JSON"),
        pytest.param(repr, id="in a repr"),
        pytest.param(lambda word: repr({"password": word}), id="in a dict"),
    ],
)
def test_a_known_secret_is_starred_in_every_spelling(spelling: object) -> None:
    word = 'pass"word & more\\than ünlikely'
    Secret(word)
    assert callable(spelling)
    told = redact(f"login failed: {spelling(word)}")
    assert "***" in told
    assert "more" not in told


def test_a_secret_url_keeps_its_host_for_the_reader() -> None:
    url = "https://eth.example.org/rpc/shortsecret99?project=projsecret99"
    Secret(url, "env:RPC")
    assert redact(f"no answer from {url}") == "no answer from https://eth.example.org/***"
    assert redact("404 at /rpc/shortsecret99") == "404 at /***"
    assert redact("project projsecret99 is over its limit") == "project *** is over its limit"


def test_the_longer_of_two_secrets_goes_first() -> None:
    Secret("canary-one")
    Secret("canary-one-and-more")
    assert redact("x canary-one-and-more y") == "x *** y"


def test_a_secret_shows_its_origin_and_never_itself() -> None:
    secret = Secret("canary-never-shown", "env:CANARY")
    for told in (repr(secret), str(secret), f"{secret}", f"{[secret]}", f"{secret!r:>40}"):
        assert "canary-never-shown" not in told
        assert "env:CANARY" in told
    with pytest.raises(TypeError):
        secret.__reduce__()


def reach() -> None:
    raise OSError(f"cannot reach https://eth.example/v2/{KEY}")


def stop_the_bot() -> None:
    try:
        reach()
    except OSError as error:
        raise RuntimeError(f"the bot {TOKEN} stopped") from error


def test_tracebacks_are_starred_from_end_to_end(lines: io.StringIO) -> None:
    try:
        stop_the_bot()
    except RuntimeError:
        logging.getLogger("canary").exception("with %s", TOKEN, stack_info=True)
    told = lines.getvalue()
    assert "Traceback" in told
    assert KEY not in told
    assert TOKEN not in told


def test_a_line_whose_arguments_do_not_fit_is_told_without_them() -> None:
    record = logging.LogRecord("canary", logging.ERROR, __file__, 1, "one %d", (TOKEN,), None)
    told = RedactingFormatter("%(message)s").format(record)
    assert told.startswith("ERROR canary: one %d (malformed: ")
    assert TOKEN not in told


@pytest.fixture
def logging_restored() -> Iterator[None]:
    root, hook = logging.getLogger(), sys.excepthook
    handlers, level = list(root.handlers), root.level
    names = ("httpx", "web3", "telegram", "mqtt", "aiohttp", "apscheduler", "matplotlib")
    levels = {name: logging.getLogger(name).level for name in names}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    sys.excepthook = hook
    logging.captureWarnings(capture=False)
    for name, old in levels.items():
        logging.getLogger(name).setLevel(old)


@pytest.mark.usefixtures("logging_restored")
@pytest.mark.parametrize("level", [logging.INFO, logging.DEBUG])
@pytest.mark.parametrize(
    "name",
    [
        "httpx",
        "web3.providers.x",
        "telegram.Bot",
        "mqtt",
        "aiohttp.client",
        "apscheduler.x",
        "matplotlib.font_manager",
    ],
)
def test_third_parties_are_quiet_whatever_the_level(name: str, level: int) -> None:
    set_up(level)
    assert not logging.getLogger(name).isEnabledFor(logging.INFO)


def test_what_kills_the_process_is_starred_too() -> None:
    code = (
        "from monitor.logs import Secret, set_up\n"
        "set_up()\n"
        f"raise SystemError('died of ' + {TOKEN!r} + ' at https://h/v2/{KEY}')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "SystemError: died of *** at https://h/v2/***" in done.stderr
    # The traceback quotes the source only from a file, and `-c` is none.
    assert TOKEN not in done.stderr


def test_a_secret_file_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("canary-in-a-file\n")
    for mode in (0o644, 0o640, 0o620, 0o604):
        path.chmod(mode)
        with pytest.raises(ValueError, match=r"open to others than its owner: chmod 600"):
            read_secret(f"file:{path}")
    path.chmod(0o400)
    assert read_secret(f"file:{path}").reveal() == "canary-in-a-file"


@pytest.mark.parametrize(
    ("reference", "given", "told"),
    [
        pytest.param("credential:token", True, "Secret(credential:token)", id="a credential"),
        pytest.param("credential:other", True, "/other cannot be read: FileNotFound", id="none"),
        pytest.param("credential:../token", True, "is no plain name", id="a way out"),
        pytest.param("credential:token", False, "CREDENTIALS_DIRECTORY is not set", id="nowhere"),
    ],
)
def test_a_credential_is_read_where_systemd_puts_it(
    reference: str, given: bool, told: str, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text("canary-in-a-file\n")
    (tmp_path / "token").chmod(0o440)  # as systemd does, with an access list besides
    code = (
        "import sys; from monitor.logs import read_secret\n"
        "try: got = read_secret(sys.argv[1]); print(got, got.reveal() == 'canary-in-a-file')\n"
        "except ValueError as error: print(error)"
    )
    where = {"CREDENTIALS_DIRECTORY": str(tmp_path)} if given else {}
    rest = {k: v for k, v in os.environ.items() if k != "CREDENTIALS_DIRECTORY"}
    command = [sys.executable, "-c", code, reference]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env={**rest, **where}
    )
    assert told in done.stdout
    assert done.stdout.endswith("True\n") == told.startswith("Secret")


@pytest.mark.parametrize(
    ("reference", "sentence"),
    [
        ("env:HEDGEWATCH_NOT_SET", "the environment variable HEDGEWATCH_NOT_SET is not set"),
        ("file:/nowhere/token", "/nowhere/token cannot be read"),
        (TOKEN, "never the text itself"),
        ("env:", "never the text itself"),
    ],
)
def test_a_reference_that_leads_nowhere_says_so_without_the_text(
    reference: str, sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence) as caught:
        read_secret(reference)
    assert TOKEN not in str(caught.value)
