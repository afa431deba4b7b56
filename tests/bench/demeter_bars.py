"""zelos-demeter replaying minute bars, in an environment of its own: it times itself.

Reads a line of JSON, {"begins": "2020-02-24 00:00", "prices": [USDC a WETH, ..], "range":
[tick_lower, tick_upper]}, and answers with its version. Then for each further line it replays
all minutes once, with one position and a strategy that does nothing; it answers the CPU
seconds that took.
"""

import contextlib
import io
import json
import logging
import os
import sys
import time
from importlib.metadata import version
from math import floor, log

os.environ["TQDM_DISABLE"] = "1"

import demeter  # type: ignore[import-not-found]
import pandas as pd  # type: ignore[import-untyped]
from demeter.core import Actuator  # type: ignore[import-not-found]
from demeter.uniswap import UniLpMarket, UniV3Pool  # type: ignore[import-not-found]

USDC = demeter.TokenInfo("usdc", 6)
WETH = demeter.TokenInfo("weth", 18)
POOL = UniV3Pool(USDC, WETH, 0.3, USDC)
KEY = demeter.MarketInfo("pool", demeter.MarketTypeEnum.uniswap_v3)


def main() -> None:
    """Serve on standard input until it ends."""
    logging.disable(logging.CRITICAL)
    out = sys.stdout
    given = json.loads(sys.stdin.readline())
    bars = _bars(given["begins"], given["prices"])
    print(json.dumps({"version": version("zelos-demeter"), "amounts": []}), file=out, flush=True)
    for _ in sys.stdin:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            seconds = _replayed(bars, given["range"])
        print(seconds, file=out, flush=True)


def _replayed(bars: pd.DataFrame, ticks: tuple[int, int]) -> float:
    actuator = Actuator()
    market = UniLpMarket(KEY, POOL)
    market.data = bars
    actuator.broker.add_market(market)
    actuator.broker.set_balance(USDC, 100_000)
    actuator.broker.set_balance(WETH, 400)
    actuator.set_price(market.get_price_from_data())
    actuator.strategy = _Holding(ticks)
    began = time.process_time()
    actuator.run(False)
    seconds = time.process_time() - began
    assert len(market.positions) == 1, "the position was not opened"
    return seconds


class _Holding(demeter.Strategy):  # type: ignore[misc]
    """Opens one position at the start and leaves it."""

    def __init__(self, ticks: tuple[int, int]) -> None:
        super().__init__()
        self._ticks = ticks

    def initialize(self) -> None:
        self.markets[KEY].add_liquidity_by_tick(*self._ticks)


def _bars(begins: str, prices: list[float]) -> pd.DataFrame:
    """Return prices as the bars it takes: closes, and volume that pays fees."""
    ticks = [floor(log(10**12 / price, 1.0001)) for price in prices]
    index = pd.date_range(begins, periods=len(prices), freq="1min", name="timestamp")
    bars = pd.DataFrame(index=index)
    bars["netAmount0"] = bars["netAmount1"] = demeter.DECIMAL_0
    for name in ("closeTick", "openTick", "lowestTick", "highestTick"):
        bars[name] = ticks
    bars["inAmount0"] = [demeter.DECIMAL_1 * 10**9] * len(prices)
    bars["inAmount1"] = [demeter.DECIMAL_1 * 10**18] * len(prices)
    bars["currentLiquidity"] = [demeter.DECIMAL_1 * 10**22] * len(prices)
    for name in ("open", "price", "low", "high"):
        bars[name] = [demeter.DECIMAL_1 * int(price * 10**6) / 10**6 for price in prices]
    bars["volume0"] = [demeter.DECIMAL_1 * 1000] * len(prices)
    bars["volume1"] = [demeter.DECIMAL_1] * len(prices)
    return bars


if __name__ == "__main__":
    main()
