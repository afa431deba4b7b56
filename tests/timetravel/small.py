"""A story of four days whose sums are done by hand: two ranges of 1,000 USD and one hedge."""

from datetime import UTC, datetime, timedelta

from monitor.alerts.alert import Alert, AlertState
from monitor.hedge.book import Ledger
from monitor.model.layer import Action
from monitor.rules.pack import Severity
from monitor.timetravel.scene import Holding, Scene, Story
from monitor.timetravel.told import Told

START = datetime(2020, 3, 2, tzinfo=UTC)  # a Monday
DAY = timedelta(days=1)
EDGES = ((100.0, 400.0), (1e-27, 1e50))

# VIX, hedge, and of each range value and loss, USD.
DAYS = (
    (14.0, 0.0, (1_000.0, 0.0), (1_000.0, 0.0)),
    (40.0, 50.0, (800.0, -100.0), (900.0, -20.0)),
    (50.0, 200.0, (500.0, -300.0), (700.0, -60.0)),
    (20.0, 100.0, (900.0, -40.0), (950.0, -10.0)),
)


def scene(day: int, vix: float | None, hedge: float | None, *ranges: tuple[float, float]) -> Scene:
    """Return a moment; each range is (value, loss), and has earned 10 USD of fees a day."""
    return Scene(
        at=START + day * DAY,
        price=200.0,
        vix=vix,
        holdings=tuple(
            Holding(
                token_id=number,
                il=loss / (value - loss),
                loss_usd=loss,
                fees_usd=10.0 * day,
                in_range=True,
                price_lower=low,
                price_upper=high,
                value_usd=value,
            )
            for number, ((value, loss), (low, high)) in enumerate(
                zip(ranges, EDGES, strict=False), start=1
            )
        ),
        book_il=sum(loss for _, loss in ranges) / sum(value - loss for value, loss in ranges),
        hedge_usd=hedge,
        paid_usd=150.0,
        returned_usd=0.0,
    )


SCENES = tuple(scene(day, *told) for day, told in enumerate(DAYS))


def alert(action: Action, state: AlertState, at: datetime, **more: str) -> Alert:
    rule = f"L1.{action.value}" if action is not Action.NOTIFY else "range.out"
    told = {"scope": "book", "text": "t"} | more
    return Alert(
        id="C4DE73",
        idem=f"{rule}:{at.isoformat()}:{state}",
        key=f"{rule}:{told['scope']}",
        rule=rule,
        pack="alvh",
        layer=None if action is Action.NOTIFY else "L1",
        layer_title="",
        action=action,
        state=state,
        severity=Severity.INFO,
        at=at,
        since=at,
        title="t",
        **told,
    )


ALERTS = (
    alert(Action.ADD, AlertState.FIRING, START),
    alert(Action.ADD, AlertState.FILLED, START),
    alert(Action.NOTIFY, AlertState.FIRING, START + DAY, position="1:0xAb:1", scope="1:0xAb:1"),
    alert(Action.NOTIFY, AlertState.RESOLVED, START + 2 * DAY, scope="1:0xAb:1"),
)
STORY = Story(alerts=ALERTS, scenes=SCENES)


def told(story: Story = STORY) -> Told:
    return Told(
        title="the small storm",
        packs=("alvh",),
        traded="a model trades",
        sources=("ETH: invented.",),
        fees_by="model",
        pair="WETH/USDC",
        layered=True,
        seed=7,
        story=story,
        layers={},
        ledger=Ledger(lines=(), at=story.scenes[-1].at),
    )
