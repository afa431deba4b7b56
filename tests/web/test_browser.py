"""The page in a real browser: drawn, live, by keyboard, on a phone, light and dark."""

import os
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.web.seen import Seen
from monitor.web.site import STATIC
from tests.web.browser import DESKTOP, PHONE, Tab, chromium, open_browser
from tests.web.conftest import Serving, environment

pytestmark = pytest.mark.skipif(
    chromium() is None or not (STATIC / "vendor").exists(),
    reason="chromium, or what the page draws with, is missing: install chromium, run `make setup`",
)
DRAWN = "document.querySelectorAll('.uplot canvas').length === 2"
# WCAG's contrast of an element's text over the first solid ground behind it.
CONTRAST = """
(() => {
  const parts = (c) => c.match(/[\\d.]+/g).map(Number);
  const light = (c) => { const [r, g, b] = parts(c).slice(0, 3).map((v) => v / 255).map(
    (v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const ground = (e) => { for (; e; e = e.parentElement) {
    const c = getComputedStyle(e).backgroundColor; if (parts(c)[3] !== 0) return c; } };
  let worst = [99, ""];
  for (const e of document.querySelectorAll("p,li,span,small,b,strong,h1,h2,h3,a,th,td,code")) {
    if (!e.checkVisibility() || !e.textContent.trim()) continue;
    if (e.closest(".skip")) continue;
    const [a, b] = [light(getComputedStyle(e).color), light(ground(e))].sort((x, y) => y - x);
    const found = (a + 0.05) / (b + 0.05);
    if (found < worst[0]) worst = [found, `${e.tagName}.${e.className}: ${e.textContent}`];
  }
  return worst;
})()
"""


@pytest.fixture
async def tab(tmp_path: Path) -> AsyncIterator[Tab]:
    async with open_browser(tmp_path) as opened:
        yield opened


def kept(name: str, picture: bytes) -> None:
    """Keep a screenshot to look at, where the environment says so."""
    if folder := os.environ.get("HEDGEWATCH_SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        (Path(folder) / f"{name}.png").write_bytes(picture)


async def test_it_is_drawn_in_every_size_and_light(
    serving: Serving, stormy: Seen, tab: Tab
) -> None:
    async with serving(stormy) as served:
        for dark in (False, True):
            for name, size in (("phone", PHONE), ("desktop", DESKTOP)):
                await tab.open(served.url, size, dark=dark)
                await tab.until(DRAWN)
                kept(f"{name}-{'dark' if dark else 'light'}", await tab.shot())
                wide = await tab.run("document.documentElement.scrollWidth")
                assert wide <= size[0], "it is scrolled sideways"
                columns = await tab.run(
                    "getComputedStyle(document.querySelector('main'))"
                    ".gridTemplateColumns.split(' ').length"
                )
                assert columns == (1 if name == "phone" else 2)
                worst, where = await tab.run(CONTRAST)
                assert worst >= 4.5, where
        assert not tab.faults


async def test_it_is_live_and_keeps_what_was_open_and_where_one_was(
    serving: Serving, stormy: Seen, tab: Tab
) -> None:
    async with serving(stormy) as served:
        await tab.open(served.url, PHONE)
        await tab.until(DRAWN)
        rule = "document.querySelector('[data-key=\"rule:range.out\"]')"
        await tab.run(f"{rule}.querySelector('summary').focus(), {rule}.open = true")
        served.source.seen = replace(stormy, now=stormy.now + timedelta(minutes=6))
        while not await tab.run("document.querySelector('.sentence').innerText.includes('Blind')"):
            await served.clock.advance(3)
        assert await tab.run(f"{rule}.open")
        assert await tab.run("document.activeElement.tagName") == "SUMMARY"
        assert await tab.run(f"{rule}.contains(document.activeElement)")
        assert await tab.run("document.querySelectorAll('.card.old').length") == 6
        assert (
            await tab.run("document.querySelectorAll('#positions [href=\"#range-in\"]').length")
            == 0
        )
        kept("phone-blind", await tab.shot())
        assert not tab.faults


async def test_all_of_it_is_reached_by_keyboard_and_seen_there(
    serving: Serving, stormy: Seen, tab: Tab
) -> None:
    async with serving(stormy) as served:
        await tab.open(served.url, DESKTOP)
        await tab.until(DRAWN)
        await tab.press("Tab")
        assert await tab.run("document.activeElement.className") == "skip"
        seen = []
        for _ in range(12):
            await tab.press("Tab")
            where = "document.activeElement"
            seen.append(await tab.run(f"{where}.textContent"))
            assert await tab.run(f"getComputedStyle({where}).outlineStyle") == "solid"
        assert seen[:7] == [
            "Positions",
            "Layers",
            "Charts",
            "Signals",
            "Rules",
            "Alerts",
            "Sources",
        ]
        assert await tab.run("document.activeElement.tagName") == "SUMMARY"
        await tab.press("Enter")
        assert await tab.run("document.activeElement.parentElement.open")
        kept("desktop-keyboard", await tab.shot())
        marks = "[...document.querySelectorAll('header,nav,main,footer')].length"
        assert await tab.run(marks) == 4
        live = "document.querySelector('[aria-live=polite]').innerText"
        assert await tab.run(live) == "6 alerts fire. 6 positions"
        assert await tab.run(
            "[...document.querySelectorAll('section')].every((s) =>"
            " document.getElementById(s.getAttribute('aria-labelledby'))?.innerText)"
        )


async def test_the_token_is_typed_once(serving: Serving, stormy: Seen, tab: Tab) -> None:
    with environment(PAGE_TOKEN="a-token-long-enough"):
        async with serving(stormy, token="env:PAGE_TOKEN") as served:
            await tab.open(served.url, PHONE, dark=True)
            kept("phone-login", await tab.shot())
            assert await tab.run("document.activeElement.id") == "token"
            await tab.run("document.activeElement.value = 'a-token-long-enough'")
            await tab.press("Enter")
            await tab.until(DRAWN)
            assert await tab.run("document.cookie") == ""  # no script may read it
            await tab.open(served.url, PHONE)
            await tab.until(DRAWN)
            assert not tab.faults


async def test_a_page_of_a_store_that_cannot_be_read_says_so_and_recovers(
    serving: Serving, stormy: Seen, tab: Tab
) -> None:
    async with serving(stormy) as served:
        await tab.open(served.url, PHONE, dark=True)
        await tab.until(DRAWN)
        served.source.seen = None
        lost = "document.body.classList.contains('lost')"
        while not await tab.run(lost):
            await served.clock.advance(3)
        told = await tab.run("document.getElementById('line').innerText")
        kept("phone-dark-unreadable", await tab.shot())
        served.source.seen = replace(stormy, running=False)
        while await tab.run(lost):
            await served.clock.advance(3)
        assert await tab.run("document.getElementById('line').innerText") == ""
        assert not tab.faults
    assert told.startswith("Nothing can be told: the store is busy.")


async def test_a_server_that_is_gone_is_told_and_nothing_looks_fresh(
    serving: Serving, stormy: Seen, tab: Tab
) -> None:
    async with serving(stormy) as served:
        await tab.open(served.url, PHONE)
        await tab.until(DRAWN)
        # A phone that slept: its clock jumps, the page's with it.
        await tab.run("(() => { const now = Date.now; Date.now = () => now() + 60000; })()")
        await tab.until("document.body.classList.contains('lost')")
        told = await tab.run("document.getElementById('line').innerText")
        kept("phone-lost", await tab.shot())
    assert told.startswith("Nothing is heard from Hedgewatch any more")
