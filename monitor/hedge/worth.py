"""What legs are worth together, what moves them, and what they would make in a shock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, TypeAlias

from monitor.hedge.contracts import kind_of
from monitor.hedge.market import Ground, Market, ground
from monitor.hedge.quote import Quote, grounds, priced_by, quote_on
from monitor.hedge.shock import Shock, shocked, unquoted, unreached
from monitor.model.layer import Contract, Leg
from monitor.model.swift import swift


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """Legs together, US dollars, signed. outlay_usd: without futures, which cost nothing to hold.

    delta: USD for a point or dollar of each root; gamma likewise, of that delta. vega_usd:
    for a volatility point; theta_usd: a calendar day, funding in it, None where that is not
    known. by: who gave the prices. carry_note: the funding of perpetual futures among them.
    """

    value_usd: float
    outlay_usd: float
    extrinsic_usd: float
    delta: dict[str, float]
    gamma: dict[str, float]
    vega_usd: float
    theta_usd: float | None
    quotes: tuple[Quote, ...]
    by: str
    note: str
    carry_note: str = ""


_worth: Final = swift(Worth)

Holding: TypeAlias = tuple[Contract, float]
"""A contract and how many of it, bought positive, sold negative; parts of one too."""


def held(legs: Sequence[Leg]) -> tuple[Holding, ...]:
    """Return legs as holdings."""
    return tuple((leg.contract, float(leg.quantity)) for leg in legs)


def worth_of(holdings: Sequence[Holding], market: Market, at: datetime) -> Worth | str:
    """Return what holdings are worth now, or why one of them has no price."""
    quotes: list[Quote] = []
    grounds_of: dict[tuple[str, date], Ground] = {}
    for contract, _ in holdings:
        key = contract.kind, contract.expiry
        if key not in grounds_of:
            found = ground(*key, market, at)
            if isinstance(found, str):
                return found
            grounds_of[key] = found
        one = quote_on(contract, grounds_of[key], market)
        if isinstance(one, str):
            return one
        quotes.append(one)
    return together(holdings, quotes)


def together(holdings: Sequence[Holding], quotes: Sequence[Quote]) -> Worth:
    """Return what holdings are worth by a quote for each."""
    value = outlay = extrinsic = vega = 0.0
    theta: float | None = 0.0
    delta: dict[str, float] = {}
    gamma: dict[str, float] = {}
    for (contract, n), one in zip(holdings, quotes, strict=True):
        kind = kind_of(contract)
        delta[kind.root] = delta.get(kind.root, 0.0) + n * one.delta
        gamma[kind.root] = gamma.get(kind.root, 0.0) + n * one.gamma
        value += n * one.usd
        outlay += n * one.usd if kind.option else 0.0
        extrinsic += n * (one.usd - one.intrinsic_usd)
        vega += n * one.vega_usd
        # Funding that is not known makes a day's carry unknown.
        day = one.theta_usd
        theta = None if theta is None or day is None else theta + n * day
    return _worth(
        value_usd=value,
        outlay_usd=outlay,
        extrinsic_usd=extrinsic,
        delta=delta,
        gamma=gamma,
        vega_usd=vega,
        theta_usd=theta,
        quotes=tuple(quotes),
        by=priced_by(quotes),
        note=grounds(quotes),
        carry_note="; ".join(dict.fromkeys(one.carry_note for one in quotes if one.carry_note)),
    )


def made_in(
    holdings: Sequence[Holding], market: Market, shock: Shock, *, at: datetime
) -> float | str:
    """Return what holdings would make in a shock that comes now, USD, or why that is unknown.

    By the model on both sides of it.
    """
    return made_in_each(holdings, market, [shock], at=at)[0]


def made_in_each(
    holdings: Sequence[Holding], market: Market, shocks: Sequence[Shock], *, at: datetime
) -> tuple[float | str, ...]:
    """Return what `made_in` does for each of several shocks: what is before them is one."""
    before = worth_of(holdings, unquoted(market), at)
    if isinstance(before, str):
        return (before,) * len(shocks)
    roots = {kind_of(contract).root for contract, _ in holdings}
    found: list[float | str] = []
    for shock in shocks:
        after = unreached(market, shock, roots) or worth_of(
            holdings, shocked(market, shock, at), at
        )
        found.append(after if isinstance(after, str) else after.value_usd - before.value_usd)
    return tuple(found)
