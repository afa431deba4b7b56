"""What legs are worth together, what moves them, and what they would make in a shock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from monitor.hedge.contracts import kind_of
from monitor.hedge.market import Market
from monitor.hedge.quote import Quote, grounds, priced_by, quote
from monitor.hedge.shock import Shock, shocked, unquoted, unreached
from monitor.model.layer import Contract, Leg


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """Legs together, US dollars, signed. outlay_usd: without futures, which cost nothing to hold.

    delta: USD for a point or dollar of each root; gamma likewise, of that delta. vega_usd:
    for a volatility point; theta_usd: a calendar day; both by root too. by: who gave the prices.
    """

    value_usd: float
    outlay_usd: float
    extrinsic_usd: float
    delta: dict[str, float]
    gamma: dict[str, float]
    vega_usd: float
    theta_usd: float
    quotes: tuple[Quote, ...]
    by: str
    note: str


Holding: TypeAlias = tuple[Contract, float]
"""A contract and how many of it, bought positive, sold negative; parts of one too."""


def held(legs: Sequence[Leg]) -> tuple[Holding, ...]:
    """Return legs as holdings."""
    return tuple((leg.contract, float(leg.quantity)) for leg in legs)


def worth_of(holdings: Sequence[Holding], market: Market, at: datetime) -> Worth | str:
    """Return what holdings are worth now, or why one of them has no price."""
    quotes = []
    for contract, _ in holdings:
        found = quote(contract, market, at)
        if isinstance(found, str):
            return found
        quotes.append(found)
    pairs = [(*pair, one) for pair, one in zip(holdings, quotes, strict=True)]
    delta: dict[str, float] = {}
    gamma: dict[str, float] = {}
    for contract, n, one in pairs:
        root = kind_of(contract).root
        delta[root] = delta.get(root, 0.0) + n * one.delta
        gamma[root] = gamma.get(root, 0.0) + n * one.gamma
    return Worth(
        value_usd=sum(n * one.usd for _, n, one in pairs),
        outlay_usd=sum(n * one.usd for what, n, one in pairs if kind_of(what).option),
        extrinsic_usd=sum(n * (one.usd - one.intrinsic_usd) for _, n, one in pairs),
        delta=delta,
        gamma=gamma,
        vega_usd=sum(n * one.vega_usd for _, n, one in pairs),
        theta_usd=sum(n * one.theta_usd for _, n, one in pairs),
        quotes=tuple(quotes),
        by=priced_by(quotes),
        note=grounds(quotes),
    )


def made_in(
    holdings: Sequence[Holding], market: Market, shock: Shock, *, at: datetime
) -> float | str:
    """Return what holdings would make in a shock that comes now, USD, or why that is unknown.

    By the model on both sides of it.
    """
    before = worth_of(holdings, unquoted(market), at)
    if isinstance(before, str):
        return before
    if why := unreached(market, shock, {kind_of(contract).root for contract, _ in holdings}):
        return why
    after = worth_of(holdings, shocked(market, shock, at), at)
    return after if isinstance(after, str) else after.value_usd - before.value_usd
