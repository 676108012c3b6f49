"""The daemon's event log: one JSON object a line, rotated, with LSL time and UTC."""

from __future__ import annotations

import json
import logging
import threading
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path

from recordings.manifest_entries import Event

NAME = "daemon-events.jsonl"
MAX_BYTES = 5_000_000
BACKUPS = 5


class EventLog:
    """Writes events to `daemon-events.jsonl` in the data folder: at most six files of 5 MB."""

    def __init__(self, folder: Path, max_bytes: int = MAX_BYTES, backups: int = BACKUPS) -> None:
        """Open it.

        Raises:
            OSError: the file cannot be made.
        """
        # Events come from any thread, and a file that is full is changed for another amid them.
        self._lock = threading.Lock()
        self._handler = RotatingFileHandler(
            folder / NAME, maxBytes=max_bytes, backupCount=backups, encoding="utf-8"
        )
        # A full disk must not print a traceback for each event; the recording tells of it.
        self._handler.handleError = lambda record: None  # type: ignore[method-assign]
        self._handler.setFormatter(logging.Formatter("%(message)s"))

    def write(self, event: Event) -> None:
        """Write an event; a full disk loses it."""
        utc = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line = json.dumps({"utc": utc, **event.model_dump()}, ensure_ascii=False)
        record = logging.LogRecord("event", logging.INFO, "", 0, "%s", (line,), None)
        with self._lock:
            self._handler.emit(record)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._handler.close()
