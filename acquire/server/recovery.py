"""What a daemon does at its start with the sessions that a crash has left unfinished.

Whether somebody still records one says the manifest: the process and when it was started. Where
that cannot be seen from here, its file does: a recorder writes a clock offset of each stream every
2 s.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from acquire.processes.messages import Tell
from recordings import layout, owner
from recordings.errors import RecordingError
from recordings.manifest import Manifest, State, hashed_files
from recordings.repair.session import finish_session
from recordings.study import catalogue

QUIET_S = 5.0
"""A file that has not grown for so long is not being written."""


class Recovery:
    """Finishes the unfinished sessions of a data folder, in a thread of its own."""

    def __init__(self, data_dir: Path, report: Tell, closed: Callable[[Path], None]) -> None:
        """Prepare.

        Args:
            data_dir: where sessions are.
            report: hears what was done.
            closed: hears of each session that is closed now, in this object's thread.
        """
        self._data_dir = data_dir
        self._report, self._closed = report, closed
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recovery", daemon=True)

    def start(self) -> None:
        """Look for them; at once, so that nothing of this daemon's is among them."""
        self._found = {folder: _size(folder) for folder in unfinished(self._data_dir)}
        if self._found:
            self._thread.start()

    def close(self) -> None:
        """Stop after the session that is being finished."""
        self._closing.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        if self._closing.wait(QUIET_S):
            return
        for folder, size in self._found.items():
            if self._closing.is_set():
                return
            if _size(folder) == size:
                self._finish(folder)

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
        files = hashed_files(manifest.files, folder, {}, self._leave_if_closing)
        manifest.model_copy(update={"files": files, "hashing": False}).save(folder)
        self._report("engine", "info", "hashed", f"{folder.name}: its hashes are complete")

    def _leave_if_closing(self) -> None:
        if self._closing.is_set():
            raise _Left


class _Left(Exception):
    """The daemon ends; the next one goes on."""


def _is_unfinished(manifest: Manifest) -> bool:
    return manifest.hashing or manifest.state in (State.ARMED, State.RECORDING)


def unfinished(data_dir: Path) -> list[Path]:
    """List the sessions whose manifests say that they are being made, by nobody that lives."""
    found = []
    for folder in catalogue.folders(data_dir):
        try:
            manifest = Manifest.load(folder)
        except RecordingError:
            continue
        if _is_unfinished(manifest) and owner.lives(manifest.host) is not True:
            found.append(folder)
    return found


def _size(folder: Path) -> int:
    try:
        return (folder / layout.XDF_NAME).stat().st_size
    except OSError:
        return -1
