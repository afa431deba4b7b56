"""zelos-demeter in an environment of its own: it times itself, when told to.

Reads a line of JSON, {"decimals": [..], "positions": [[sqrt_price_x96, tick_lower,
tick_upper, liquidity], ..]}, and answers with the amounts it finds, as text. Then each
further line makes it value all of them once; it answers the CPU seconds that took.
"""

import json
import sys
import time
from importlib.metadata import version

from demeter.uniswap.liquitidy_math import get_amounts  # type: ignore[import-not-found]


def main() -> None:
    """Serve on standard input until it ends."""
    given = json.loads(sys.stdin.readline())
    decimals, positions = given["decimals"], [tuple(one) for one in given["positions"]]
    found = [get_amounts(*one, *decimals) for one in positions]
    told = [[str(amount) for amount in amounts] for amounts in found]
    print(json.dumps({"version": version("zelos-demeter"), "amounts": told}), flush=True)
    for _ in sys.stdin:
        began = time.process_time()
        for price, lower, upper, liquidity in positions:
            get_amounts(price, lower, upper, liquidity, *decimals)
        print(time.process_time() - began, flush=True)


if __name__ == "__main__":
    main()
