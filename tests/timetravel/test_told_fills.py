"""A file of trades: told in time, and refused where it is wrong."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.errors import ConfigError
from monitor.hedge.legs import parse_leg
from monitor.model.observation import Verb
from monitor.rules.loader import read_packs
from monitor.shipped import rules_dir
from monitor.timetravel.told_fills import ToldFills, read_fills

AT = datetime(2020, 2, 18, 15, 0, tzinfo=UTC)
GOOD = """\
[[trade]]
at = 2020-06-05T20:00:00Z
layer = "L2"
verb = "close"
[[trade]]
at = 2020-02-18T15:00:00Z
layer = "L2"
verb = "fill"
legs = ["vix.call 2020-06-17 18 +4 @2.25"]
"""


def read(folder: Path, text: str) -> ToldFills:
    packs, faults = read_packs([rules_dir() / "alvh.toml"], complete=False)
    assert not faults
    path = folder / "trades.toml"
    path.write_text(text)
    return read_fills(path, [rule for pack in packs for rule in pack.rules])


def test_each_trade_is_told_once_and_not_before_it_was_done(tmp_path: Path) -> None:
    fills = read(tmp_path, GOOD)
    assert not list(fills.answers((), AT - timedelta(seconds=1)))
    (bought,) = fills.answers((), AT + timedelta(hours=2))
    assert (bought.verb, bought.layer, bought.scope) == (Verb.FILL, "L2", "book")
    assert bought.fills == (parse_leg("vix.call 2020-06-17 18 +4 @2.25"),)
    assert (bought.traded_at, bought.observed_at) == (AT, AT + timedelta(hours=2))
    assert not list(fills.answers((), AT + timedelta(hours=3)))
    assert fills.untold == 1
    (closed,) = fills.answers((), datetime(2020, 6, 6, tzinfo=UTC))
    assert (closed.verb, closed.fills, fills.untold) == (Verb.CLOSE, (), 0)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        pytest.param(
            "2020-02-18T15:00:00Z", "2020-02-18", r":6: .*at: .* is not an instant", id="day"
        ),
        pytest.param("15:00:00Z", "15:00:00", r":6: .*needs its offset from UTC", id="no zone"),
        pytest.param('verb = "fill"', 'verb = "undo"', r":8: .*verb: .*undo", id="verb"),
        pytest.param('"vix.call', '"vix.cal', r":9: .*legs: .*vix\.cal", id="kind"),
        pytest.param("@2.25", "@x", r":9: .*legs: .*price", id="price"),
        pytest.param("+4", "4", r":9: .*legs: ", id="quantity without its sign"),
        pytest.param(
            'legs = ["vix.call 2020-06-17 18 +4 @2.25"]',
            "legs = []",
            r":9: .*legs: must be given: what was traded",
            id="no legs",
        ),
        pytest.param(
            'legs = ["vix', 'leg = ["vix', r"leg: unknown key; did you mean legs", id="key"
        ),
        pytest.param(
            'layer = "L2"\nverb = "fill"',
            'layer = "L9"\nverb = "fill"',
            r":7: .*layer: no layer L9; the rules have L1, L2, L3",
            id="layer",
        ),
        pytest.param(
            'verb = "fill"',
            'verb = "fill"\nscope = "1:0x01"',
            r"layer: layer L2 covers the whole book",
            id="scope",
        ),
    ],
)
def test_what_is_wrong_is_told_in_one_sentence(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    assert old in GOOD
    with pytest.raises(ConfigError, match=said) as refused:
        read(tmp_path, GOOD.replace(old, new))
    assert len(str(refused.value).splitlines()) == len(refused.value.faults)


@pytest.mark.parametrize("text", ["", "trade = 1\n", "at = 2020-02-18T15:00:00Z\n", "[[trade]]\n"])
def test_a_file_without_a_trade_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError):
        read(tmp_path, text)
