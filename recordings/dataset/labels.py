"""What a window is labelled with: what it is about, or whether a face moved in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np

from recordings import layout
from recordings.annotation.agreement.coded_study import coding_of, undecided_in
from recordings.annotation.agreement.pairing import judged
from recordings.annotation.coder_file import CONSENSUS
from recordings.annotation.frame_times import frame_times, placed
from recordings.annotation.model import Coding, Event
from recordings.annotation.ranges import common, count
from recordings.check.simulated.truth import load_truth
from recordings.errors import RecordingError
from recordings.features.windows import Window
from recordings.read.session import Session

Label = Callable[[Window], Any]
"""Gives the label of a window; None leaves it out."""

EXPRESSION: Final = "expression"
SIMULATED: Final = "simulated-expression"


class Labels(Protocol):
    """Makes labels for a session's windows."""

    def __call__(self, session: Session, /) -> Label:
        """Return what labels its windows."""


def labels_for(what: str, coder: str, elsewhere: Path | None = None) -> Labels:
    """Return what labels windows.

    Args:
        what: `expression`: 1 where an apex lies that `coder` coded, 0 where there is no expression
            at all, other windows are left out, and those of which the coder has not looked at each
            frame, or could not code it, on any camera; of a consensus also those with an expression
            that is undecided. `simulated-expression`: the same by the
            truth of a simulated session. Else what windows are about: `stimulus`, `code`,
            `emotion`, `kind`…
        coder: whose events are read.
        elsewhere: where coders' files lie, if not in the sessions.
    """
    if what == EXPRESSION:
        return lambda session: _as_coded(session, coder, elsewhere)
    if what == SIMULATED:
        return lambda session: _within(_true(session))
    return lambda session: lambda window: _about(window, what)


def _about(window: Window, what: str) -> Any:
    if what not in window.about:
        known = ", ".join((*window.about, EXPRESSION, SIMULATED))
        raise RecordingError(f"labels {what!r}: these windows have {known}")
    return window.about[what]


Movement = tuple[float, float, float]
"""LSL times of onset, apex and offset."""


def _within(movements: Sequence[Movement]) -> Label:
    def label(window: Window) -> int | None:
        if any(window.start <= apex < window.stop for _, apex, _ in movements):
            return 1
        near = any(begin < window.stop and end > window.start for begin, _, end in movements)
        return None if near else 0

    return label


def _as_coded(session: Session, coder: str, elsewhere: Path | None) -> Label:
    coding = coding_of(session.path, coder, elsewhere)
    movements = _coded(session, coding.events.values())
    if coder == CONSENSUS:
        movements += _undecided(session, coding, elsewhere)
    label, judges = _within(movements), _judges(session, coding)

    def known(window: Window) -> int | None:
        found = label(window)
        return None if found == 0 and not judges(window) else found

    return known


def _undecided(session: Session, coding: Coding, elsewhere: Path | None) -> list[Movement]:
    """Return what a consensus has not settled: perhaps a movement, of which no apex is known."""
    try:
        found = [
            c for n in session.cameras for c in undecided_in(coding, session.path, n, elsewhere)
        ]
    except RecordingError:  # handed over without its coders' files
        return []
    events = [event for case in found for event in (case.first, case.second) if event is not None]
    return [(begin, np.inf, end) for begin, _, end in _coded(session, events)]


def _coded(session: Session, events: Iterable[Event]) -> list[Movement]:
    """Return what was coded; where a repaired session has other times, the frames win.

    An end that was not coded, as offsets often are not, may be as far from the apex as the other.
    """
    frames = {name: frame_times(camera) for name, camera in session.cameras.items()}
    found = []
    for event in events:
        now = placed(event, frames[event.camera])[0] if event.camera in frames else event
        if now.place is not None:
            times, apex = [moment.time for moment in now.marks.values()], now.place.time
            far = max(apex - min(times), max(times) - apex)
            begin = min(times) if now.onset else apex - far
            found.append((begin, apex, max(times) if now.offset else apex + far))
    return found


def _judges(session: Session, coding: Coding) -> Callable[[Window], bool]:
    """Return what says whether all frames of a window, on some camera, were judged.

    A file that says nowhere that it was looked at (an import, a consensus of an earlier version) is
    taken for one of all.
    """
    if not coding.looked:
        return lambda window: True
    seen = {name: judged(coding, name) for name in session.cameras}

    def judges(window: Window) -> bool:
        for name, ranges in seen.items():
            times = session.cameras[name].times
            first, after = np.searchsorted(times, (window.start, window.stop)).tolist()
            if first < after and count(common(ranges, ((first, after - 1),))) == after - first:
                return True
        return False

    return judges


def _true(session: Session) -> list[Movement]:
    if session.manifest is None or not session.manifest.simulated:
        raise RecordingError(
            f"{session.path.name}: was not simulated, so nobody knows what truly moved; ask for "
            f"labels={EXPRESSION!r}"
        )
    world = load_truth(session.path / layout.TRUTH_NAME)
    kinds = {part: world.get(f"movement_{part}") for part in ("onset", "apex", "offset")}
    parts = {part: found.times.tolist() for part, found in kinds.items() if found}
    return _joined(parts, session.start, session.stop)


def _joined(parts: dict[str, list[float]], start: float, stop: float) -> list[Movement]:
    """Return movements whole or cut off: one may begin before the recording, or end after it."""
    marks = sorted((t, part) for part, times in parts.items() for t in times)
    found: list[Movement] = []
    onset, apex = start, -np.inf  # of one that begins before, so may its apex
    for time, part in marks:
        if part == "onset":
            onset, apex = time, stop
        elif part == "apex":
            apex = time
        else:
            found.append((onset, apex, time))
            onset, apex = stop, stop
    if onset < stop:
        found.append((onset, apex, stop))
    return found
