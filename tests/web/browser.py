"""Headless Chromium, spoken to by its DevTools protocol."""

import asyncio
import base64
import json
import re
import shutil
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType

PHONE, DESKTOP = (390, 844), (1280, 900)
_LISTENING = re.compile(rb"DevTools listening on ws://([^/]+)/")


def chromium() -> str | None:
    return shutil.which("chromium")


@dataclass
class Tab:
    """One page. faults: what it logged as an error, refused policies among them."""

    socket: ClientWebSocketResponse
    faults: list[str] = field(default_factory=list)
    _numbers: Any = field(default_factory=lambda: count(1))
    _answers: dict[int, asyncio.Future[dict[str, Any]]] = field(default_factory=dict)

    async def listen(self) -> None:
        async for message in self.socket:
            if message.type is not WSMsgType.TEXT:
                continue
            told = json.loads(message.data)
            if (waiting := self._answers.pop(told.get("id", 0), None)) is not None:
                waiting.set_result(told)
            elif told.get("method") == "Runtime.exceptionThrown":
                self.faults.append(json.dumps(told["params"]["exceptionDetails"])[:500])
            elif told.get("method") == "Log.entryAdded":
                entry = told["params"]["entry"]
                if entry["level"] == "error":
                    self.faults.append(f"{entry['text']} {entry.get('url', '')}")

    async def ask(self, method: str, **params: Any) -> dict[str, Any]:
        number = next(self._numbers)
        answer = asyncio.get_running_loop().create_future()
        self._answers[number] = answer
        await self.socket.send_json({"id": number, "method": method, "params": params})
        told: dict[str, Any] = await answer
        assert "error" not in told, told
        found: dict[str, Any] = told["result"]
        return found

    async def run(self, script: str) -> Any:
        """Return what an expression comes to, a promise's outcome where it is one."""
        told = await self.ask(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in told, told
        return told["result"].get("value")

    async def until(self, condition: str) -> None:
        """Wait in the page itself until a condition holds, in the next one where it gives way."""
        script = (
            "new Promise((done) => { const look = () => "
            f"({condition}) ? done(true) : setTimeout(look, 20); look(); }})"
        )
        while True:
            try:
                await self.run(script)
            except AssertionError as gone:
                if "navigated" not in str(gone):
                    raise
            else:
                return

    async def open(self, url: str, size: tuple[int, int], *, dark: bool = False) -> None:
        width, height = size
        await self.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await self.ask("Emulation.setEmulatedMedia", features=[scheme])
        await self.ask("Page.navigate", url=url)
        await self.until(f"document.readyState === 'complete' && location.href.startsWith('{url}')")

    async def press(self, key: str) -> None:
        codes = {"Tab": 9, "Enter": 13, " ": 32}
        text = {"Enter": "\r", " ": " "}.get(key)
        common = {"key": key, "windowsVirtualKeyCode": codes[key]}
        down = {**common, "type": "keyDown", **({"text": text} if text else {})}
        await self.ask("Input.dispatchKeyEvent", **down)
        await self.ask("Input.dispatchKeyEvent", **{**common, "type": "keyUp"})

    async def shot(self) -> bytes:
        """Return the whole page as a PNG."""
        told = await self.ask("Page.captureScreenshot", captureBeyondViewport=True)
        return base64.b64decode(told["data"])


@asynccontextmanager
async def open_browser(folder: Path) -> AsyncIterator[Tab]:
    """Run Chromium with a profile of its own; hand over its one tab."""
    program = chromium()
    assert program is not None
    process = await asyncio.create_subprocess_exec(
        program,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--hide-scrollbars",
        "--no-first-run",
        "--disable-background-networking",
        "--remote-debugging-port=0",
        f"--user-data-dir={folder / 'profile'}",
        "about:blank",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=PIPE,
    )
    try:
        place = await _place(process)
        async with ClientSession() as session:
            async with session.get(f"http://{place}/json/list") as answer:
                targets = await answer.json()
            url = next(one["webSocketDebuggerUrl"] for one in targets if one["type"] == "page")
            async with (
                session.ws_connect(url, max_msg_size=0) as socket,
                asyncio.TaskGroup() as group,
            ):
                tab = Tab(socket)
                listening = group.create_task(tab.listen())
                for domain in ("Page", "Runtime", "Log"):
                    await tab.ask(f"{domain}.enable")
                yield tab
                listening.cancel()
    finally:
        process.kill()
        await process.wait()


async def _place(process: Process) -> str:
    assert process.stderr is not None
    async for line in process.stderr:
        if found := _LISTENING.search(line):
            return found[1].decode()
    raise AssertionError("chromium ended before it listened")
