"""The chains known by name, and the position managers known on each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, NamedTuple

from monitor.chain.chainlink import Oracle
from monitor.chain.forms import FORMS, Custody, Form
from monitor.chain.settings import UNISWAP_V3, UNISWAP_V4, ChainSettings

# Multicall3's own list of deployments: the same address on every chain but zkSync's.
MULTICALL3: Final = "0xcA11bde05977b3631167028862bE2a173976CA11"
_ZKSYNC_MULTICALL3: Final = "0xF9cda624FBC7e059355ce98a31693d299FACd963"

_EVERYWHERE: Final = "0xC36442b4a4522E871399CD717aBDD847Ab11FE88"
_PANCAKE: Final = "0x46A15B0b27311cedF172AB29E4f4766fbE7F4364"


class Nft(NamedTuple):
    """A position NFT of one chain. manager: EIP-55."""

    manager: str
    token_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Dex:
    """One position manager of one chain.

    protocol: whose form its answers have. stakers: contracts its positions are staked in.
    """

    protocol: str
    manager: str
    stakers: tuple[str, ...] = ()

    @property
    def form(self) -> Form:
        return FORMS[self.protocol]

    @property
    def chefs(self) -> tuple[str, ...]:
        """Return the stakers that tell of each position whose it is."""
        return self.stakers if self.stakers and self.form.custody is Custody.CHEF else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the registry knows of a chain. dexes: by protocol. state_view: Uniswap v4's."""

    chain_id: int
    dexes: Mapping[str, Dex]
    multicall: str = MULTICALL3
    state_view: str = ""


# Position managers and StateViews from Uniswap's published v4 deployments.
_V4: Final[Mapping[int, tuple[str, str]]] = MappingProxyType(
    {
        1: (
            "0xbD216513d74C8cf14cf4747E6AaA6420FF64ee9e",
            "0x7fFE42C4a5DEeA5b0feC41C94C136Cf115597227",
        ),
        10: (
            "0x3C3Ea4B57a46241e54610e5f022E5c45859A1017",
            "0xc18a3169788F4F75A170290584ECA6395C75Ecdb",
        ),
        56: (
            "0x7A4a5c919aE2541AeD11041A1AEeE68f1287f95b",
            "0xd13Dd3D6E93f276FAfc9Db9E6BB47C1180aeE0c4",
        ),
        130: (
            "0x4529A01c7A0410167c5740C487A8DE60232617bf",
            "0x86e8631A016F9068C3f085fAF484Ee3F5fDee8f2",
        ),
        137: (
            "0x1Ec2eBf4F37E7363FDfe3551602425af0B3ceef9",
            "0x5eA1bD7974c8A611cBAB0bDCAFcB1D9CC9b3BA5a",
        ),
        8453: (
            "0x7C5f5A4bBd8fD63184577525326123B519429bDc",
            "0xA3c0c9b65baD0b08107Aa264b0f3dB444b867A71",
        ),
        42_161: (
            "0xd88F38F930b7952f2DB2432Cb002E7abbF3dD869",
            "0x76Fd297e2D437cd7f76d50F01AfE6160f86e9990",
        ),
        42_220: (
            "0xf7965f3981e4D5BC383BfBCb61501763e9068CA9",
            "0xbc21f8720BABf4b20d195eE5C6e99c52b76F2bfb",
        ),
        43_114: (
            "0xB74b1F14d2754AcfcbBe1a221023a5cf50Ab8ACD",
            "0xc3c9e198C735a4b97e3e683f391cCBDD60B69286",
        ),
    }
)


def _known(chain_id: int, manager: str, *others: Dex, multicall: str = MULTICALL3) -> Known:
    v4, state_view = _V4.get(chain_id, ("", ""))
    newest = (Dex(protocol=UNISWAP_V4, manager=v4),) if v4 else ()
    dexes = (Dex(protocol=UNISWAP_V3, manager=manager), *others, *newest)
    return Known(
        chain_id=chain_id,
        dexes=MappingProxyType({dex.protocol: dex for dex in dexes}),
        multicall=multicall,
        state_view=state_view,
    )


def _pancake(chef: str, manager: str = _PANCAKE) -> Dex:
    return Dex(protocol="pancakeswap_v3", manager=manager, stakers=(chef,))


def _slipstream(manager: str) -> Dex:
    return Dex(protocol="slipstream", manager=manager)


# Position managers from Uniswap's published v3 deployments, as of 2026-04-07; PancakeSwap's
# from its own v3 address page, with its MasterChefV3; Slipstream is Velodrome's on Optimism
# and Aerodrome's on Base.
KNOWN: Final[Mapping[str, Known]] = MappingProxyType(
    {
        "ethereum": _known(1, _EVERYWHERE, _pancake("0x556B9306565093C855AEA9AE92A594704c2Cd59e")),
        "optimism": _known(
            10, _EVERYWHERE, _slipstream("0x416b433906b1B72FA758e166e239c43d68dC6F29")
        ),
        "bsc": _known(
            56,
            "0x7b8A01B39D58278b5DE7e48c8449c9f4F5170613",
            _pancake("0x556B9306565093C855AEA9AE92A594704c2Cd59e"),
        ),
        "unichain": _known(130, "0x943e6e07a7E8E791dAFC44083e54041D743C46E9"),
        "polygon": _known(137, _EVERYWHERE),
        "zksync": _known(
            324,
            "0x0616e5762c1E7Dc3723c50663dF10a162D690a86",
            _pancake(
                "0x4c615E78c5fCA1Ad31e4d66eb0D8688d84307463",
                "0xa815e2eD7f7d5B0c49fda367F249232a1B9D2883",
            ),
            multicall=_ZKSYNC_MULTICALL3,
        ),
        "base": _known(
            8453,
            "0x03a520b32C04BF3bEEf7BEb72E919cf822Ed34f1",
            _pancake("0xC6A2Db661D5a5690172d8eB0a7DEA2d3008665A3"),
            _slipstream("0x827922686190790b37229fd06084350E74485b72"),
        ),
        "arbitrum": _known(
            42161, _EVERYWHERE, _pancake("0x5e09ACf80C0296740eC5d6F643005a4ef8DaA694")
        ),
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
    state_view: str = ""
    oracle: Oracle = field(default_factory=Oracle)

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


def chain_id_of(name: str, settings: ChainSettings) -> int | None:
    """Return a chain's id as the settings say or the registry knows it, None where neither does."""
    known = KNOWN.get(name)
    return settings.chain_id or (known.chain_id if known else None)


def settle(name: str, settings: ChainSettings) -> Chain:
    """Return the chain `settings` mean; raise ValueError where an unknown one lacks facts.

    What the settings give wins over the registry.
    """
    known, chain_id = KNOWN.get(name), chain_id_of(name, settings)
    # The published managers belong to the published chain, not to a fork of that name.
    same = known if known and known.chain_id == chain_id else None
    dexes = {**same.dexes} if same else {}
    given = {str(protocol): where for protocol, where in settings.managers.items()}
    given |= {UNISWAP_V3: settings.manager} if settings.manager else {}
    for protocol, where in given.items():
        if protocol not in dexes or dexes[protocol].manager != where:
            dexes[protocol] = Dex(protocol=protocol, manager=where)
    if len({dex.manager for dex in dexes.values()}) < len(dexes):
        raise ValueError(f"chain {name!r} names one position manager for two protocols")
    if chain_id is None or not dexes:
        lacking = "chain_id" if chain_id is None else "manager"
        raise ValueError(
            f"chain {name!r} needs {lacking}; known by name are {', '.join(sorted(KNOWN))}"
        )
    return Chain(
        name=name,
        chain_id=chain_id,
        dexes=tuple(dexes.values()),
        multicall=settings.multicall or (same.multicall if same else MULTICALL3),
        state_view=settings.state_view or (same.state_view if same else ""),
        behind=settings.behind,
        quote=settings.quote,
        start_block=settings.start_block,
        log_range=settings.log_range,
        final_after=settings.final_after,
    )
