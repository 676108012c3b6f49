"""What a daemon does at its start with the sessions that a crash has left unfinished.

Whether somebody still records one says the manifest: the process and when it was started. Where
that cannot be seen from here, its files do: a recorder writes a clock offset of each stream every
2 s. One whose recorder is dead is finished as soon as no file of it grows: its cameras' processes
end their files by themselves.

It rests while anything records: what is read to be hashed may be a terabyte.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

from acquire.processes.idle import be_idle
from acquire.processes.messages import Tell
from recordings import layout, owner
from recordings.errors import RecordingError
from recordings.manifest import Manifest, State
from recordings.manifest_entries import hashed_files
from recordings.repair.session import finish_session
from recordings.study import catalogue

QUIET_S = 5.0
"""Files that have not grown for so long are not being written."""
DEAD_S = 1.0
"""Those of a recorder that is dead; an encoder writes at least every 0.4 s."""
LOOK_S = 0.2


class Recovery:
    """Finishes the unfinished sessions of a data folder, in a thread of its own."""

    def __init__(
        self,
        data_dir: Path,
        report: Tell,
        closed: Callable[[Path], None],
        is_recording: Callable[[], bool],
    ) -> None:
        """Prepare.

        Args:
            data_dir: where sessions are.
            report: hears what was done.
            closed: hears of each session that is closed now, in this object's thread.
            is_recording: whether the disk is needed for a recording.
        """
        self._data_dir = data_dir
        self._report, self._closed, self._is_recording = report, closed, is_recording
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recovery", daemon=True)

    def start(self) -> None:
        """Look for them; at once, so that nothing of this daemon's is among them."""
        now = time.monotonic()
        self._found = [Unfinished(folder, dead, now) for folder, dead in unfinished(self._data_dir)]
        if self._found:
            self._thread.start()

    def close(self) -> None:
        """Stop after the session that is being finished."""
        self._closing.set()
        if self._thread.ident is not None:  # there was something to finish
            self._thread.join()

    def _run(self) -> None:
        be_idle()
        while self._found and not self._closing.wait(LOOK_S):
            if self._is_recording():
                continue
            for session in list(self._found):
                if self._closing.is_set():
                    return
                if (grows := session.grows(time.monotonic())) is None:
                    continue
                self._found.remove(session)
                if not grows:
                    self._finish(session.folder)

    def _finish(self, folder: Path) -> None:
        try:
            manifest = Manifest.load(folder)
            if manifest.state is State.ARMED:
                self._never_begun(folder, manifest)
                return
            if manifest.hashing:
                self._hash(folder, manifest)
                return
            done = finish_session(folder)
        except _Left:
            return
        except Exception as error:  # one that cannot be finished must not cost the others theirs
            text = f"a crash has left {folder.name}, which cannot be finished: {error}"
            self._report("engine", "error", "not-recovered", text)
            return
        if done is None:
            text = (
                f"a crash has left {folder.name}, damaged; "
                f"make a readable copy with: unisono repair {folder}"
            )
            self._report("engine", "error", "not-recovered", text)
            return
        samples = sum(stream.samples for stream in done.streams)
        text = (
            f"a crash has left {folder.name}; it is finished now: {samples:,} samples in "
            f"{len(done.streams)} streams, {done.bytes_dropped:,} bytes of a torn end dropped"
        )
        self._report("engine", "warning", "recovered", text)
        self._closed(folder)

    def _never_begun(self, folder: Path, manifest: Manifest) -> None:
        manifest.model_copy(update={"state": State.FAILED}).save(folder)
        text = f"a crash has left {folder.name}, which had not begun: there is nothing in it"
        self._report("engine", "warning", "never-begun", text)

    def _hash(self, folder: Path, manifest: Manifest) -> None:
        """Go on with the hashes of a session that was closed in good order."""
        files = hashed_files(manifest.files, folder, {}, self._rest_or_leave)
        manifest.model_copy(update={"files": files, "hashing": False}).save(folder)
        self._report("engine", "info", "hashed", f"{folder.name}: its hashes are complete")

    def _rest_or_leave(self) -> None:
        while self._is_recording() and not self._closing.wait(LOOK_S):
            pass
        if self._closing.is_set():
            raise _Left


class _Left(Exception):
    """The daemon ends; the next one goes on."""


class Unfinished:
    """A session that nobody has closed. Pure but for the sizes of its files."""

    def __init__(self, folder: Path, dead: bool, now: float) -> None:
        """Begin to watch; `dead`: its recorder is known to have ended. `now` is monotonic, in s."""
        self.folder, self._dead = folder, dead
        self._sizes, self._since = self._look(), now

    def grows(self, now: float) -> bool | None:
        """Say whether somebody writes it; None = not known yet.

        What a dead recorder has left is waited for: it grows until its cameras have ended.
        """
        sizes = self._look()
        if sizes != self._sizes:
            self._sizes, self._since = sizes, now
            return None if self._dead else True
        return False if now - self._since >= (DEAD_S if self._dead else QUIET_S) else None

    def _look(self) -> dict[str, int]:
        """Give the sizes of what is written, in bytes: other files may be by a reader, too."""
        try:
            files = [e for e in os.scandir(self.folder) if self._dead or e.name == layout.XDF_NAME]
            return {entry.name: entry.stat().st_size for entry in files}
        except OSError:
            return {}


def unfinished(data_dir: Path) -> list[tuple[Path, bool]]:
    """List the sessions whose manifests say that they are being made, by nobody that lives.

    With each goes whether that is sure.
    """
    found = []
    for folder in catalogue.folders(data_dir):
        try:
            manifest = Manifest.load(folder)
        except RecordingError:
            continue
        if not manifest.is_closed and (lives := owner.lives(manifest.host)) is not True:
            found.append((folder, lives is False))
    return found
