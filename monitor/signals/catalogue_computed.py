"""The catalogue of what is worked out of the market's numbers, each with its formula.

Words of the formulas: close: a session's last value, the present session's so far
included; day returns: ln(close'/close); a year: 252 sessions, 365 days of a coin.
"""

from typing import Final

from monitor.calendars.hours import Hours
from monitor.signals.signal import Evidence, Kind, Scope, Signal

_BARE: Final = ""
_AT_ONCE: Final = "both of one session and within 35 minutes, or both at its close"


def _of(  # noqa: PLR0913 - as the rows below are read
    name: str,
    unit: str,
    meaning: str,
    definition: str,
    inputs: str,
    *,
    hours: Hours = Hours.CBOE_VIX,
    evidence: Evidence = Evidence.PUBLISHED,
    kind: Kind = Kind.NUMBER,
    choices: tuple[str, ...] = (),
    keyed: bool = False,
    informational: str = _BARE,
) -> Signal:
    """Return a name worked out of others. inputs: their names, a blank between."""
    return Signal(
        name=name,
        kind=kind,
        unit=unit,
        scope=Scope.MARKET,
        meaning=meaning,
        source="computed",
        hours=hours,
        windows=kind is Kind.NUMBER and not keyed,
        definition=definition,
        inputs=tuple(inputs.split()),
        evidence=evidence,
        cadence="as its inputs",
        choices=choices,
        keyed=keyed,
        informational=informational,
    )


_TERM: Final = (
    _of("vol.term", "ratio", "VIX over VIX3M: at 1 and above the curve is inverted",
        f"VIX / VIX3M, {_AT_ONCE}", "vix vix3m"),
    _of("vol.term9", "ratio", "VIX9D over VIX", f"VIX9D / VIX, {_AT_ONCE}", "vix9d vix"),
    _of("vol.regime", "state", "what the curve of the VIX indices looks like",
        "by vol.term: steep < 0.85 <= contango < 0.917 <= flat < 1 <= inverted",
        "vix vix3m", kind=Kind.TEXT, choices=("steep", "contango", "flat", "inverted")),
    _of("vx.m1", "points", "settlement of the nearest VIX future that still trades",
        "the listed monthly with the nearest expiry after today", "vx.settle",
        hours=Hours.XNYS_CLOSE),
    _of("vx.m2", "points", "settlement of the second VIX future that still trades",
        "the listed monthly after vx.m1", "vx.settle", hours=Hours.XNYS_CLOSE),
    _of("vx.forward30", "points", "VIX future of a constant 30 days",
        "linear in calendar days between the two expiries around 30 days from the session; the"
        " nearest future, where that expires later (up to 6 days, after an expiry)",
        "vx.settle", hours=Hours.XNYS_CLOSE),
    _of("vx.ramp_weight", "fraction", "share of a portfolio the softened gate of Cboe's tail hedge"
        " index holds in calls", "1 % · clip((F - 13) / 4, 0, 1) with F = vx.forward30; half of 1 %"
        " above 30, 0 above 50", "vx.settle", hours=Hours.XNYS_CLOSE),
    _of("vx.slope", "fraction", "contango between the two nearest VIX futures, a loss of"
        " longs when above 0", "m2 / m1 - 1", "vx.settle", hours=Hours.XNYS_CLOSE),
    _of("vx.basis", "fraction", "nearest VIX future over the VIX", "m1 / VIX - 1, the VIX of"
        " the same session's close", "vx.settle vix", hours=Hours.XNYS_CLOSE),
    _of("vx.roll_day", "points", "what the nearest VIX future loses a business day if the VIX"
        " stays", "(m1 - VIX) / business days to its expiry", "vx.settle vix",
        hours=Hours.XNYS_CLOSE),
    _of("vx.m1_days", "days", "business days until the nearest VIX future expires",
        "sessions of the NYSE after the settlement's up to and with the expiry's", "vx.settle",
        hours=Hours.XNYS_CLOSE),
    _of("vx.over_realised", "ratio", "nearest VIX future over what the S&P 500 has realised",
        "m1 / (100 · sample standard deviation of 30 day returns of the S&P 500 · √252),"
        " the present session so far included", "vx.settle spx.price", hours=Hours.XNYS_CLOSE),
)  # fmt: skip

_REALISED: Final = (
    _of("vol.hv20_spx", "fraction", "volatility of the S&P 500 over 20 sessions, a year",
        "sample standard deviation of 20 day returns · √252", "spx.price"),
    *(
        _of(f"vol.{form}30_{coin}", "fraction",
            f"volatility of {coin.upper()} over 30 days, a year ({said})", definition,
            f"{coin}.price", hours=Hours.ALWAYS)
        for coin in ("eth", "btc")
        for form, said, definition in (
            ("rv", "close to close", "sample standard deviation of 30 day returns · √365"),
            ("park", "Parkinson", "√(Σ ln(high/low)² / (4 n ln 2) · 365), n = 30; whole days only"),
            ("yz", "Yang and Zhang",
             ("√((so² + k sc² + (1-k) srs²) · 365), k = 0.34 / (1.34 + (n+1)/(n-1)), n = 30;"
             " whole days only")),
        )
    ),
    _of("vol.vrp_spx", "fraction", "what the VIX asks above what the S&P 500 realised",
        "VIX / 100 - vol.hv20_spx", "vix spx.price"),
    _of("vol.vrp_eth", "fraction", "what DVOL asks above what ETH realised",
        "DVOL / 100 - vol.rv30_eth", "dvol.eth eth.price", hours=Hours.ALWAYS),
    _of("vol.surface_gap_eth", "points", "implied vol of ETH at the money: DEX less CEX",
        "iv.eth30_dex - iv.eth30_cex", "iv.eth30_dex iv.eth30_cex", hours=Hours.ALWAYS),
    _of("spx.expected_day", "fraction", "move of the S&P 500 a day that the VIX implies, one"
        " standard deviation", "VIX / 100 / √252", "vix"),
    _of("eth.expected_day", "fraction", "move of ETH a day that DVOL implies, one standard"
        " deviation", "DVOL / 100 / √365", "dvol.eth", hours=Hours.ALWAYS),
    _of("spx.edr", "fraction", "expected daily range, the usable form", "VIX9D / 100 / √252",
        "vix9d", evidence=Evidence.CLAIM),
    _of("spx.edr_printed", "points", "expected daily range as the method prints it, which is no"
        " day's move", "0.1 VIX9D + 0.5 · 100 vol.hv20_spx · m, m = 1",
        "vix9d spx.price", evidence=Evidence.CLAIM,
        informational="its units do not fit its threshold of 0.94 %; spx.edr is used"),
)  # fmt: skip

_TECHNICAL: Final = (
    *(
        _of(f"ta.rsi_{short}", "index", f"relative strength index of {said} over 14 sessions",
            "Wilder: first averages are means of 14 changes, then (13 a + x) / 14",
            name, hours=hours)
        for short, said, name, hours in (
            ("vix", "the VIX", "vix", Hours.CBOE_VIX),
            ("spx", "the S&P 500", "spx.price", Hours.CBOE_VIX),
            ("eth", "ETH", "eth.price", Hours.ALWAYS),
        )
    ),
    *(
        _of(f"ta.macd_{short}", unit, f"MACD (12, 26, 9) of {said}, less its signal",
            "EMA12 - EMA26 less its EMA9, each seeded with a simple mean",
            name, hours=hours)
        for short, said, name, unit, hours in (
            ("spx_hist", "the S&P 500", "spx.price", "points", Hours.CBOE_VIX),
            ("vix_hist", "the VIX", "vix", "points", Hours.CBOE_VIX),
            ("vvix", "the VVIX", "vvix", "points", Hours.CBOE_VIX),
            ("eth_hist", "ETH", "eth.price", "usd", Hours.ALWAYS),
        )
    ),
    *(
        _of(signal, "state", f"whether {said} and its {index.partition(' ')[0]} stand apart",
            "pivots highest or lowest of 5 sessions to each side, so known 5 sessions late, the"
            " newest once its close has come;"
            f" bearish: of two successive highs the later is higher and its {index} lower, within"
            f" 60 sessions; bullish: of two lows the later is lower and its {index} higher; it"
            " ends once a close lies beyond the later one, and 20 sessions after it was known",
            name, hours=hours, kind=Kind.TEXT, choices=("none", "bearish", "bullish"))
        for signal, said, index, name, hours in (
            ("ta.divergence_spx", "the S&P 500", "RSI", "spx.price", Hours.CBOE_VIX),
            ("ta.divergence_eth", "ETH", "RSI", "eth.price", Hours.ALWAYS),
            ("ta.macd_divergence_spx", "the S&P 500", "MACD (EMA12 - EMA26)", "spx.price",
             Hours.CBOE_VIX),
        )
    ),
    _of("ta.vix_sd20", "ratio", "VIX above its mean of 20 sessions, in standard deviations",
        "(close - mean) / sample standard deviation of 20 closes", "vix",
        evidence=Evidence.CLAIM),
)  # fmt: skip

_BREADTH: Final = (
    _of("breadth.ad_line", "count", "NYSE advance-decline line since its first known session",
        "Σ (advances - declines)", "breadth.advances breadth.declines", hours=Hours.XNYS_CLOSE,
        informational="where it begins is chance; its slope is used"),
    _of("breadth.ad_slope20", "count", "slope of the advance-decline line over 20 sessions,"
        " a session",
        "least squares through 20 values", "breadth.advances breadth.declines",
        hours=Hours.XNYS_CLOSE),
    _of("breadth.mcclellan", "count", "McClellan oscillator",
        "EMA19 - EMA39 of advances - declines, each seeded with a simple mean",
        "breadth.advances breadth.declines", hours=Hours.XNYS_CLOSE),
    _of("breadth.divergence", "bool", "the index rose over 20 sessions and its breadth fell",
        "ad_slope20 < 0 and the S&P 500's 20-session return > 0",
        "breadth.advances breadth.declines spx.price", hours=Hours.XNYS_CLOSE, kind=Kind.BOOL),
    _of("breadth.proxy", "fraction", "share of your proxies above their own mean of 50 sessions:"
        " a stand-in, not the NYSE's breadth", "of proxy.price, those with 50 sessions known",
        "proxy.price", hours=Hours.ALWAYS, evidence=Evidence.PROXY),
)  # fmt: skip

_MACRO: Final = (
    *(
        _of(f"macro.{index}_surprise", "fraction",
            f"last {index.upper()} month against the 12 before it",
            "change over a month, not seasonally adjusted, less the mean of the 12 before;"
            " consensus is not free", f"macro.{index}_mom", hours=Hours.ALWAYS,
            evidence=Evidence.PROXY)
        for index in ("cpi", "ppi")
    ),
    *(
        _of(f"macro.{event}_hours", "hours", f"hours to the next known {said}",
            f"{when} New York on the nearest scheduled day in calendar.{event}",
            f"calendar.{event}",
            hours=Hours.ALWAYS, evidence=Evidence.OFFICIAL)
        for event, said, when in (
            ("fomc", "decision of the Fed", "14:00"),
            ("cpi", "CPI release", "08:30"),
            ("ppi", "PPI release", "08:30"),
        )
    ),
    _of("macro.fomc_window", "bool", "the Fed decides about now",
        "from 16:00 New York on the business day before a decision to 16:00 the day after,"
        " unscheduled ones from their announcement; unknown past the last day known",
        "calendar.fomc", hours=Hours.ALWAYS, kind=Kind.BOOL, evidence=Evidence.OFFICIAL),
    _of("macro.fed_moved", "bool", "the funds rate moved outside a scheduled decision",
        "|change of rates.fed_funds| >= 0.10 points over a session that ends no more than"
        " 2 business days after no scheduled decision of calendar.fomc",
        "rates.fed_funds calendar.fomc", hours=Hours.XNYS_CLOSE, kind=Kind.BOOL,
        evidence=Evidence.PROXY),
    _of("macro.reer_z", "ratio", "how fast the dollar appreciates in real terms",
        "change over 3 months, as a z-score among those of the 60 months before, 36 at least",
        "macro.reer", hours=Hours.ALWAYS),
)  # fmt: skip

_CARRY: Final = (
    _of("rates.usdc_supply", "fraction", "best Aave v3 supply rate of USDC on your chains, APR",
        "highest aave.supply", "aave.supply", hours=Hours.ALWAYS, evidence=Evidence.CHAIN),
    _of("rates.usdc_borrow", "fraction", "best Aave v3 borrow rate of USDC on your chains, APR",
        "lowest aave.borrow", "aave.borrow", hours=Hours.ALWAYS, evidence=Evidence.CHAIN),
    _of("rates.eth_borrow", "fraction", "best Aave v3 borrow rate of WETH on your chains, APR",
        "lowest aave.borrow", "aave.borrow", hours=Hours.ALWAYS, evidence=Evidence.CHAIN),
    _of("rates.differential", "fraction", "best USDC supply on one chain less cheapest borrow on"
        " another", "max aave.supply - min aave.borrow over two chains",
        "aave.supply aave.borrow", hours=Hours.ALWAYS, evidence=Evidence.CHAIN),
    _of("capm.beta_eth", "ratio", "beta of ETH to the S&P 500, 52 weeks",
        "covariance / variance of 52 weekly ln returns, 40 at least; closes of the day of each"
        " week's last session",
        "eth.price spx.price", hours=Hours.ALWAYS),
    _of("capm.cost_of_equity", "fraction", "return a year the CAPM asks of ETH",
        "risk_free + beta_eth · equity.erp", "eth.price spx.price rates.risk_free equity.erp",
        hours=Hours.ALWAYS),
    *(
        _of(f"proxy.{part}", "ratio", f"{said} of the key's proxy to the S&P 500", definition,
            "proxy.price spx.price", hours=Hours.XNYS_CLOSE, keyed=True,
            informational="a family; a rule cannot name one of its members")
        for part, said, definition in (
            ("beta", "beta", ("b of r = a + b m + c m², least squares, 252 sessions at most,"
             " 60 at least")),
            ("beta_se", "standard error of the beta", "of the same regression"),
            ("convexity", "quadratic coefficient", "c of the same regression"),
            ("convexity_se", "standard error of the quadratic", "of the same regression"),
        )
    ),
)  # fmt: skip

_VALUE: Final = (
    _of("equity.pe_change63", "fraction", "compression of the S&P 500's P/E over 63 sessions",
        "ln(P/E / P/E 63 sessions before), each standing until the next is typed or pulled",
        "equity.pe", hours=Hours.XNYS_CLOSE),
    _of("rotation.eth", "ratio", "rotation of market value into ETH",
        "change of ETH's share over 20 days, as a z-score among those of the year before, 120 at"
        " least",
        "rotation.eth_share", hours=Hours.ALWAYS),
    _of("token.ddm_value", "usd", "what a token is worth by its dividend, growing for ever",
        "D1 / (r - g) / supply, D1 = (holders_30d - emissions_30d) · 365/30 · (1 + g);"
        " unknown where r <= g", "token.holders_30d token.emissions_30d token.supply"
        " token.growth token.discount", hours=Hours.ALWAYS),
    _of("token.ddm_gap", "fraction", "price of a token against its dividend value",
        "price / ddm_value - 1", "token.price token.holders_30d token.emissions_30d token.supply"
        " token.growth token.discount", hours=Hours.ALWAYS),
    _of("token.pf", "ratio", "market value of a token over a year's fees",
        "price · supply / (fees_30d · 365/30)", "token.price token.supply token.fees_30d",
        hours=Hours.ALWAYS),
    _of("regime.big_top", "bool", "Big Top, technical reading",
        "S&P 500 within 3 % of its highest of 252 sessions; RSI >= 70 or bearish"
        " ta.macd_divergence_spx, which is known for 20 sessions at most;"
        " breadth.divergence", "spx.price breadth.advances breadth.declines",
        kind=Kind.BOOL, evidence=Evidence.CLAIM),
    _of("regime.big_top_vol", "bool", "Big Top, volatility reading",
        "VIX above its mean of 200 sessions; vx.over_realised >= 1.18; m2/m1 >= 1.12",
        "vix vx.settle spx.price", kind=Kind.BOOL, evidence=Evidence.CLAIM),
)  # fmt: skip

COMPUTED_SIGNALS: Final = (
    *_TERM,
    *_REALISED,
    *_TECHNICAL,
    *_BREADTH,
    *_MACRO,
    *_CARRY,
    *_VALUE,
)
