"""Leads a shared store and commits many rows for ever; says so once it has begun."""

import itertools
import sys
from datetime import UTC, datetime

from monitor.store.opening import open_shared
from monitor.store.records import Change

START = datetime(2020, 3, 9, tzinfo=UTC)
shared = open_shared(sys.argv[1], now=START, name="stopped", lasts_s=0.3)
assert shared.lease.take()
for n in itertools.count():
    shared.store.commit(Change(rows={("rule", str(row)): str(n) for row in range(300)}))
    shared.lease.renew()
    if n == 1:
        sys.stdout.write("commits\n")
        sys.stdout.flush()
