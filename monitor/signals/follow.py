"""Following pools and positions from one snapshot to the next, and taking it back."""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from monitor.model.observation import Snapshot
from monitor.model.pool import PoolState
from monitor.model.swift import swift
from monitor.signals.facts import Facts
from monitor.signals.track import (
    PoolHours,
    PoolMark,
    PoolTrack,
    advance,
    due,
    first_mark,
    hourly,
    marked,
)
from monitor.signals.turns import PositionTrack, first_turn, has_turned, turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """The facts' tables of the same names after a snapshot; unchanged, they are the same."""

    tracks: Mapping[str, PoolTrack]
    hours: Mapping[str, PoolHours]
    paths: Mapping[str, PositionTrack]


_followed: Final = swift(Followed)


def follow(facts: Facts, seen: Snapshot) -> Followed:
    """Return what is known of the time up to a snapshot."""
    states = {state.pool.key: state for state in seen.pools}
    marks = dict[str, PoolMark]()
    turns = dict[str, PositionTrack]()
    stirred = set[str]()
    for one in seen.positions:
        old, pool, state = facts.paths.get(one.key), facts.tracks.get(one.pool), states[one.pool]
        if old is not None and pool is not None and not has_turned(old, one, state):
            continue
        stirred.add(one.pool)
        mark = marks.get(one.pool) or _mark(pool, state, seen)
        marks[one.pool] = mark
        if old is None:
            turns[one.key] = first_turn(one, state, mark)
        else:
            last = pool.marks[-1] if pool else mark
            turns[one.key] = turn(old, one, state, last=last, mark=mark)
    for key, state in states.items():
        track = facts.tracks.get(key)
        if key not in marks and (track is None or due(track, seen.observed_at)):
            marks[key] = _mark(track, state, seen)
    paths = {**facts.paths, **turns} if turns else facts.paths
    if not marks:
        return _followed(tracks=facts.tracks, hours=facts.hours, paths=paths)
    return _noted(facts, marks, stirred, paths)


def _mark(track: PoolTrack | None, state: PoolState, seen: Snapshot) -> PoolMark:
    at = seen.observed_at
    return advance(track.marks[-1], state, at) if track else first_mark(state, at)


def _noted(
    facts: Facts,
    marks: Mapping[str, PoolMark],
    stirred: set[str],
    paths: Mapping[str, PositionTrack],
) -> Followed:
    tracks, hours = dict[str, PoolTrack](), dict[str, PoolHours]()
    for key, mark in marks.items():
        old = facts.tracks.get(key)
        new = marked(old, mark, turned=key in stirred)
        if new is old:
            continue
        tracks[key] = new
        before = facts.hours.get(key, PoolHours())
        if (after := hourly(before, mark)) is not before:
            hours[key] = after
    return _followed(
        tracks={**facts.tracks, **tracks} if tracks else facts.tracks,
        hours={**facts.hours, **hours} if hours else facts.hours,
        paths=paths,
    )


def unfollow(facts: Facts, chain_id: int, since: datetime) -> Facts:
    """Return the facts without what was followed on a chain from an instant on.

    A pool goes on from its last mark before, and loses nothing by it: the next
    observation adds up the time between. What has no mark left begins anew.
    """
    mine = f"{chain_id}:"
    ends = dict[str, datetime]()
    tracks, hours = dict[str, PoolTrack](), dict[str, PoolHours]()
    for key, track in facts.tracks.items():
        if not key.startswith(mine):
            tracks[key] = track
            continue
        left = track.marks[: bisect_left(track.marks, since, key=lambda one: one.at)]
        if left:
            ends[key] = left[-1].at
            tracks[key] = track if len(left) == len(track.marks) else replace(track, marks=left)
    for key, kept in facts.hours.items():
        held = kept.marks[: bisect_left(kept.marks, since, key=lambda one: one.at)]
        if not key.startswith(mine) or len(held) == len(kept.marks):
            hours[key] = kept
        elif held:
            hours[key] = replace(kept, marks=held)
    paths = dict[str, PositionTrack]()
    for key, path in facts.paths.items():
        seen = facts.positions.get(key)
        pool = seen.position.pool if seen else ""
        back = path if not key.startswith(mine) else _turned_back(path, ends.get(pool))
        if back is not None:
            paths[key] = back
    return replace(facts, tracks=tracks, hours=hours, paths=paths)


def _turned_back(path: PositionTrack, end: datetime | None) -> PositionTrack | None:
    turns = tuple(one for one in path.turns if end is not None and one.pool.at <= end)
    if len(turns) == len(path.turns):
        return path
    return replace(path, turns=turns) if turns else None
