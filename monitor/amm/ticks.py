"""Ticks and square-root prices, bit for bit as the contracts have them.

A square-root price is sqrt(token1 / token0) in raw units, Q64.96. A tick is the
exponent of 1.0001 in the price itself.
"""

import math
from functools import lru_cache
from typing import Final

MIN_TICK: Final = -887272
MAX_TICK: Final = 887272
MIN_SQRT_RATIO: Final = 4295128739
MAX_SQRT_RATIO: Final = 1461446703485210103287273052203988822378723970342

# 2**128 / sqrt(1.0001)**(2**bit), to the nearest integer: the contract multiplies the
# steps of the set bits of |tick| and truncates after each, so the table is the answer.
_STEPS: Final = (
    0xFFFCB933BD6FAD37AA2D162D1A594001,
    0xFFF97272373D413259A46990580E213A,
    0xFFF2E50F5F656932EF12357CF3C7FDCC,
    0xFFE5CACA7E10E4E61C3624EAA0941CD0,
    0xFFCB9843D60F6159C9DB58835C926644,
    0xFF973B41FA98C081472E6896DFB254C0,
    0xFF2EA16466C96A3843EC78B326B52861,
    0xFE5DEE046A99A2A811C461F1969C3053,
    0xFCBE86C7900A88AEDCFFC83B479AA3A4,
    0xF987A7253AC413176F2B074CF7815E54,
    0xF3392B0822B70005940C7A398E4B70F3,
    0xE7159475A2C29B7443B29C7FA6E889D9,
    0xD097F3BDFD2022B8845AD8F792AA5825,
    0xA9F746462D870FDF8A65DC1F90E061E5,
    0x70D869A156D2A1B890BB3DF62BAF32F7,
    0x31BE135F97D08FD981231505542FCFA6,
    0x9AA508B5B7A84E1C677DE54F3E99BC9,
    0x5D6AF8DEDB81196699C329225EE604,
    0x2216E584F5FA1EA926041BEDFE98,
    0x48A170391F7DC42444E8FA2,
)
_ONE: Final = 1 << 128
_LOW_BITS: Final = 10
_LOW_MASK: Final = (1 << _LOW_BITS) - 1


def _products() -> tuple[int, ...]:
    """Return what the steps of the lowest bits come to, truncated after each, by those bits."""
    found = [_ONE]
    for step in _STEPS[:_LOW_BITS]:
        found += [product * step >> 128 for product in found]
    return tuple(found)


_PRODUCTS: Final = _products()
_HIGH_STEPS: Final = _STEPS[_LOW_BITS:]
_HALF_LOG_OF_STEP: Final = math.log(1.0001) / 2
_LOG_Q96: Final = 96 * math.log(2)


@lru_cache(maxsize=65536)
def sqrt_ratio_at_tick(tick: int) -> int:
    """Return the square-root price at a tick, Q64.96, rounded up as the contract does.

    Raises ValueError outside [-887272, 887272].
    """
    if not MIN_TICK <= tick <= MAX_TICK:
        raise ValueError(f"tick must be within ±{MAX_TICK}, was {tick}")
    distance = abs(tick)
    ratio = _PRODUCTS[distance & _LOW_MASK]
    distance >>= _LOW_BITS
    for step in _HIGH_STEPS:
        if distance & 1:
            ratio = ratio * step >> 128
        distance >>= 1
    if tick > 0:
        ratio = ((1 << 256) - 1) // ratio
    return -(-ratio >> 32)  # 128.128 to 64.96, up


def tick_at_sqrt_ratio(sqrt_price_x96: int) -> int:
    """Return the greatest tick whose square-root price is not above this one.

    On a boundary slot0's own tick may be one less: read that one for what is in
    range, never this. Raises ValueError outside [MIN_SQRT_RATIO, MAX_SQRT_RATIO).
    """
    if not MIN_SQRT_RATIO <= sqrt_price_x96 < MAX_SQRT_RATIO:
        raise ValueError(
            f"sqrt_price_x96 must be in [{MIN_SQRT_RATIO}, {MAX_SQRT_RATIO}), was {sqrt_price_x96}"
        )
    # The logarithm is off by one tick at most; the exact table decides.
    tick = math.floor((math.log(sqrt_price_x96) - _LOG_Q96) / _HALF_LOG_OF_STEP)
    tick = min(max(tick, MIN_TICK), MAX_TICK - 1)
    while sqrt_ratio_at_tick(tick) > sqrt_price_x96:
        tick -= 1
    while sqrt_ratio_at_tick(tick + 1) <= sqrt_price_x96:
        tick += 1
    return tick
