"""Which markers of a session do not fall on its signals, for exports that keep each time."""

from __future__ import annotations

from recordings.errors import RecordingError
from recordings.read.fill import KEPT
from recordings.read.grid import grid_of
from recordings.read.outside import outside_notes
from recordings.read.session import Session


def markers_outside(session: Session, then: str) -> list[str]:
    """Say how many markers lie before or after the EEG, or the first signal where there is none."""
    signal = session.eeg or next(iter(session.signals), None)
    if signal is None:
        return []
    try:
        grid = grid_of(signal)
    except RecordingError as error:  # its stamps jump: no place is outside of it for certain
        return [str(error).removesuffix(KEPT)]
    return outside_notes(signal.shown, grid, session.markers(), then)
