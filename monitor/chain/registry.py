"""The chains known by name: their ids and position managers."""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from monitor.chain.settings import ChainSettings

# Multicall3's own list of deployments: the same address on every chain below.
MULTICALL3: Final = "0xcA11bde05977b3631167028862bE2a173976CA11"

_EVERYWHERE: Final = "0xC36442b4a4522E871399CD717aBDD847Ab11FE88"

# Position managers from Uniswap's published v3 deployments, as of 2026-04-07.
KNOWN: Final = MappingProxyType(
    {
        "ethereum": (1, _EVERYWHERE),
        "optimism": (10, _EVERYWHERE),
        "bsc": (56, "0x7b8A01B39D58278b5DE7e48c8449c9f4F5170613"),
        "unichain": (130, "0x943e6e07a7E8E791dAFC44083e54041D743C46E9"),
        "polygon": (137, _EVERYWHERE),
        "base": (8453, "0x03a520b32C04BF3bEEf7BEb72E919cf822Ed34f1"),
        "arbitrum": (42161, _EVERYWHERE),
        "celo": (42220, "0x3d79EdAaBC0EaB6F08ED885C05Fc0B014290D95A"),
        "avalanche": (43114, "0x655C406EBFa14EE2006250925e54ec43AD184f8B"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """One chain, settled: what the registry knows and the settings say, together."""

    name: str
    chain_id: int
    manager: str
    multicall: str
    behind: int
    quote: tuple[str, ...]
    start_block: int | None
    log_range: int | None


def settle(name: str, settings: ChainSettings) -> Chain:
    """Return the chain `settings` mean; raise ValueError where an unknown one lacks facts.

    What the settings give wins over the registry.
    """
    known_id, known_manager = KNOWN.get(name, (None, None))
    chain_id = settings.chain_id or known_id
    # The published manager belongs to the published chain, not to a fork of that name.
    manager = settings.manager or (known_manager if chain_id == known_id else None)
    if chain_id is None or manager is None:
        lacking = "chain_id" if chain_id is None else "manager"
        raise ValueError(
            f"chain {name!r} needs {lacking}; known by name are {', '.join(sorted(KNOWN))}"
        )
    return Chain(
        name=name,
        chain_id=chain_id,
        manager=manager,
        multicall=settings.multicall or MULTICALL3,
        behind=settings.behind,
        quote=settings.quote,
        start_block=settings.start_block,
        log_range=settings.log_range,
    )
