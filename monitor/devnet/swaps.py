"""Swaps through the real router, by the deployer."""

from typing import Final

from monitor.devnet.contracts import FEE_PIPS, ROUTER, Deployment, abi
from monitor.devnet.sender import Call
from monitor.timetravel.prices import USDC_DECIMALS

_FOREVER: Final = 2**256 - 1
_HUGE: Final = 2**180  # never the limit: the price is


def swap_to_limit(made: Deployment, spot: int, target: int) -> Call:
    """Return the swap that ends exactly at `target`; both are sqrt prices, Q64.96.

    spot: on which side of the target the price stands when the swap comes.
    """
    token_in = made.token0 if target < spot else made.token1
    return _exact_input(made, token_in, _HUGE, target)


def there_and_back(made: Deployment, spot: int, usd: float) -> tuple[Call, Call]:
    """Return a purchase of WETH for this much USDC, and the swap that undoes its effect.

    Both pay the fee, so the volume is twice `usd` and a little more.
    """
    out = _exact_input(made, made.usdc, int(usd * 10**USDC_DECIMALS), 0)
    # Paying in token0 lowers the price, paying in token1 raises it.
    moved = spot - 1 if made.quote.usdc_is_token0 else spot + 1
    return out, swap_to_limit(made, moved, spot)


def _exact_input(made: Deployment, token_in: str, amount: int, limit: int) -> Call:
    token_out = made.weth if token_in == made.usdc else made.usdc
    order = (token_in, token_out, FEE_PIPS, made.deployer, _FOREVER, amount, 0, limit)
    data = abi(ROUTER).encode("exactInputSingle", order)
    return Call(sender=made.deployer, to=made.router, data=data, what="swapping")
