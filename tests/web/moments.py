"""Moments for the page: a storm in which something of everything is to be seen."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from math import sin
from typing import Any

from monitor.alerts.matcher import read_matcher
from monitor.alerts.silence import Silence
from monitor.alerts.wire import to_json
from monitor.app.course import Course
from monitor.hedge.legs import parse_leg
from monitor.model.observation import Gap, Observation, Verb, Word
from monitor.model.position import Position
from monitor.pipeline import Rulebook, State, step
from monitor.store.course import CourseMark
from monitor.store.endpoints import EndpointSeen
from monitor.store.records import Backlog, Event, Letter, Tally
from monitor.web.seen import Delivered, Ground, Seen

# Cboe's settlements of 14 February and 16 March 2020, and the VIX at its closes.
CALM = {date(2020, 3, 18): 15.425, date(2020, 6, 17): 16.725, date(2020, 9, 16): 17.225}
STORM = {date(2020, 3, 18): 71.4, date(2020, 6, 17): 44.5, date(2020, 9, 16): 34.0}
BEGUN = datetime(2020, 2, 14, 21, 20, tzinfo=UTC)
PEAK = datetime(2020, 3, 16, 20, 20, tzinfo=UTC)
PACKS = ("alvh", "lp_range", "self")
CHAIN = "main"


def bought(at: datetime, layer: str, *legs: str) -> Word:
    fills = tuple(parse_leg(leg) for leg in legs)
    return Word(
        id=f"{layer}{at}", verb=Verb.FILL, observed_at=at, by="ann", layer=layer, fills=fills
    )


def held(hand: Any) -> tuple[Position, ...]:
    """In range, above it, below it, wide, of an unknown entry, and empty."""
    at = hand.tick
    ranges = ((-1_000, 4_000), (-1_000, 1_000), (3_000, 9_000), (-20_000, 20_000))
    found = [hand.position(4471 + n, ticks=(at + a, at + b)) for n, (a, b) in enumerate(ranges)]
    unknown = replace(
        hand.position(5120, ticks=(at - 600, at + 2_400)),
        basis=None,
        basis_note="the node keeps no events of its mint: give an [[entry]]",
    )
    return (*found, unknown, replace(hand.position(5300), liquidity=0))


def course_of(begun: datetime, count: int) -> tuple[CourseMark, ...]:
    """Return marks a quarter of an hour; an hour of them is unknown."""
    marks = list[CourseMark]()
    for n in range(count):
        fall = n / count
        dark = count // 2 <= n < count // 2 + 40
        marks.append(
            CourseMark(
                at=int(begun.timestamp()) + 900 * n,
                il=None if dark else -0.06 * fall - 0.004 * (1 + sin(n / 60)),
                lost_usd=None if dark else -24_000 * fall - 900 * (1 + sin(n / 60)),
                hedge_usd=-900 + 15_000 * fall**3,
                value_usd=None,
                vix=None if n % 96 < 30 else 14 + 68 * fall**2,
            )
        )
    return tuple(marks)


class Stage:
    """Takes observations as a daemon does, in memory."""

    def __init__(self, book: Rulebook) -> None:
        self.book = book
        self.state = State(epoch="5e46d1c0")
        self.events = list[Event]()
        self.course = Course()

    def take(self, *seen: Observation) -> State:
        for one in seen:
            self.state, alerts = step(self.book, self.state, one)
            for alert in alerts:
                self.events.append(
                    Event(
                        id=len(self.events) + 1,
                        idem=alert.idem,
                        key=alert.key,
                        alert_id=alert.id,
                        at=alert.at,
                        payload=to_json(alert),
                    )
                )
            self.course.noted(one, self.state)
        return self.state

    def seen(self, now: datetime, **more: Any) -> Seen:
        return Seen(ground=ground(self.book), state=self.state, now=now, **more)


def ground(book: Rulebook, order: Iterable[str] = ("vix", "vx.settle", "dvol.eth")) -> Ground:
    return Ground(
        instance="home",
        chains=(CHAIN,),
        channels=("console", "telegram", "mqtt"),
        order=dict.fromkeys(order, ("cboe",)),
        rules=book.rules,
        layers=tuple(layer for pack in book.packs for layer in pack.layers),
    )


def letter(events: Sequence[Event]) -> Letter:
    event = events[-1]
    return Letter(
        id=7,
        channel="telegram",
        idem=event.idem,
        key=event.key,
        alert_id=event.alert_id,
        payload=event.payload,
        queued_at=event.at,
        due=event.at,
        tries=9,
        error="403: the bot was blocked by the user",
        dead_at=event.at + timedelta(seconds=1),
    )


def storm(hand: Any, book: Rulebook | None = None) -> Seen:
    """Return the afternoon of 16 March 2020, two layers held, a feed and an endpoint failing."""
    stage = Stage(book or hand.book(*PACKS))
    stage.take(
        hand.settled(BEGUN.date(), CALM, BEGUN),
        hand.vix(13.68, BEGUN),
        hand.snapshot(BEGUN, *held(hand)),
        bought(BEGUN, "L2", "vix.call 2020-06-17 18 +4 @1.60"),
        bought(BEGUN, "L3", "vix.call 2020-09-16 20 +2 @2.10"),
    )
    days = ((4, 75.47, 800), (3, 57.83, 1_200), (2, 0.0, 1_100), (1, 0.0, 1_400), (0, 82.69, 2_000))
    for number, (back, vix, ticks) in enumerate(days, 2):
        at = PEAK - timedelta(days=back)
        if vix:
            stage.take(hand.settled(at.date(), STORM, at), hand.vix(vix, at))
        stage.take(hand.snapshot(at, *held(hand), tick=hand.tick + ticks, number=number))
    stage.take(Gap(source="dvol.eth", observed_at=PEAK, reason="deribit: 503, asked again in 30 s"))
    return stage.seen(
        PEAK + timedelta(seconds=4),
        endpoints=ENDPOINTS,
        course=course_of(BEGUN, 31 * 96),
        silences=(QUIET,),
        delivered=Delivered(
            backlog=(
                Backlog(channel="telegram", waiting=3, dead=1, oldest=PEAK - timedelta(minutes=2)),
            ),
            dead=(letter(stage.events),),
            events=tuple(stage.events[-12:]),
            told=len(stage.events),
        ),
        tallies={CHAIN: Tally(polls=223_200, gaps=41, requests=230_144)},
    )


QUIET = Silence(
    id="4B0A9C",
    match=read_matcher(["pack=lp_range"]),
    since=PEAK - timedelta(hours=2),
    until=PEAK + timedelta(hours=4, seconds=4),
    by="ann",
    reason="moving the <range>",
)
ENDPOINTS = {
    CHAIN: (
        EndpointSeen(host="eth-mainnet.example/v2/***", serving=True, asked=True),
        EndpointSeen(
            host="rpc-2.example",
            serving=False,
            asked=True,
            quarantined_since=PEAK - timedelta(minutes=9),
            quarantined_why="its head is 41 blocks behind",
        ),
    )
}


def many(hand: Any, count: int) -> Seen:
    """Return a book of many positions, each of its own range, moved a little out of the middle."""
    stage = Stage(hand.book(*PACKS))
    there = tuple(
        hand.position(n + 1, ticks=(hand.tick - 60 * (5 + n % 90), hand.tick + 60 * (2 + n % 70)))
        for n in range(count)
    )
    at = BEGUN - timedelta(minutes=1)
    stage.take(hand.vix(13.68, at), hand.snapshot(at, *there, tick=hand.tick + 300))
    stage.take(hand.snapshot(BEGUN, *there, tick=hand.tick + 900, number=2))
    return stage.seen(BEGUN)
