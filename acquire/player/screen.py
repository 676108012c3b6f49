"""What is on the participant's screen, frame by frame, and the markers of it. Pure."""

from __future__ import annotations

from acquire.player.marks import EventKind, Mark, Picture, Visit, end_marks, page_mark


class Screen:
    """Knows what the frames showed that came onto the screen; `Run` decides what they are to."""

    def __init__(self) -> None:
        self.shown: Visit | None = None
        """What is on, or hidden by a pause: its onset is marked, its end is not."""
        self.hidden_since: float | None = None
        """When a pause came onto the screen; None: none is on."""
        self.seen_since = 0.0
        """When what is on came onto the screen, or back to it."""
        self._onsets = 0
        self._owed: list[Mark] = []  # of what had not been on the screen; stamped there

    @property
    def is_marked(self) -> bool:
        """Whether nothing is on, and everything has been marked."""
        return self.shown is None and not self._owed

    def owe(self, mark: Mark) -> None:
        """Mark something with the next frame that shows something else than what is on."""
        self._owed.append(mark)

    def patch(self, coming: Visit | None = None) -> bool:
        """Say whether the photodiode patch is lit; each onset changes it, that of `coming` too."""
        onsets = self._onsets + (coming is not None and coming.onset is None)
        return onsets % 2 == 1

    def position(self, visit: Visit, time: float) -> float:
        """Say how far into its page a visit is at an LSL time, s; pauses aside."""
        if visit.onset is None:
            return 0.0
        until = time
        if self.hidden_since is not None and visit.onset <= self.hidden_since:
            until = self.hidden_since
        return until - visit.onset - visit.away_s

    def swapped(
        self, picture: Picture, frame: int, presented: float, asked: float, *, has_begun: bool
    ) -> list[Mark]:
        """Note that frame number `frame` with `picture` came onto the screen; give its markers.

        `asked` is when a pause or its end was ordered.
        """
        marks: list[Mark] = []
        if self.shown is not None and picture.visit is not self.shown:
            marks += end_marks(self.shown, frame, presented)
            self.shown = None
        # What never came to the screen was ordered away after what is still on it; and before the
        # start, nobody may be listening yet.
        if self.shown is None and has_begun:
            marks += [mark.presented_at(frame, presented) for mark in self._owed]
            self._owed.clear()
        if picture.paused != (self.hidden_since is not None):
            marks += self._hide(picture, frame, presented, asked)
        visit = picture.visit
        if visit is not None and not picture.paused and visit.onset is None:
            visit.onset = presented
            self._onsets += 1
            self.shown, self.seen_since = visit, presented
            code, requested = visit.page.code, visit.requested
            about = visit.about()
            marks.append(page_mark("onset", visit, code, frame, requested, presented, **about))
        return marks

    def _hide(self, picture: Picture, frame: int, presented: float, asked: float) -> list[Mark]:
        """Note that a pause came onto the screen, or went from it."""
        if picture.paused:
            self.hidden_since = presented
        else:
            since, self.hidden_since = self.hidden_since, None
            self.seen_since = presented
            shown = self.shown
            if shown is not None and shown.onset is not None and since is not None:
                shown.away_s += presented - max(since, shown.onset)
            if picture.visit is None:  # ended in the pause: nothing is resumed
                return []
        event: EventKind = "pause" if picture.paused else "resume"
        names = picture.visit.names() if picture.visit else {}
        mark = Mark(event, presented, **names, requested=asked)
        return [mark.presented_at(frame, presented)]
