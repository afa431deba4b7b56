"""What one endpoint can do, found out by asking it: for `hedgewatch doctor`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from monitor.chain.abi import contract
from monitor.chain.failures import EndpointRefused, RangeTooWide
from monitor.chain.heads import header
from monitor.chain.rpc import Endpoint
from monitor.errors import Permanent, Transient
from monitor.model.observation import Block

_WIDTHS: Final = (10_000, 1_000, 100, 50)
_TRANSFER: Final = ("nonfungible_position_manager", "IncreaseLiquidity")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkup:
    """An endpoint that serves.

    absent: which contracts have no code there. multicall: whether Multicall3 is there;
    without it reads are sent one by one. log_blocks: the widest of a few ranges it
    gives logs of, 0 for none at all; then no_logs says why.
    """

    host: str
    head: Block
    absent: tuple[str, ...]
    multicall: bool
    log_blocks: int
    no_logs: str = ""


async def check_up(
    endpoint: Endpoint, *, chain_id: int, contracts: Mapping[str, str], multicall: str
) -> Checkup:
    """Return what an endpoint of a chain can do; raise Transient or Permanent in one sentence.

    contracts: the addresses that must have code, by what they are; logs are asked of
    the first. multicall: Multicall3's.
    """
    await _serves(endpoint, chain_id)
    head = (await header(endpoint, "latest")).block
    blocks, no_logs = await _log_blocks(endpoint, next(iter(contracts.values())), head.number)
    absent = [what for what, where in contracts.items() if not await _has_code(endpoint, where)]
    return Checkup(
        host=endpoint.host,
        head=head,
        absent=tuple(absent),
        multicall=await _has_code(endpoint, multicall),
        log_blocks=blocks,
        no_logs=no_logs,
    )


async def _has_code(endpoint: Endpoint, address: str) -> bool:
    return await endpoint.call("eth_getCode", address, "latest") not in ("0x", "")


async def _serves(endpoint: Endpoint, chain_id: int) -> None:
    told = await endpoint.call("eth_chainId")
    try:
        served = int(told, 16)
    except (TypeError, ValueError):
        raise Transient(f"{endpoint.host} answered eth_chainId with no number") from None
    if served != chain_id:
        raise EndpointRefused(f"{endpoint.host} serves chain id {served}, not {chain_id}")


async def _log_blocks(endpoint: Endpoint, address: str, head: int) -> tuple[int, str]:
    """Return how many blocks of logs are given at once, or 0 and why none are."""
    room, name = _TRANSFER
    topics = ["0x" + contract(room).events[name].topic.hex(), "0x" + "0" * 64]  # of no token id
    widths, why = list(_WIDTHS), ""
    while widths:
        width = widths.pop(0)
        criteria = {
            "fromBlock": hex(max(head - width + 1, 0)),
            "toBlock": hex(head),
            "address": address,
            "topics": topics,
        }
        try:
            await endpoint.call("eth_getLogs", criteria)
        except RangeTooWide as refusal:
            why = str(refusal)
            if refusal.most is not None and refusal.most < width:
                widths = [refusal.most, *(one for one in widths if one < refusal.most)]
        except (Transient, Permanent) as failure:
            return 0, str(failure)
        else:
            return width, ""
    return 0, why
