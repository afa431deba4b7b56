"""A wallet of its own on the devnet: it holds tokens, pays for itself, and may unwrap."""

from typing import Final

from monitor.devnet.contracts import FEE_PIPS, MANAGER, TOKEN, abi
from monitor.devnet.local_chain import Devnet
from monitor.devnet.position_book import collect_call, decrease_call
from monitor.devnet.sender import Call, Receipt
from monitor.timetravel.prices import Price

_FOREVER: Final = 2**256 - 1
_NOBODY: Final = "0x" + "00" * 20


class Wallet:
    """Works the position manager in its own name, with its own tokens."""

    def __init__(self, devnet: Devnet, address: str) -> None:
        self.address = address
        self._devnet = devnet
        self._made = devnet.deployment

    async def fund(self, usdc: int, weth: int) -> None:
        """Take raw tokens from the deployer, and let the manager take them from here."""
        made = self._made
        calls = [
            self._token(token, "transfer", self.address, amount, sender=made.deployer)
            for token, amount in ((made.usdc, usdc), (made.weth, weth))
        ]
        calls += [
            self._token(token, "approve", made.manager, _FOREVER)
            for token in (made.usdc, made.weth)
        ]
        await self._devnet.send(*calls)

    async def mint(self, prices: tuple[Price, Price], offered: tuple[int, int]) -> int:
        """Mint a position from raw (usdc, weth) at most; return its token id."""
        made = self._made
        ticks = made.quote.ticks(*prices)
        head = (made.token0, made.token1, FEE_PIPS, *ticks)
        terms = (*head, *self._ordered(offered), 0, 0, self.address, _FOREVER)
        receipt = await self._manage(abi(MANAGER).encode("mint", terms))
        return self._devnet.positions.minted(receipt)

    async def increase(self, token_id: int, offered: tuple[int, int]) -> None:
        """Add raw (usdc, weth) at most to a position, whosever it is."""
        await self._manage(self._increase(token_id, self._ordered(offered)))

    async def compound(self, token_id: int, offered: tuple[int, int]) -> None:
        """Collect everything and put raw (usdc, weth) at most back, in one transaction."""
        back = self._increase(token_id, self._ordered(offered))
        await self._manage(collect_call(token_id, self.address), back)

    async def decrease(self, token_id: int, liquidity: int) -> None:
        """Take this much liquidity out; its tokens stay owed."""
        await self._manage(decrease_call(token_id, liquidity))

    async def collect(self, token_id: int) -> None:
        """Take everything owed as tokens."""
        await self._manage(collect_call(token_id, self.address))

    async def collect_unwrapped(self, token_id: int) -> None:
        """Take everything owed, WETH as ether: by way of the manager, as its page does it."""
        manager = abi(MANAGER)
        await self._manage(
            collect_call(token_id, _NOBODY),
            manager.encode("unwrapWETH9", 0, self.address),
            manager.encode("sweepToken", self._made.usdc, 0, self.address),
        )

    async def burn(self, token_id: int, liquidity: int) -> None:
        """Take all liquidity and everything owed out and burn the position, in one go."""
        steps = [decrease_call(token_id, liquidity)] if liquidity else []
        burning = abi(MANAGER).encode("burn", token_id)
        await self._manage(*steps, collect_call(token_id, self.address), burning)

    async def rebalance(
        self, token_id: int, liquidity: int, prices: tuple[Price, Price], offered: tuple[int, int]
    ) -> int:
        """Burn one position and mint another in one transaction; return the new token id."""
        made = self._made
        head = (made.token0, made.token1, FEE_PIPS, *made.quote.ticks(*prices))
        terms = (*head, *self._ordered(offered), 0, 0, self.address, _FOREVER)
        receipt = await self._manage(
            decrease_call(token_id, liquidity),
            collect_call(token_id, self.address),
            abi(MANAGER).encode("burn", token_id),
            abi(MANAGER).encode("mint", terms),
        )
        return self._devnet.positions.minted(receipt)

    def _increase(self, token_id: int, offered: tuple[int, int]) -> bytes:
        return abi(MANAGER).encode("increaseLiquidity", (token_id, *offered, 0, 0, _FOREVER))

    async def _manage(self, *steps: bytes) -> Receipt:
        data = steps[0] if len(steps) == 1 else abi(MANAGER).encode("multicall", list(steps))
        what = "working a position"
        call = Call(sender=self.address, to=self._made.manager, data=data, what=what)
        (receipt,) = await self._devnet.send(call)
        return receipt

    def _ordered(self, offered: tuple[int, int]) -> tuple[int, int]:
        usdc, weth = offered
        return (usdc, weth) if self._made.quote.usdc_is_token0 else (weth, usdc)

    def _token(self, token: str, verb: str, whom: str, amount: int, *, sender: str = "") -> Call:
        data = abi(TOKEN).encode(verb, whom, amount)
        return Call(sender=sender or self.address, to=token, data=data, what=f"{verb} of a token")
