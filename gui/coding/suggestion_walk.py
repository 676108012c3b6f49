"""One suggestion after the other, beside what a coder does: looked at, and taken over by a key."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gui.coding.desk import Desk
from gui.coding.suggested import Suggested, Suggestions
from gui.coding.suggestion_view import SuggestionView
from gui.texts import tr


class SuggestionWalk:
    """Goes through the suggestions of the camera that is coded, by rank."""

    def __init__(
        self,
        desk: Desk,
        suggestions: Mapping[str, Suggestions],
        view: SuggestionView,
        go_to_frame: Callable[[int], None],
    ) -> None:
        """Begin before the first.

        `suggestions` are those of each camera that has some; none where there are to be none.
        """
        self._desk, self._suggestions, self._view = desk, suggestions, view
        self._go_to_frame = go_to_frame
        self._last: Suggested | None = None

    @property
    def of_camera(self) -> Suggestions | None:
        """What there is of the camera that is coded."""
        return self._suggestions.get(self._desk.camera)

    def begin_again(self) -> None:
        """Have the first be next."""
        self._last = None

    def next(self) -> str:
        """Go to the next one."""
        if (every := self.of_camera) is None:
            return _no_suggestions()
        one = every.after(self._last)
        if one is None:
            self._last = None
            return tr("no further suggestion: H begins with the first again")
        self._go_to_frame(one.apex)
        self._last = one
        return ""

    def use(self, stored: int | None) -> str:
        """Make an event of the one at a stored frame."""
        if self.of_camera is None:
            return _no_suggestions()
        one = self._at(stored)
        return self._desk.use_suggestion(one) if one is not None else tr("no suggestion here")

    def show(self, stored: int | None) -> None:
        """Show how many there are, and the one at a stored frame."""
        every = self.of_camera
        self._view.show_count(len(every.marks) if every else 0, every.by if every else "")
        if every is not None:
            one = self._at(stored)
            self._view.show_one(one, every.curve(one) if one is not None else None)

    def _at(self, stored: int | None) -> Suggested | None:
        """Return the one that was gone to, while the cursor is in it; else the first by rank."""
        every, last = self.of_camera, self._last
        if stored is None or every is None:
            return None
        if last is not None and last.onset <= stored <= last.offset:
            return last
        return every.at(stored)


def _no_suggestions() -> str:
    return tr("no suggestions: unisono motion measures them, and coding.toml may switch them off")
