"""What a story comes to: the book and the hedge at each moment, and sums over them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Final

from monitor.alerts.alert import Alert, AlertState
from monitor.hedge.contracts import kind_of
from monitor.hedge.layer import profit
from monitor.hedge.mark import Mark, mark
from monitor.model.layer import Action, LayerState
from monitor.pipeline import State
from monitor.signals.book import book_il
from monitor.signals.market import market_of

STORM: Final = 30.0
"""The VIX level above which the method makes its claim."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """One position at one moment. loss_usd: value less holding, <= 0; None if unknown.

    value_usd: of its principal, fees left out. liquidity: None where that is not told.
    """

    token_id: int
    il: float | None
    loss_usd: float | None
    fees_usd: float | None
    in_range: bool
    price_lower: float
    price_upper: float
    value_usd: float | None = None
    liquidity: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """The whole at one moment.

    price: USDC per WETH. vix: the last close. hedge_usd: profit of all layers over
    their life, at model prices; None where a leg could not be marked. paid, returned:
    None where a trade has no price. hedge_value_usd: what selling all legs would bring.
    """

    at: datetime
    price: float
    vix: float | None
    holdings: tuple[Holding, ...]
    book_il: float | None
    hedge_usd: float | None
    paid_usd: float | None
    returned_usd: float | None
    hedge_value_usd: float | None = None

    @property
    def loss_usd(self) -> float | None:
        """Return what the book is behind holding, <= 0, or None if any position is unknown."""
        known = [one.loss_usd for one in self.holdings if one.loss_usd is not None]
        return sum(known) if known and len(known) == len(self.holdings) else None


def scene_of(state: State, at: datetime, price: float) -> Scene:
    """Return the daemon's own state at an instant, as far as a report needs it."""
    legs = [leg for layer in state.layers.values() for leg in layer.legs]
    market = market_of(state.facts, at, {"vix", *(kind_of(leg.contract).root for leg in legs)})
    marked = [(layer, mark(layer.legs, market, at)) for layer in state.layers.values()]
    profits = [profit(layer, held) for layer, held in marked]
    known = [one for one in profits if one is not None]
    trades = [b.cash_usd for layer in state.layers.values() for b in layer.journal]
    cash = None if None in trades else [one for one in trades if one is not None]
    return Scene(
        at=at,
        price=price,
        vix=market.vix.spot,
        holdings=tuple(_holding(state, key) for key in sorted(state.facts.positions)),
        book_il=book_il(state.facts),
        hedge_usd=sum(known) if len(known) == len(profits) else None,
        paid_usd=None if cash is None else -sum(one for one in cash if one < 0),
        returned_usd=None if cash is None else sum(one for one in cash if one > 0),
        hedge_value_usd=_value(marked),
    )


def _value(marked: Sequence[tuple[LayerState, Mark | None]]) -> float | None:
    """Return what all legs are worth; None where one of them could not be marked."""
    values = [held.value_usd if held else None for layer, held in marked if layer.legs]
    known = [one for one in values if one is not None]
    return sum(known) if len(known) == len(values) else None


def _holding(state: State, key: str) -> Holding:
    seen = state.facts.positions[key]
    measures = seen.measures
    return Holding(
        token_id=seen.position.token_id,
        il=measures.il,
        loss_usd=measures.il_worth.usd if measures.il_worth else None,
        fees_usd=measures.fees_usd,
        in_range=measures.in_range,
        price_lower=measures.price_lower,
        price_upper=measures.price_upper,
        value_usd=measures.value.usd,
        liquidity=seen.position.liquidity,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Offset:
    """What the hedge made while the book lost, USD; share is None where nothing was lost."""

    lost_usd: float
    hedge_usd: float

    @property
    def share(self) -> float | None:
        """Return hedge profit over loss, a fraction; above 1 it made more than was lost."""
        return self.hedge_usd / -self.lost_usd if self.lost_usd < 0 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What was told and what came of it, in the order of time; it needs a scene at least."""

    alerts: tuple[Alert, ...]
    scenes: tuple[Scene, ...]

    @property
    def never_hedged(self) -> bool:
        """Return whether no layer was ever on; not where a trade has no price.

        What is sold first, a perpetual or a spread, has brought cash before any was paid.
        """
        last = self.scenes[-1]
        return last.paid_usd == 0 and last.returned_usd == 0

    def count(self, action: Action) -> int:
        """Return how many alerts of an action began to fire."""
        return sum(
            alert.action is action and alert.state is AlertState.FIRING for alert in self.alerts
        )

    def worst(self, token_id: int) -> float | None:
        """Return a position's worst IL, a fraction <= 0."""
        found = [
            one.il
            for scene in self.scenes
            for one in scene.holdings
            if one.token_id == token_id and one.il is not None
        ]
        return min(found, default=None)

    def worst_scene(self) -> Scene | None:
        """Return the moment at which the book was furthest behind holding."""
        known = [scene for scene in self.scenes if scene.loss_usd is not None]
        return min(known, key=lambda scene: scene.loss_usd or 0.0, default=None)

    def offset_at(self, scene: Scene) -> Offset | None:
        """Return the book's loss and the hedge's profit from the start to a moment."""
        if scene.loss_usd is None or scene.hedge_usd is None:
            return None
        return Offset(lost_usd=scene.loss_usd, hedge_usd=scene.hedge_usd)

    def offset_where(self, holds: Callable[[Scene], bool]) -> Offset | None:
        """Return both summed over the steps that begin in a moment of this kind."""
        chosen = [(before, after) for before, after in _steps(self.scenes) if holds(before)]
        if not chosen:
            return None
        lost = sum((b.loss_usd or 0.0) - (a.loss_usd or 0.0) for a, b in chosen)
        made = sum((b.hedge_usd or 0.0) - (a.hedge_usd or 0.0) for a, b in chosen)
        return Offset(lost_usd=lost, hedge_usd=made)


def _steps(scenes: Sequence[Scene]) -> list[tuple[Scene, Scene]]:
    known = [s for s in scenes if s.loss_usd is not None and s.hedge_usd is not None]
    return list(pairwise(known))
