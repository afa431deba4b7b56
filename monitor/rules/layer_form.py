"""A `[[layer]]` table: what the layer is made of, and how much of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from monitor.hedge.caps import MOST_LEVERAGE
from monitor.hedge.contracts import COINS
from monitor.hedge.cost_of_money import ADJUSTMENTS
from monitor.hedge.il_strip import STRIKES_A_SIDE
from monitor.hedge.instruments import Instrument
from monitor.hedge.shock import Shock
from monitor.hedge.sizing import DEFAULT_SHOCK, POLICIES, Size
from monitor.rules.form import Table
from monitor.rules.pack import Layer
from monitor.rules.shorthand import read_ladder
from monitor.rules.suggest import not_known, one_of
from monitor.signals.catalogue import Scope

SCOPES: Final = (Scope.BOOK, Scope.POOL, Scope.POSITION)

_STRIKE: Final = ("delta", "strike", "moneyness")
_MOVED: Final = ("delta", "strike", "moneyness", "multiple")
_FAR: Final = ("width", "wing_delta", "wing_moneyness")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Form:
    """Which keys an instrument takes. near, far: exactly one of each; also: those it may have."""

    near: tuple[str, ...] = ()
    far: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    dated: bool = True


_FORMS: Final[Mapping[str, _Form]] = {
    "vix.call": _Form(near=_STRIKE),
    "vix.put": _Form(near=_STRIKE),
    "vix.call_spread": _Form(near=_STRIKE, far=_FAR),
    "vix.future": _Form(),
    "spx.put": _Form(near=_MOVED),
    "spx.call": _Form(near=_MOVED),
    "spx.put_spread": _Form(near=_MOVED, far=_FAR),
    "spx.condor": _Form(near=("delta", "multiple"), far=("width", "wing_delta")),
    "eth.put": _Form(near=_MOVED),
    "eth.call": _Form(near=_MOVED),
    "eth.put_spread": _Form(near=_MOVED, far=_FAR),
    "eth.strip": _Form(also=("strikes",)),
    "eth.perp": _Form(also=("leverage",), dated=False),
    "btc.put": _Form(near=_MOVED),
    "btc.call": _Form(near=_MOVED),
    "btc.put_spread": _Form(near=_MOVED, far=_FAR),
    "btc.strip": _Form(also=("strikes",)),
    "btc.perp": _Form(also=("leverage",), dated=False),
}
INSTRUMENTS: Final = tuple(_FORMS)
"""Every instrument a layer may be made of."""

_NUMBERS: Final = {
    "delta": (0, 0.99),
    "strike": (0, 1_000_000),
    "moneyness": (0, 10),
    "multiple": (0, 10),
    "width": (0, 100_000),
    "wing_delta": (0, 0.99),
    "wing_moneyness": (0, 10),
    "leverage": (0, MOST_LEVERAGE),
}
_POLICY_KEYS: Final[Mapping[str, str]] = {
    "fixed": "contracts",
    "fee_budget": "beta",
    "premium": "share",
    "il_share": "share",
    "vega": "vega_usd",
    "delta": "share",
}
_PAID: Final = frozenset({"fee_budget", "premium"})
"""Policies that spend money on what has a price."""

_HALF: Final = 0.5
_MAY_BE_LEFT: Final = frozenset({"delta", "fee_budget"})
"""Policies that have a figure of their own where none is given: all of the delta, a β of 0.25."""
_CAPS: Final = ("max_condor_share", "max_capital_share")


def read_layer(table: Table) -> Layer | None:
    """Return the layer, noting faults; its rules are read by themselves."""
    before = table.faulty
    name, title = table.name("id"), table.text("title", need=True)
    if "scope" not in table:
        table.fault("scope", f"must be given: {one_of(SCOPES)}")
    scope = table.word("scope", Scope, SCOPES)
    instrument, size = _instrument(table), _size(table)
    ladder = read_ladder(table, instrument.kind if instrument else "")
    if instrument is not None and size is not None:
        _check_pair(table, instrument, size)
    if table.faulty > before or scope is None or instrument is None or size is None:
        return None
    return Layer(
        id=name,
        title=title or "",
        scope=scope,
        instrument=instrument,
        size=size,
        ladder=ladder,
    )


def _instrument(table: Table) -> Instrument | None:
    inner = table.inner("instrument")
    if inner is None:
        if "instrument" not in table:
            table.fault(
                "instrument", 'must be given, as in { kind = "vix.call", dte = 110, delta = 0.50 }'
            )
        return None
    kind, dte = inner.text("kind", need=True), inner.whole("dte", 1, 1_000)
    least = inner.whole("least_dte", 1, 1_000) or 0
    numbers = {key: inner.number(key, *bounds) for key, bounds in _NUMBERS.items()}
    strikes = inner.whole("strikes", 1, 20)
    if kind and kind not in _FORMS:
        inner.fault("kind", not_known(kind, _FORMS))
    if kind and kind in _FORMS:
        _check_form(inner, kind, _FORMS[kind])
        _check_deltas(inner, kind, numbers)
    elif "dte" not in inner:
        inner.fault("dte", _NO_DTE)
    if dte is not None and least > dte:
        inner.fault("least_dte", f"{least} must be at most dte, {dte}")
    inner.close()
    if not kind:
        return None
    return Instrument(
        kind=kind, dte=dte or 0, least_dte=least, strikes=strikes or STRIKES_A_SIDE, **numbers
    )


_NO_DTE: Final = "must be given: days to expiry, as in dte = 110"


def _check_form(inner: Table, kind: str, form: _Form) -> None:
    if form.dated and "dte" not in inner:
        inner.fault("dte", _NO_DTE)
    for key in ("dte", "least_dte"):
        if not form.dated and key in inner:
            inner.fault(key, f"{kind} never expires")
    taken = (*form.near, *form.far, *form.also)
    for keys in (form.near, form.far):
        if keys and sum(key in inner for key in keys) != 1:
            given = [key for key in keys if key in inner]
            inner.fault(given[-1] if given else keys[0], f"{kind} needs one of {one_of(keys)}")
    for key in (*_NUMBERS, "strikes"):
        if key in inner and key not in taken:
            inner.fault(key, f"means nothing with {kind}")


def _check_deltas(inner: Table, kind: str, numbers: Mapping[str, float | None]) -> None:
    """Note what makes no such combination: wings inside, short strikes that cross."""
    delta, wing = numbers["delta"], numbers["wing_delta"]
    near, far = numbers["moneyness"], numbers["wing_moneyness"]
    if near is not None and far is not None and (far <= near) == ("call" in kind):
        inner.fault("wing_moneyness", f"{far:g} must lie beyond moneyness, {near:g}")
    if delta is None:
        return
    if kind.endswith(".condor") and delta >= _HALF:
        inner.fault("delta", f"{delta:g} must be below 0.5: else the short strikes cross")
    if wing is not None and wing >= delta:
        inner.fault("wing_delta", f"{wing:g} must be below delta, {delta:g}: the wing lies outside")


def _check_pair(table: Table, instrument: Instrument, size: Size) -> None:
    """Note a policy or a cap that has nothing to go by with an instrument."""
    kind = instrument.kind
    perp, future = kind.endswith(".perp"), kind.endswith(".future")
    if size.policy in _PAID and (perp or future or kind.endswith(".condor")):
        table.fault("size", f"{size.policy}: {kind} has no premium for a budget to pay")
    if size.policy == "vega" and (perp or future):
        table.fault("size", f"vega: {kind} has none")
    if size.policy == "delta" and instrument.root not in COINS:
        table.fault("size", f"delta: positions hold coins, and {kind} is on none")
    if size.policy == "fixed" and kind.endswith(".strip"):
        table.fault("size", f"fixed: {kind} is not bought by the contract")
    for key in ("max_leverage", "min_distance"):
        if getattr(size, key) is not None and not perp:
            table.fault("size", f"{key} means nothing with {kind}")
    if perp and size.max_leverage is not None and (instrument.leverage or 1.0) > size.max_leverage:
        table.fault("size", f"max_leverage {size.max_leverage:g} is below the leverage asked for")


def _size(table: Table) -> Size | None:
    inner = table.inner("size")
    if inner is None:
        if "size" not in table:
            table.fault("size", 'must be given, as in { policy = "fixed", contracts = 4 }')
        return None
    policy = inner.text("policy", need=True)
    adjust = inner.text("adjust") or ""
    contracts = inner.whole("contracts", 1, 1_000_000)
    numbers = {
        "beta": inner.number("beta", 0, 1),
        "share": inner.number("share", 0, 1),
        "vega_usd": inner.number("vega_usd", 0, 1e9),
        "half_above": inner.number("half_above", 0, 200),
        "max_leverage": inner.number("max_leverage", 0, 100),
        "min_distance": inner.number("min_distance", 0, 10),
        **{key: inner.number(key, 0, 1) for key in _CAPS},
    }
    over_hedge, shock = inner.flag("over_hedge"), _shock(inner)
    if policy and policy not in POLICIES:
        inner.fault("policy", not_known(policy, POLICIES))
    if adjust and adjust not in ADJUSTMENTS:
        inner.fault("adjust", not_known(adjust, ADJUSTMENTS))
    if policy in POLICIES:
        _check_policy(inner, policy)
    inner.close()
    if not policy:
        return None
    return Size(
        policy=policy,
        contracts=contracts,
        adjust=adjust,
        over_hedge=over_hedge,
        shock=shock,
        **numbers,
    )


def _check_policy(inner: Table, policy: str) -> None:
    own = _POLICY_KEYS[policy]
    if own not in inner and policy not in _MAY_BE_LEFT:
        inner.fault(own, f"must be given with {policy}")
    for key in dict.fromkeys(_POLICY_KEYS.values()):
        if key != own and key in inner:
            inner.fault(key, f"means nothing with {policy}")
    if policy != "premium" and "half_above" in inner:
        inner.fault("half_above", f"means nothing with {policy}")


def _shock(table: Table) -> Shock:
    """Return the shock a size is reckoned by, as in { eth = -0.30, vix = 45 }."""
    inner = table.inner("shock")
    if inner is None:
        return DEFAULT_SHOCK
    coins = {root: inner.number(root, -1, 10) for root in ("eth", "btc")}
    vix = inner.number("vix", 0, 200)
    inner.close()
    moves = {root: move for root, move in coins.items() if move is not None}
    return Shock(coins=moves or DEFAULT_SHOCK.coins, vix=vix or DEFAULT_SHOCK.vix)
