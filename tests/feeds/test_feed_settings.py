"""What `[feeds]` and `[feed.NAME]` may say."""

import tomllib
from collections.abc import Mapping, Sequence

import pytest
from pydantic import TypeAdapter, ValidationError

from monitor.clock import ManualClock
from monitor.feeds.http import Web
from monitor.feeds.provider import providers
from monitor.feeds.settings import (
    DEFAULT_ORDER,
    FeedSettings,
    feed_faults,
    feed_order,
    poll_seconds,
)
from monitor.signals.catalogue import BY_NAME

TABLES: TypeAdapter[Mapping[str, FeedSettings]] = TypeAdapter(Mapping[str, FeedSettings])


def tables(text: str) -> Mapping[str, FeedSettings]:
    return TABLES.validate_python(tomllib.loads(text).get("feed", {}))


def among(order: Sequence[str], *known: str) -> tuple[str, ...]:
    """Return an order less the providers that came after this was written."""
    return tuple(name for name in order if name in known)


def test_what_is_not_said_stays_as_it_ships() -> None:
    order = feed_order({"vix": ["cboe", "yahoo"]}, ["dvol.eth"])
    assert order.keys() == {"vix", "dvol.eth"}
    assert order["vix"] == ("cboe", "yahoo")
    assert among(order["dvol.eth"], "deribit") == ("deribit",)


def test_a_signal_falls_back_on_every_provider_but_those_one_must_name() -> None:
    order = feed_order({}, ["vix"])["vix"]
    told = among(order, "cboe", "cboe_history", "yahoo", "fred")
    assert told == ("cboe", "cboe_history", "fred")
    assert order[0] == "cboe"


def test_what_a_rule_asks_for_is_read_and_what_that_rests_on() -> None:
    order = feed_order({}, ["vol.term", "macro.fomc_window", "spx.iv30"])
    assert among(order["vix3m"], "cboe", "cboe_history", "yahoo") == ("cboe", "cboe_history")
    assert order["calendar.fomc"][0] == "fed_calendar"
    assert "vol.term" not in order, "it is worked out here"
    assert "cboe_options" not in order.get("spx.iv30", ()), "it must be named"
    assert "rates.sofr" not in order, "nobody asks for it"


def test_what_is_worked_out_of_option_chains_has_the_chains_read() -> None:
    order = feed_order({}, ["parity.conversion_eth", "parity.reversal_btc"])
    assert order["quotes.eth"] == ("deribit_options",)
    assert order["quotes.btc"] == ("deribit_btc_options",)
    edges = feed_order({}, ["parity.surface_edge_btc"])
    assert edges["iv.btc30_dex"] == ("derive_btc",)
    assert edges["quotes.btc"] == ("deribit_btc_options",)
    assert "quotes.spx" not in feed_order({}, ["parity.box_spx"]), "it must be named"


def test_a_typed_value_is_a_signal_s_last_resort() -> None:
    assert feed_order({}, ["equity.cape"]).get("equity.cape") is None
    assert feed_order({}, ["equity.cape"], ["equity.cape"])["equity.cape"] == ("manual",)


def test_what_needs_a_key_is_not_asked_for_without_one() -> None:
    names = ["macro.ppi_hours", "macro.cpi_hours"]
    assert feed_order({}, names) == {"calendar.cpi": ("releases",)}
    assert feed_order({}, names, keys=["releases"])["calendar.ppi"] == ("releases",)


def test_an_empty_order_turns_a_signal_off() -> None:
    assert "dvol.eth" not in feed_order({"dvol.eth": []}, ["dvol.eth"])


def test_yahoo_is_asked_only_when_it_is_named() -> None:
    everything = feed_order({}, DEFAULT_ORDER)
    assert everything
    assert all("yahoo" not in names for names in everything.values())


def test_an_order_is_asked_as_often_as_its_most_frequent_feed() -> None:
    given = tables("[feed.yahoo]\npoll_s = 15\n")
    assert poll_seconds(["cboe"], given) == 60
    assert poll_seconds(["cboe", "yahoo"], given) == 15
    assert poll_seconds(["cboe_settlement"], given) == 3_600


@pytest.mark.parametrize(
    ("feeds", "text", "faults"),
    [
        pytest.param({"vix": ["cboe", "yahoo"], "dvol.eth": ["deribit"]}, "", [], id="no fault"),
        pytest.param(
            {"vix": ["cbeo"], "vxi": ["cboe"]},
            "[feed.yahooo]",
            [
                ("feeds.vix", "no feed is called 'cbeo'; did you mean cboe?"),
                ("feeds.vxi", "no signal is called 'vxi'; did you mean vix?"),
                ("feed.yahooo", "no feed is called 'yahooo'; did you mean yahoo?"),
            ],
            id="every wrong name at once",
        ),
        pytest.param(
            {"vix": ["cboe_settlement"]},
            "",
            [("feeds.vix", "cboe_settlement gives vx.settle only")],
            id="a feed that gives something else",
        ),
        pytest.param(
            {"vix": ["cboe", "cboe"]}, "", [("feeds.vix", "names a feed twice")], id="a feed twice"
        ),
        pytest.param(
            {},
            "[feed.cboe.values]\nvix = { value = 16.5, as_of = 2026-11-20 }",
            [("feed.cboe.values", "only [feed.manual] takes values")],
            id="a typed value where none belongs",
        ),
        pytest.param(
            {},
            "[feed.manual.values]\n"
            "vix = { value = 201, as_of = 2026-11-20T16:00:00 }\n"
            "vvvix = { value = 90, as_of = 2026-11-20 }\n"
            '"vx.settle" = { value = 20, as_of = 2026-11-20 }',
            [
                ("feed.manual.values.vix.value", "is above 0 and up to 200, was 201"),
                (
                    "feed.manual.values.vix.as_of",
                    "needs its offset from UTC, was 2026-11-20T16:00:00",
                ),
                ("feed.manual.values.vvvix", "no signal is called 'vvvix'; did you mean vvix?"),
                (
                    "feed.manual.values.vx.settle",
                    "is a family of values, which nobody types",
                ),
            ],
            id="typed values that make no sense",
        ),
    ],
)
def test_faults(feeds: dict[str, list[str]], text: str, faults: list[tuple[str, str]]) -> None:
    assert list(feed_faults(feeds, tables(text))) == faults


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("[feed.cboe]\npoll = 60", id="an unknown key"),
        pytest.param("[feed.cboe]\npoll_s = 0", id="no interval"),
        pytest.param("[feed.cboe]\npoll_s = nan", id="an interval that is no number"),
        pytest.param('[feed.cboe]\nbase_url = "ftp://x.example"', id="another scheme"),
        pytest.param('[feed.cboe]\nbase_url = "http://x.example/"', id="a slash at the end"),
        pytest.param("[feed.manual.values]\nvix = { value = 1 }", id="a value without its date"),
    ],
)
def test_a_table_that_is_wrong_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        tables(text)


def test_a_table_may_say_where_and_how_often() -> None:
    given = tables('[feed.cboe]\nbase_url = "http://127.0.0.1:8080/cboe"\npoll_s = 0.5')
    assert given["cboe"] == FeedSettings(base_url="http://127.0.0.1:8080/cboe", poll_s=0.5)


@pytest.mark.parametrize("name", sorted(providers()))
def test_every_provider_is_built_under_its_own_name(
    name: str, site: Web, clock: ManualClock
) -> None:
    feed = providers()[name].build(site, clock, FeedSettings(base_url="http://127.0.0.1:1"))
    assert feed.name == name


def test_every_signal_fed_is_in_the_catalogue_with_an_age_limit() -> None:
    fed = {signal for provider in providers().values() for signal in provider.signals}
    assert fed == set(DEFAULT_ORDER)
    assert all(BY_NAME[signal].max_age is not None for signal in fed)
