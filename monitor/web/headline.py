"""The sentence on top: how all of it is."""

from collections.abc import Iterator

from monitor.alerts.figures import figure
from monitor.hedge.book import Known
from monitor.rules.lifecycle import Phase
from monitor.rules.verdict import Scalar, Value
from monitor.signals.book import live_positions
from monitor.signals.of_hedge import coverage
from monitor.web.markup import Markup, Part, el, said
from monitor.web.seen import Seen
from monitor.web.standing import Ruling, Stand
from monitor.web.words import ago, note, unknown


def mood(seen: Seen, found: tuple[Ruling, ...]) -> tuple[Stand, str]:
    """Return the loudest thing there is to say, and its colour."""
    if dark := _dark(seen):
        return Stand.UNKNOWN, dark
    if seen.trouble:
        return Stand.FIRING, "The store takes nothing."
    firing = sum(one.phase is Phase.FIRING for one in seen.state.instances.values())
    if firing:
        return Stand.FIRING, f"{firing} alert{' fires' if firing == 1 else 's fire'}."
    for stand in (Stand.PENDING, Stand.UNKNOWN):
        if count := sum(one.stand is stand for one in found):
            return stand, f"{count} rule{' is' if count == 1 else 's are'} {stand.value}."
    return Stand.QUIET, "Calm."


def _dark(seen: Seen) -> str:
    """Return why nothing is known of the present, or nothing."""
    if not seen.running:
        return "The daemon is not running."
    if seen.blind:
        return f"Blind on {', '.join(seen.blind)}."
    return f"{seen.still.capitalize()}." if seen.still else ""


def headline(seen: Seen, found: tuple[Ruling, ...]) -> Markup:
    """Return the sentence. What is read aloud is its first part, which seldom changes."""
    stand, words = mood(seen, found)
    il, covers = seen.book.value("book.il"), _covered(seen)
    spoken = el(
        "strong",
        *(words, " ", _count(seen)),
        role="status",
        aria_live="polite",
        aria_atomic="true",
    )
    told = [", IL ", _figure(il.value), ", "]
    told += ["no hedge held"] if covers is None else ["hedge covers ", _figure(covers[0])]
    notes = () if seen.blind else _notes(il, covers)
    return el(
        "div",
        el("p", spoken, *told, ". ", _last(seen), class_="sentence"),
        *(el("p", said(one), class_="why") for one in _reasons(seen)),
        *(note(said(one)) for one in notes),
        class_=f"headline {stand.value}",
    )


def _count(seen: Seen) -> Part:
    chains = seen.state.facts.chains
    if any(name not in chains or chains[name].good_at is None for name in seen.ground.chains):
        return [unknown(), " positions"]
    held = len(live_positions(seen.state.facts))
    return f"{held} position{'' if held == 1 else 's'}"


def _reasons(seen: Seen) -> Iterator[str]:
    yield from (f"{name}: {why}" for name, why in seen.blind.items())
    if seen.trouble:
        yield f"What comes is held in memory, and would be lost with it: {seen.trouble}"


def _notes(il: Value, covers: Known | None) -> Iterator[str]:
    """Yield what stands beneath the sentence: why of it is unknown, and what a cover is of."""
    if il.value is None and il.note:
        yield f"IL unknown: {il.note.removeprefix('book.il').lstrip(': ')}"
    if covers is None:
        return
    share, why = covers
    if share is None:
        yield f"Cover unknown: {why}"
    else:
        yield f"The cover is of a spike as in 2020, by the model{f': {why}' if why else ''}."


def _figure(value: Scalar | None) -> Part:
    return figure(value, "fraction") if isinstance(value, float) else unknown()


def _covered(seen: Seen) -> Known | None:
    """Return what of a declared spike's loss the legs held would pay; None where none are held."""
    ledger = seen.marked.ledger
    if not any(line.layer.legs for line in ledger.lines):
        return None
    if seen.blind:
        return None, "the positions are unknown"
    return coverage(seen.state.facts, ledger, seen.marked.market, seen.now)


def _last(seen: Seen) -> Part:
    blocks = [
        source.good_at
        for name in seen.ground.chains
        if (source := seen.state.facts.chains.get(name)) and source.good_at
    ]
    # The oldest: what is told of the whole book is no younger.
    return el("span", "Last block ", ago(min(blocks), seen.now), ".") if blocks else None
