"""A family from several providers."""

import logging
from datetime import UTC, datetime

import pytest

from monitor.errors import HedgewatchError, Permanent, Transient
from monitor.feeds.merged import MergedFeed
from monitor.feeds.port import ScriptedFeed
from monitor.model.reading import Reading

AT = datetime(2026, 10, 2, 20, 0, tzinfo=UTC)


def members(source: str, **prices: float) -> tuple[Reading, ...]:
    return tuple(
        Reading(name="proxy.price", key=key, value=price, unit="usd", as_of=AT, source=source)
        for key, price in prices.items()
    )


def merged(*answers: tuple[Reading, ...] | HedgewatchError) -> MergedFeed:
    feeds = [ScriptedFeed(name=f"feed{n}", script=(one,)) for n, one in enumerate(answers)]
    return MergedFeed(signal="proxy.price", feeds=feeds)


async def told(feed: MergedFeed) -> dict[str, tuple[str, float]]:
    return {one.key: (one.source, one.value) for one in await feed.read()}


async def test_every_provider_s_members_are_given_the_first_s_where_two_have_one() -> None:
    feed = merged(members("coins", uni=8, aave=300), members("funds", vnq=90, uni=9))
    assert await told(feed) == {"uni": ("coins", 8), "aave": ("coins", 300), "vnq": ("funds", 90)}


async def test_another_name_is_not_among_them() -> None:
    other = Reading(name="vix", value=16, unit="points", as_of=AT, source="coins")
    assert await told(merged((other, *members("coins", uni=8)))) == {"uni": ("coins", 8)}


async def test_one_that_fails_is_told_of_once_and_when_it_is_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    funds = ScriptedFeed(
        name="funds",
        script=(Transient("funds is down"), Transient("funds is down"), members("funds", vnq=90)),
    )
    coins = ScriptedFeed(name="coins", script=(members("coins", uni=8),))
    feed = MergedFeed(signal="proxy.price", feeds=[coins, funds])
    with caplog.at_level(logging.INFO):
        seen = [set(await told(feed)) for _ in range(4)]
    assert seen == [{"uni"}, {"uni"}, {"uni", "vnq"}, {"uni", "vnq"}]
    assert [one.getMessage() for one in caplog.records] == [
        "proxy.price: what funds has of it grows old: funds is down",
        "proxy.price: funds answers again",
    ]


async def test_where_all_fail_the_first_failure_is_raised() -> None:
    with pytest.raises(Permanent, match="no key"):
        await merged(Permanent("no key"), Transient("down")).read()
