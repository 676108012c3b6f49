"""Asks the engine for its sessions, page by page; of one that has changed, for that alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from PySide6.QtCore import QObject, QTimer

from acquire.server.api.session_models import SessionInfo
from acquire.serving.problem import Problem
from gui.client.client import EngineClient
from gui.sessions.session_table import SessionTable

FIRST, PAGE, MOST = 25, 50, 20_000
"""Rows asked for at once: few at first, so that something is there; then so many that the main
thread is not held; and all in all."""
SOON_MS = 300
"""So soon after it was asked for the list is not asked for again: events come several at a time."""


class SessionPages(QObject):
    """Fills a table while somebody can see it."""

    def __init__(
        self, client: EngineClient, table: SessionTable, on_page: Callable[[bool], None]
    ) -> None:
        """Prepare; `on_page` hears after each page whether more are to come."""
        super().__init__(table)
        self._client, self._table, self._on_page = client, table, on_page
        self._asked = 0  # how often: an answer to an earlier question is let go of
        self._fills = False  # pages are still to come
        self._late: set[str] = set()  # folders of sessions that changed meanwhile
        self.soon = QTimer(self, singleShot=True, interval=SOON_MS)
        self.soon.timeout.connect(self._on_soon)
        # What asks for the list may come before it can be seen, and comes twice as it is shown.
        self._next = QTimer(self, singleShot=True, interval=0)
        self._next.timeout.connect(self._ask)
        self.once_more = False
        """Something has happened since it was asked for."""

    def refresh(self) -> None:
        """List anew: now, and once more if more happens meanwhile."""
        if self.soon.isActive():
            self.once_more = not self._next.isActive()  # else it is still to be asked for
            return
        self.soon.start()
        self._next.start()

    def read_anew(self, name: str) -> None:
        """Ask for a session that has changed, by the name of its folder; for no other."""
        if self._fills:  # a page that is under way may have it as it was
            self._late.add(name)
        elif self._is_seen():
            found = [row for row in self._table.rows if Path(row.session).name == name]
            for row in found:
                path = f"sessions/{quote(row.id, safe='')}"
                self._client.get(path, self.take, lambda _: self.refresh())  # it may be gone
            if not found:
                self.refresh()

    def take(self, found: Any) -> None:
        """Show one session as the engine tells of it."""
        self._table.show_one(SessionInfo.model_validate(found))

    def _is_seen(self) -> bool:
        return self._client.is_connected and not self._table.visibleRegion().isEmpty()

    def _on_soon(self) -> None:
        if self.once_more:
            self.once_more = False
            self.refresh()

    def _ask(self) -> None:
        if self._is_seen():
            self._asked += 1
            self._fills = True
            self._late.clear()
            self._ask_page(0, self._asked)

    def _ask_page(self, offset: int, asked: int) -> None:
        limit = FIRST if offset == 0 else PAGE
        self._client.get(
            f"sessions?limit={limit}&offset={offset}",
            lambda found: self._take_page(found, offset, limit, asked),
            lambda problem: self._on_problem(problem, asked),
        )

    def _on_problem(self, problem: Problem, asked: int) -> None:
        if asked == self._asked:
            self._fills = False
            self._client.failed.emit(problem)

    def _take_page(self, found: Any, offset: int, limit: int, asked: int) -> None:
        if asked != self._asked:  # the list was asked for anew meanwhile
            return
        page = [SessionInfo.model_validate(row) for row in found]
        end = offset + len(page)
        more = len(page) == limit and end < MOST
        self._table.show_page(page, offset, is_last=not more)
        self._on_page(more)
        if more:
            self._ask_page(end, asked)
            return
        self._fills = False
        late, self._late = self._late, set()
        for name in late:
            self.read_anew(name)
