"""What rules may ask of how hedges' drivers tracked the book's IL, a function each."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, TypeAlias

from monitor.model.layer import Fit
from monitor.signals.covered import cover_of
from monitor.signals.facts import Facts
from monitor.signals.fitted import fits_of
from monitor.signals.of_book import OfBook
from monitor.signals.of_pool import Answer

_Pick: TypeAlias = Callable[[Fit], float | None]


def _of(driver: str, pick: _Pick) -> OfBook:
    def answer(facts: Facts, now: datetime) -> Answer:
        fits = fits_of(facts, cover_of(facts, "book", now), now)
        if isinstance(fits, str):
            return None, fits
        fit = fits.by[driver]
        value = pick(fit)
        if value is None:
            return None, f"{fit.driver}: {fit.note}"
        return value, f"IL on {fit.driver} over {fit.note}"

    return answer


def _r2(fit: Fit) -> float | None:
    """Return R² with the sign a hedge needs: 0 where the driver falls as IL grows."""
    if fit.r2 is None or fit.corr is None:
        return None
    return fit.r2 if fit.corr < 0 else 0.0


OF_FIT: Final[Mapping[str, OfBook]] = {
    "book.fit_vix": _of("vix", _r2),
    "book.fit_dvol": _of("dvol", _r2),
    "book.fit_fall": _of("fall", _r2),
    "book.fit_move": _of("move", _r2),
    "book.calm_share": _of("vix", lambda fit: fit.calm_share),
}
