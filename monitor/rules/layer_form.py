"""A `[[layer]]` table: what the layer is made of, and how much of it."""

from typing import Final

from monitor.rules.form import Table
from monitor.rules.pack import Instrument, Layer, Size
from monitor.rules.suggest import not_known, one_of
from monitor.signals.catalogue import Scope

OPTIONS: Final = ("vix.call", "vix.put")
INSTRUMENTS: Final = (*OPTIONS, "vix.future")
SCOPES: Final = (Scope.BOOK, Scope.POOL, Scope.POSITION)

_POLICIES: Final = {"fixed": "contracts", "fee_budget": "beta"}


def read_layer(table: Table) -> Layer | None:
    """Return the layer, noting faults; its rules are read by themselves."""
    before = table.faulty
    name, title = table.name("id"), table.text("title", need=True)
    if "scope" not in table:
        table.fault("scope", f"must be given: {one_of(SCOPES)}")
    scope = table.word("scope", Scope, SCOPES)
    instrument, size = _instrument(table), _size(table)
    if table.faulty > before or scope is None or instrument is None or size is None:
        return None
    return Layer(id=name, title=title or "", scope=scope, instrument=instrument, size=size)


def _instrument(table: Table) -> Instrument | None:
    inner = table.inner("instrument")
    if inner is None:
        if "instrument" not in table:
            table.fault(
                "instrument", 'must be given, as in { kind = "vix.call", dte = 110, delta = 0.50 }'
            )
        return None
    kind, dte = inner.text("kind", need=True), inner.whole("dte", 1, 1_000)
    delta, strike = inner.number("delta", 0, 0.99), inner.number("strike", 0, 1_000)
    if kind and kind not in INSTRUMENTS:
        inner.fault(
            "kind",
            not_known(kind, INSTRUMENTS),
        )
    if "dte" not in inner:
        inner.fault("dte", "must be given: days to expiry, as in dte = 110")
    if kind in OPTIONS and ("delta" in inner) == ("strike" in inner):
        inner.fault("delta", "an option needs either a delta or a strike")
    if kind == "vix.future" and ("delta" in inner or "strike" in inner):
        inner.fault("delta", "a future has neither delta nor strike")
    inner.close()
    return Instrument(kind=kind, dte=dte, delta=delta, strike=strike) if kind and dte else None


def _size(table: Table) -> Size | None:
    inner = table.inner("size")
    if inner is None:
        if "size" not in table:
            table.fault("size", 'must be given, as in { policy = "fixed", contracts = 4 }')
        return None
    policy = inner.text("policy", need=True)
    contracts, beta = inner.whole("contracts", 1, 1_000_000), inner.number("beta", 0, 1)
    if policy and policy not in _POLICIES:
        inner.fault(
            "policy",
            not_known(policy, _POLICIES),
        )
    for one, key in _POLICIES.items():
        if policy == one and key not in inner:
            inner.fault(key, f"must be given with {one}")
        elif policy in _POLICIES and policy != one and key in inner:
            inner.fault(key, f"means nothing with {policy}")
    inner.close()
    return Size(policy=policy, contracts=contracts, beta=beta) if policy else None
