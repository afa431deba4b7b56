"""What a layer is made of: from a rule file's instrument to listed contracts, one unit of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

import numpy as np

from monitor.hedge.black76 import Floats
from monitor.hedge.contracts import KINDS, Right, days_left, expired
from monitor.hedge.cover import Cover
from monitor.hedge.expected_move import expected_move
from monitor.hedge.il_strip import STRIKES_A_SIDE, Range, il_strip, strip_on
from monitor.hedge.market import Ground, Market, ground, listed
from monitor.hedge.quote import quote
from monitor.hedge.strikes import listed_beyond, listed_strike, quoted_strikes
from monitor.model.layer import PERPETUAL, Contract

_EVENING_DAYS: Final = 45
"""Up to so many days an SPX layer takes SPXW, which expires at any close; beyond, SPX."""

_ASTRAY: Final = 0.10
"""A delta farther than this from the one asked for is told of."""

_REACH: Final = 3.0
"""How far from the price, by a factor, a strip's strikes are sought."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """What a layer is made of, as a rule file says it. dte: target calendar days to expiry.

    kind: a contract's, such as `vix.call`, or a combination's: `vix.call_spread`,
    `spx.put_spread`, `eth.put_spread`, `spx.condor`, `eth.strip`. The strike, of a
    combination its nearer one, is told by one of: delta, without sign; strike; moneyness,
    strike over spot or forward; multiple, how many expected moves away, or more. The farther
    one by width, in points, by wing_delta or by wing_moneyness. strikes: of a strip, a side.
    leverage: of a perpetual. least_dte: expiries nearer than so many days are passed over, so
    that nothing is bought which its layer would roll at once.
    """

    kind: str
    dte: int = 0
    least_dte: int = 0
    delta: float | None = None
    strike: float | None = None
    moneyness: float | None = None
    multiple: float | None = None
    width: float | None = None
    wing_delta: float | None = None
    wing_moneyness: float | None = None
    strikes: int = STRIKES_A_SIDE
    leverage: float | None = None

    @property
    def root(self) -> str:
        """Return what it is written on: `vix`, `spx`, `eth` or `btc`."""
        return self.kind.partition(".")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A contract of a unit and how many of it, bought positive, sold negative."""

    contract: Contract
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One unit of an instrument. whole: it is bought in whole units. note: what it leaves out.

    A strip's unit pays the whole loss of what it covers, and may be bought in part; so may a
    perpetual, which trades in parts of a coin.
    """

    parts: tuple[Part, ...]
    whole: bool = True
    note: str = ""


def unit_of(instrument: Instrument, market: Market, at: datetime, cover: Cover) -> Unit | str:
    """Return one unit in listed contracts, or why there is none.

    The listed expiry nearest to its days, the later of two equally near, none too near.
    """
    desk = _Desk(instrument=instrument, market=market, at=at)
    try:
        match instrument.kind.partition(".")[2]:
            case "perp":
                perp = Contract(kind=instrument.kind, expiry=PERPETUAL, strike=0.0)
                return replace(_single(perp, -1.0), whole=False)
            case "future":
                expiry = desk.expiry(instrument.kind)
                return _single(Contract(kind=instrument.kind, expiry=expiry, strike=0.0), 1.0)
            case "condor":
                return _condor(desk)
            case "strip":
                return _strip(desk, cover)
            case _:
                return _option(desk)
    except LookupError as missing:
        return str(missing.args[0])


def _single(contract: Contract, weight: float) -> Unit:
    return Unit(parts=(Part(contract=contract, weight=weight),))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Desk:
    """What a unit is made on. Its functions raise LookupError, with the reason, for what is not."""

    instrument: Instrument
    market: Market
    at: datetime

    def kind(self, right: Right) -> str:
        """Return the contracts' kind: SPX has two, by how far away they expire."""
        root = self.instrument.root
        if root == "spx" and self.instrument.dte <= _EVENING_DAYS:
            root = "spxw"
        return f"{root}.{right}"

    def expiry(self, kind: str) -> date:
        """Return the listed expiry nearest to the instrument's days that still trades."""
        live = [
            day
            for day in listed(kind, self.market)
            if not expired(Contract(kind=kind, expiry=day, strike=0.0), self.at)
        ]
        root = KINDS[kind].root
        name = "VIX contracts" if kind.startswith("vix") else f"{KINDS[kind].ticker} options"
        if not live:
            if root in self.market.unknown:
                raise LookupError(self.market.unknown[root])
            raise LookupError(f"no listed expiry of {name} is known")
        dte, least = self.instrument.dte, self.instrument.least_dte
        far = [day for day in live if days_left(day, self.at) >= least]
        if not far:
            raise LookupError(f"no listed expiry of {name} is {least} days away or more")
        return min(far, key=lambda day: (abs(days_left(day, self.at) - dte), -day.toordinal()))

    def ground(self, kind: str, expiry: date) -> Ground:
        """Return what contracts of an expiry are priced on."""
        match ground(kind, expiry, self.market, self.at):
            case str(why):
                raise LookupError(why)
            case Ground() as found:
                if found.vol is None and KINDS[kind].option:
                    raise LookupError(found.vol_note)
                return found

    def at_strike(self, kind: str, expiry: date, strike: float) -> Contract:
        """Return the listed contract nearest to a strike."""
        wanted = Contract(kind=kind, expiry=expiry, strike=strike)
        return Contract(kind=kind, expiry=expiry, strike=listed_strike(wanted, self.market))

    def near(self, kind: str, expiry: date, base: Ground) -> Contract:
        """Return the contract the instrument asks for, of a combination its nearer one.

        By a multiple, the first listed one outside the move: within it is not outside of it.
        """
        what, spot, outside = self.instrument, float(base.underlying.spot), False
        sign = 1 if KINDS[kind].right is Right.CALL else -1
        if what.strike is not None:
            return Contract(kind=kind, expiry=expiry, strike=what.strike)
        if what.moneyness is not None:
            strike = spot * what.moneyness
        elif what.multiple is not None:
            assert base.vol is not None
            days = max(days_left(expiry, self.at), 1)
            move = float(expected_move(spot, base.vol.at_forward, days=days))
            strike, outside = spot + sign * what.multiple * move, True
        else:
            return self.by_delta(kind, expiry, base, what.delta or 0.0)
        if strike <= 0:
            raise LookupError(f"no strike lies so far below {spot:g}")
        if outside:
            return self.beyond(kind, expiry, strike, up=sign > 0)
        return self.at_strike(kind, expiry, strike)

    def beyond(self, kind: str, expiry: date, bound: float, *, up: bool) -> Contract:
        """Return the first listed contract at a bound or beyond it."""
        at = Contract(kind=kind, expiry=expiry, strike=bound)
        found = listed_beyond(at, self.market, up=up)
        if found is None:
            raise LookupError(f"no listed strike lies at {bound:g} or {'above' if up else 'below'}")
        return replace(at, strike=found)

    def by_delta(self, kind: str, expiry: date, base: Ground, delta: float) -> Contract:
        """Return the listed contract of the nearest delta: by its quote, where it is quoted."""
        call = KINDS[kind].right is Right.CALL
        found = self.at_strike(kind, expiry, _by_delta(delta, base, call=call))
        quoted = quoted_strikes(kind, expiry, self.market)
        if not quoted:
            return found
        # Sought from where the stated volatility puts it: quotes have volatilities of their own.
        row, off = quoted.index(found.strike), self.delta_of(found) - delta
        step = 1 if call == (off > 0) else -1
        while 0 <= row + step < len(quoted):
            row += step
            other = replace(found, strike=quoted[row])
            if abs(left := self.delta_of(other) - delta) >= abs(off):
                break
            found, off = other, left
        return found

    def delta_of(self, contract: Contract) -> float:
        """Return a contract's delta, without sign."""
        match quote(contract, self.market, self.at):
            case str(why):
                raise LookupError(why)
            case found:
                return abs(found.delta) / KINDS[contract.kind].multiplier

    def far(self, near: Contract, base: Ground) -> Contract:
        """Return the farther contract of a spread or a wing, strictly outside the nearer one."""
        what, sign = self.instrument, 1 if KINDS[near.kind].right is Right.CALL else -1
        if what.wing_delta is not None:
            found = self.by_delta(near.kind, near.expiry, base, what.wing_delta)
        else:
            strike = near.strike + sign * (what.width or 0.0)
            if what.wing_moneyness is not None:
                strike = float(base.underlying.spot) * what.wing_moneyness
            if strike <= 0:
                raise LookupError(f"no strike lies so far below {near.strike:g}")
            found = self.at_strike(near.kind, near.expiry, strike)
        if sign * (found.strike - near.strike) <= 0:
            raise LookupError(f"the wing at {found.strike:g} is not outside {near.strike:g}")
        return found


def _option(desk: _Desk) -> Unit:
    """Return an option, or a spread of two: the nearer one bought, the farther one sold."""
    kind = desk.kind(Right.CALL if "call" in desk.instrument.kind else Right.PUT)
    expiry = desk.expiry(kind)
    base = desk.ground(kind, expiry)
    near = desk.near(kind, expiry, base)
    if not desk.instrument.kind.endswith("_spread"):
        return replace(_single(near, 1.0), note=_astray(desk, near))
    far = desk.far(near, base)
    parts = (Part(contract=near, weight=1.0), Part(contract=far, weight=-1.0))
    return Unit(parts=parts, note=_astray(desk, near, far))


def _condor(desk: _Desk) -> Unit:
    expiry = desk.expiry(desk.kind(Right.PUT))
    parts: list[Part] = []
    notes = list[str]()
    for right in (Right.PUT, Right.CALL):
        kind = desk.kind(right)
        base = desk.ground(kind, expiry)
        sold = desk.near(kind, expiry, base)
        bought = desk.far(sold, base)
        parts += [Part(contract=bought, weight=1.0), Part(contract=sold, weight=-1.0)]
        notes.append(_astray(desk, sold, bought))
    if parts[1].contract.strike > parts[3].contract.strike:
        raise LookupError("the short strikes of the condor cross")
    ordered = tuple(sorted(parts, key=lambda one: one.contract.strike))
    return Unit(parts=ordered, note="; ".join(filter(None, notes)))


def _astray(desk: _Desk, near: Contract, far: Contract | None = None) -> str:
    """Return in words that a strike's delta is far from the one asked for; mostly empty."""
    wanted = ((near, desk.instrument.delta), (far, desk.instrument.wing_delta))
    told = [
        f"the nearest listed strike, {one.strike:g}, has a delta of {delta:.2f}, not {asked:.2f}"
        for one, asked in wanted
        if one is not None and asked is not None
        if abs((delta := desk.delta_of(one)) - asked) > _ASTRAY
    ]
    return "; ".join(told)


def _by_delta(delta: float, base: Ground, *, call: bool) -> float:
    """Return the strike at which an option has this delta, each strike at its own volatility."""
    assert base.vol is not None
    share = delta / float(base.underlying.dividend_discount(base.years))
    if not 0 < share < 1:
        raise LookupError(f"no strike has a delta of {delta:g}")
    return base.vol.strike_for_delta(base.forward, share if call else 1 - share, years=base.years)


def _strip(desk: _Desk, cover: Cover) -> Unit:
    """Return the options that pay the loss of every covered position of the instrument's coin."""
    root = desk.instrument.root
    expiry = desk.expiry(f"{root}.put")
    positions = cover.of(root)
    if not positions:
        none = f"no covered position is in {root.upper()} against US dollars"
        raise LookupError(cover.why or none)
    weights: dict[Contract, float] = {}
    reached = [(one, near) for one in positions if (near := _within_reach(one.range)) is not None]
    if not reached:
        raise LookupError("no covered range lies within a third and thrice the price")
    quoted, uncovered = quoted_strikes(f"{root}.put", expiry, desk.market), 0
    for one, near in reached:
        part = _within_quoted(near, quoted)
        uncovered += part != near
        if part is None:
            continue
        try:
            strip = strip_on(part, _grid(part, expiry, desk))
        except ValueError as error:
            raise LookupError(str(error)) from None
        for strike, weight, call in zip(strip.strikes, strip.weights, strip.calls, strict=True):
            right = Right.CALL if call else Right.PUT
            contract = Contract(kind=f"{root}.{right}", expiry=expiry, strike=float(strike))
            weights[contract] = weights.get(contract, 0.0) + float(weight) * one.liquidity
    note = _ends(quoted, uncovered, len(reached)) if uncovered else ""
    if not weights:
        raise LookupError(note)
    parts = (Part(contract=contract, weight=weight) for contract, weight in weights.items())
    ordered = sorted(parts, key=lambda one: (one.contract.strike, one.contract.kind))
    return Unit(parts=tuple(ordered), whole=False, note=note)


def _within_reach(of: Range) -> Range | None:
    """Return the part of a range that options are listed for; None where there is none."""
    lower, upper = max(of.lower, of.entry / _REACH), min(of.upper, of.entry * _REACH)
    return Range(lower=lower, upper=upper, entry=of.entry) if lower < upper else None


def _within_quoted(of: Range, quoted: Sequence[float]) -> Range | None:
    """Return the part of a range that quoted strikes span, all of it where nobody quotes."""
    if not quoted:
        return of
    lower, upper = max(of.lower, quoted[0]), min(of.upper, quoted[-1])
    return Range(lower=lower, upper=upper, entry=of.entry) if lower < upper else None


def _ends(quoted: Sequence[float], uncovered: int, ranges: int) -> str:
    """Return in words that what lies beyond the quoted strikes is not covered."""
    span = f"options are quoted from {quoted[0]:,.0f} to {quoted[-1]:,.0f} only"
    of = f" ({uncovered} of {ranges} ranges)" if ranges > 1 else ""
    return f"{span}: what is lost beyond is not covered{of}"


def _grid(of: Range, expiry: date, desk: _Desk) -> Floats:
    """Return listed strikes around a range: near the strip's own, and beyond both its ends."""
    root, a_side = desk.instrument.root, desk.instrument.strikes
    wanted = [of.lower, *map(float, il_strip(of, a_side).strikes), of.upper]
    found = {desk.at_strike(f"{root}.put", expiry, one).strike for one in wanted}
    if min(found) > of.lower:
        found.add(desk.beyond(f"{root}.put", expiry, of.lower, up=False).strike)
    if max(found) < of.upper:
        found.add(desk.beyond(f"{root}.put", expiry, of.upper, up=True).strike)
    return np.array(sorted(found))
