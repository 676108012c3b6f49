"""Who codes what in a study: its sessions or trials, dealt out by `coding.toml`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from recordings.annotation.agreement.coded_study import coding_of
from recordings.annotation.agreement.pairing import looked
from recordings.annotation.coder_file import check_apart
from recordings.annotation.model import Coding
from recordings.annotation.plan import PLAN_NAME, Item, Turn, assigned, load_plan
from recordings.annotation.ranges import Ranges, union, without
from recordings.arrays import F64Array
from recordings.errors import RecordingError
from recordings.export.excerpts import clips_of
from recordings.manifest import Manifest
from recordings.read.session import open_session
from recordings.read.sessions import find_sessions, told_apart

By = Literal["session", "trial"]
Key = tuple[str, int]
"""The name of a session's folder, and which one of that name it is."""


@dataclass(frozen=True, slots=True)
class Coded:
    """One turn, and the session that it is about; `name` tells it from all others of the study."""

    turn: Turn
    session: Path
    name: str


def turns_of(study: Path, coder: str, by: By, annotations: Path | None = None) -> list[Coded]:
    """Return what a coder has to code, in that coder's order.

    Raises:
        RecordingError: there is no plan, or it does not name the coder; or two sessions of one
            name would have the same files in `annotations`.
    """
    plan = load_plan(study / PLAN_NAME)
    if coder not in (*plan.coders, *plan.trainees):
        known = ", ".join((*plan.coders, *plan.trainees))
        raise RecordingError(f"{study / PLAN_NAME}: names no coder {coder!r}; it has {known}")
    sessions = sorted(find_sessions([study]), key=_recorded)
    check_apart(sessions, annotations)
    names, whose = told_apart(sessions), _numbered(sessions)
    items = [item for key, session in whose.items() for item in _items(session, key, by)]
    gold = _gold(whose, plan.gold, by, annotations) if coder in plan.trainees else []
    turns = assigned(plan, items, gold)[coder]
    folders = [(turn, whose[turn.item.session, turn.item.nth]) for turn in turns]
    return [Coded(turn, session, names[session]) for turn, session in folders]


def next_session(study: Path, coder: str, annotations: Path | None = None) -> tuple[Coded, str]:
    """Return the first session of a coder's order that is not looked at yet, and as whom.

    Raises:
        RecordingError: as `turns_of`, or all is done.
    """
    turns = turns_of(study, coder, "session", annotations)
    for coded in turns:
        time = coded.turn.time
        name = coder if time == 1 else f"{coder}+{time}"
        if not _is_done(coded.session, name, annotations):
            return coded, name
    raise RecordingError(f"{study}: {coder} has looked at all {len(turns)} sessions of the order")


def _is_done(session: Path, coder: str, annotations: Path | None) -> bool:
    """Whether all trials were looked at or named not codable; without trials, all frames."""
    try:
        coding = coding_of(session, coder, annotations)
    except RecordingError:  # not begun; a file that is damaged is named once it is opened
        return False
    with open_session(session) as opened:
        spans = [(t.onset, t.end) for t in opened.trials() if t.end is not None]
        return all(
            not without(_frames(camera.times, spans), _seen(coding, name))
            for name, camera in opened.cameras.items()
        )


def _frames(times: F64Array, spans: Sequence[tuple[float, float]]) -> Ranges:
    """Return the stored frames in some spans of time, all of them where there is none."""
    ends = [
        (int(np.searchsorted(times, first)), int(np.searchsorted(times, last, "right")) - 1)
        for first, last in spans or ((-np.inf, np.inf),)
    ]
    return union((first, last) for first, last in ends if first <= last)


def _seen(coding: Coding, camera: str) -> Ranges:
    hidden = ((s.first, s.last) for s in coding.not_codable.values() if s.camera == camera)
    return union((*looked(coding, camera), *hidden))


def _recorded(session: Path) -> tuple[str, str]:
    """Return when a session was recorded: what is dealt out does not change with the next one."""
    clock = Manifest.load(session).clock
    return clock[0].utc if clock else "", session.name


def _numbered(sessions: Iterable[Path]) -> dict[Key, Path]:
    """Return sessions by their name and which one of that name they are, in their order."""
    seen: Counter[str] = Counter()
    found: dict[Key, Path] = {}
    for session in sessions:
        seen[session.name] += 1
        found[session.name, seen[session.name]] = session
    return found


def _items(session: Path, key: Key, by: By) -> Iterator[Item]:
    name, nth = key
    if by == "session":
        yield Item(name, nth=nth)
        return
    with open_session(session) as opened:
        for number, _ in enumerate(clips_of(opened), 1):
            yield Item(name, number, nth)


def _gold(sessions: Mapping[Key, Path], gold: str, by: By, annotations: Path | None) -> list[Item]:
    """Return what the gold file has: sessions of it, or the trials that it looked at."""
    found: list[Item] = []
    for key, session in sessions.items():
        try:
            coding = coding_of(session, gold, annotations)
        except RecordingError:
            continue  # not every session has a gold file
        trials = {span.trial for span in coding.looked.values()}
        items = list(_items(session, key, by))
        found += [item for item in items if item.trial is None or item.trial in trials]
    return found
