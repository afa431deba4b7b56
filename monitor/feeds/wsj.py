"""NYSE issues that rose and fell, from the market diary of the Wall Street Journal.

An undocumented page, off unless `[feeds]` names it: its terms restrict automated use. It
has one session, the last; earlier columns are revised and are not read.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from monitor.calendars.hours import Hours
from monitor.calendars.sessions import is_session, session_close
from monitor.clock import Clock
from monitor.errors import Permanent, Transient
from monitor.feeds.foreign import parse_json, pick
from monitor.feeds.http import JSON, Web
from monitor.feeds.provider import Provider
from monitor.feeds.stated import figure, stated
from monitor.feeds.witness import Witness
from monitor.model.reading import Reading

BASE_URL: Final = "https://www.wsj.com"
_SOURCE: Final = "wsj"
_EXCHANGE: Final = "NYSE"
_ROWS: Final = ("advances", "declines", "unchanged")
_ALL: Final = "issuesTraded"
_TOLERANCE: Final = 0.05
_FORMS: Final = ("%A, %B %d, %Y", "%B %d, %Y", "%Y-%m-%d")


@dataclass(frozen=True, slots=True, kw_only=True)
class WsjDiary:
    """Gives `breadth.advances`, `breadth.declines` and `breadth.unchanged` of one session."""

    web: Web
    clock: Clock
    base_url: str = BASE_URL
    name: str = _SOURCE

    async def read(self) -> tuple[Reading, ...]:
        """Return the three counts, stamped with the session's close, or raise."""
        text = await self.web.get(
            f"{self.base_url}/market-data/stocks/marketsdiary",
            accepts=JSON,
            params={
                "id": '{"application":"WSJ","marketsDiaryType":"diaries"}',
                "type": "mdc_marketsdiary",
            },
        )
        witness = Witness(source=_SOURCE, now=self.clock.now(), lead=self.clock.lead)
        return parse_diary(text, witness)


def parse_diary(text: str, witness: Witness) -> tuple[Reading, ...]:
    """Return the counts in a diary; raise Transient or Permanent.

    Refused where rising, falling and unchanged issues are not about as many as were traded.
    """
    document = parse_json(text, _SOURCE)
    day = _day(pick(document, "data", "timestamp", source=_SOURCE))
    counts = _counts(pick(document, "data", "instrumentSets", source=_SOURCE))
    together, traded = sum(counts[one] for one in _ROWS), counts[_ALL]
    if not traded:
        raise Transient(f"{_SOURCE} counts no issue")
    if abs(together - traded) > _TOLERANCE * traded:
        raise Transient(f"{_SOURCE} counts {together:g} issues, of {traded:g} traded")
    at = session_close(Hours.XNYS_CLOSE, day)
    return tuple(stated(witness, f"breadth.{one}", counts[one], at=at, what=one) for one in _ROWS)


def _counts(sets: object) -> Mapping[str, float]:
    for one in sets if isinstance(sets, list) else ():
        # Exactly so: NYSE American and NYSE Arca are other exchanges.
        if pick(one, "headerFields", 0, "label", source=_SOURCE) != _EXCHANGE:
            continue
        rows = pick(one, "instruments", source=_SOURCE)
        found = {
            pick(row, "id", source=_SOURCE): pick(row, "latestClose", source=_SOURCE)
            for row in (rows if isinstance(rows, list) else ())
        }
        return {name: _count(name, pick(found, name, source=_SOURCE)) for name in (*_ROWS, _ALL)}
    raise Permanent(f"{_SOURCE} has no diary of the {_EXCHANGE}: has its answer changed shape?")


def _count(name: str, shown: object) -> float:
    text = shown.replace(",", "") if isinstance(shown, str) else str(shown)
    value = figure(text, what=name, source=_SOURCE)
    if not 0 <= value < float("inf"):
        raise Transient(f"{_SOURCE} sent {text[:20]!r} as {name}, which is no count")
    return value


def _day(shown: object) -> date:
    text = shown.strip() if isinstance(shown, str) else ""
    for form in _FORMS:
        try:
            day = datetime.strptime(text, form).date()  # noqa: DTZ007 - a date alone
        except ValueError:
            continue
        if is_session(day):
            return day
    raise Transient(f"{_SOURCE} dates its diary {str(shown)[:40]!r}, which is no session")


PROVIDER = Provider(
    name=_SOURCE,
    poll_s=3_600,
    build=lambda web, clock, own: WsjDiary(web=web, clock=clock, base_url=own.base_url or BASE_URL),
    opt_in=True,
)
