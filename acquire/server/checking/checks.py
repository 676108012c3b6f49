"""The checks of closed sessions: the first step of each, then their contents against the hashes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from acquire.processes.messages import Tell, internal
from acquire.server.checking.contents import ContentsCheck
from acquire.server.checking.first_step import Checking, unchecked
from recordings.certificate import Report
from recordings.errors import RecordingError
from recordings.study.catalogue import Catalogue


class Checks:
    """Has sessions checked after their closing, one at a time, and never while anything records."""

    def __init__(
        self,
        sessions: Catalogue,
        is_recording: Callable[[], bool],
        report: Tell,
        *,
        of_themselves: bool,
    ) -> None:
        """Prepare.

        Args:
            sessions: those of the data folder.
            is_recording: whether a recording runs: then none is checked.
            report: hears what is found.
            of_themselves: whether sessions are checked without an order.
        """
        self._sessions, self._of_themselves = sessions, of_themselves
        self._is_recording = is_recording
        self.first = Checking(is_recording, report)
        self.contents = ContentsCheck(
            sessions if of_themselves else None,
            self._goes_first,
            self.first.learn,
            internal(report),
        )

    def _goes_first(self) -> bool:
        return self._is_recording() or self.first.is_busy

    def start(self) -> None:
        """Begin, with what an engine that has ended left unchecked."""
        self.first.start()
        self.contents.start()
        if self._of_themselves:
            self.first.add(unchecked(self._sessions))

    def close(self) -> None:
        """Leave what is not checked to the next start."""
        self.first.close()
        self.contents.close()

    def closed(self, folder: Path) -> None:
        """Take in a session that was closed, or has got what was still to come."""
        if self._of_themselves:
            self.first.add([folder])

    def report_of(self, folder: Path) -> tuple[Report | None, str | None]:
        """Wait for the first step of a session; gives its report, or why there is none."""
        try:
            if self.first.of(folder) is None:
                self.first.add([folder])
            return self.first.wait_for(folder), None
        except RecordingError as error:
            return None, str(error)

    def forget(self, folders: Iterable[Path]) -> None:
        """Let go of sessions that are about to be deleted."""
        folders = list(folders)
        self.first.forget(folders)
        self.contents.forget(folders)
