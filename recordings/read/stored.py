"""What an index stream tells of the files beside: which frame, or block, is where, and of when."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np

from recordings.arrays import F64Array, I64Array
from recordings.errors import RecordingError
from recordings.frame_files import files_of, is_in_file, say_stored
from recordings.manifest_entries import MediaEntry
from recordings.read.stream import Stream
from recordings.stream_kinds import INDEX_CHANNELS

Entry = TypeVar("Entry", bound=MediaEntry)

_COLUMNS = [INDEX_CHANNELS.index(name) for name in ("file_index", "device_frame", "fate")]


class Stored(Generic[Entry]):
    """The stored frames of one device, numbered from 0 through all its files; `len` counts them."""

    def __init__(self, entry: Entry, stream: Stream, folder: Path) -> None:
        self.entry = entry
        self.name = entry.name
        self.stream = stream
        self._folder = folder

    def __len__(self) -> int:
        return len(self.times)

    @cached_property
    def index(self) -> tuple[F64Array, F64Array]:
        """All rows of the index stream, whatever became of the frame.

        LSL times, shape (rows,), and file index, device frame and fate, shape (rows, 3). A stamp
        that cannot be true is where its neighbours say: the frame would be lost among years.
        """
        return self.stream.mended, self.stream.read(channels=_COLUMNS)[1]

    @cached_property
    def rows(self) -> I64Array:
        """The row of the index stream of each stored frame, shape (n,)."""
        return self._placed[0]

    @cached_property
    def _placed(self) -> tuple[I64Array, I64Array]:
        """The row of each stored frame, and the number of its file."""
        index, _, fate = self.index[1].T
        rows = np.flatnonzero(say_stored(index, fate))
        inside = index[rows].astype(np.int64)
        files = files_of(inside, self.entry.frames_of_files)
        if self.entry.taken_back:
            there = is_in_file(inside, files, self.entry.frames_of_files)
            rows, files = rows[there], files[there]
        return rows, files

    @property
    def places(self) -> tuple[I64Array, I64Array]:
        """(number of the file, index in the file) of each stored frame, shape (n,) each."""
        return self._rows[1], self._rows[2]

    @cached_property
    def _rows(self) -> tuple[F64Array, I64Array, I64Array, I64Array]:
        """(times, file number, index in the file, device frame) of each stored frame."""
        times, values = self.index
        index, frame, _ = values.T
        stored, file = self._placed
        numbers = np.nan_to_num(frame[stored], nan=-1).astype(np.int64)
        return times[stored], file, index[stored].astype(np.int64), numbers

    @property
    def times(self) -> F64Array:
        """LSL times of the stored frames, shape (n,).

        Of a camera the middle of the exposure, of a sound the first sample of a block. Of one whose
        stamp cannot be true, where its neighbours say; `stream` has stamps as they are.
        """
        return self._rows[0]

    @property
    def device_frames(self) -> I64Array:
        """The device's own numbers of the stored frames, −1 where it gave none, shape (n,)."""
        return self._rows[3]

    def column(self, name: str) -> F64Array:
        """Give a channel of the index stream for the stored frames, shape (n,); unknown = NaN.

        Raises:
            RecordingError: there is no such channel.
        """
        channels = INDEX_CHANNELS[: self.stream.xdf.info.channel_count]
        if name not in channels:
            known = ", ".join(channels)
            raise RecordingError(f"{self.name}: no channel {name!r}; it has {known}")
        values = self.stream.xdf.read(channels=[channels.index(name)])
        return np.asarray(values[self.rows, 0], np.float64)

    def path_of(self, number: int) -> Path:
        """Say where a file is, counted from 0.

        Raises:
            RecordingError: the manifest does not know it.
        """
        files = self.entry.files
        if number >= len(files):
            raise RecordingError(f"{self.name}: file {number + 1} is not in the manifest")
        return self._folder / files[number]
