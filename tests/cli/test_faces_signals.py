"""`hedgewatch signals`: every name over all it may be asked of, or why it is unknown."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from monitor.hedge.legs import parse_leg
from monitor.model.observation import Missing, Verb, Word
from monitor.signals.catalogue import SIGNALS

MINUTE = timedelta(minutes=1)

MEASURES = (
    "position.value_token0",
    "position.value_token1",
    "position.value_usd",
    "position.delta",
    "pool.realised_vol_1d",
    "position.time_in_range_1d",
)


def rows(home: Any, name: str) -> list[list[str]]:
    return [line.split() for line in home.told("signals", name) if line.startswith(f"{name} ")]


def test_every_name_is_there_and_no_line_is_wider_than_80_columns(home: Any, hand: Any) -> None:
    home.take(hand.snapshot(home.at, hand.position(1), hand.position(2), number=21_204_511))
    home.take(hand.settled(date(2020, 2, 14), {date(2020, 6, 17): 16.7}, home.at))
    home.take(hand.vix(13.68, home.at - 75 * MINUTE, home.at))
    lines = home.told("signals", "--all")
    assert lines[0].split() == ["signal", "scope", "value", "age", "limit", "source"]
    assert {line.split()[0] for line in lines} >= {signal.name for signal in SIGNALS}
    assert max(map(len, lines)) <= 80


def test_the_whole_age_is_told_and_that_the_market_was_closed(home: Any, hand: Any) -> None:
    # 14 February 2020 is a Friday: the VIX ends at 15:15 in Chicago, 21:15 UTC.
    home.take(hand.vix(13.68, home.at - 75 * MINUTE, home.at))
    assert rows(home, "vix") == [
        ["vix", "13.68", "points", "1", "h", "35", "m", "cboe,", "market", "closed"]
    ]


def test_an_age_in_session_says_nothing_of_a_closed_market(home: Any, hand: Any) -> None:
    home.at -= timedelta(hours=4)
    home.take(hand.vix(13.68, home.at - 15 * MINUTE, home.at))
    assert rows(home, "vix") == [["vix", "13.68", "points", "15", "m", "35", "m", "cboe"]]


def test_an_old_value_is_unknown_and_says_why(home: Any, hand: Any) -> None:
    home.at -= timedelta(hours=4)
    home.take(hand.vix(13.68, home.at - 50 * MINUTE, home.at))
    home.take(hand.gap("vix", home.at))
    (told,) = rows(home, "vix")
    assert " ".join(told).startswith("vix unknown: is 50 m old in session, limit 35 m;")


def test_a_feed_that_is_off_says_so(home: Any, hand: Any) -> None:
    home.take(hand.vix(13.68, home.at, home.at))
    home.extra = '[feeds]\n"dvol.eth" = ["deribit"]\n'
    assert " ".join(rows(home, "dvol.eth")[0]) == "dvol.eth unknown: has not been read yet"
    home.extra = '[feeds]\n"dvol.eth" = []\n'
    assert " ".join(rows(home, "dvol.eth")[0]) == "dvol.eth unknown: off in [feeds]"


def test_by_default_only_what_is_read_has_a_row_and_the_others_are_counted(
    home: Any, hand: Any
) -> None:
    home.take(hand.vix(13.68, home.at - 75 * MINUTE, home.at))
    home.take(hand.settled(date(2020, 2, 14), {date(2020, 6, 17): 16.7}, home.at))
    lines = home.told("signals")
    names = {line.split()[0] for line in lines}
    assert {"vix", "vx.settle", "vx.m1", "book.il"} <= names, "read, or made of that"
    assert names.isdisjoint({"vix3m", "vol.term", "breadth.advances", "equity.pe"})
    told = " ".join(lines[-2:])
    count = int(told.split()[0])
    assert told.endswith("`hedgewatch signals --all` shows them, `--catalogue` says what they mean")
    whole = home.told("signals", "--all")
    assert sum("unknown: not read" in line for line in whole) > 20
    hidden = {signal.name for signal in SIGNALS} - names - {"pool", "position", "chain"}
    none_yet = [n for n in hidden if n.partition(".")[0] in {"pool", "position", "chain"}]
    assert len(hidden) - len(none_yet) <= count <= len(hidden)
    assert max(map(len, lines)) <= 80


def test_a_name_that_is_asked_for_has_its_row_though_nothing_reads_it(home: Any, hand: Any) -> None:
    home.take(hand.vix(13.68, home.at, home.at))
    assert " ".join(rows(home, "vix3m")[0]) == "vix3m unknown: not read, no rule asks for it"
    home.extra = "[feeds]\nvix3m = []\n"
    assert " ".join(rows(home, "vix3m")[0]) == "vix3m unknown: off in [feeds]"
    assert any(line.startswith("vix3m ") for line in home.told("signals")), "off by name is told"


def test_what_needs_a_key_says_which(home: Any, hand: Any) -> None:
    home.take(hand.vix(13.68, home.at, home.at))
    home.packs = '"alvh", "macro_window"'
    needs = "calendar.ppi needs [feed.releases] key"
    assert " ".join(rows(home, "calendar.ppi")[0]) == needs.replace(" needs", " unknown: needs")
    assert " ".join(rows(home, "macro.ppi_hours")[0]) == f"macro.ppi_hours unknown: {needs}"
    whole = home.told("signals")
    assert any(line.startswith("calendar.ppi ") for line in whole), "rules ask for it"
    home.extra = '[feed.releases]\nkey = "env:HEDGEWATCH_NOBODY_SET"\n'
    assert " ".join(rows(home, "calendar.ppi")[0]).endswith("has not been read yet")


def test_every_name_that_is_wrong_is_told(home: Any, hand: Any) -> None:
    home.take(hand.vix(13.68, home.at, home.at))
    (told,) = home.told("signals", "vix", "vi", "vxi", status=2)
    assert told.endswith("no signal is called so or begins so: vi vxi")


def test_the_catalogue_is_not_watched(home: Any) -> None:
    (told,) = home.told("signals", "--catalogue", "--watch", status=2)
    assert told.endswith("--watch: the catalogue does not change")


def test_settlements_are_counted_until_they_are_two_sessions_old(home: Any, hand: Any) -> None:
    curve = {date(2020, 3, 18): 15.9, date(2020, 6, 17): 16.7}
    home.take(hand.settled(date(2020, 2, 14), curve, home.at))
    assert rows(home, "vx.settle")[0][1:3] == ["2", "values"]
    home.at += timedelta(days=6)  # Thursday evening: the fourth close, for Monday is a holiday
    assert "unknown: is 3 d old in session, limit 2 d" in " ".join(rows(home, "vx.settle")[0])


def test_each_pool_and_position_has_a_row_of_its_own(home: Any, hand: Any) -> None:
    far = hand.position(2, ticks=(hand.tick + 600, hand.tick + 1_200))
    for minutes, number in ((6, 6), (3, 7)):
        home.take(hand.snapshot(home.at - minutes * MINUTE, hand.position(1), far, number=number))
    assert [row[1] for row in rows(home, "position.in_range")] == ["#1", "#2"]
    assert [row[2] for row in rows(home, "position.in_range")] == ["yes", "no"]
    (price,) = rows(home, "pool.price")
    assert price[1] == "WETH/USDC"
    assert float(price[2]) == round(1e12 / 1.0001**hand.tick, 2)
    assert price[3:] == ["USDC", "3", "m", "5", "m", "block", "7"]
    assert rows(home, "position.il")[0][1:4] == ["#1", "0.00", "%"]
    assert rows(home, "position.out_of_range_s")[1][1:5] == ["#2", "6", "m", "3"]


def test_amounts_are_told_in_the_pools_own_tokens_and_fractions_in_none(
    home: Any, hand: Any
) -> None:
    half = timedelta(minutes=30)
    walk = [
        hand.snapshot(home.at - (60 - k) * half, hand.position(1), tick=hand.tick + k % 4, number=k)
        for k in range(61)
    ]
    home.take(*walk)
    told = {row[0]: row[2:4] for name in MEASURES for row in rows(home, name)}
    assert [told[name][1] for name in MEASURES] == ["USDC", "WETH", "USD", "WETH", "%", "%"]
    assert max(map(len, home.told("signals"))) <= 80
    (dust,) = rows(home, "position.il_token1")
    assert "e−" not in dust[2], "a minus sign before the figure, a hyphen in its power"
    assert dust[2].startswith("−")
    assert dust[2][-4:-2] == "e-"


def test_two_pools_of_one_pair_are_told_apart_by_their_fee(home: Any, hand: Any) -> None:
    seen = hand.snapshot(home.at, hand.position(1))
    other = replace(seen.pools[0], pool=replace(seen.pools[0].pool, address="0x1", fee_pips=500))
    home.take(replace(seen, pools=(*seen.pools, other)))
    scopes = [" ".join(row[1:4]) for row in rows(home, "pool.price")]
    assert sorted(scopes) == ["WETH/USDC 0.05 %", "WETH/USDC 0.3 %"]


def test_a_position_not_read_is_unknown_and_one_gone_is_not_asked_of(home: Any, hand: Any) -> None:
    home.take(hand.snapshot(home.at - MINUTE, hand.position(1), hand.position(2)))
    lost = (
        Missing(key=hand.key(1), reason="its NFT was burned", gone=True),
        Missing(key=hand.key(2), reason="the call reverted"),
    )
    home.take(hand.snapshot(home.at, missing=lost))
    told = [" ".join(row) for row in rows(home, "position.il")]
    assert told == ["position.il #2 unknown: the call reverted"]


def test_a_layer_is_marked_as_rules_mark_it(home: Any, hand: Any) -> None:
    home.take(hand.vix(13.68, home.at - 75 * MINUTE, home.at))
    curve = {date(2020, 3, 18): 15.9, date(2020, 6, 17): 16.7, date(2020, 7, 22): 16.9}
    home.take(hand.settled(date(2020, 2, 14), curve, home.at))
    leg = parse_leg("vix.call 2020-06-17 18 +4 @1.60")
    word = Word(id="w", verb=Verb.FILL, observed_at=home.at, by="ann@cli", layer="L2", fills=(leg,))
    home.take(word)
    (state,) = [row for row in rows(home, "layer.state") if row[1] == "L2"]
    assert state[2] == "on"
    (dte,) = [row for row in rows(home, "layer.dte") if row[1] == "L2"]
    assert dte[2:4] == ["124", "d"], "from 14 February to 17 June"
    (left,) = [row for row in rows(home, "layer.extrinsic_left") if row[1] == "L2"]
    assert left[2:4] == ["100.0", "%"], "of what it was worth a moment ago"


def test_what_there_is_none_of_says_so(home: Any, hand: Any) -> None:
    home.take(hand.vix(19.0, home.at, home.at))
    assert " ".join(rows(home, "pool.price")[0]) == "pool.price no pool has been seen yet"
    assert " ".join(rows(home, "layer.dte")[0]).startswith("layer.dte no layer has been ")
    whole = [" ".join(line.split()) for line in home.told("signals")]
    pools = sum(signal.name.startswith("pool.") for signal in SIGNALS)
    assert f"pool.* {pools} names: no pool has been seen yet" in whole, "in one line by default"
