"""What every kind of replay takes and gives: who trades, alerts told, and their log written."""

import argparse
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from monitor.alerts.alert import Alert
from monitor.alerts.render import console_line
from monitor.app.rulebook import rulebook
from monitor.cli.given_config import settings_of
from monitor.cli.lines import line
from monitor.cli.verbs_past import FEE_SHARE, PROTOCOL, RANGES, SEED, STEP, VALUE_USD
from monitor.config import RulesSettings, Settings, UsdSettings
from monitor.errors import ConfigError, Fault, Permanent
from monitor.model.observation import Observation
from monitor.pipeline import Rulebook, State
from monitor.rules.pack import Pack
from monitor.store.parquet import SUMS, Archive
from monitor.timetravel.alert_lines import alert_log, in_order
from monitor.timetravel.chart import check_drawing
from monitor.timetravel.events import EVENTS, Window
from monitor.timetravel.fills import Fills, ModelFills, NoFills
from monitor.timetravel.past_data import Library, extended, shipped
from monitor.timetravel.pool import CHAIN, USDC, Held
from monitor.timetravel.tape import eth_prices
from monitor.timetravel.told_fills import ToldFills, read_fills

SELF = "self"
_MAX_GAP = "25h"
"""A tape's blocks are hours apart, and a day where only closes are had: no silence."""

_WIDEST: Final = 1e6
"""A range of more reaches as far as every price does: it is `full`."""

_CENT, _RICHEST, _DEAREST = 0.01, 1e12, 1e3
_CALENDARS: Final = (date(1990, 1, 1), date(2050, 1, 1))
_SECOND: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A past to replay.

    book: by what it is judged. seen: what is observed. price: the pool's in a state. sources:
    where its figures come from, in sentences, given the days that were told. fees_by: who told
    the fees.
    """

    title: str
    book: Rulebook
    seen: Iterable[Observation]
    price: Callable[[State], float | None]
    sources: Callable[[Window], tuple[str, ...]]
    fees_by: str = "model"


def refused(where: str, reason: str, *, verb: str = "timetravel") -> ConfigError:
    """Return what a wrong argument raises."""
    return ConfigError([Fault(file=verb, where=where, reason=reason)])


def check_asked(asked: argparse.Namespace) -> None:
    """Raise ConfigError for an argument that what is asked for has no use of."""
    _check_days(asked)
    if not asked.position:
        why = "say with --position whose past is to be read there"
        _unused(why, rpc=asked.rpc, chain=asked.chain, step=asked.step != STEP)
        _unused(why, protocol=asked.protocol != PROTOCOL)
    if asked.position or asked.tape is not None:
        why = f"a {'real position' if asked.position else 'tape'} has its own: leave this out"
        _unused(why, range=tuple(asked.ranges) != RANGES, value=asked.value != VALUE_USD)
        _unused(why, fees=asked.fees != FEE_SHARE)
    if asked.tape is not None:
        _unused("nothing is drawn of a tape: leave this out", seed=asked.seed != SEED)


def _check_days(asked: argparse.Namespace) -> None:
    if asked.event is not None and (asked.first or asked.last):
        raise refused("EVENT", f"{asked.event} has days of its own: leave --from and --to out")


def _unused(why: str, **given: object) -> None:
    for name, value in given.items():
        if value:
            raise refused(f"--{name}", why)


def library_of(asked: argparse.Namespace) -> Library:
    """Return the shipped tables, with what `--data` adds to them."""
    if asked.data is None:
        return shipped()
    if not (asked.data / SUMS).exists():
        raise refused("--data", f"{asked.data} is no folder that `history pull --parquet` made")
    return extended(shipped(), Archive(asked.data))


def fills_of(who: str, book: Rulebook) -> Fills:
    """Return who trades: `model`, `none`, or a file's trades; raise ConfigError in one sentence."""
    known: dict[str, Fills] = {"model": ModelFills(), "none": NoFills()}
    if who in known:
        return known[who]
    path = Path(who)
    if not path.exists():
        raise refused("--fills", f"{who!r} is neither model nor none, nor a file that is there")
    return read_fills(path, book.rules)


def tell(alerts: Iterable[Alert], fills: Fills) -> None:
    """Print a line an alert, and the trades that came too late to be told."""
    for alert in in_order(alerts):
        print(console_line(alert, dated=True))
    if late := untold(fills):
        print(line("", late.removeprefix("; ")))


def untold(fills: Fills) -> str:
    """Return how many trades of a file came too late to be told, after a semicolon; else ""."""
    late = fills.untold if isinstance(fills, ToldFills) else 0
    if not late:
        return ""
    return f"; {late} trade{' is' if late == 1 else 's are'} after the last observation: not told"


def write_log(alerts: Iterable[Alert], out: Path) -> None:
    """Write `alerts.jsonl` into a folder; raise Permanent where that cannot be."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        (out / "alerts.jsonl").write_text(alert_log(alerts), encoding="utf-8")
    except OSError as error:
        raise Permanent(f"nothing can be written to {out}: {error.strerror}") from error
    print(f"written {out / 'alerts.jsonl'}")


def titled(window: Window, library: Library) -> str:
    """Return a window's title; and which of its days are told, where others have no price."""
    prices = eth_prices(window, library)
    if not prices:
        return window.title
    begins, ends = prices[0][0], prices[-1][0]
    since = f" from {begins.date()}" if begins > window.begins else ""
    until = f" to {(ends - _SECOND).date()}" if ends < window.ends else ""
    why = f", told{since}{until}: no other price of ETH is had" if since or until else ""
    return f"{window.title}{why}"


def ready(out: Path) -> None:
    """Raise Permanent where charts cannot be drawn, or nothing can be written to a folder."""
    check_drawing()
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Permanent(f"nothing can be written to {out}: {error.strerror}") from error


def window_of(asked: argparse.Namespace) -> Window:
    """Return the days asked for; raise ConfigError for none, or days that are none."""
    _check_days(asked)
    if asked.event is not None:
        if asked.event not in EVENTS:
            raise refused("EVENT", f"{asked.event!r} is none of {', '.join(EVENTS)}")
        return EVENTS[asked.event]
    if not asked.first or not asked.last:
        raise refused("EVENT", f"name one of {', '.join(EVENTS)}, or both --from and --to")
    first, last = _day("--from", asked.first), _day("--to", asked.last)
    if last < first:
        raise refused("--to", f"{last} is before --from {first}")
    return Window(first=first, last=last, title=f"{first} to {last}")


def _day(where: str, text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise refused(where, f"{text!r} is no date such as 2022-01-31") from None
    if not _CALENDARS[0] <= day < _CALENDARS[1]:
        raise refused(where, f"{day} is in none of the years from 1990 to 2049")
    return day


def held_of(asked: argparse.Namespace, *, verb: str = "timetravel") -> Iterator[Held]:
    """Yield the positions asked for; raise ConfigError for a figure that is none."""
    if not _CENT <= asked.value <= _RICHEST:
        raise refused("--value", f"must be 0.01 to {_RICHEST:,.0f}, was {asked.value:g}", verb=verb)
    if not 0 <= asked.fees <= _DEAREST:
        raise refused("--fees", f"must be 0 to {_DEAREST:,.0f}, was {asked.fees:g}", verb=verb)
    for text in asked.ranges:
        yield Held(width=_width(text, verb), value_usd=asked.value)


def _width(text: str, verb: str) -> float | None:
    if text == "full":
        return None
    try:
        width = float(text)
    except ValueError:
        width = 0.0
    if not 1 < width <= _WIDEST:
        reason = f"{text!r} is neither a number above 1, to {_WIDEST:,.0f}, nor `full`"
        raise refused("--range", reason, verb=verb)
    return width


def replay_book(packs: Sequence[Pack]) -> Rulebook:
    """Return what a tape is judged by: these packs over its one chain."""
    rules = RulesSettings(max_gap=_MAX_GAP)
    book = rulebook(Settings(usd=UsdSettings(pegged=(USDC,)), rules=rules), packs)
    return replace(book, lens=replace(book.lens, chains=frozenset({CHAIN})))


def enabled_packs(config: Path) -> list[str]:
    """Return the packs a config enables but `self`, which watches a daemon and there is none."""
    settings = settings_of(config) or Settings()
    return [pack for pack in settings.rules.enabled if pack != SELF]
