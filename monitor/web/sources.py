"""How chains, their endpoints and the feeds are doing."""

from collections.abc import Iterator
from typing import Final

from monitor.alerts.figures import moment
from monitor.model.observation import Missing
from monitor.signals.facts import SourceSeen
from monitor.store.endpoints import EndpointSeen
from monitor.web.markup import Markup, Part, el, said
from monitor.web.seen import Seen
from monitor.web.standing import Stand
from monitor.web.words import ago, badge, note, section

_MOST: Final = 8


def sources(seen: Seen) -> Markup:
    """Return the section."""
    feeds = [_feed(seen, name) for name in seen.ground.order]
    return section(
        "sources",
        "Chains, endpoints and feeds",
        el("ul", *(_chain(seen, name) for name in seen.ground.chains), class_="chains"),
        el("h3", "Feeds"),
        el("ul", *feeds, class_="feeds") if feeds else note("No feed is read."),
    )


def _chain(seen: Seen, name: str) -> Markup:
    source = seen.state.facts.chains.get(name)
    dark = name in seen.blind
    stand = (
        Stand.UNKNOWN if dark or source is None else Stand.PENDING if source.gap else Stand.QUIET
    )
    return el(
        "li",
        badge(stand, name),
        " ",
        *_answers(seen, source),
        el("ul", *(_endpoint(seen, one, dark=dark) for one in seen.endpoints.get(name, ()))),
        *_missing(source.missing if source else ()),
        data_key=f"chain:{name}",
    )


def _answers(seen: Seen, source: SourceSeen | None) -> Iterator[Part]:
    if source is None or (source.good_at is None and not source.gap):
        yield "not read yet"
        return
    if source.block is not None:
        yield f"block {source.block.number:,}, "
    yield ago(source.good_at, seen.now) if source.good_at else "never answered"
    if source.gap:
        yield el("small", said(source.gap), class_="gap")


def _endpoint(seen: Seen, one: EndpointSeen, *, dark: bool) -> Markup:
    told: list[Part] = [said(one.host), " "]
    stand, word = Stand.QUIET, "serves" if one.serving else "stands by"
    if dark:
        stand, word = Stand.UNKNOWN, "served last" if one.serving else "stood by"
    if not one.asked:
        stand, word = Stand.UNKNOWN, "not asked yet"
    if one.resting_until is not None and one.resting_until > seen.now:
        stand = Stand.PENDING
        word = f"rests until {moment(one.resting_until, seen.now)}: {one.resting_why}"
    if one.quarantined_since is not None:
        stand = Stand.PENDING
        since = moment(one.quarantined_since, seen.now)
        word = f"put aside since {since}: {one.quarantined_why}"
    told.append(badge(stand, said(word)))
    if one.logs_resting_until is not None and one.logs_resting_until > seen.now:
        until = moment(one.logs_resting_until, seen.now)
        told.append(el("small", said(f"its logs rest until {until}: {one.logs_resting_why}")))
    return el("li", *told)


def _missing(missing: tuple[Missing, ...]) -> Iterator[Markup]:
    for one in missing[:_MOST]:
        yield note(said(one.reason))
    if len(missing) > _MOST:
        yield note(f"and {len(missing) - _MOST} more")


def _feed(seen: Seen, name: str) -> Markup:
    source = seen.state.facts.feeds.get(name)
    heard = source is not None and source.good_at is not None
    stand = Stand.QUIET if heard else Stand.UNKNOWN
    if heard and source is not None and source.gap:
        stand = Stand.PENDING
    return el(
        "li",
        badge(stand, name),
        " ",
        *_answers(seen, source),
        *_missing(source.missing if source else ()),
        data_key=f"feed:{name}",
    )
