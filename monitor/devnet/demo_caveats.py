"""What must be known of the demo's figures before they are compared with anything."""

from monitor.devnet.demo import VALUE_USD
from monitor.devnet.demo_result import DemoResult
from monitor.timetravel.figures import contracts, fees_usd, money, ranges


def caveats(result: DemoResult) -> tuple[str, ...]:
    """Return what must be known before the shares are compared with anything."""
    size = contracts(result) or "unknown numbers of"
    count = len(ranges(result))
    fees = fees_usd(result.scenes[-1])
    sizes = (
        f"Not comparable with the claim: {size} VIX calls against {count} positions of "
        f"{VALUE_USD:,.0f} USD each is an arbitrary size; twice the calls, twice the share."
    )
    day = "IL is net: it shrinks when the price comes back; the share depends on the day."
    prices = (
        f"Hedge prices are a model's. Fees ({money(fees)} USD at the end) rest on invented "
        "trading volume and are left out."
    )
    return sizes, day, prices
