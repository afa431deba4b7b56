"""A family from several providers."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.clock import ManualClock
from monitor.errors import HedgewatchError, Permanent, Transient
from monitor.feeds.merged import MergedFeed
from monitor.feeds.port import Feed, ScriptedFeed
from monitor.model.reading import Reading

AT = datetime(2026, 10, 2, 20, 0, tzinfo=UTC)


def members(source: str, **prices: float) -> tuple[Reading, ...]:
    return tuple(
        Reading(name="proxy.price", key=key, value=price, unit="usd", as_of=AT, source=source)
        for key, price in prices.items()
    )


def family(feeds: Sequence[Feed]) -> MergedFeed:
    return MergedFeed(signal="proxy.price", feeds=feeds, clock=ManualClock(AT))


def merged(*answers: tuple[Reading, ...] | HedgewatchError) -> MergedFeed:
    feeds = [ScriptedFeed(name=f"feed{n}", script=(one,)) for n, one in enumerate(answers)]
    return family(feeds)


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
    feed = family([coins, funds])
    with caplog.at_level(logging.INFO):
        seen = [set(await told(feed)) for _ in range(4)]
    assert seen == [{"uni"}, {"uni"}, {"uni", "vnq"}, {"uni", "vnq"}]
    assert [one.getMessage() for one in caplog.records] == [
        "proxy.price is not whole; funds is down",
        "funds answers again",
    ]


@pytest.mark.parametrize(
    ("answers", "verdict"),
    [
        pytest.param((Permanent("no key"), Transient("down")), Transient, id="one may pass"),
        pytest.param((Permanent("no key"), Permanent("gone")), Permanent, id="none will"),
    ],
)
async def test_where_all_fail_that_is_said_once_and_names_them_all(
    answers: tuple[HedgewatchError, ...],
    verdict: type[HedgewatchError],
    caplog: pytest.LogCaptureFixture,
) -> None:
    feed = merged(*answers)
    for _ in range(2):
        with pytest.raises(verdict) as caught:
            await feed.read()
        assert str(caught.value) == f"feed0: {answers[0]}; feed1: {answers[1]}"
        assert caught.value.told, "it has been logged here: nobody else logs it"
    assert caplog.messages == [f"proxy.price has nothing fresh; {caught.value}"]


async def test_a_member_stamped_ahead_of_the_clock_is_not_given(
    caplog: pytest.LogCaptureFixture,
) -> None:
    ahead = replace(members("coins", aave=300)[0], as_of=AT + timedelta(minutes=2))
    assert await told(merged((*members("coins", uni=8), ahead))) == {"uni": ("coins", 8)}
    why = "coins sent a value stamped 2026-10-02 20:02 UTC, which is to come"
    assert caplog.messages == [f"proxy.price is not whole; feed0: aave: {why}"]
