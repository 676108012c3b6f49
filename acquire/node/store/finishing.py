"""What is done with recordings that are closed: cut to a stop heard late, then hashed.

One idle thread, which rests while anything records: the disk belongs to the cameras then.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from acquire.errors import Unknown
from acquire.lasting_thread import LastingThread
from acquire.node.store.kept import Arm, Kept
from acquire.node.store.store import Store
from acquire.node.wire.models import BLOCK_BYTES, NodeFile, RecordingState
from acquire.processes.idle import be_idle
from recordings.errors import RecordingError
from recordings.layout import MEDIA_SUFFIXES, SOUND_SUFFIX, video_stem

LOOK_S: Final = 2.0
REST_S: Final = 0.2
SETTLED_S: Final = 3.0
"""A file that nobody has closed is left alone until so long after its last byte: the device process
of a node that was killed closes its video in good order."""
PIECE: Final = 1 << 20
TRIMMED_MARK: Final = ".trimmed"


class Left(Exception):
    """The node is to end; what is not done is found at the next start."""


def hashed_file(
    path: Path, block_bytes: int, between: Callable[[], None]
) -> tuple[int, str, tuple[str, ...]]:
    """Hash a file: its size, the SHA-256 of the whole, and that of each block.

    `between` is called after each piece; it may rest, or raise to stop.

    Raises:
        OSError: it cannot be read.
    """
    whole, blocks, size = hashlib.sha256(), [], 0
    with path.open("rb", buffering=0) as file:
        block = hashlib.sha256()
        while data := file.read(min(PIECE, block_bytes - size % block_bytes)):
            whole.update(data)
            block.update(data)
            size += len(data)
            if size % block_bytes == 0:
                blocks.append(block.hexdigest())
                block = hashlib.sha256()
            between()
        if size % block_bytes:
            blocks.append(block.hexdigest())
    return size, whole.hexdigest(), tuple(blocks)


class Finishing:
    """Finishes what a node keeps, oldest name first."""

    def __init__(
        self,
        store: Store,
        is_recording: Callable[[], bool],
        complain: Callable[[str], None],
        block_bytes: int = BLOCK_BYTES,
    ) -> None:
        self._store = store
        self._is_recording = is_recording
        self._complain = complain
        self._block_bytes = block_bytes
        self._leaving = threading.Event()
        self._wake = threading.Event()
        self._thread = LastingThread("finishing", self._run, self._leaving, complain)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def look(self) -> None:
        """Look at once for something to do."""
        self._wake.set()

    def close(self) -> None:
        """Leave what is not done."""
        self._leaving.set()
        self._wake.set()
        self._thread.end()

    def _run(self) -> None:
        be_idle()
        while not self._leaving.is_set():
            self._wake.clear()
            try:
                for kept in self._store.all():
                    self._finish(kept)
            except Left:
                return
            self._wake.wait(LOOK_S)

    def _between(self) -> None:
        while self._is_recording() and not self._leaving.is_set():
            self._leaving.wait(REST_S)
        if self._leaving.is_set():
            raise Left

    def _finish(self, kept: Kept) -> None:
        if kept.record.state is RecordingState.RECORDING:
            return
        self._between()
        if not kept.record.is_cut:
            self._trim(kept)
        for name in kept.names():
            if name not in kept.problems:
                self._hash_or_say(kept, name)

    def _hash_or_say(self, kept: Kept, name: str) -> None:
        try:
            self._hash(kept, name)
        except (FileNotFoundError, Unknown):  # released meanwhile
            return
        except OSError as error:  # once: a disk that fails is not worn out by trying again
            kept.problems[name] = (
                f"the node cannot read it ({error.strerror}); see its disk, and start it again"
            )
            self._complain(f"{kept.id}: {name}: {error.strerror}: cannot be read, nor collected")

    def _hash(self, kept: Kept, name: str) -> None:
        path = kept.path_of(name)
        known = kept.hashed(name)
        if known is not None and known.bytes == path.stat().st_size:
            return
        if (changed := kept.changed(name)) is not None:
            kept.problems[name] = changed
            self._complain(f"{kept.id}: {name}: {changed}")
            return
        left = kept.is_left
        # Either way: where the clock was set back meanwhile the date lies ahead, and says nothing.
        if left and abs(time.time() - path.stat().st_mtime) < SETTLED_S:
            return
        frames = _whole_frames(path) if left else None
        size, sha256, blocks = hashed_file(path, self._block_bytes, self._between)
        if size == path.stat().st_size:  # else it has grown meanwhile
            kept.keep_hashes(
                NodeFile(
                    name=name,
                    bytes=size,
                    sha256=sha256,
                    frames=frames,
                    block_bytes=self._block_bytes,
                    blocks=blocks,
                )
            )

    # A stop that was heard late.

    def _trim(self, kept: Kept) -> None:
        """Offer, in place of each file that goes on past the stop, a copy that does not."""
        stored_as = dict(kept.record.stored_as)
        problems: list[str] = []
        for arm in kept.record.arms:
            try:
                for name, frames in _ends(kept, arm):
                    if name not in stored_as and (target := self._cut(kept.folder, name, frames)):
                        stored_as[name] = target
            except (RecordingError, OSError) as error:
                problems.append(str(error))
        if problems:
            self._complain(f"{kept.id}: not cut to its stop: {'; '.join(problems)}")
        state = RecordingState.TRIMMED if stored_as else kept.record.state
        problem = "; ".join(problems)[:2000] or None
        try:
            kept.change(is_cut=True, stored_as=stored_as, state=state, problem=problem)
        except OSError as error:  # as on a full disk: it is known until the node ends
            self._complain(f"{kept.id}: its record cannot be written ({error.strerror})")

    def _cut(self, folder: Path, name: str, frames: int) -> str | None:
        source = folder / name
        if (_whole_frames(source) or 0) <= frames:
            return None
        target = source.with_name(f"{source.stem}{TRIMMED_MARK}{source.suffix}")
        target.unlink(missing_ok=True)  # of a node that was killed before it wrote that down
        _trimmed(source, target, frames, self._between)
        return target.name


def _ends(kept: Kept, arm: Arm) -> Iterator[tuple[str, int]]:
    """Say how many frames are to be left of each video that goes on past its stop.

    Raises:
        RecordingError: the own copy cannot be read.
    """
    from recordings.read.own_copy import cut_of, stored_until

    copy = kept.folder / arm.copy_name
    cut = cut_of(copy) if copy.exists() else None
    if cut is None:
        return
    for stream, files in _videos_of(kept, arm).items():
        yield from zip(files, stored_until(copy, stream, cut), strict=False)


def _videos_of(kept: Kept, arm: Arm) -> Mapping[str, list[str]]:
    """Name the videos that a device began at once, stream by stream, in their order.

    A camera that changes its codec goes on in further parts.
    """
    by_stem = {
        name.rpartition(".")[0]: name for name in kept.names() if name.endswith(MEDIA_SUFFIXES)
    }
    others = {stem for one in kept.record.arms if one is not arm for stem in one.stems.values()}
    return {
        stream: [
            by_stem[part]
            for number in range(1, len(by_stem) + 1)
            if (part := video_stem(Path(stem), number).name) in by_stem and part not in others
        ]
        for stream, stem in arm.stems.items()
    }


def _whole_frames(path: Path) -> int | None:
    """Count the frames of a video, blocks of a sound; None: it is none, or cannot be read."""
    from recordings.repair.videos import count_frames

    if not path.name.endswith(MEDIA_SUFFIXES):
        return None
    try:
        return count_frames(path)
    except (RecordingError, OSError):
        return None


def _trimmed(source: Path, target: Path, frames: int, between: Callable[[], None]) -> None:
    # PyAV costs the node 15 MB.
    if source.suffix == SOUND_SUFFIX:
        from recordings.sound.trim import trimmed as sound_trimmed

        sound_trimmed(source, target, frames, between)
        return
    from recordings.video.trim import trimmed

    trimmed(source, target, frames, between)
