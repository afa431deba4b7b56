"""The catalogue of what rules over a pool or a position may ask of the chain they are on."""

from typing import Final

from monitor.signals.signal import Evidence, Scope, Signal


def _of_chain(name: str, unit: str, meaning: str, definition: str, *inputs: str) -> Signal:
    return Signal(
        name=f"chain.{name}",
        unit=unit,
        scope=Scope.CHAIN,
        meaning=meaning,
        source="computed",
        definition=definition,
        inputs=inputs,
        evidence=Evidence.CHAIN,
        cadence="as its inputs",
    )


CHAIN_SIGNALS: Final = (
    _of_chain("block_age_s", "s", "age of the newest block read", "now - block timestamp"),
    *(
        _of_chain(
            f"{token.lower()}_{side}",
            "fraction",
            f"Aave v3 {side} rate of {token} there, APR",
            f"aave.{side} of the chain's {token}",
            f"aave.{side}",
        )
        for token, side in (("USDC", "supply"), ("USDC", "borrow"), ("WETH", "borrow"))
    ),
    *(
        _of_chain(
            f"{coin.lower()}_usd",
            "usd",
            f"Chainlink's price of {coin} there",
            f"chainlink.usd of the chain's {coin}/USD; unknown past its feed's heartbeat and 5"
            " minutes, and while the chain's sequencer is down or is just up again",
            "chainlink.usd",
        )
        for coin in ("ETH", "BTC", "USDC")
    ),
)
