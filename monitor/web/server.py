"""Listening: a socket had before anything is begun, and uvicorn on it until told to stop."""

import asyncio
import logging
import secrets
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Final, TypeGuard

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle
from uvicorn.server import ServerState

from monitor.clock import Clock
from monitor.config.web_settings import LEAST_TOKEN, WebSettings
from monitor.errors import ConfigError, Fault, Transient
from monitor.logs import Secret, read_secret
from monitor.web.board import Board
from monitor.web.gate import Gate
from monitor.web.seen import Source
from monitor.web.site import site

_log = logging.getLogger(__name__)

_MOST_AT_ONCE: Final = 128
_GRACE_S: Final = 2
_AGAIN_S: Final = 2.0
_IDLE_S: Final = 10.0
"""How long a connection is waited for that asks for nothing, and at most twice as long."""


class _Server(uvicorn.Server):
    """A uvicorn that leaves the signals to whoever runs it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def token_of(settings: WebSettings) -> Secret | None:
    """Return the token; raise ConfigError where it cannot be had or can be guessed."""
    if settings.token is None:
        return None
    try:
        token = read_secret(settings.token)
    except ValueError as error:
        raise _fault("web.token", str(error)) from error
    if len(token.reveal()) < LEAST_TOKEN:
        raise _fault("web.token", f"{settings.token} has fewer than {LEAST_TOKEN} characters")
    return token


def listener(settings: WebSettings) -> socket.socket:
    """Return the bound socket; raise Transient where it cannot be had.

    An address may be up a little later at boot, a port be free again.
    """
    try:
        [(family, kind, _, _, address), *_] = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM
        )
        found = socket.socket(family, kind)
        try:
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            found.bind(address)
            found.listen()  # who comes before uvicorn does waits
        except OSError:
            found.close()
            raise
    except OSError as error:
        where = f"{settings.host}:{settings.port}"
        raise Transient(f"web: {where} cannot be listened on: {error.strerror}") from error
    return found


async def serve(
    settings: WebSettings,
    source: Source,
    *,
    clock: Clock,
    stop: asyncio.Event,
    begun: Callable[[], None] = lambda: None,
) -> None:
    """Serve the page until `stop` is set; raise where it cannot be begun.

    begun: called once it can be asked for.
    """
    gate = Gate(token_of(settings), now=clock.now)
    with listener(settings) as bound:
        begun()
        board = Board(source, clock=clock, boot=secrets.token_hex(4))
        server = _Server(
            uvicorn.Config(
                site(board, gate),
                log_config=None,
                access_log=False,
                server_header=False,
                lifespan="off",
                ws="none",
                http="h11",
                limit_concurrency=_MOST_AT_ONCE,
                timeout_graceful_shutdown=_GRACE_S,
            )
        )
        async with asyncio.TaskGroup() as group:
            writing = group.create_task(board.run(), name="page")
            listening = group.create_task(server.serve(sockets=[bound]), name="page server")
            weeding = group.create_task(_weeded(server.server_state, clock), name="page weeding")
            await stop.wait()
            await board.close()
            server.should_exit = True
            await listening
            writing.cancel()
            weeding.cancel()


async def keep_serving(
    settings: WebSettings, source: Source, *, clock: Clock, stop: asyncio.Event
) -> None:
    """As `serve`, beside what matters more: an address that cannot be had is tried again.

    Raises ConfigError where no trying helps.
    """
    why = ""
    while not stop.is_set():
        try:
            await serve(settings, source, clock=clock, stop=stop, begun=partial(_begun, why))
        except Transient as error:
            if str(error) != why:
                why = str(error)
                _log.error("%s: no status page until it can; the watch goes on", why)
            with suppress(TimeoutError):
                async with asyncio.timeout(_AGAIN_S):
                    await stop.wait()


def _begun(why: str) -> None:
    if why:
        _log.info("the status page is served now")


async def _weeded(state: ServerState, clock: Clock) -> None:
    """Close connections that ask for nothing, until cancelled: enough of them keep all out."""
    idle = dict[H11Protocol, object]()
    while True:
        await clock.sleep(_IDLE_S)
        before, idle = idle, {one: one.cycle for one in state.connections if _asks_nothing(one)}
        for one, cycle in idle.items():
            if one in before and before[one] is cycle:
                one.transport.abort()


def _asks_nothing(one: object) -> TypeGuard[H11Protocol]:
    """Tell whether a connection has no whole request that is yet to be answered."""
    if not isinstance(one, H11Protocol):
        return False
    cycle: RequestResponseCycle | None = one.cycle
    return cycle is None or cycle.response_complete or cycle.more_body


def _fault(where: str, reason: str) -> ConfigError:
    return ConfigError([Fault(file="config", where=where, reason=reason)])
