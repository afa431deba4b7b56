"""What every provider does when its server answers with what really happens: it says so.

Each file of `monitor/feeds` that has a `PROVIDER` is tried by itself; a new one is too.
"""

import json
from contextlib import suppress
from datetime import date
from typing import Any, Final

import pytest

from monitor.clock import ManualClock
from monitor.errors import Permanent, Transient
from monitor.feeds.http import Web
from monitor.feeds.provider import FeedSettings, Stretch, providers

ASK_NOBODY: Final = {"manual"}
"""Providers that have no server."""

BIG: Final = json.dumps({"data": "x" * 10_000_000})

BODIES: Final = {
    "nothing at all": "",
    "blanks": " \n",
    "an empty object": "{}",
    "an empty list": "[]",
    "null": "null",
    "a number": "7",
    "a document cut short": '{"data": {"symbol": "^VIX", "cur',
    "an error in an object": '{"error": {"code": 10028, "message": "too_many_requests"}}',
    "every name another": '{"datum": [{"naming": "x", "worth": 1}], "results": {"datums": []}}',
    "a list of nulls": "[null, null]",
    "words": "Service temporarily unavailable",
    "ten megabytes": BIG,
}
REFUSALS: Final = {
    "HTTP 403": {"status": 403},
    "HTTP 404": {"status": 404},
    "HTTP 429 with Retry-After": {"status": 429, "headers": {"Retry-After": "5"}},
    "HTTP 451": {"status": 451},
    "HTTP 500": {"status": 500},
    "HTTP 302": {"status": 302, "headers": {"Location": "https://example.org/"}},
    "nothing, for ever": {"hang": True},
    "an HTML page with HTTP 200": {
        "body": "<!DOCTYPE html><html><body>Checking your browser</body></html>",
        "content_type": "text/html; charset=utf-8",
    },
}
ANSWERS: Final = {
    **REFUSALS,
    # As whatever type was asked for: any other is refused for that alone.
    **{said: {"body": body, "content_type": ""} for said, body in BODIES.items()},
}


async def told(server: Any, site: Web, clock: ManualClock, name: str) -> Any:
    """Return what a provider makes of an answer: its readings, or the verdict it raises."""
    try:
        return await providers()[name].build(site, clock, FeedSettings(base_url=server.url)).read()
    except (Transient, Permanent) as error:
        return error


@pytest.mark.parametrize("said", ANSWERS)
@pytest.mark.parametrize("name", sorted(set(providers()) - ASK_NOBODY))
async def test_an_answer_that_is_none_is_told_as_one_sentence(
    server: Any, site: Web, clock: ManualClock, name: str, said: str
) -> None:
    server.answers(**ANSWERS[said])
    answer = await told(server, site, clock, name)
    if not isinstance(answer, Exception):
        # Some know part of what they give without being asked; none may make the rest up.
        server.script = []
        server.answers(status=500)
        assert answer == await told(server, site, clock, name)
        return
    sentence = str(answer)
    assert sentence.strip()
    assert "\n" not in sentence
    assert len(sentence) < 300


@pytest.mark.parametrize("name", sorted(set(providers()) - ASK_NOBODY))
async def test_a_host_that_asks_for_rest_is_left_alone(
    server: Any, site: Web, clock: ManualClock, name: str
) -> None:
    server.answers(status=429, headers={"Retry-After": "30"})
    await told(server, site, clock, name)
    asked = len(server.asked)
    await told(server, site, clock, name)
    assert len(server.asked) == asked


@pytest.mark.parametrize("said", ANSWERS)
@pytest.mark.parametrize("name", [name for name, one in providers().items() if one.history])
async def test_no_bars_are_made_of_an_answer_that_is_none(
    server: Any, site: Web, clock: ManualClock, name: str, said: str
) -> None:
    server.answers(**ANSWERS[said])
    own = FeedSettings(base_url=server.url, names={"uni": "uniswap"})
    history = providers()[name].history
    assert history is not None
    for signal in {history.signals[0], history.signals[-1]}:
        stretch = Stretch(signal=signal, first=date(2026, 9, 1), last=date(2026, 9, 10))
        with suppress(Transient, Permanent):
            assert not any((await history.fetch(site, clock, own, stretch)).values())
