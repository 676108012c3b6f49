"""What a session keeps of a protocol besides its streams: `ratings.tsv` and `protocol.json`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from acquire.player.messages import Loaded, Marked
from acquire.player.process import NAME
from acquire.player.ratings import RatingsFile, is_answer
from acquire.processes.messages import Tell
from recordings.disk.atomic import replace_file
from recordings.layout import PROTOCOL_NAME

FoldersAt = Callable[[float | None], Iterable[Path]]
"""Gives the folder of the session that an LSL time belongs to; of None, of all being recorded."""


class Keeping:
    """Writes into the sessions that are being recorded; what cannot be written is told."""

    def __init__(self, folders_at: FoldersAt, report: Tell) -> None:
        """Prepare; `report` hears what happens, as `Engine.report` does."""
        self._folders_at, self._report = folders_at, report

    def keep(self, mark: Marked) -> None:
        """Write an answer into the session that has its marker."""
        for folder in self._folders_at(mark.time) if is_answer(mark.fields) else ():
            try:
                RatingsFile.within(folder).add(mark.time, mark.fields)
            except OSError as error:
                self._complain(f"{folder}: an answer is not in ratings.tsv", error)

    def write_to_all(self, loaded: Loaded, at: float) -> None:
        """Write what is loaded into all sessions that are being recorded."""
        for folder in self._folders_at(None):
            self.write(loaded, at, folder)

    def write(self, loaded: Loaded, at: float, folder: Path) -> None:
        """Write what is loaded since LSL time `at` into a session, and what was before it there."""
        told = {**asdict(loaded), "loaded_at": at, "before": _before(folder, at)}
        try:
            text = json.dumps(told, indent=1, ensure_ascii=False, default=str)
            replace_file(folder / PROTOCOL_NAME, text.encode())
        except OSError as error:
            self._complain(f"{folder}: {PROTOCOL_NAME} cannot be written", error)

    def _complain(self, what: str, error: OSError) -> None:
        self._report(NAME, "error", "write-failed", f"{what} ({error.strerror}); free space")


def _before(folder: Path, at: float) -> list[dict[str, Any]]:
    """Give what a session has of protocols that were loaded before LSL time `at`."""
    try:
        last = json.loads((folder / PROTOCOL_NAME).read_text(encoding="utf-8"))
        before: list[dict[str, Any]] = last.pop("before")
        return before if last["loaded_at"] == at else [*before, last]
    except (OSError, ValueError, KeyError, AttributeError):
        return []  # the first one
