"""Reels as rows: a row a frame, and one for each set of positions frames are taken of."""

import base64
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import chain
from typing import Final

from monitor.signals.reel import Reel, Roster, Run, roster_of, spliced
from monitor.signals.series import Sample
from monitor.store.records import RowKey

_FRAME: Final = "frame"
_ROSTER: Final = "roster"
_BEFORE: Final = "before"


def changed_reels(old: Mapping[str, Reel], new: Mapping[str, Reel]) -> dict[RowKey, str | None]:
    """Return the rows of reels that differ; None for those that are gone."""
    if old is new:
        return {}
    rows: dict[RowKey, str | None] = {}
    for key in {**old, **new}:
        before, after = old.get(key, Reel()), new.get(key, Reel())
        if before is not after:
            rows.update(_frames(key, before, after))
        if before.before is not after.before and before.before != after.before:
            rows[_BEFORE, key] = _spelled(after.before)
    known, needed = _rosters(old), _rosters(new)
    rows.update({(_ROSTER, name): None for name in known.keys() - needed.keys()})
    for name in needed.keys() - known.keys():
        rows[_ROSTER, name] = json.dumps(needed[name].keys)
    return rows


def restored_reels(rows: Mapping[RowKey, str]) -> dict[str, Reel]:
    """Return the reels that were saved; raises ValueError where a row does not parse."""
    rosters = {
        name: roster_of(tuple(json.loads(text)))
        for (kind, name), text in rows.items()
        if kind == _ROSTER
    }
    frames: dict[str, list[tuple[Roster, datetime, bytes]]] = {}
    for (kind, key), text in rows.items():
        if kind == _FRAME:
            reel, _, at = key.rpartition("|")
            told = json.loads(text)
            cells = base64.b64decode(told["cells"])
            frame = (rosters[told["roster"]], datetime.fromisoformat(at), cells)
            frames.setdefault(reel, []).append(frame)
    before = {key: _heard(text) for (kind, key), text in rows.items() if kind == _BEFORE}
    return {
        key: Reel(
            runs=spliced(sorted(frames.get(key, ()), key=lambda frame: frame[1])),
            before=before.get(key, {}),
        )
        for key in {**frames, **before}
    }


def _frames(key: str, old: Reel, new: Reel) -> Iterator[tuple[RowKey, str | None]]:
    """Yield what differs: only the two ends do, and between them the frames are shared."""
    earliest = new.runs[0].stamps[0] if new.runs else None
    for run, frame in _forth(old):
        if earliest is not None and run.stamps[frame] >= earliest:
            break
        yield (_FRAME, f"{key}|{run.stamps[frame].isoformat()}"), None
    was, now = _back(old), _back(new)
    left, right = next(was, None), next(now, None)
    while left or right:
        ended = left[0].stamps[left[1]] if left else None
        added = right[0].stamps[right[1]] if right else None
        if left and right and left[0].cells[left[1]] is right[0].cells[right[1]]:
            return
        if right and added and (ended is None or added >= ended):
            run, frame = right
            cells = base64.b64encode(run.cells[frame]).decode()
            text = json.dumps({"roster": run.roster.name, "cells": cells})
            yield (_FRAME, f"{key}|{added.isoformat()}"), text
            right = next(now, None)
            left = next(was, None) if ended == added else left
        elif ended is not None:
            yield (_FRAME, f"{key}|{ended.isoformat()}"), None
            left = next(was, None)


def _forth(reel: Reel) -> Iterator[tuple[Run, int]]:
    for run in reel.runs:
        for frame in range(len(run.stamps)):
            yield run, frame


def _back(reel: Reel) -> Iterator[tuple[Run, int]]:
    for run in reversed(reel.runs):
        for frame in reversed(range(len(run.stamps))):
            yield run, frame


def _rosters(reels: Mapping[str, Reel]) -> dict[str, Roster]:
    runs = chain.from_iterable(reel.runs for reel in reels.values())
    return {run.roster.name: run.roster for run in runs}


def _spelled(before: Mapping[str, Sample]) -> str | None:
    if not before:
        return None
    return json.dumps({key: (one.at.isoformat(), one.value) for key, one in before.items()})


def _heard(text: str) -> dict[str, Sample]:
    return {
        key: Sample(at=datetime.fromisoformat(at), value=value)
        for key, (at, value) in json.loads(text).items()
    }
