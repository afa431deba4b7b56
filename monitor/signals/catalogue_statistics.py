"""The catalogue of statistics that are published from time to time, and of what people type."""

from datetime import timedelta
from typing import Final

from monitor.calendars.hours import Hours
from monitor.signals.signal import Evidence, Plausible, Scope, Signal

_DAY: Final = timedelta(days=1)
_TWO_SESSIONS: Final = timedelta(days=2)  # `xnys close` counts a day for each session
_THREE_SESSIONS: Final = timedelta(days=3)
_TWO_YEARS: Final = 520
_MONTHS: Final = 120
_RATE: Final = Plausible(above=-0.2, up_to=1)
_POSITIVE: Final = Plausible(above=0, up_to=1e15)
_SIGNED: Final = Plausible(above=-1e15, up_to=1e15)
_MONTHLY_CHANGE: Final = Plausible(above=-0.2, up_to=0.2)


def _statistic(  # noqa: PLR0913 - as the rows below are read
    name: str,
    unit: str,
    meaning: str,
    source: str,
    plausible: Plausible,
    *,
    max_age: timedelta,
    cadence: str,
    hours: Hours = Hours.ALWAYS,
    bars: int = _MONTHS,
    evidence: Evidence = Evidence.OFFICIAL,
    keyed: bool = False,
    frozen_after: timedelta | None = None,
) -> Signal:
    return Signal(
        name=name,
        unit=unit,
        scope=Scope.MARKET,
        meaning=meaning,
        source=source,
        hours=hours,
        max_age=max_age,
        cadence=cadence,
        evidence=evidence,
        bars=bars,
        plausible=plausible,
        keyed=keyed,
        frozen_after=frozen_after,
    )


_STATISTICS: Final = (
    *(
        _statistic(
            f"macro.{index}_{change}",
            "fraction",
            f"{said}, not seasonally adjusted, over {over}",
            "bls, fred",
            Plausible(above=-0.5, up_to=0.5) if change == "yoy" else _MONTHLY_CHANGE,
            max_age=75 * _DAY,
            cadence="monthly, at its release",
        )
        for index, said in (
            ("cpi", "consumer prices (CPI-U)"),
            ("ppi", "producer prices (final demand)"),
        )
        for change, over in (("mom", "a month"), ("yoy", "a year"))
    ),
    *(
        _statistic(
            f"calendar.{event}",
            "count",
            f"a known day of {said}, by the key's date; 1 scheduled, 0 not",
            source,
            Plausible(above=-1, up_to=1),
            max_age=45 * _DAY,
            cadence="a day",
            bars=0,
            keyed=True,
        )
        for event, said, source in (
            ("fomc", "the Fed's decisions", "fed_calendar"),
            ("cpi", "a CPI release", "releases"),
            ("ppi", "a PPI release", "releases"),
        )
    ),
    *(
        _statistic(
            name,
            "fraction",
            meaning,
            source,
            _RATE,
            max_age=_THREE_SESSIONS,
            cadence="a session, the morning after",
            hours=Hours.XNYS_CLOSE,
            bars=_TWO_YEARS,
        )
        for name, meaning, source in (
            ("rates.sofr", "SOFR, the overnight rate on Treasury collateral", "nyfed, fred"),
            ("rates.fed_funds", "effective federal funds rate", "fred"),
            ("rates.risk_free", "3-month Treasury, constant maturity", "fred"),
            ("rates.us10y", "10-year Treasury, constant maturity", "fred"),
        )
    ),
    _statistic(
        "macro.reer",
        "index",
        "real broad effective exchange rate of the US dollar, 2020 = 100",
        "fred",
        Plausible(above=20, up_to=400),
        max_age=100 * _DAY,
        cadence="monthly, weeks late",
    ),
    *(
        _statistic(
            f"breadth.{said}",
            "count",
            f"NYSE issues that closed {how}",
            "wsj",
            Plausible(above=-1, up_to=20_000),
            max_age=_TWO_SESSIONS,
            cadence="a session",
            hours=Hours.XNYS_CLOSE,
            bars=_TWO_YEARS,
            evidence=Evidence.QUOTE,
            frozen_after=frozen_after,
        )
        for said, how, frozen_after in (
            # Two sessions may have one number by chance, three in a row have not.
            ("advances", "higher", _DAY),
            ("declines", "lower", _DAY),
            ("unchanged", "unchanged", None),
        )
    ),
)

_TYPED: Final = tuple(
    _statistic(
        name,
        unit,
        meaning,
        "manual",
        plausible,
        max_age=age * _DAY,
        cadence="when typed",
        evidence=Evidence.TYPED,
    )
    for name, unit, meaning, plausible, age in (
        ("macro.quick_ratio", "ratio", "quick ratio of companies, quarterly", _POSITIVE, 200),
        ("equity.cape", "ratio", "Shiller's cyclically adjusted P/E of the S&P 500", _POSITIVE, 62),
        ("equity.pe", "ratio", "trailing P/E of the S&P 500", _POSITIVE, 62),
        ("equity.erp", "fraction", "equity risk premium, a year", _RATE, 62),
        ("token.emissions_30d", "usd", "value of the tokens newly issued in 30 days", _SIGNED, 62),
        ("token.growth", "fraction", "expected yearly growth of a token's dividend", _RATE, 400),
        ("token.discount", "fraction", "return a year its holder asks for", _RATE, 400),
        ("lp.debt_usd", "usd", "what you borrowed for the positions", _SIGNED, 31),
        ("lp.debt_rate", "fraction", "what that borrowing costs a year", _RATE, 31),
        ("lp.idle_usd", "usd", "stable collateral that lies idle", _SIGNED, 31),
        ("lp.due_usd", "usd", "margin and debt due within 7 days", _SIGNED, 31),
        ("lp.hedge_cost_usd", "usd", "premium and funding the hedge costs a year", _SIGNED, 62),
    )
)

STATISTICS: Final = (*_STATISTICS, *_TYPED)
