"""Which block an instant is: by halving, for any node knows the headers of all blocks."""

from datetime import datetime

from monitor.chain.heads import LATEST, header
from monitor.chain.rpc import Endpoint


async def first_block_at(endpoint: Endpoint, at: datetime) -> int:
    """Return the first block stamped at an instant or later: one above the head if there is none.

    Some 25 requests; raises Transient or Permanent.
    """
    head = (await header(endpoint, LATEST)).block
    before, after = -1, head.number + 1
    while after - before > 1:
        middle = (before + after) // 2
        if (await header(endpoint, hex(middle))).block.timestamp < at:
            before = middle
        else:
            after = middle
    return after
