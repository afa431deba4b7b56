"""What Prometheus is told: a registry a scrape, of one moment; what is unknown is left out."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from monitor import __version__
from monitor.logs import redact
from monitor.model.layer import LayerStatus
from monitor.signals.book import live_positions
from monitor.signals.catalogue import Scope
from monitor.signals.facts import PositionSeen
from monitor.store.endpoints import EndpointSeen
from monitor.store.records import Tally
from monitor.web.seen import Seen
from monitor.web.signals import named
from monitor.web.standing import Ruling, Stand, rulings

MOST_POSITIONS: Final = 200
"""Positions with samples of their own; of more, only the sums are told."""

Sample = tuple[tuple[str, ...], float | None]


def told(seen: Seen, accept: str, *, build_s: float, readers: int) -> tuple[bytes, str]:
    """Return the exposition of a moment and its content type, as the scraper accepts it."""
    registry = CollectorRegistry()
    registry.register(_Moment(seen, build_s=build_s, readers=readers))
    ProcessCollector(registry=registry)
    encoder, kind = choose_encoder(accept)
    return encoder(registry), kind


class _Moment(Collector):
    def __init__(self, seen: Seen, *, build_s: float, readers: int) -> None:
        self._seen = seen
        self._page = (build_s, readers)

    def collect(self) -> Iterable[Metric]:
        seen, (build_s, readers) = self._seen, self._page
        yield InfoMetricFamily(
            "hedgewatch_build",
            "Which Hedgewatch, and which of its instances.",
            value={"version": __version__, "instance": seen.ground.instance},
        )
        yield from _daemon(seen)
        yield from _chains(seen)
        yield from _feeds(seen)
        yield from _book(seen)
        yield from _positions(seen)
        yield from _rules(seen, rulings(seen))
        yield from _layers(seen)
        yield from _outbox(seen)
        yield _gauge("page_build_seconds", "What writing the page last took.", [((), build_s)])
        yield _gauge("page_readers", "Streams of the page that are open.", [((), float(readers))])


def _family(kind: type[Metric]) -> Callable[..., Metric]:
    def family(name: str, meaning: str, samples: Iterable[Sample], *labels: str) -> Metric:
        found = kind(f"hedgewatch_{name}", meaning, labels=labels)  # type: ignore[call-arg]
        for values, value in samples:
            if value is not None:
                found.add_metric([redact(one) for one in values], value)  # type: ignore[attr-defined]
        return found

    return family


_gauge: Final = _family(GaugeMetricFamily)
_counter: Final = _family(CounterMetricFamily)


def _stamp(at: datetime | None) -> float | None:
    return None if at is None else at.timestamp()


def _daemon(seen: Seen) -> Iterator[Metric]:
    yield _gauge("running", "Whether a daemon runs on the store.", [((), float(seen.running))])
    failing = float(bool(seen.trouble))
    yield _gauge("store_failing", "Whether the store takes nothing.", [((), failing)])
    at = _stamp(seen.state.at)
    yield _gauge("last_observation_timestamp_seconds", "When it last observed.", [((), at)])
    up = seen.number("system.up_s")
    yield _gauge("uptime_seconds", "How long the daemon has run.", [((), up)])


def _chains(seen: Seen) -> Iterator[Metric]:
    names = seen.ground.chains
    there = {name: seen.state.facts.chains.get(name) for name in names}
    good = [((name,), _stamp(one.good_at if one else None)) for name, one in there.items()]
    block = [((n,), float(o.block.number)) for n, o in there.items() if o and o.block]
    dark = [((name,), float(name in seen.blind)) for name in names]
    missing = [((name,), float(len(one.missing))) for name, one in there.items() if one]
    yield _gauge(
        "chain_last_success_timestamp_seconds", "When a chain was last read.", good, "chain"
    )
    yield _gauge("chain_block_number", "The newest block read.", block, "chain")
    yield _gauge("chain_blind", "Whether a chain has not been read for long.", dark, "chain")
    yield _gauge("chain_missing", "What is watched and cannot be read.", missing, "chain")
    tallies = seen.tallies.items()
    for name, meaning, pick in _POLLED:
        counts = [((chain,), float(pick(one))) for chain, one in tallies]
        yield _counter(name, meaning, counts, "chain")
    ends = [(c, *each) for c, found in seen.endpoints.items() for each in _apart(found)]
    serving = [((chain, host), float(one.serving)) for chain, host, one in ends]
    aside = [((c, host), float(one.quarantined_since is not None)) for c, host, one in ends]
    yield _gauge("endpoint_serving", "Whether the last snapshot is its.", serving, "chain", "host")
    yield _gauge("endpoint_quarantined", "Whether its head lags.", aside, "chain", "host")


def _apart(found: Sequence[EndpointSeen]) -> Iterator[tuple[str, EndpointSeen]]:
    """Yield endpoints by names of their own: two keys of one provider have one host."""
    hosts = [redact(one.host) for one in found]
    for number, (host, one) in enumerate(zip(hosts, found, strict=True)):
        before = hosts[:number].count(host)
        yield f"{host} ({before + 1})" if before else host, one


_POLLED: Final[tuple[tuple[str, str, Callable[[Tally], int]], ...]] = (
    ("chain_polls", "Polls of a chain since ever.", lambda tally: tally.polls),
    ("chain_poll_gaps", "Polls that got nothing.", lambda tally: tally.gaps),
    ("chain_requests", "Requests sent for them.", lambda tally: tally.requests),
)


def _feeds(seen: Seen) -> Iterator[Metric]:
    feeds = seen.state.facts.feeds
    good = [((n,), _stamp(feeds[n].good_at)) for n in seen.ground.order if n in feeds]
    failing = [((n,), float(bool(feeds[n].gap))) for n in seen.ground.order if n in feeds]
    yield _gauge("feed_last_success_timestamp_seconds", "When a feed answered.", good, "feed")
    yield _gauge("feed_failing", "Whether its newest poll got nothing.", failing, "feed")
    signals = [one for one in named(seen) if one.scope is not Scope.SYSTEM]
    values = [(one.name, seen.book.value(one.name)) for one in signals]
    numbers = [((n,), v.value) for n, v in values if isinstance(v.value, float)]
    stamps = [((n,), _stamp(v.as_of)) for n, v in values]
    known = [((name,), float(value.value is not None)) for name, value in values]
    yield _gauge("signal_value", "A signal, in the catalogue's unit.", numbers, "signal")
    yield _gauge("signal_timestamp_seconds", "When that was true.", stamps, "signal")
    yield _gauge("signal_known", "Whether rules know it now.", known, "signal")


def _book(seen: Seen) -> Iterator[Metric]:
    ledger = seen.marked.ledger
    held = bool(ledger.lines)
    for name, meaning, value in (
        ("book_il_ratio", "IL of all positions, <= 0.", seen.number("book.il")),
        ("book_value_usd", "What all positions are worth.", seen.number("book.value_usd")),
        ("hedge_value_usd", "What the legs held are worth.", ledger.value[0] if held else None),
        ("hedge_pnl_usd", "What the hedge made in its life.", ledger.pnl[0] if held else None),
        ("hedge_offset_ratio", "Share of the loss made good.", seen.number("book.il_offset")),
        ("vix_points", "The VIX, while it is fresh.", seen.number("vix")),
    ):
        yield _gauge(name, meaning, [((), value)])


def _positions(seen: Seen) -> Iterator[Metric]:
    live = [one for one in live_positions(seen.state.facts) if one.position.liquidity]
    fresh = [one for one in live if not one.unread and one.chain not in seen.blind]
    out = sum(not one.measures.in_range for one in fresh)
    yield _gauge("positions", "Positions with liquidity.", [((), float(len(live)))])
    unread = float(len(live) - len(fresh))
    yield _gauge("positions_unread", "Of these, not read lately.", [((), unread)])
    yield _gauge("positions_out_of_range", "Of those read, out of range.", [((), float(out))])
    told = fresh[:MOST_POSITIONS]
    for name, meaning, pick in _OF_POSITION:
        samples = [((one.position.key, one.pair), pick(one)) for one in told]
        yield _gauge(name, meaning, samples, "position", "pair")


_OF_POSITION: Final[tuple[tuple[str, str, Callable[[PositionSeen], float | None]], ...]] = (
    ("position_il_ratio", "IL of a position, <= 0.", lambda one: one.measures.il),
    ("position_value_usd", "What it is worth, fees in it.", lambda one: one.measures.total.usd),
    ("position_in_range", "Whether it is in range.", lambda one: float(one.measures.in_range)),
)


def _rules(seen: Seen, found: tuple[Ruling, ...]) -> Iterator[Metric]:
    counts = {stand: sum(one.stand is stand for one in found) for stand in Stand}
    by_state = [((stand.value,), float(count)) for stand, count in counts.items()]
    yield _gauge("rules", "Rules in force, by how they stand.", by_state, "state")
    firing = [
        ((one.rule.id, one.rule.severity.value), float(one.counts.get(Stand.FIRING, 0)))
        for one in found
    ]
    yield _gauge("alerts_firing", "Over how much a rule fires.", firing, "rule", "severity")
    told = float(seen.delivered.told)
    yield _counter("alerts", "Alerts ever decided, repeats and ends among them.", [((), told)])


def _layers(seen: Seen) -> Iterator[Metric]:
    states = [one.status for one in seen.state.layers.values()]
    counted = [((one.value,), float(states.count(one))) for one in LayerStatus]
    yield _gauge("layers", "Hedge layers, by state.", counted, "state")


def _outbox(seen: Seen) -> Iterator[Metric]:
    owed = {one.channel: one for one in seen.delivered.backlog}
    names = dict.fromkeys((*seen.ground.channels, *owed))
    waiting = [((n,), float(owed[n].waiting) if n in owed else 0.0) for n in names]
    dead = [((n,), float(owed[n].dead) if n in owed else 0.0) for n in names]
    age = [((n,), _waits(seen, owed[n].oldest if n in owed else None)) for n in names]
    yield _gauge("outbox_waiting", "Alerts that have not arrived.", waiting, "channel")
    yield _gauge("outbox_dead", "Alerts given up.", dead, "channel")
    yield _gauge("outbox_oldest_age_seconds", "How long the oldest waits.", age, "channel")


def _waits(seen: Seen, oldest: datetime | None) -> float:
    return 0.0 if oldest is None else max((seen.now - oldest).total_seconds(), 0.0)
