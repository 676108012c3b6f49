"""The cursor of the review, in stored frames of the camera that is coded."""

from __future__ import annotations

from gui.coding.desk import Desk
from gui.review.window import ReviewWindow
from recordings.annotation.model import Moment


class Cursor:
    """Says where a coder is, and goes elsewhere."""

    def __init__(self, window: ReviewWindow, desk: Desk) -> None:
        self._window, self._desk = window, desk

    @property
    def stored(self) -> int | None:
        """The number of the stored frame at the cursor; None where the row has no picture."""
        return self._window.position.stored

    @property
    def moment(self) -> Moment | None:
        """That frame, as codings name it."""
        at = self._window.position
        if at.stored is None:
            return None
        return Moment(time=at.time, frame=at.stored, device_frame=at.device)

    @property
    def frame(self) -> int:
        """The stored frame at the cursor, or the last one before it."""
        at = self._window.position
        if at.stored is not None:
            return at.stored
        span = self._desk.shot.frames.span(-float("inf"), at.time)
        return span[1] if span is not None else 0

    @property
    def selection(self) -> tuple[float, float] | None:
        """What is selected, LSL seconds."""
        return self._window.selection

    def frames(self) -> tuple[int, int] | None:
        """Return what S and X mean: the selection, else the trial at the cursor."""
        shot = self._desk.shot
        if self.selection is not None:
            return shot.frames.span(*self.selection)
        trial = shot.trial_at(self.frame)
        return trial.frames if trial is not None else None

    def go_to(self, moment: Moment | None) -> None:
        """Go to the frame of a moment, if there is one."""
        if moment is not None:
            self.go_to_frame(moment.frame)

    def go_to_frame(self, frame: int) -> None:
        """Go to a stored frame."""
        times = self._desk.shot.frames.times
        if 0 <= frame < len(times):
            self._window.go_to(float(times[frame]))

    def select(self, start: float, stop: float) -> None:
        """Select a stretch of LSL time."""
        self._window.select(start, stop)
