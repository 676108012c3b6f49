"""A session folder while it is being recorded: the manifest, kept true on disk."""

from __future__ import annotations

import platform
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import acquire
from acquire.lsl.clock import local_clock
from acquire.rig.file import Rig
from recordings import layout, owner
from recordings.errors import RecordingError
from recordings.manifest import Manifest, State
from recordings.manifest_entries import (
    ClockPair,
    Event,
    FileEntry,
    PendingFile,
    SoundEntry,
    StreamEntry,
    VideoEntry,
    hashed_files,
)

DEFAULT_LABELS = {"study": "study", "participant": "test", "session": "01", "task": "test"}
MAX_EVENTS = 2000
"""Events kept in the manifest, and as many again that are alarms: a script's notes must not crowd
out what the certificate tells of. The rest is in the event stream."""
MAX_CLOCK_TRIES = 20
RESERVE_BYTES = 1 << 19
"""Kept back on the disk for the last manifests: a camera fills whatever else is set free."""


@dataclass(frozen=True, slots=True)
class Labels:
    """What a session is called."""

    study: str = DEFAULT_LABELS["study"]
    participant: str = DEFAULT_LABELS["participant"]
    session: str = DEFAULT_LABELS["session"]
    task: str = DEFAULT_LABELS["task"]

    def check(self) -> None:
        """Check every label before anything is started.

        Raises:
            RecordingError: one is not allowed; the message says why.
        """
        layout.session_folder(Path(), self.study, self.participant, self.session, self.task, 1)


def clock_pair() -> ClockPair:
    """Read UTC and the LSL clock together: the try with the least time between two readings."""
    best = min((_read_clocks() for _ in range(MAX_CLOCK_TRIES)), key=lambda r: r[2] - r[0])
    before, utc, after = best
    return ClockPair.of(utc, (before + after) / 2)


def _read_clocks() -> tuple[float, datetime, float]:
    return local_clock(), datetime.now(UTC), local_clock()


def software() -> dict[str, str]:
    """Name the versions that made a recording."""
    import numpy
    import pylsl

    return {
        "unisono": acquire.__version__,
        "python": platform.python_version(),
        "liblsl": f"{pylsl.library_version() / 100:.2f}",
        "numpy": numpy.__version__,
    }


class SessionFolder:
    """The folder of one run; every change of the manifest goes to the disk at once."""

    def __init__(
        self,
        rig: Rig,
        data_dir: Path,
        labels: Labels,
        notes: str = "",
        run: int | None = None,
        node_run: str | None = None,
    ) -> None:
        """Make the folder of run `run`, or of the next one, and write its first manifest.

        Raises:
            RecordingError: the folder cannot be made, or a label is not allowed.
        """
        self.data_dir = data_dir
        self.folder, self.run = layout.new_session_folder(
            data_dir, labels.study, labels.participant, labels.session, labels.task, run
        )
        self.manifest = Manifest(
            state=State.ARMED,
            **asdict(labels),
            run=self.run,
            notes=notes,
            software=software(),
            host={
                "name": socket.gethostname(),
                "system": platform.platform(),
                "machine": platform.machine(),
                "executable": Path(sys.executable).name,
                **owner.this_process(),
                **({"node_run": node_run} if node_run is not None else {}),
            },
            rig=rig.parsed if rig.path else None,
            rig_text=rig.text or None,
            rig_sha256=rig.sha256 if rig.text else None,
            files=(FileEntry(path=layout.XDF_NAME),),
        )
        self._events: list[Event] = []
        # The engine's thread, the one that closes and the one that hashes change it.
        self._lock = threading.Lock()
        self.save()
        self._reserve = self._keep_back()

    def _keep_back(self) -> IO[bytes]:
        try:
            # Nameless from its first moment on: even a kill leaves nothing behind.
            file = tempfile.TemporaryFile(dir=self.folder, buffering=0)  # noqa: SIM115
            try:
                file.write(bytes(RESERVE_BYTES))
            except OSError:
                file.close()
                raise
        except OSError as error:
            raise RecordingError(
                f"{self.folder}: no {RESERVE_BYTES} bytes can be kept back ({error.strerror}); "
                "free space or name another data folder"
            ) from error
        return file

    @property
    def xdf(self) -> Path:
        """Where the streams go."""
        return self.folder / layout.XDF_NAME

    def save(self) -> None:
        """Write the manifest."""
        self.manifest.save(self.folder)

    def change(self, **fields: Any) -> None:
        """Change fields of the manifest, and write it."""
        with self._lock:
            self.manifest = self.manifest.model_copy(update=fields)
            if self.manifest.state not in (State.ARMED, State.RECORDING):
                self.release()
            self.save()

    def release(self) -> None:
        """Give back what is kept on the disk for the last manifests."""
        self._reserve.close()

    def add_event(self, event: Event) -> None:
        """Keep an event; the manifest on disk gets it with the next change."""
        if len(self._events) < (MAX_EVENTS if event.level == "info" else 2 * MAX_EVENTS):
            self._events.append(event)

    def started(
        self,
        lsl_start: float,
        streams: Iterable[StreamEntry],
        media: Iterable[VideoEntry | SoundEntry],
        absent: Iterable[str],
        simulated: bool,
        pending: Iterable[PendingFile] = (),
    ) -> None:
        """Note the start."""
        self.change(
            state=State.RECORDING,
            clock=(clock_pair(),),
            lsl_start=lsl_start,
            streams=tuple(streams),
            **_by_kind(media),
            absent=tuple(absent),
            simulated=simulated,
            pending=tuple(pending),
            events=tuple(self._events),
        )

    def closed(
        self,
        state: State,
        lsl_stop: float,
        streams: Iterable[StreamEntry],
        media: Iterable[VideoEntry | SoundEntry],
        absent: Iterable[str],
        pending: Iterable[PendingFile] = (),
    ) -> None:
        """Note how it ended; the hashes follow, and what is `pending` on nodes."""
        media, pending = tuple(media), tuple(pending)
        elsewhere = {file.path for file in pending}
        names = [name for name in recorded_files(self.folder, media) if name not in elsewhere]
        self.change(
            state=state,
            hashing=True,
            clock=(*self.manifest.clock, clock_pair()),
            lsl_stop=lsl_stop,
            streams=tuple(streams),
            **_by_kind(media),
            absent=tuple(absent),
            pending=pending,
            files=tuple(FileEntry(path=name, bytes=self._size(name)) for name in names),
            events=tuple(self._events),
        )

    def _size(self, name: str) -> int | None:
        path = self.folder / name
        return path.stat().st_size if path.exists() else None

    def hash_files(self, known: Mapping[str, str], between: Callable[[], None]) -> None:
        """Add the SHA-256 of every file.

        Args:
            known: those computed while writing, by name.
            between: called between two pieces of a file; may wait, or raise to leave the rest.
        """
        files = hashed_files(self.manifest.files, self.folder, known, between)
        self.change(files=files, hashing=False)


def recorded_files(folder: Path, media: Iterable[VideoEntry | SoundEntry]) -> list[str]:
    """Name the files that were made in a session, those of `media` among them."""
    extra = (layout.TRUTH_NAME, layout.RATINGS_NAME, layout.PROTOCOL_NAME)
    return [
        layout.XDF_NAME,
        *(file for entry in media for file in entry.files),
        *(name for name in extra if (folder / name).exists()),
    ]


def _by_kind(media: Iterable[VideoEntry | SoundEntry]) -> dict[str, Any]:
    kept = tuple(media)
    return {
        "videos": tuple(entry for entry in kept if isinstance(entry, VideoEntry)),
        "sounds": tuple(entry for entry in kept if isinstance(entry, SoundEntry)),
    }
