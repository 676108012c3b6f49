"""What a node keeps: one folder a take, and which of them exist."""

from __future__ import annotations

import contextlib
import itertools
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from acquire.errors import Unknown
from acquire.node.store.kept import Arm, Kept, Record, found_in
from acquire.node.store.room import require_room
from acquire.node.wire.models import Receipt, RecordingState
from recordings.disk.atomic import sync_folder
from recordings.errors import RecordingError
from recordings.layout import COPY_SUFFIX, video_stem


class Store:
    """The recordings in a node's data folder."""

    def __init__(self, data_dir: Path, complain: Callable[[str], None] = lambda text: None) -> None:
        """Find what earlier nodes have left; what nobody has closed is `left`."""
        self.data_dir = data_dir
        self._lock = threading.Lock()  # two devices are armed at the same time
        self._kept: dict[str, Kept] = {kept.id: kept for kept in found_in(data_dir, complain)}
        for kept in self._kept.values():
            if kept.record.state is RecordingState.RECORDING:
                # Not written down on a full disk, it is found so again.
                with contextlib.suppress(OSError):
                    kept.change(state=RecordingState.LEFT)

    def __getitem__(self, id: str) -> Kept:
        """Give a recording.

        Raises:
            Unknown: there is none of that id.
        """
        with self._lock:
            kept = self._kept.get(id)
        if kept is None:
            raise Unknown(f"no recording {id[:100]!r} on this node; GET /api/node/recordings")
        return kept

    def all(self) -> list[Kept]:
        """List the recordings, by name."""
        with self._lock:
            return [self._kept[id] for id in sorted(self._kept)]

    def armed(
        self, run_id: str, session: str, take: int, device: str, stems: Mapping[str, str]
    ) -> tuple[Kept, Arm]:
        """Give the folder of a take, made if need be, and note what a device begins in it.

        Raises:
            RecordingError: the folder cannot be made, or the disk is full.
        """
        try:
            require_room(self.data_dir)
            with self._lock:
                kept = self._of(run_id, session, take) or self._make(run_id, session, take)
                free = {stream: _free_stem(kept.folder, stem) for stream, stem in stems.items()}
                arm = Arm(device=device, copy_name=kept.next_copy(device), stems=free)
                kept.change(arms=(*kept.record.arms, arm), state=RecordingState.RECORDING)
        except OSError as error:
            raise RecordingError(
                f"{self.data_dir}: no folder for {session} can be made ({error.strerror}); free "
                "space or name another data folder"
            ) from error
        return kept, arm

    def _of(self, run_id: str, session: str, take: int) -> Kept | None:
        wanted = (run_id, session, take)
        for kept in self._kept.values():
            if (kept.record.run_id, kept.record.session, kept.record.take) == wanted:
                return kept
        return None

    def _make(self, run_id: str, session: str, take: int) -> Kept:
        # Two studies may have sessions of one name; no folder is ever used twice.
        for part in range(1, 10_000):
            folder = video_stem(self.data_dir / session, part)
            with contextlib.suppress(FileExistsError):
                folder.mkdir()
                break
        kept = Kept(folder, Record(run_id=run_id, session=session, take=take))
        kept.save()
        sync_folder(self.data_dir)
        self._kept[kept.id] = kept
        return kept

    def release(self, id: str, receipt: Receipt) -> bool:
        """Delete the files of a receipt; see `Kept.release`."""
        gone = self[id].release(receipt)
        if gone:
            with self._lock:
                self._kept.pop(id, None)
        return gone


def _free_stem(folder: Path, wanted: str) -> str:
    """Name the file of a stream: as the engine wants, or as the next part of it that is free.

    An engine does not see which files there are; its stems are in the answer to `ArmVideo`.
    """
    if _is_free(folder, wanted):
        return wanted
    first = folder / wanted.partition("+")[0]  # no stream has a + in its name
    parts = (video_stem(first, part).name for part in itertools.count(2))
    return next(stem for stem in parts if _is_free(folder, stem))


def _is_free(folder: Path, stem: str) -> bool:
    return all(path.name.endswith(COPY_SUFFIX) for path in folder.glob(f"{stem}.*"))
