"""Which names no shipped rule judges by, and why they are there all the same.

Whatever a rule names, or rests on what a rule names, needs no reason; tests hold the two
apart. A name that ends in `*` stands for all that begin so.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from monitor.signals.signal import Signal

_REASONS: Final[Mapping[str, str]] = {
    "shown beside its like; no published rule reads it": (
        "vix6m skew dvol.btc rotation.btc_share macro.ppi_yoy vol.rv30_btc"
        " breadth.unchanged token.revenue_30d chainlink.usd chain.*_usd rates.sofr rates.us10y"
        " pool.realised_vol_1d pool.implied_vol_1d"
    ),
    "another estimate of what vol.rv30 tells": (
        "vol.park30_eth vol.yz30_eth vol.park30_btc vol.yz30_btc"
    ),
    "what tickets of SPX options are to be priced by": "spx.iv30 spx.skew25",
    "a stand-in for the NYSE's breadth, whose thresholds do not transfer": (
        "breadth.proxy proxy.price"
    ),
    "an assumption of yours, for the figures it goes into": "lp.due_usd",
    "a figure to weigh costs by, for which no level is published": (
        "capm.beta_eth capm.cost_of_equity book.quick_ratio position.pcf position.beta"
    ),
    "for texts: ages are judged by max_age and by pack self": "vix_age_s chain.block_age_s",
    "what the daemon's own rules count from": "system.up_s",
    "the same in another unit, or a part of what rules judge": (
        "position.value_* position.principal_token* position.fees_* position.collected_*"
        " position.earned_* position.hodl_* position.il_* position.net_pnl_token*"
        " position.flow_pnl_* position.lvr_day_token* position.lvr_token* position.lvr_usd"
        " position.markout_* book.value_usd book.positions"
    ),
    "another definition of the same, by its own name": (
        "position.il_v2 position.il_of_initial position.il_chained position.vs_*"
    ),
    "a figure of a position's own, for which no level is published": (
        "position.delta position.delta_usd position.gamma position.efficiency"
        " position.time_in_range* position.*_sigmas position.breakeven_* position.fee_apr"
        " position.fee_apr_1d"
    ),
    "what a layer is, for rules of your own": (
        "layer.state layer.extrinsic_left layer.value_usd layer.orphaned layer.pnl_usd"
        " layer.multiple layer.paid_usd layer.theta_usd layer.vega_usd layer.theta_per_vega"
        " layer.decay layer.delta_usd"
    ),
}


def with_reasons(signals: Iterable[Signal]) -> Iterator[Signal]:
    """Yield the signals, each that no shipped rule uses with the reason it is there."""
    for one in signals:
        reason = next((why for why, names in _REASONS.items() if _among(one.name, names)), "")
        yield replace(one, informational=reason) if reason else one


def unmet(signals: Iterable[Signal]) -> list[str]:
    """Return the names of the reasons above that no signal bears any more."""
    known = [one.name for one in signals]
    return [
        name
        for names in _REASONS.values()
        for name in names.split()
        if not any(_among(one, name) for one in known)
    ]


def _among(name: str, names: str) -> bool:
    return any(_is(name, one) for one in names.split())


def _is(name: str, pattern: str) -> bool:
    before, star, after = pattern.partition("*")
    if not star:
        return name == pattern
    return name.startswith(before) and name.endswith(after) and len(name) >= len(before + after)
