"""What a session keeps of a protocol besides its streams: `ratings.tsv` and `protocol.json`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path

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

    def write_to_all(self, loaded: Loaded) -> None:
        """Write what is loaded into all sessions that are being recorded."""
        for folder in self._folders_at(None):
            self.write(loaded, folder)

    def write(self, loaded: Loaded, folder: Path) -> None:
        """Write what is loaded into a session."""
        try:
            text = json.dumps(asdict(loaded), indent=1, ensure_ascii=False, default=str)
            replace_file(folder / PROTOCOL_NAME, text.encode())
        except OSError as error:
            self._complain(f"{folder}: {PROTOCOL_NAME} cannot be written", error)

    def _complain(self, what: str, error: OSError) -> None:
        self._report(NAME, "error", "write-failed", f"{what} ({error.strerror}); free space")
