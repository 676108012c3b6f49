"""Motion of whole sessions: one pure function a session, that can be run again where it ended.

The frames of a camera that are used are those of a grid of `RATE_HZ`; they are cut into stretches
which do not depend on each other, and each is kept once it is done. When all are there they become
one Parquet file.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from recordings.arrays import F64Array, I64Array, U8Array
from recordings.disk.regular import read_text
from recordings.errors import RecordingError
from recordings.extras import need_parquet
from recordings.manifest import State
from recordings.motion.finders import finder_of
from recordings.motion.models import find_models
from recordings.motion.table import Motion, motion_path, said_of, save_motion
from recordings.motion.tracing import COLUMNS, Finder, Tracer
from recordings.read.camera import Camera
from recordings.read.session import Session, camera_of, open_session
from recordings.video.gray_frames import GrayFrames

RATE_HZ: Final = 30.0
STRETCH: Final = 900
"""Used frames of a stretch: half a minute."""
AHEAD: Final = 8
"""Pictures that are decoded ahead of their measurement."""
VERSION: Final = 3
"""Of the way of measuring: what another one has begun is begun anew."""

Tell = Callable[[int, int], None]
"""Takes how many frames are done, and of how many."""


@dataclass(frozen=True, slots=True)
class Settings:
    """`cameras`: these alone; `models`: the folder with the two files, None = the box alone."""

    cameras: tuple[str, ...] = ()
    models: Path | None = None


def run_task(
    session: Path, folder: Path, settings: Settings, tell: Tell = lambda done, total: None
) -> list[str]:
    """Measure the faces of one session; return what a person should know.

    A file a camera is written into `folder`. What was done before with the same models and the
    same recording stays, a part of it too.

    Raises:
        RecordingError: there is no such camera, it cannot be read, or `folder` cannot be written.
    """
    need_parquet()  # before half an hour of work
    models = find_models(settings.models) if settings.models is not None else None
    notes: list[str] = []
    with open_session(session) as opened:
        _check(opened)
        for camera in _cameras(opened, settings.cameras):
            notes += _Measurement(opened, camera, folder, finder_of(models)).run(tell)
    return notes


def used_frames(times: F64Array) -> I64Array:
    """Return the stored frames of a grid: for each moment the last one not after it, once."""
    # No grid is made: one that a clock spans which was set amid the recording has no end.
    moments = (times - times[:1]) * RATE_HZ - 1e-6
    following = np.append(moments[1:], np.floor(moments[-1:] + 2e-6) + 1e-6)
    return np.flatnonzero(np.ceil(moments) < following).astype(np.int64)


def stretches(count: int) -> list[range]:
    """Cut `count` used frames; each begins with the last of the one before, to be joined there."""
    return [range(max(0, a - 1), min(a + STRETCH, count)) for a in range(0, count, STRETCH)]


def joined(parts: Sequence[F64Array]) -> F64Array:
    """Join rows of stretches: the places go on from where they were."""
    places = slice(0, COLUMNS.index("eyes"))
    rows: list[F64Array] = []
    end = np.zeros(places.stop)
    for number, part in enumerate(parts):
        moved = part.copy()
        moved[:, places] += end - (np.nan_to_num(moved[0, places]) if len(moved) else 0.0)
        known = moved[np.isfinite(moved[:, 0])]
        end = known[-1, places] if len(known) else end
        rows.append(moved if number == 0 else moved[1:])
    return np.concatenate(rows) if rows else np.empty((0, len(COLUMNS)))


def _check(session: Session) -> None:
    manifest = session.manifest
    if manifest is None:
        raise RecordingError(f"{session.path}: is a bare file without video; name a session")
    if manifest.is_being_recorded:
        raise RecordingError(f"{session.path}: is being recorded; measure it when it is closed")
    if manifest.state in (State.ARMED, State.RECORDING):
        raise RecordingError(
            f"{session.path}: was never closed; run unisono repair and measure the copy"
        )


def _cameras(session: Session, names: Sequence[str]) -> Iterator[Camera]:
    if not session.cameras:
        raise RecordingError(f"{session.path}: has no camera with an index")
    for name in names or tuple(session.cameras):
        yield camera_of(session, name)


class _Measurement:
    """One camera of one session."""

    def __init__(self, session: Session, camera: Camera, folder: Path, finder: Finder) -> None:
        self._camera, self._finder = camera, finder
        self._frames = used_frames(camera.times)
        self._path = motion_path(folder, camera.name)
        self._parts = self._path.with_suffix(".parts")
        self._said = _said(session, camera, finder)

    def run(self, tell: Tell) -> list[str]:
        """Measure what is not measured yet, and write the file."""
        name = self._camera.name
        if not len(self._frames):
            return [f"{name}: no frames"]
        if said_of(self._path) == self._said:
            tell(len(self._frames), len(self._frames))
            return [f"{name}: there already, by {self._finder.name}"]
        try:
            rows = self._rows(tell)
            save_motion(self._path, self._motion(rows))
        except OSError as error:
            raise RecordingError(
                f"{self._path}: cannot be written ({error.strerror}); name another folder with --to"
            ) from error
        shutil.rmtree(self._parts, ignore_errors=True)
        seen = np.isfinite(rows[:, 0]).mean()
        return [f"{name}: by {self._finder.name}, a face in {100 * seen:.1f} % of the frames used"]

    def _motion(self, rows: F64Array) -> Motion:
        times = self._camera.times[self._frames]
        return Motion(self._frames, times, rows, self._said)

    def _rows(self, tell: Tell) -> F64Array:
        self._keep_what_fits()
        parts: list[F64Array] = []
        with contextlib.closing(_Pictures(self._camera)) as pictures:
            for number, stretch in enumerate(stretches(len(self._frames))):
                path = self._parts / f"{number:05d}.npy"
                part = _load(path, len(stretch))
                if part is None:
                    chosen = self._frames[stretch.start : stretch.stop].tolist()
                    part = Tracer(self._finder).trace(pictures.ahead(chosen))
                    _save(path, part)
                parts.append(part)
                tell(stretch.stop, len(self._frames))
        return joined(parts)

    def _keep_what_fits(self) -> None:
        """Throw away stretches of another recording, other models or another version."""
        key = self._parts / "of.json"
        text = json.dumps(self._said, sort_keys=True)
        try:
            if read_text(key) == text:
                return
        except (OSError, UnicodeDecodeError):
            pass
        shutil.rmtree(self._parts, ignore_errors=True)
        self._parts.mkdir(parents=True, exist_ok=True)
        key.write_text(text, encoding="utf-8")


def _said(session: Session, camera: Camera, finder: Finder) -> dict[str, Any]:
    """Say what a result is of: equal where nothing needs to be measured again."""
    manifest = session.manifest
    assert manifest is not None
    sizes = [_bytes_of(session.path / name) for name in camera.entry.files]
    times = hashlib.sha256(np.ascontiguousarray(camera.times).tobytes()).hexdigest()
    return {
        "camera": camera.name,
        "by": finder.name,
        "version": VERSION,
        "rate_hz": RATE_HZ,
        "bytes": sizes,
        "times": times,
    }


def _bytes_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise RecordingError(
            f"{path}: cannot be read ({error.strerror}); copy it back from where it was recorded"
        ) from error


class _Pictures:
    """Brightness of a camera's stored frames by number, through all its files."""

    def __init__(self, camera: Camera) -> None:
        self._camera = camera
        self._file, self._index = camera.places
        self._open: tuple[int, GrayFrames] | None = None
        # One thread: decoding lets go of the interpreter, and so does what measures.
        self._decoder = ThreadPoolExecutor(1, thread_name_prefix="motion pictures")

    def ahead(self, numbers: Sequence[int]) -> Iterator[U8Array]:
        """Give these frames, some decoded while the one before is measured."""
        waiting: list[Future[U8Array]] = []
        for number in numbers:
            waiting.append(self._decoder.submit(self._picture, number))
            if len(waiting) > AHEAD:
                yield waiting.pop(0).result()
        while waiting:
            yield waiting.pop(0).result()

    def _picture(self, number: int) -> U8Array:
        file, index = int(self._file[number]), int(self._index[number])
        if self._open is None or self._open[0] != file:
            self._close()
            self._open = file, GrayFrames(self._camera.path_of(file))
        return self._open[1].frame(index)

    def _close(self) -> None:
        if self._open is not None:
            self._open[1].close()
            self._open = None

    def close(self) -> None:
        """End the thread, then close the file that it reads."""
        self._decoder.shutdown(wait=True, cancel_futures=True)
        self._close()


def _load(path: Path, count: int) -> F64Array | None:
    try:
        rows = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    fits = rows.shape == (count, len(COLUMNS)) and rows.dtype == np.float64
    return rows if fits else None


def _save(path: Path, rows: F64Array) -> None:
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        np.save(file, rows)
    part.replace(path)
