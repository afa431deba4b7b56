"""A Uniswap v3 pool: what never changes, and what one block says of it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """An ERC-20. address: EIP-55; decimals: of the raw unit."""

    address: str
    symbol: str
    decimals: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """What never changes about a pool.

    fee_pips: hundredths of a basis point (3000 is 0.3 %); where it changes, as it was at
    the block read. hooks: the contract a Uniswap v4 pool calls, which may take what no
    getter tells. dynamic_fee: the hook sets the fee anew as it likes.
    quote: 0 or 1, the token people count the price in (USDC of WETH/USDC).
    protocol: whose pool it is, like `uniswap_v3`. address: for Uniswap v4, whose pools
    have none, the pool's 32-byte id.
    """

    chain_id: int
    address: str
    token0: Token
    token1: Token
    fee_pips: int
    tick_spacing: int
    quote: int
    protocol: str = "uniswap_v3"
    hooks: str = ""
    dynamic_fee: bool = False

    @property
    def key(self) -> str:
        """Return `chainId:address`, the scope key of rules over pools."""
        return f"{self.chain_id}:{self.address}"

    @property
    def pair(self) -> str:
        """Return the pair as people say it, base before quote: `WETH/USDC`."""
        base, quote = (self.token0, self.token1) if self.quote == 1 else (self.token1, self.token0)
        return f"{base.symbol}/{quote.symbol}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolState:
    """A pool at one block.

    sqrt_price_x96: sqrt(token1/token0) in raw units, Q64.96. tick: slot0's own,
    which on a boundary may differ from the price's. The fee growths are Q128.128
    per unit of liquidity and wrap: only differences modulo 2**256 mean anything.
    """

    pool: Pool
    sqrt_price_x96: int
    tick: int
    liquidity: int
    fee_growth_global0_x128: int
    fee_growth_global1_x128: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UsdPrice:
    """A token's price in US dollars as a feed on the same chain stated it at one block.

    token: its address as its pools spell it. usd: a whole token's; None where the feed
    cannot be trusted, and then `note` says why. source: like `chainlink ETH/USD`.
    """

    token: str
    usd: float | None
    source: str
    updated_at: datetime | None = None
    note: str = ""
