"""A node that answers from memory: what it does not know yet it asks of a real one, once.

Run as a process of its own, so that its work is not counted as ours:
`python -m tests.bench.canned UPSTREAM` prints its URL. GET /head/N makes block N the
newest; GET /asked tells, and forgets, what was asked since.
"""

import asyncio
import json
import sys
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from aiohttp import ClientSession, web

_ENVELOPE = b'{"jsonrpc":"2.0","id":%s,%s}'
_LARGE = 1 << 30


@dataclass
class Canned:
    """Answers of one real node by what was asked."""

    upstream: str
    session: ClientSession
    head: int = 0
    known: dict[bytes, bytes] = field(default_factory=dict)
    asked: list[dict[str, Any]] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        body = json.loads(await request.read())
        if isinstance(body, list):
            parts = [await self._one(one) for one in body]
            return _json(b"[" + b",".join(parts) + b"]")
        return _json(await self._one(body))

    async def _one(self, body: dict[str, Any]) -> bytes:
        method, params = body["method"], body["params"]
        self.asked.append({"method": method, "params": params})
        if params and params[0] == "latest":
            params = [hex(self.head), *params[1:]]
        key = sha256(json.dumps([method, params]).encode()).digest()
        if key not in self.known:
            self.known[key] = await self._learn(method, params)
        return _ENVELOPE % (json.dumps(body["id"]).encode(), self.known[key])

    async def _learn(self, method: str, params: list[Any]) -> bytes:
        asked = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        async with self.session.post(self.upstream, json=asked) as response:
            told = json.loads(await response.read())
        outcome = "error" if "error" in told else "result"
        return json.dumps({outcome: told.get(outcome)}, separators=(",", ":"))[1:-1].encode()

    async def set_head(self, request: web.Request) -> web.Response:
        self.head = int(request.match_info["number"])
        return web.Response()

    async def tell(self, _: web.Request) -> web.Response:
        asked, self.asked = self.asked, []
        return web.json_response(asked)


def _json(body: bytes) -> web.Response:
    return web.Response(body=body, content_type="application/json")


async def serve(upstream: str) -> None:
    """Serve until killed."""
    async with ClientSession() as session:
        canned = Canned(upstream=upstream, session=session)
        app = web.Application(client_max_size=_LARGE)
        app.router.add_post("/", canned.answer)
        app.router.add_get("/head/{number}", canned.set_head)
        app.router.add_get("/asked", canned.tell)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0]
        print(f"http://{host}:{port}", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1]))
