"""The chains known by name, and the position managers known on each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, NamedTuple

from monitor.chain.chainlink import Oracle
from monitor.chain.settings import UNISWAP_V3, ChainSettings

# Multicall3's own list of deployments: the same address on every chain but zkSync's.
MULTICALL3: Final = "0xcA11bde05977b3631167028862bE2a173976CA11"
_ZKSYNC_MULTICALL3: Final = "0xF9cda624FBC7e059355ce98a31693d299FACd963"

_EVERYWHERE: Final = "0xC36442b4a4522E871399CD717aBDD847Ab11FE88"


class Nft(NamedTuple):
    """A position NFT of one chain. manager: EIP-55."""

    manager: str
    token_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Dex:
    """One position manager of one chain. protocol: whose form its answers have."""

    protocol: str
    manager: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the registry knows of a chain. managers: by protocol."""

    chain_id: int
    managers: Mapping[str, str]
    multicall: str = MULTICALL3


def _known(chain_id: int, manager: str, multicall: str = MULTICALL3) -> Known:
    managers = MappingProxyType({UNISWAP_V3: manager})
    return Known(chain_id=chain_id, managers=managers, multicall=multicall)


# Position managers from Uniswap's published v3 deployments, as of 2026-04-07.
KNOWN: Final[Mapping[str, Known]] = MappingProxyType(
    {
        "ethereum": _known(1, _EVERYWHERE),
        "optimism": _known(10, _EVERYWHERE),
        "bsc": _known(56, "0x7b8A01B39D58278b5DE7e48c8449c9f4F5170613"),
        "unichain": _known(130, "0x943e6e07a7E8E791dAFC44083e54041D743C46E9"),
        "polygon": _known(137, _EVERYWHERE),
        "zksync": _known(324, "0x0616e5762c1E7Dc3723c50663dF10a162D690a86", _ZKSYNC_MULTICALL3),
        "base": _known(8453, "0x03a520b32C04BF3bEEf7BEb72E919cf822Ed34f1"),
        "arbitrum": _known(42161, _EVERYWHERE),
        "celo": _known(42220, "0x3d79EdAaBC0EaB6F08ED885C05Fc0B014290D95A"),
        "avalanche": _known(43114, "0x655C406EBFa14EE2006250925e54ec43AD184f8B"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """One chain, settled: what the registry knows and the settings say, together."""

    name: str
    chain_id: int
    dexes: tuple[Dex, ...]
    multicall: str
    behind: int
    quote: tuple[str, ...]
    start_block: int | None
    log_range: int | None
    final_after: int | None = None
    oracle: Oracle = field(default_factory=Oracle)

    @property
    def manager(self) -> str:
        """Return the address of the first position manager: Uniswap v3's where it has one."""
        return self.dexes[0].manager

    def dex(self, protocol: str) -> Dex:
        """Return the position manager of a protocol; raise ValueError where none is known."""
        for one in self.dexes:
            if one.protocol == protocol:
                return one
        has = ", ".join(one.protocol for one in self.dexes)
        raise ValueError(
            f"no position manager of {protocol} is known on {self.name}, which has {has}: "
            f'give [chain.{self.name}] managers = {{ {protocol} = "0x…" }}'
        )


def settle(name: str, settings: ChainSettings) -> Chain:
    """Return the chain `settings` mean; raise ValueError where an unknown one lacks facts.

    What the settings give wins over the registry.
    """
    known = KNOWN.get(name)
    chain_id = settings.chain_id or (known.chain_id if known else None)
    # The published managers belong to the published chain, not to a fork of that name.
    same = known if known and known.chain_id == chain_id else None
    given = {str(protocol): where for protocol, where in settings.managers.items()}
    managers = {**same.managers, **given} if same else given
    if settings.manager:
        managers[UNISWAP_V3] = settings.manager
    if chain_id is None or not managers:
        lacking = "chain_id" if chain_id is None else "manager"
        raise ValueError(
            f"chain {name!r} needs {lacking}; known by name are {', '.join(sorted(KNOWN))}"
        )
    return Chain(
        name=name,
        chain_id=chain_id,
        dexes=tuple(Dex(protocol=one, manager=where) for one, where in managers.items()),
        multicall=settings.multicall or (same.multicall if same else MULTICALL3),
        behind=settings.behind,
        quote=settings.quote,
        start_block=settings.start_block,
        log_range=settings.log_range,
        final_after=settings.final_after,
    )
