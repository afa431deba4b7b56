"""The timeline of a story: which layers were on and with what, and when each rule spoke."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Final

from monitor.alerts.alert import Alert, AlertState
from monitor.hedge.journal import standing
from monitor.hedge.legs import add_legs
from monitor.model.layer import Action, LayerState, Leg
from monitor.timetravel.figures import ranges
from monitor.timetravel.panels import FAINT, HEDGE, INK, RANGES, day_number, title
from monitor.timetravel.scene import Story

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_ROWS: Final = 24
"""More rules than this are not drawn: those that spoke least are counted in the title."""

ROW: Final = 30
"""Pixels a row."""

_FREE: Final = 0.7
"""Rows kept free above, for marks."""

_LETTER: Final = 10.0
"""Pixels a letter: a bar is told in words where they fit in it."""

_BAR: Final = 0.62
_OVER: Final = frozenset(
    {AlertState.RESOLVED, AlertState.EXPIRED, AlertState.FILLED, AlertState.RETRACTED}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A time in which a layer held the same legs. ends: None where it holds them still."""

    row: str
    begins: datetime
    ends: datetime | None
    told: str


def layer_stretches(layers: Mapping[str, LayerState]) -> list[Stretch]:
    """Return what each layer held and when, row by row; a row is a layer over its scope."""
    found: list[Stretch] = []
    for _, layer in sorted(layers.items()):
        legs: tuple[Leg, ...] = ()
        since: datetime | None = None
        row = layer.layer if layer.scope == "book" else f"{layer.layer} {_short(layer.scope)}"
        for _, trade in groupby(standing(layer.journal), key=lambda entry: entry.trade):
            entries = list(trade)
            at = entries[-1].booked.at
            if legs and since:
                found.append(Stretch(row=row, begins=since, ends=at, told=_held(legs)))
            legs = add_legs(legs, [entry.fill for entry in entries])
            since = at
        if legs and since:
            found.append(Stretch(row=row, begins=since, ends=None, told=_held(legs)))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoke:
    """A time in which a rule's alert stood. ends: None where it stands still."""

    rule: str
    action: Action
    token_id: int | None
    begins: datetime
    ends: datetime | None


def spoken(alerts: Sequence[Alert]) -> list[Spoke]:
    """Return when each alert stood, from its firing to its end."""
    found: list[Spoke] = []
    open_: dict[str, Alert] = {}
    for alert in alerts:
        if alert.state is AlertState.FIRING:
            open_[alert.key] = alert
        elif alert.state in _OVER and alert.key in open_:
            found.append(_spoke(open_.pop(alert.key), alert.at))
    return [*found, *(_spoke(alert, None) for alert in open_.values())]


def rows_of(spokes: Sequence[Spoke]) -> list[str]:
    """Return the rules that are drawn, proposals first, MOST_ROWS at most."""
    by_rule = {rule: [s for s in spokes if s.rule == rule] for rule in {s.rule for s in spokes}}
    often = sorted(by_rule, key=lambda rule: (_rank(by_rule[rule]), -len(by_rule[rule]), rule))
    return sorted(often[:MOST_ROWS], key=lambda rule: (_rank(by_rule[rule]), rule))


@dataclass(frozen=True, slots=True)
class LayerTimeline:
    """Draws a bar for what each layer held, named where there is room."""

    stretches: Sequence[Stretch]

    @property
    def rows(self) -> list[str]:
        """Return the rows from the top."""
        return list(dict.fromkeys(one.row for one in self.stretches))

    def __call__(self, panel: "Axes", story: Story) -> None:
        """Fill the panel."""
        rows = self.rows
        title(panel, "Layers: what each held" if rows else "Layers: none was ever on")
        _rows(panel, rows)
        for one in self.stretches:
            begins, width = _span(one.begins, one.ends, story)
            y = rows.index(one.row)
            bar = [(begins, width)]
            panel.broken_barh(
                bar, (y - _BAR / 2, _BAR), color=HEDGE, alpha=0.55, edgecolor="white", linewidth=1.5
            )
            low, high = panel.get_xlim()
            pixels = panel.get_window_extent().width * width / (high - low)
            if pixels > _LETTER * len(one.told):
                place = begins + width / 2
                panel.text(
                    place, y, one.told, ha="center", va="center", fontsize=11.5, clip_on=True
                )


@dataclass(frozen=True, slots=True)
class RuleTimeline:
    """Draws a bar for each time a rule's alert stood, by position where it is about one."""

    spokes: Sequence[Spoke]

    @property
    def rows(self) -> list[str]:
        """Return the rows from the top."""
        return rows_of(self.spokes)

    def __call__(self, panel: "Axes", story: Story) -> None:
        """Fill the panel."""
        rows, tokens = self.rows, list(ranges(story))
        left_out = len({one.rule for one in self.spokes}) - len(rows)
        more = f", {left_out} more rules not shown" if left_out else ""
        title(panel, f"When each rule's alert stood; by range in its colour{more}")
        _rows(panel, rows)
        for one in self.spokes:
            if one.rule not in rows:
                continue
            begins, width = _span(one.begins, one.ends, story)
            low, high = panel.get_xlim()
            least = (high - low) * 0.003
            y, height, colour = float(rows.index(one.rule)), _BAR, INK
            if one.token_id in tokens:
                n = tokens.index(one.token_id)
                height = _BAR / len(tokens)
                y += (n + 0.5) * height - _BAR / 2
                colour = RANGES[n % len(RANGES)]
            bar = [(begins, max(width, least))]
            panel.broken_barh(bar, (y - height / 2, height), color=colour, linewidth=0)


def height(rows: int) -> int:
    """Return how many pixels a timeline of so many rows takes."""
    return round(ROW * (max(rows, 1) + _FREE))


def _rows(panel: "Axes", rows: Sequence[str]) -> None:
    panel.set_ylim(max(len(rows), 1) - 0.5, -0.5 - _FREE)
    panel.set_yticks(range(len(rows)), labels=rows)
    panel.tick_params(axis="y", length=0, labelsize=12)
    for y in range(len(rows)):
        panel.axhline(y + 0.5, color=FAINT, linewidth=0.4, alpha=0.5)


def _span(begins: datetime, ends: datetime | None, story: Story) -> tuple[float, float]:
    start = day_number(begins)
    return start, day_number(ends or story.scenes[-1].at) - start


def _spoke(alert: Alert, ends: datetime | None) -> Spoke:
    token = (alert.position or "").rpartition(":")[2]
    return Spoke(
        rule=alert.rule,
        action=alert.action,
        token_id=int(token) if token.isdecimal() else None,
        begins=alert.at,
        ends=ends,
    )


def _rank(spokes: Sequence[Spoke]) -> int:
    return 1 if spokes[0].action is Action.NOTIFY else 0


def _held(legs: Sequence[Leg]) -> str:
    first = legs[0]
    more = f" +{len(legs) - 1}" if len(legs) > 1 else ""
    strike = f" {first.contract.strike:g}" if first.contract.strike else ""
    return f"{first.quantity} × {first.contract.expiry:%b}{strike}{more}"


def _short(scope: str) -> str:
    return f"#{scope.rpartition(':')[2]}" if scope.count(":") > 1 else scope
