"""What is changed in sessions after their closing: marks, what arrives late, and withdrawal."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from acquire.errors import ControlError
from acquire.processes.messages import Tell
from acquire.server.turn import Turn
from recordings.errors import RecordingError
from recordings.manifest import MANIFEST_NAME, Manifest
from recordings.manifest_entries import Level
from recordings.privacy.erase import Erased, Plan, erase, plan


class ClosedSessions:
    """Changes sessions, one order at a time, and never one that somebody else writes."""

    def __init__(
        self,
        turn: Turn,
        let_go: Callable[[Iterable[Path]], None],
        is_any_open: Callable[[], bool],
        report: Tell,
    ) -> None:
        """Prepare.

        Args:
            turn: shared with whoever records.
            let_go: has whoever checks sessions leave those alone that are to be deleted.
            is_any_open: whether a recording runs or is being closed.
            report: hears what was done.
        """
        self._turn = turn
        self._let_go = let_go
        self._is_any_open = is_any_open
        self._report = report

    def mark_unusable(self, folder: Path, reason: str) -> None:
        """Write into a session's manifest why it is not to be used; an empty reason takes it back.

        Raises:
            ControlError: see `change`.
            RecordingError: its manifest cannot be read.
        """
        reason = " ".join(reason.split())
        self.change(folder, lambda m: m.model_copy(update={"unusable": reason or None}))
        told = f"marked as not usable: {reason}" if reason else "is usable again"
        self._report(
            "operator", "info", "unusable" if reason else "usable", f"{folder.name} {told}"
        )

    def change(self, folder: Path, change: Callable[[Manifest], Manifest]) -> None:
        """Change the manifest of a closed session; whatever else changes one waits for its turn.

        Raises:
            ControlError: the recording is not closed, or its files are still being hashed: their
                writer would write over this.
            RecordingError: its manifest cannot be read.
        """
        with self._turn.taken():
            manifest = Manifest.load(folder)
            if not manifest.is_closed:
                raise ControlError(
                    f"{folder.name}: is not closed yet; try again in a moment, when nothing records"
                )
            path = folder / MANIFEST_NAME
            before = path.stat()
            change(manifest).save(folder)
            # Lists go by this time: a session keeps its place.
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    def withdrawal(self, folder: Path) -> Plan:
        """Find everything of the participant of a session, in its study, exports included.

        Raises:
            RecordingError: one of the sessions is being recorded, or the label is none.
        """
        return plan(*_study_and_participant(folder))

    def withdraw(self, folder: Path, pseudonym: str) -> Erased:
        """Delete everything of a participant who has withdrawn.

        Args:
            folder: one of the sessions.
            pseudonym: the participant once more, so that nothing is deleted by a slip.

        Raises:
            ControlError: something records or is checked, or it is another pseudonym.
            RecordingError: it cannot be logged.
        """
        with self._turn.taken():
            if self._is_any_open():
                raise ControlError("a recording runs or is being closed; withdraw after it")
            planned = self.withdrawal(folder)
            if pseudonym != planned.participant:
                raise ControlError(
                    f"{pseudonym!r} is not the participant of this session; type the pseudonym "
                    "exactly"
                )
            if any(_is_hashing(session) for session in planned.sessions):
                raise ControlError("a session is still being closed; try again in a minute")
            self._let_go(planned.sessions)
            done = erase(_study_and_participant(folder)[0], planned)
        level: Level = "warning" if done.left else "info"
        left = f"; not deleted: {', '.join(done.left)}" if done.left else ""
        text = f"a participant was withdrawn: {done.files} files deleted{left}"
        self._report("operator", level, "withdrawn", text)
        return done


def _study_and_participant(folder: Path) -> tuple[Path, str]:
    return folder.parents[2], folder.parents[1].name.removeprefix("sub-")


def _is_hashing(folder: Path) -> bool:
    try:
        return Manifest.load(folder).hashing
    except RecordingError:  # damaged: nobody hashes it
        return False
