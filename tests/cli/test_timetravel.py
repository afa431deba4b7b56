"""`hedgewatch timetravel` as a person gives it: whose trades, which tape."""

import json
from contextlib import chdir
from pathlib import Path

import pytest

from monitor.cli import main

DAYS = ["timetravel", "--from", "2020-02-14", "--to", "2020-02-27", "--rules", "alvh"]
CHAIN = ["timetravel", "--rules", "lp_range", "--position"]
TRADE = """\
[[trade]]
at = {at}
layer = "L2"
verb = "fill"
legs = ["vix.call 2020-06-17 18 +4 @2.25"]
"""


@pytest.fixture
def trades(tmp_path: Path) -> Path:
    return tmp_path / "trades.toml"


def test_a_file_s_trades_are_the_only_ones(
    trades: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trades.write_text(
        TRADE.format(at="2020-02-18T15:00:00Z") + TRADE.format(at="2020-04-01T15:00:00Z")
    )
    out = tmp_path / "out"
    assert main([*DAYS, "--range", "full", "--fills", str(trades), "--out", str(out)]) == 0
    told = capsys.readouterr().out
    assert "1 trade is after the last observation: not told" in " ".join(told.split())
    # 4 calls at 2.25 of 100 USD a point.
    assert "paid 900 USD, returned 0 USD" in told
    filled = [
        alert
        for alert in map(json.loads, (out / "alerts.jsonl").read_text().splitlines())
        if alert["state"] == "filled"
    ]
    assert [alert["layer"] for alert in filled] == ["L2"]


def test_a_pack_s_own_statistics_are_told_to_it(tmp_path: Path) -> None:
    words = ["timetravel", "--from", "2020-03-02", "--to", "2020-03-20", "--range", "full"]
    assert main([*words, "--rules", "macro_window", "--out", str(tmp_path)]) == 0
    alerts = [json.loads(line) for line in (tmp_path / "alerts.jsonl").read_text().splitlines()]
    assert {one["rule"] for one in alerts} == {"macro.fomc", "macro.cpi", "macro.unscheduled"}


def test_a_trade_the_layer_cannot_take_is_told_and_changes_nothing(
    trades: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    closes = TRADE.format(at="2020-02-18T15:00:00Z").replace("fill", "close")
    trades.write_text(closes.replace("+4", "-4"))
    out = tmp_path / "out"
    assert main([*DAYS, "--range", "full", "--fills", str(trades), "--out", str(out)]) == 0
    assert "`close L2` by file is refused: L2 is off" in capsys.readouterr().err
    assert '"filled"' not in (out / "alerts.jsonl").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(
            [*DAYS, "--fills", "somebody"],
            "timetravel: --fills: 'somebody' is neither model nor none, nor a file that is there",
            id="nobody",
        ),
        pytest.param(
            ["timetravel", "covid_2020", "--tape", "x"],
            "timetravel: --tape: a tape has all of its own: leave EVENT, --from, --to, --position",
            id="two stories",
        ),
        pytest.param(
            ["timetravel", "covid_2020", "--to", "2020-03-01"],
            "timetravel: EVENT: covid_2020 has days of its own: leave --from and --to out",
            id="days beside an event",
        ),
        pytest.param(
            [*DAYS, "--range", "1e300"],
            "timetravel: --range: '1e300' is neither a number above 1, to 1,000,000, nor `full`",
            id="a range beyond every price",
        ),
        pytest.param(
            [*DAYS, "--value", "1e300"],
            "timetravel: --value: must be 0.01 to 1,000,000,000,000, was 1e+300",
            id="all the money there is",
        ),
        pytest.param(
            [*DAYS, "--fees", "1e300"],
            "timetravel: --fees: must be 0 to 1,000, was 1e+300",
            id="fees beyond belief",
        ),
        pytest.param(
            ["timetravel", "--from", "0001-01-01", "--to", "9999-12-31"],
            "timetravel: --from: 0001-01-01 is in none of the years from 1990 to 2049",
            id="all of time",
        ),
        pytest.param(
            [*DAYS, "--step", "0"],
            "timetravel: --step: say with --position whose past is to be read there",
            id="a stride of nothing",
        ),
        pytest.param(
            [*DAYS, "--chain", "base"],
            "timetravel: --chain: say with --position whose past is to be read there",
            id="a chain of nothing",
        ),
        pytest.param(
            [*CHAIN, "1", "--rpc", "env:X", "--from", "1", "--to", "2", "--range", "full"],
            "timetravel: --range: a real position has its own: leave this out",
            id="a range beside a position",
        ),
        pytest.param(
            ["timetravel", "--tape", "x", "--value", "5"],
            "timetravel: --value: a tape has its own: leave this out",
            id="a value beside a tape",
        ),
        pytest.param(
            ["timetravel", "--tape", "x", "--seed", "5"],
            "timetravel: --seed: nothing is drawn of a tape: leave this out",
            id="a seed beside a tape",
        ),
        pytest.param(
            ["timetravel", "luna_2022", "--config", "/nowhere/mine.toml"],
            "/nowhere/mine.toml: no such file",
            id="settings that are not there",
        ),
        pytest.param(
            ["rules", "diff", "a", "b", "--event", "luna_2022", "--config", "/nowhere/mine.toml"],
            "/nowhere/mine.toml: no such file",
            id="settings of two that are compared",
        ),
        pytest.param(
            ["rules", "explain", "L1.add", "--config", "/nowhere/mine.toml"],
            "/nowhere/mine.toml: no such file",
            id="settings of a rule that is explained",
        ),
        pytest.param(
            ["timetravel", "covid_2020", "--rpc", "env:X"],
            "timetravel: --rpc: say with --position whose past is to be read there",
            id="an endpoint for nothing",
        ),
        pytest.param(
            [*CHAIN, "1", "--rpc", "env:X", "--from", "23950000", "--to", "19000000"],
            "timetravel: --to: 19000000 is before --from 23950000",
            id="numbers of today's blocks",
        ),
        pytest.param(
            [*CHAIN, "1", "--from", "1", "--to", "2"],
            "timetravel: --rpc: give an archive endpoint, as env:NAME or file:/path",
            id="no endpoint",
        ),
        pytest.param(
            [*CHAIN, "1", "--rpc", "https://key@example.org/v2"],
            "timetravel: --position: give EVENT, or both --from and --to",
            id="no days",
        ),
        pytest.param(
            [*CHAIN, "1", "--rpc", "https://example.org/v2/key", "--from", "1", "--to", "2"],
            'config: chain.ethereum: only a loopback URL may stand here: keep others in "env:NAME"',
            id="a URL with a key",
        ),
        pytest.param(
            [*CHAIN, "1", "--rpc", "env:X", "--from", "20", "--to", "19"],
            "timetravel: --to: 19 is before --from 20",
            id="blocks turned round",
        ),
        pytest.param(
            [*CHAIN, "1", "--rpc", "env:X", "--from", "yesterday", "--to", "19"],
            "timetravel: --from: 'yesterday' is neither a date such as 2022-01-31 nor a block",
            id="no block",
        ),
        pytest.param(
            [*CHAIN, "one", "--rpc", "env:X", "--from", "1", "--to", "19"],
            "position: ",
            id="no position",
        ),
        pytest.param(
            [*CHAIN, "1", "--rpc", "env:X", "--from", "1", "--to", "19", "--step", "0"],
            "timetravel: --step: must be 1 block or more, was 0",
            id="no step",
        ),
        pytest.param(
            ["timetravel", "--tape", "x"], "x: tape: it cannot be read: No such file", id="no tape"
        ),
    ],
)
def test_what_is_wrong_is_told_in_one_sentence(
    words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with chdir(tmp_path):  # where there are no settings
        assert main(words) == 2
    told = capsys.readouterr().err
    assert told.startswith(said)
    assert len(told.splitlines()) == 1


def test_a_window_that_is_told_in_part_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    late = ["--from", "2025-05-28", "--to", "2025-07-31", "--range", "full", "--rules", "alvh"]
    assert main(["timetravel", *late]) == 0
    (title, *_) = capsys.readouterr().out.splitlines()
    # The shipped closes end with May.
    assert title == ("2025-05-28 to 2025-07-31, told to 2025-05-31: no other price of ETH is had")
    assert main([*DAYS, "--range", "full"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == "2020-02-14 to 2020-02-27"
