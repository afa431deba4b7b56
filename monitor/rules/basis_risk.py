"""Basis risk on a ticket: how well its driver has tracked the loss, and what tracked it better."""

from dataclasses import replace
from datetime import datetime
from typing import Final

from monitor.hedge.alternative import instrument_on, same_money
from monitor.hedge.cover import Cover
from monitor.hedge.fit import MUCH_BETTER
from monitor.hedge.instruments import Instrument
from monitor.hedge.ticket import Case
from monitor.model.layer import Fit, Ticket
from monitor.signals.facts import Facts
from monitor.signals.fitted import Fits, fits_of, name_of

_RIVALS: Final = ("vix", "fall", "move")
"""The drivers an alternative may be on. DVOL's rises are told of, but what pays them is the strip,
which is on the move; nobody hedges a pool against the coin's rises alone."""

_OF_COINS: Final = {"strip": "move", "call": "rise", "perp": "short"}


def driver_of(instrument: Instrument) -> str:
    """Return what an instrument pays on: VIX, or of a coin its falls, its rises or its moves.

    A future and a perpetual lose as much as they make, and are held against both.
    """
    if instrument.root in {"vix", "spx"}:
        return "vix_linear" if instrument.kind == "vix.future" else "vix"
    return _OF_COINS.get(instrument.kind.partition(".")[2], "fall")


def with_fit(
    ticket: Ticket, instrument: Instrument, case: Case, facts: Facts, *, closes: bool = False
) -> Ticket:
    """Return a ticket with its driver's fit, and what tracks much better with its price.

    closes: it buys nothing, so nothing else is named for its money.
    """
    driver = driver_of(instrument)
    fits = fits_of(facts, case.cover, case.at, root=instrument.root)
    own = _own(instrument, fits)
    if isinstance(fits, str):
        return replace(ticket, fit=own)
    best = max((one for one in _RIVALS if one != driver), key=lambda one: _use(fits, one))
    if closes or _use(fits, best) < _use(fits, driver) + MUCH_BETTER:
        return replace(ticket, fit=own)
    other = instrument_on(best, fits.root)
    words = same_money(other, ticket, case) if other else ""
    return replace(ticket, fit=own, better=fits.by[best], better_ticket=words)


def fit_of(instrument: Instrument, cover: Cover, facts: Facts, at: datetime) -> Fit:
    """Return how an instrument's driver has tracked the loss of what is covered."""
    return _own(instrument, fits_of(facts, cover, at, root=instrument.root))


def _own(instrument: Instrument, fits: Fits | str) -> Fit:
    driver = driver_of(instrument)
    if isinstance(fits, str):
        return Fit(driver=name_of(driver, instrument.root), note=fits)
    if instrument.kind == "spx.condor":
        own = fits.by[driver]
        return replace(own, note=f"{own.note}; sold: it loses as the VIX rises")
    return fits.by[driver]


def _use(fits: Fits, driver: str) -> float:
    """Return R² of a driver that rises as IL falls; 0 of any other, and of one not known."""
    fit = fits.by[driver]
    return fit.r2 if fit.r2 is not None and fit.corr is not None and fit.corr < 0 else 0.0
