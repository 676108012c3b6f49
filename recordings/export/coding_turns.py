"""Who codes what in a study: its sessions or trials, dealt out by `coding.toml`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from recordings.annotation.agreement.coded_study import coding_of
from recordings.annotation.agreement.pairing import looked
from recordings.annotation.model import Coding
from recordings.annotation.plan import PLAN_NAME, Item, Turn, assigned, load_plan
from recordings.annotation.ranges import Ranges, union, without
from recordings.arrays import F64Array
from recordings.errors import RecordingError
from recordings.export.excerpts import clips_of
from recordings.manifest import Manifest
from recordings.read.session import open_session
from recordings.read.sessions import find_sessions


def turns_of(
    study: Path, coder: str, by: Literal["session", "trial"], annotations: Path | None = None
) -> list[Turn]:
    """Return what a coder has to code, in that coder's order.

    Raises:
        RecordingError: there is no plan, or it does not name the coder.
    """
    return _turns(study, find_sessions([study]), coder, by, annotations)


def _turns(
    study: Path,
    found: Sequence[Path],
    coder: str,
    by: Literal["session", "trial"],
    annotations: Path | None,
) -> list[Turn]:
    plan = load_plan(study / PLAN_NAME)
    if coder not in (*plan.coders, *plan.trainees):
        known = ", ".join((*plan.coders, *plan.trainees))
        raise RecordingError(f"{study / PLAN_NAME}: names no coder {coder!r}; it has {known}")
    sessions = sorted(found, key=_recorded)
    items = [item for session in sessions for item in _items(session, by)]
    gold = _gold(sessions, plan.gold, by, annotations) if coder in plan.trainees else []
    return assigned(plan, items, gold)[coder]


def next_session(study: Path, coder: str, annotations: Path | None = None) -> tuple[Path, str]:
    """Return the first session of a coder's order that is not looked at yet, and as whom.

    Raises:
        RecordingError: there is no plan, it does not name the coder, or all is done.
    """
    found = find_sessions([study])
    folders = {session.name: session for session in found}
    turns = _turns(study, found, coder, "session", annotations)
    for turn in turns:
        session = folders[turn.item.session]
        name = coder if turn.time == 1 else f"{coder}+{turn.time}"
        if not _is_done(session, name, annotations):
            return session, name
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


def _items(session: Path, by: Literal["session", "trial"]) -> Iterator[Item]:
    if by == "session":
        yield Item(session.name)
        return
    with open_session(session) as opened:
        for number, _ in enumerate(clips_of(opened), 1):
            yield Item(session.name, number)


def _gold(
    sessions: Sequence[Path], gold: str, by: Literal["session", "trial"], annotations: Path | None
) -> list[Item]:
    """Return what the gold file has: sessions of it, or the trials that it looked at."""
    found: list[Item] = []
    for session in sessions:
        try:
            coding = coding_of(session, gold, annotations)
        except RecordingError:
            continue  # not every session has a gold file
        trials = {span.trial for span in coding.looked.values()}
        items = list(_items(session, by))
        found += [item for item in items if item.trial is None or item.trial in trials]
    return found
