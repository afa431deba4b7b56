"""Files beside the shipped tables: they give what is lacking, and overrule nothing."""

import importlib.util
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from monitor.model.reading import Bar
from monitor.signals.bars import point
from monitor.store.parquet import Archive, Chunk, Origin
from monitor.timetravel.events import Window
from monitor.timetravel.past_data import Library, extended, shipped
from monitor.timetravel.provenance import sources_of
from monitor.timetravel.tables import fed_funds, funding_eth, indices, vix_closes, vx_prices

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("pyarrow") is None, reason="the extra hedgewatch[parquet] is absent"
)
KNOWN, NEW = date(2025, 5, 30), date(2025, 6, 2)
"""The last session of the shipped VIX, and the one after it."""

AT = datetime(2025, 6, 2, 20, 15, tzinfo=UTC)
ORIGIN = Origin(urls=(), fetched_at=AT)


def pulled(folder: Path, signal: str, source: str, **bars: tuple[Bar, ...]) -> Library:
    """Return the shipped library with one signal's bars, by their key, beside it."""
    chunk = Chunk(signal=signal, source=source, first=date(2019, 1, 1), last=date(2025, 6, 30))
    archive = Archive(folder)
    archive.save(chunk, {key.removeprefix("_"): told for key, told in bars.items()}, ORIGIN)
    return extended(shipped(), archive)


def told(close: float, *days: date) -> tuple[Bar, ...]:
    return tuple(
        point(day, close, datetime(day.year, day.month, day.day, 21, tzinfo=UTC)) for day in days
    )


def test_a_day_that_ships_stands_and_one_that_lacks_is_had(tmp_path: Path) -> None:
    library = pulled(tmp_path, "vix", "cboe_history", _=told(99.0, KNOWN, NEW))
    assert library.vix[-2:] == (vix_closes()[-1], (NEW, 99.0))
    assert len(library.vix) == len(vix_closes()) + 1


def test_a_rate_is_a_fraction_in_files_and_percent_in_the_table(tmp_path: Path) -> None:
    library = pulled(tmp_path, "rates.fed_funds", "fred", _=told(0.0433, NEW))
    assert library.fed_funds[-1] == (NEW, 0.0433)
    day, percent = fed_funds()[0]
    assert library.fed_funds[0] == (day, pytest.approx(percent / 100))


def test_the_s_and_p_joins_the_other_indices_of_its_day(tmp_path: Path) -> None:
    day, closes = indices()[-1]
    library = pulled(tmp_path, "spx.price", "fred", _=told(1.0, day, NEW))
    assert dict(library.indices)[day] == closes
    assert dict(library.indices)[NEW] == {"spx": 1.0}


def test_a_session_without_settlements_gets_its_whole_curve(tmp_path: Path) -> None:
    near = told(20.0, date(2020, 3, 16), NEW)  # the first ships
    library = pulled(
        tmp_path, "vx.settle", "cboe_settlement", **{"2025-06-18": near, "2025-07-16": near}
    )
    assert [(one.expiry, one.price) for one in library.vx if one.session == NEW] == [
        (date(2025, 6, 18), 20.0),
        (date(2025, 7, 16), 20.0),
    ]
    assert [one for one in library.vx if one.session != NEW] == sorted(
        vx_prices(), key=lambda one: (one.session, one.expiry)
    )


def test_a_month_of_prices_is_known_from_its_release(tmp_path: Path) -> None:
    june, out = date(2025, 6, 1), datetime(2025, 7, 15, 12, 30, tzinfo=UTC)
    bars = (point(date(2025, 5, 1), 0.5, out), point(june, 0.003, out))
    library = pulled(tmp_path, "macro.cpi_mom", "fred", _=bars)
    last = library.changes[-1]
    assert (last.name, last.month, last.value, last.at) == ("macro.cpi_mom", june, 0.003, out)
    assert 0.5 not in {one.value for one in library.changes}


def test_of_a_day_s_funding_the_last_print_is_had(tmp_path: Path) -> None:
    shipped_until = funding_eth()[-1][0].date()
    day = shipped_until + timedelta(days=1)
    library = pulled(tmp_path, "funding.eth_annual", "binance", _=told(0.1, shipped_until, day))
    assert library.funding[-1][1] == 0.1
    assert len(library.funding) == len(funding_eth()) + 1


def test_a_report_tells_the_futures_that_files_gave(tmp_path: Path) -> None:
    week = tuple(NEW + timedelta(days=n) for n in range(5))
    archive = Archive(tmp_path)
    for signal, source, key in (
        ("vix", "cboe_history", ""),
        ("vx.settle", "cboe_settlement", "2025-06-18"),
    ):
        chunk = Chunk(signal=signal, source=source, first=NEW, last=week[-1])
        archive.save(chunk, {key: told(20.0, *week[: 3 if key else 5])}, ORIGIN)
    window = Window(first=NEW, last=week[-1], title="")
    said = sources_of(window, fee_share=1.0, library=extended(shipped(), archive))
    futures = next(one for one in said if one.startswith("VIX futures"))
    assert "Cboe settlements on 3" in futures
    # None was had of the session before, whose futures are the first that are priced on.
    assert "a stated model of how VIX comes back to its mean on 3 of 6 sessions" in futures
    assert any("history pull --parquet" in one for one in said)
    assert not any("history pull" in one for one in sources_of(window, fee_share=1.0))
