"""What a source states, as a reading: in range, and not stamped later than now."""

from datetime import date, datetime

from monitor.errors import Transient
from monitor.feeds.foreign import number, past
from monitor.feeds.witness import Witness
from monitor.model.reading import Reading
from monitor.signals.catalogue import BY_NAME


def stated(witness: Witness, name: str, value: object, *, at: datetime, what: str = "") -> Reading:
    """Return a reading; raise Transient when it is absurd, no number, or yet to come.

    what: what the source calls it, for messages; the signal's name by default.
    """
    plausible = BY_NAME[name].plausible
    if plausible is not None and what:
        number(value, what=what, source=witness.source, plausible=plausible)
    past(at, now=witness.now, lead=witness.lead, source=witness.source)
    return witness.reading(name, value, at)


def figure(text: str, *, what: str, source: str) -> float:
    """Return a number written as text; raise Transient when it is none."""
    try:
        return float(text)
    except ValueError:
        raise Transient(f"{source} sent {text[:20]!r} as {what}, which is no number") from None


def iso_day(text: object, *, what: str, source: str) -> date:
    """Return a date written YYYY-MM-DD; raise Transient when it is none."""
    try:
        return date.fromisoformat(text if isinstance(text, str) else "")
    except ValueError:
        shown = str(text)[:20]
        raise Transient(f"{source} sent {shown!r} as {what}, which is no date") from None
