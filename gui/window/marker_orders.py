"""Markers and notes on their way to the engine; what no engine took is given back."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from acquire.server.api.models import MarkerSet, NoteKept
from acquire.serving.problem import Problem
from gui.client.client import EngineClient
from gui.texts import tr
from gui.window.marker_line import MarkerLine, StampedEdit


class MarkerOrders:
    """Sends what is typed into a line; `tell` hears of each problem."""

    def __init__(
        self, client: EngineClient, line: MarkerLine, tell: Callable[[Problem], None]
    ) -> None:
        self._client, self._line, self._tell = client, line, tell
        line.marker.connect(self.mark)
        line.note.connect(self.note)

    def mark(self, text: str, stamp: float | None) -> None:
        """Set a marker at an LSL time of the engine's clock; None: now."""
        body = {"text": text} if stamp is None else {"text": text, "time": stamp}
        failed = partial(self._give_back, self._line.text, text, stamp)
        self._client.post("markers", body, partial(self._on_marked, text), failed)

    def note(self, text: str, stamp: float | None) -> None:
        """Add a note, which goes into the session alone."""
        failed = partial(self._give_back, self._line.notes, text, stamp)
        done = partial(self._on_noted, text)
        self._client.post("notes", {"text": text, "time": stamp}, done, failed)

    def _on_marked(self, text: str, found: object) -> None:
        self._line.show_sent(text, recorded=MarkerSet.model_validate(found).recorded)

    def _on_noted(self, text: str, found: object) -> None:
        recorded = NoteKept.model_validate(found).recorded
        self._line.show_message(
            f"✓ {text}" if recorded else f"✓ {tr('kept for the next recording')}: {text}"
        )

    def _give_back(
        self, field: StampedEdit, text: str, stamp: float | None, problem: Problem
    ) -> None:
        field.give_back(text, stamp)
        self._tell(problem)
