"""Position NFTs: the calls that make, change and end them, and what they would pay."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from eth_utils.address import to_checksum_address

from monitor.devnet.contracts import FEE_PIPS, MANAGER, POOL, Deployment, abi
from monitor.devnet.rpc import Rpc
from monitor.devnet.sender import Call, Receipt
from monitor.errors import Permanent
from monitor.timetravel.prices import Price, amounts_to_offer

_FOREVER: Final = 2**256 - 1
_ALL: Final = 2**128 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class MintOrder:
    """A position to be. Prices are USDC per WETH, in either order."""

    owner: str
    price_lower: Price
    price_upper: Price
    value_usd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """What closing a position pays: the liquidity's own tokens, and all with fees, raw."""

    principal0: int
    principal1: int
    total0: int
    total1: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    owner: str
    ticks: tuple[int, int]
    liquidity: int


class PositionBook:
    """Writes calls to the position manager in the name of whoever may make them."""

    def __init__(self, rpc: Rpc, deployment: Deployment) -> None:
        self._rpc = rpc
        self._made = deployment

    def mint(self, order: MintOrder, sqrt_price_x96: int) -> Call:
        """Return the mint, paid by its owner; by the deployer for one who holds nothing."""
        made = self._made
        ticks = made.quote.ticks(order.price_lower, order.price_upper)
        offered = self._offer(order.value_usd, ticks, sqrt_price_x96)
        head = (made.token0, made.token1, FEE_PIPS, *ticks)
        data = abi(MANAGER).encode("mint", (*head, *offered, 0, 0, order.owner, _FOREVER))
        payer = order.owner if order.owner in made.wallets else made.deployer
        return self._call(payer, data, "minting a position")

    def minted(self, receipt: Receipt) -> int:
        """Return the token id a mint's receipt tells."""
        entry = abi(MANAGER).events["IncreaseLiquidity"]
        ids = [log.topics[1] for log in receipt.logs if log.topics[0] == entry.topic]
        return int.from_bytes(ids[0], "big")

    async def increase(self, token_id: int, value_usd: float, sqrt_price_x96: int) -> Call:
        """Return the deposit, paid by the deployer."""
        held = await self._held(token_id)
        offered = self._offer(value_usd, held.ticks, sqrt_price_x96)
        data = abi(MANAGER).encode("increaseLiquidity", (token_id, *offered, 0, 0, _FOREVER))
        return self._call(self._made.deployer, data, f"increasing position {token_id}")

    async def decrease(self, token_id: int, fraction: Fraction) -> Call:
        """Return the withdrawal of this share of the liquidity, by the owner."""
        held = await self._held(token_id)
        data = decrease_call(token_id, int(held.liquidity * fraction))
        return self._call(held.owner, data, f"decreasing position {token_id}")

    async def collect(self, token_id: int) -> Call:
        """Return the collection of everything, by and for the owner."""
        held = await self._held(token_id)
        data = collect_call(token_id, held.owner)
        return self._call(held.owner, data, f"collecting position {token_id}")

    def paid_out(self, receipt: Receipt) -> tuple[int, int]:
        """Return the raw tokens that left: the pool's event, for the manager's is a request."""
        for log in receipt.logs:
            if log.topics[0] == abi(POOL).events["Collect"].topic:
                told = abi(POOL).decode_log("Collect", log.topics, log.data)
                return told["amount0"], told["amount1"]
        raise Permanent("the collection paid nothing out")

    async def close(self, token_id: int) -> Call:
        """Return decrease, collect and burn in one transaction, by the owner."""
        held = await self._held(token_id)
        steps = [*_emptying(token_id, held), abi(MANAGER).encode("burn", token_id)]
        data = abi(MANAGER).encode("multicall", steps)
        return self._call(held.owner, data, f"closing position {token_id}")

    async def burn(self, token_id: int) -> Call:
        """Return the bare burn, by the owner."""
        held = await self._held(token_id)
        data = abi(MANAGER).encode("burn", token_id)
        return self._call(held.owner, data, f"burning position {token_id}")

    async def transfer(self, token_id: int, to: str) -> Call:
        """Return the hand-over, by the owner."""
        held = await self._held(token_id)
        data = abi(MANAGER).encode("transferFrom", held.owner, to, token_id)
        return self._call(held.owner, data, f"transferring position {token_id}")

    async def static_collect(self, token_id: int) -> Collected:
        """Return what closing would pay, asked of the node in the owner's name."""
        held = await self._held(token_id)
        steps = _emptying(token_id, held)
        data = abi(MANAGER).encode("multicall", steps)
        call = self._call(held.owner, data, f"closing position {token_id}")
        (answers,) = abi(MANAGER).decode("multicall", await self._eth_call(call))
        # Without liquidity only the collection is asked: a decrease by nothing reverts.
        principal = (0, 0)
        if held.liquidity:
            principal = abi(MANAGER).decode("decreaseLiquidity", answers[0])
        total0, total1 = abi(MANAGER).decode("collect", answers[-1])
        return Collected(
            principal0=principal[0], principal1=principal[1], total0=total0, total1=total1
        )

    def _offer(
        self, value_usd: float, ticks: tuple[int, int], sqrt_price_x96: int
    ) -> tuple[int, int]:
        """Return the raw amounts worth `value_usd` together at this price."""
        probe = 2.0**100
        amount0, amount1 = amounts_to_offer(sqrt_price_x96, ticks, probe)
        quote = self._made.quote
        price = quote.price(sqrt_price_x96)
        usdc, weth = (amount0, amount1) if quote.usdc_is_token0 else (amount1, amount0)
        worth = float(Fraction(usdc, 10**6) + Fraction(weth, 10**18) * price)
        return amounts_to_offer(sqrt_price_x96, ticks, probe * value_usd / worth)

    async def _held(self, token_id: int) -> _Held:
        answers = [
            await self._eth_call(self._call(self._made.deployer, data, f"position {token_id}"))
            for data in (
                abi(MANAGER).encode("positions", token_id),
                abi(MANAGER).encode("ownerOf", token_id),
            )
        ]
        held = abi(MANAGER).decode("positions", answers[0])
        (owner,) = abi(MANAGER).decode("ownerOf", answers[1])
        return _Held(owner=to_checksum_address(owner), ticks=(held[5], held[6]), liquidity=held[7])

    async def _eth_call(self, call: Call) -> bytes:
        answer: Any = await self._rpc.call("eth_call", call.as_json(), "latest")
        return bytes.fromhex(answer[2:])

    def _call(self, sender: str, data: bytes, what: str) -> Call:
        return Call(sender=sender, to=self._made.manager, data=data, what=what)


def decrease_call(token_id: int, liquidity: int) -> bytes:
    """Return the calldata that takes liquidity out; its tokens stay owed."""
    return abi(MANAGER).encode("decreaseLiquidity", (token_id, liquidity, 0, 0, _FOREVER))


def collect_call(token_id: int, to: str) -> bytes:
    """Return the calldata that pays everything owed to `to`, the manager for the zero address."""
    return abi(MANAGER).encode("collect", (token_id, to, _ALL, _ALL))


def _emptying(token_id: int, held: _Held) -> list[bytes]:
    taken = [decrease_call(token_id, held.liquidity)] if held.liquidity else []
    return [*taken, collect_call(token_id, held.owner)]
