"""One endpoint behind its breakers, asked only once it is known to serve the right chain."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final, TypeVar

from monitor.chain.breaker import LONGEST_ASKED, Breaker
from monitor.chain.failures import (
    NO_FAULT,
    EndpointRefused,
    NotOffered,
    RangeTooWide,
    Reverted,
    StillIncomplete,
    TooFar,
)
from monitor.chain.registry import Chain
from monitor.chain.rpc import Endpoint
from monitor.errors import HedgewatchError, Permanent, Transient

T = TypeVar("T")
NO_LOGS: Final = LONGEST_ASKED
"""How long a node that gives no logs at all is not asked for any."""

TOO_FEW_LOGS: Final = timedelta(minutes=10)
"""How long one is not asked that refuses even the narrowest range."""

_log = logging.getLogger(__name__)


class Guarded:
    """One endpoint of a chain with its breakers. chance: in [0, 1).

    The chain id is checked before the first work, after every failure, and after `doubt`.
    logs: the breaker of what it tells of the past, for a node may be sound but for that.
    asked_at: when it was last tried.
    """

    def __init__(self, chain: Chain, endpoint: Endpoint, chance: Callable[[], float]) -> None:
        self.endpoint = endpoint
        self.breaker = Breaker(chance)
        self.logs = Breaker(chance)
        self.asked_at: datetime | None = None
        self._chain = chain
        self._checked = False
        self._told_out = False

    def doubt(self) -> None:
        """Have the chain id checked again before the next work."""
        self._checked = False

    async def tried(self, work: Callable[[Endpoint], Awaitable[T]], now: datetime) -> T:
        """Do `work`, and let its end tell the breaker how the endpoint is."""
        self.breaker.begin()
        self.asked_at = now
        try:
            await self._check()
            done = await work(self.endpoint)
        except (Reverted, *NO_FAULT):
            self._well()
            raise
        except (Transient, Permanent) as failure:
            self._rest(failure, now)
            raise
        except asyncio.CancelledError:
            # A poll that is cancelled for taking too long blames whom it waited for.
            self._rest(Transient(f"{self.endpoint.host} took too long in all"), now)
            raise
        finally:
            self.breaker.give_up()
        self._well()
        return done

    async def told_logs(self, work: Callable[[Endpoint], Awaitable[T]], now: datetime) -> T:
        """Do `work` with logs; how it ends tells nothing of the endpoint but whether it gives them.

        The endpoint must have shown the block they are read to.
        """
        was_well = self.logs.until is None
        self.logs.begin()
        try:
            done = await work(self.endpoint)
        except (StillIncomplete, TooFar):
            raise
        except (Transient, Permanent) as failure:
            self.logs.fail(_without_logs(failure), now)
            if was_well:
                _log.warning("%s: its logs rest", failure)
            raise
        except asyncio.CancelledError:
            self.logs.fail(Transient(f"{self.endpoint.host} took too long over logs"), now)
            raise
        finally:
            self.logs.give_up()
        self.logs.succeed()
        if not was_well:
            _log.info("%s gives logs again", self.endpoint.host)
        return done

    def tell_out(self, serving: Endpoint, now: datetime) -> None:
        """Log once that this endpoint rests while another serves."""
        until = self.breaker.until
        if until is not None and not self._told_out:
            self._told_out = True
            rest = (until - now).total_seconds()
            _log.warning("%s: it rests %.0f s, %s serves", self.breaker.why, rest, serving.host)

    def _well(self) -> None:
        self.breaker.succeed()
        if self._told_out:
            self._told_out = False
            _log.info("%s answers again", self.endpoint.host)

    def _rest(self, failure: HedgewatchError, now: datetime) -> None:
        self.breaker.fail(failure, now)
        self._checked = False

    async def _check(self) -> None:
        if self._checked:
            return
        host = self.endpoint.host
        told = await self.endpoint.call("eth_chainId")
        try:
            chain_id = int(told, 16)
        except (TypeError, ValueError):
            raise Transient(f"{host} answered eth_chainId with no number") from None
        if chain_id != self._chain.chain_id:
            raise EndpointRefused(
                f"{host} serves chain id {chain_id}, "
                f"but {self._chain.name} is {self._chain.chain_id}"
            )
        self._checked = True


def _without_logs(failure: HedgewatchError) -> HedgewatchError:
    """Return a failure over logs, with the long wait where a node has none to give."""
    if isinstance(failure, NotOffered | EndpointRefused):
        return Transient(str(failure), retry_after=NO_LOGS)
    if isinstance(failure, RangeTooWide):
        return Transient(str(failure), retry_after=TOO_FEW_LOGS)
    return failure
