"""One comparison in words: for a chat, a line; for the console, a few characters."""

import re
from datetime import datetime
from typing import Final

from monitor.alerts.figures import age, figure, pair
from monitor.rules.verdict import Term

_LABELS: Final = {
    "vix": "VIX",
    "dvol.eth": "DVOL ETH",
    "vix_age_s": "VIX age",
    "pool.price": "Price",
    "position.il": "IL",
    "position.value_usd": "Value",
    "position.fees_usd": "Fees",
    "position.in_range": "In range",
    "position.out_of_range_s": "Out of range",
    "position.distance_lower": "To lower edge",
    "position.distance_upper": "To upper edge",
    "book.il": "Book IL",
    "book.value_usd": "Book value",
    "book.positions": "Positions",
    "layer.state": "Layer",
    "layer.dte": "To expiry",
    "layer.extrinsic_left": "Extrinsic left",
    "layer.value_usd": "Layer value",
    "layer.multiple": "Worth over cost",
    "layer.rungs": "Rungs taken",
    "system.poll_age_s": "Last good snapshot",
    "system.unread": "Not readable",
    "system.entries_unknown": "Entries unknown",
    "system.feed_age_s": "Feed over its age",
    "system.outbox_age_s": "Oldest unsent alert",
    "system.dead_letters": "Alerts given up on",
    "system.refused_channels": "Channels that refuse us",
    "system.rule_errors": "Failing rules",
}
_TIGHT: Final = {
    "book.il": "IL",
    "position.out_of_range_s": "out",
    "layer.dte": "dte",
    "layer.extrinsic_left": "extrinsic",
    "system.poll_age_s": "poll",
    "system.unread": "unread",
    "system.entries_unknown": "entries",
    "system.feed_age_s": "feed",
    "system.outbox_age_s": "unsent",
    "system.dead_letters": "dead",
    "system.refused_channels": "refused",
    "system.rule_errors": "errors",
}
_SENTENCES: Final = {
    "system.poll_age_s": "No good snapshot for {left} (limit {right})",
    "system.feed_age_s": "A feed is {left} over its age (limit {right})",
    "system.outbox_age_s": "Oldest unsent alert waits {left} (limit {right})",
}
_SIGNS: Final = {"<=": "≤", ">=": "≥", "!=": "≠", "==": "="}
_COMPARED: Final = frozenset({"<", "<=", ">", ">=", "==", "!="})
_WINDOW: Final = re.compile(r'(\w+)\(\s*([\w.]+)\s*,\s*"?([\w.+-]+)"?\s*\)')
_LITERAL: Final = re.compile(r'[+-]?[\d.]+(?:[eE][+-]?\d+)?|".*"|\'.*\'|true|false')
_CLOSED_S: Final = 60.0
_SPAN: Final = {"1d": "a day", "1h": "an hour", "1m": "a minute"}


def say(term: Term, *, aged: bool = True, at: datetime | None = None) -> str:
    """Return a comparison as one line: `VIX 27.4 > 20.0  (15 m old)`; the age only if `aged`.

    at: the alert's own time. Where a market was closed for part of the time since,
    the whole age is told, and that it was.
    """
    old = f"  ({_old(term.age_s, term, at)})" if aged and term.age_s is not None else ""
    if term.truth is None or term.left is None:
        return _unknown(term)
    name, right_text = sides(term)
    if term.op not in _COMPARED or term.right is None or isinstance(term.left, bool):
        return f"{_label(name)}: {figure(term.left, term.unit)}{old}"
    left, right = pair(term.left, term.right, _unit(name, term))
    if name in _SENTENCES and term.op in {">", ">="}:
        return _SENTENCES[name].format(left=left, right=right)
    if not _LITERAL.fullmatch(right_text):
        right = f"{right} ({_label(right_text)})"
    return f"{_said(name, left)} {_SIGNS.get(term.op, term.op)} {right}{old}"


def _old(open_s: float, term: Term, at: datetime | None) -> str:
    whole = (at - term.as_of).total_seconds() if at and term.as_of else open_s
    if whole - open_s > _CLOSED_S:
        return f"{age(whole)} old, market closed"
    return f"{age(open_s)} old"


def say_tight(term: Term) -> str:
    """Return a comparison in few columns: `VIX 27.4>20.0 ✓`; `?` where it is unknown."""
    name, _ = sides(term)
    window = _WINDOW.fullmatch(name)
    inner = window[2] if window else name
    label = _TIGHT.get(inner, _LABELS.get(inner, inner))
    if window:
        label = f"Δ{label}" if window[1] == "delta" else f"{window[1]} {label}"
    if term.truth is None or term.left is None:
        old = f" {age(term.age_s)} old" if term.age_s is not None else ""
        return f"{label}{old} ?"
    mark = "✓" if term.truth else "✗"
    if term.op not in _COMPARED or term.right is None:
        return f"{label} {figure(term.left, term.unit)} {mark}"
    left, right = pair(term.left, term.right, _unit(name, term))
    return f"{label} {_close(left)}{_SIGNS.get(term.op, term.op)}{_close(right)} {mark}"


def sides(term: Term) -> tuple[str, str]:
    """Return both sides of a comparison as its author wrote them."""
    left, sign, right = term.text.partition(f" {term.op} ")
    if not sign:
        left, _, right = term.text.partition(term.op) if term.op else (term.text, "", "")
    return left.strip(), right.strip()


def _unknown(term: Term) -> str:
    name, _ = sides(term)
    window = _WINDOW.fullmatch(name)
    signal = window[2] if window else name
    label, note = _label(name), term.note
    if note.startswith(f"{signal} is "):
        return f"{label} unknown: {note.removeprefix(f'{signal} is ')}"
    if note.startswith(f"{signal} "):
        return f"{_label(signal)}{note.removeprefix(signal)}"
    if note:
        return f"{label} unknown: {note}"
    return f"{label} unknown" + (f": {age(term.age_s)} old" if term.age_s is not None else "")


def _said(name: str, value: str) -> str:
    window = _WINDOW.fullmatch(name)
    if window and window[1] == "delta":
        sign = "" if value.startswith("−") else "+"
        return f"{_label(window[2])} {sign}{value} in {_span(window[3])}"
    return f"{_label(name)} {value}"


def _label(name: str) -> str:
    if window := _WINDOW.fullmatch(name):
        inner, argument = _label(window[2]), window[3]
        match window[1]:
            case "avg":
                return f"{inner} mean of {_span(argument)}"
            case "highest" | "lowest":
                return f"{inner} {window[1]} in {_span(argument)}"
            case "delta":
                return f"{inner} change in {_span(argument)}"
            case "crossed_above" | "crossed_below":
                return f"{inner} {window[1].replace('_', ' ')} {argument}"
            case _:
                return name
    return _LABELS.get(name, name)


def _span(text: str) -> str:
    return _SPAN.get(text, f"{text[:-1]} {text[-1]}")


def _unit(name: str, term: Term) -> str:
    return "fraction points" if term.unit == "fraction" and name.startswith("delta(") else term.unit


def _close(value: str) -> str:
    return value.replace(" ", "").removesuffix("USD")
