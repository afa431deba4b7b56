"""The sentence on top: how all of it is."""

from monitor.alerts.figures import figure
from monitor.rules.lifecycle import Phase
from monitor.signals.book import live_positions
from monitor.signals.of_hedge import coverage
from monitor.web.markup import Markup, Part, el, joined, said
from monitor.web.seen import Seen
from monitor.web.standing import Ruling, Stand
from monitor.web.words import ago, unknown


def mood(seen: Seen, found: tuple[Ruling, ...]) -> tuple[Stand, str]:
    """Return the loudest thing there is to say, and its colour."""
    if not seen.running:
        return Stand.UNKNOWN, "The daemon is not running."
    if seen.blind:
        return Stand.UNKNOWN, f"Blind on {', '.join(seen.blind)}."
    if seen.still:
        return Stand.UNKNOWN, f"{seen.still.capitalize()}."
    if seen.trouble:
        return Stand.FIRING, "The store takes nothing."
    firing = sum(one.phase is Phase.FIRING for one in seen.state.instances.values())
    if firing:
        return Stand.FIRING, f"{firing} alert{' fires' if firing == 1 else 's fire'}."
    for stand in (Stand.PENDING, Stand.UNKNOWN):
        if count := sum(one.stand is stand for one in found):
            return stand, f"{count} rule{' is' if count == 1 else 's are'} {stand.value}."
    return Stand.QUIET, "Calm."


def headline(seen: Seen, found: tuple[Ruling, ...]) -> Markup:
    """Return the sentence. What is read aloud is its first part, which seldom changes."""
    stand, words = mood(seen, found)
    held = len(live_positions(seen.state.facts))
    count = f"{held} position{'' if held == 1 else 's'}"
    spoken = el("strong", words, " ", count, role="status", aria_live="polite", aria_atomic="true")
    rest = joined(", IL ", _il(seen), ", ", _covers(seen), ".")
    reasons = [f"{name}: {why}" for name, why in seen.blind.items()]
    if seen.trouble:
        reasons.append(f"What comes is held in memory, and would be lost with it: {seen.trouble}")
    return el(
        "div",
        el("p", spoken, rest, " ", _last(seen), class_="sentence"),
        *(el("p", said(one), class_="why") for one in reasons),
        class_=f"headline {stand.value}",
    )


def _il(seen: Seen) -> Part:
    value = seen.book.value("book.il")
    if isinstance(value.value, float):
        return figure(value.value, "fraction")
    return unknown(value.note)


def _covers(seen: Seen) -> Part:
    """Return what of a declared spike's loss the legs held would pay, by the model."""
    ledger = seen.marked.ledger
    if not any(line.layer.legs for line in ledger.lines):
        return "no hedge held"
    if seen.blind:
        return joined("hedge covers ", unknown("the positions are unknown"))
    share, why = coverage(seen.state.facts, ledger, seen.marked.market, seen.now)
    if share is None:
        return joined("hedge covers ", unknown(why))
    return joined(
        "hedge covers ",
        el("span", figure(share, "fraction"), title=f"of a 2020-like spike, by the model; {why}"),
    )


def _last(seen: Seen) -> Part:
    blocks = [
        source.good_at
        for name in seen.ground.chains
        if (source := seen.state.facts.chains.get(name)) and source.good_at
    ]
    # The oldest: what is told of the whole book is no younger.
    return el("span", "Last block ", ago(min(blocks), seen.now), ".") if blocks else None
