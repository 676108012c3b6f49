"""One camera of an open session: any frame by number or time, from all its files."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from recordings.arrays import F64Array, I64Array
from recordings.errors import RecordingError
from recordings.manifest import VideoEntry
from recordings.read.stream import Stream
from recordings.stream_kinds import INDEX_CHANNELS, Fate

if TYPE_CHECKING:  # PyAV takes a quarter of a second
    from recordings.video.writer import VideoReader

_COLUMNS = [INDEX_CHANNELS.index(name) for name in ("file_index", "device_frame", "fate")]


class Camera:
    """The stored frames of one camera, numbered from 0 through all its files; `len` counts them."""

    def __init__(self, entry: VideoEntry, stream: Stream, folder: Path) -> None:
        self.entry = entry
        self.name = entry.name
        self.stream = stream
        self._folder = folder
        self._readers: dict[str, VideoReader] = {}

    def __len__(self) -> int:
        return len(self.times)

    def __repr__(self) -> str:
        return f"<Camera {self.name}: {len(self)} frames of {self.entry.width}×{self.entry.height}>"

    @cached_property
    def index(self) -> tuple[F64Array, F64Array]:
        """All rows of the index stream, whatever became of the frame.

        LSL times, shape (rows,), and file index, device frame and fate, shape (rows, 3).
        """
        return self.stream.read(channels=_COLUMNS)

    @cached_property
    def rows(self) -> I64Array:
        """The row of the index stream of each stored frame, shape (n,)."""
        index, _, fate = self.index[1].T
        stored = np.flatnonzero((fate == Fate.STORED.code) & (index >= 0))
        return stored[: len(stored) - self.entry.taken_back]

    @property
    def places(self) -> tuple[I64Array, I64Array]:
        """(number of the file, index in the file) of each stored frame, shape (n,) each."""
        return self._rows[1], self._rows[2]

    @cached_property
    def _rows(self) -> tuple[F64Array, I64Array, I64Array, I64Array]:
        """(times, file number, index in the file, device frame) of each stored frame."""
        times, values = self.index
        index, frame, _ = values.T
        stored = self.rows
        index = index[stored].astype(np.int64)
        file = np.cumsum(np.r_[0, np.diff(index) < 0]) if len(index) else index
        numbers = np.nan_to_num(frame[stored], nan=-1).astype(np.int64)
        return times[stored], file.astype(np.int64), index, numbers

    @property
    def times(self) -> F64Array:
        """LSL times of the stored frames, the middle of their exposure, shape (n,)."""
        return self._rows[0]

    @property
    def device_frames(self) -> I64Array:
        """The camera's own numbers of the stored frames, −1 where it gave none, shape (n,)."""
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

    def frame(self, k: int) -> Any:
        """Picture k: uint8 or uint16 (height, width), mosaics as mosaics, or (height, width, 3).

        Raises:
            IndexError: there is no frame k.
            RecordingError: its file is missing, or it cannot be decoded.
        """
        if not 0 <= k < len(self):
            raise IndexError(f"{self.name}: frame {k} of {len(self)}")
        _, file, index, _ = self._rows
        reader = self._reader(int(file[k]))
        try:
            return reader.frame(int(index[k]))
        except IndexError:
            raise self._short(reader, int(index[k])) from None

    def number_at(self, time: float) -> int:
        """Say which frame was exposed nearest to LSL time `time`.

        Raises:
            RecordingError: the camera has no frames.
        """
        if not len(self):
            raise RecordingError(f"{self.name}: no frame is stored")
        after = int(np.searchsorted(self.times, time))
        near = [k for k in (after - 1, after) if 0 <= k < len(self)]
        return min(near, key=lambda k: abs(float(self.times[k]) - time))

    def at(self, time: float) -> Any:
        """Picture nearest to LSL time `time`."""
        return self.frame(self.number_at(time))

    def frames(self, start: float | None = None, stop: float | None = None) -> Iterator[Any]:
        """Pictures from LSL time `start` to before `stop`, decoded in one pass."""
        first = 0 if start is None else int(np.searchsorted(self.times, start))
        last = len(self) if stop is None else int(np.searchsorted(self.times, stop))
        yield from self.run(first, last)

    def run(self, first: int, last: int) -> Iterator[Any]:
        """Pictures `first` to before `last` (at most all there are), decoded in one pass.

        Raises:
            RecordingError: a file is missing, damaged or too short.
        """
        last = min(last, len(self))
        _, file, index, _ = self._rows
        while first < last:
            end = min(last, int(np.searchsorted(file, file[first], "right")))
            reader, stop = self._reader(int(file[first])), int(index[end - 1]) + 1
            count = 0
            for picture in reader.frames(int(index[first]), stop):
                yield picture
                count += 1
            if count < end - first:  # pictures and times would no longer belong together
                raise self._short(reader, int(index[first]) + count)
            first = end

    def _short(self, reader: VideoReader, index: int) -> RecordingError:
        return RecordingError(
            f"{reader.path}: has no frame {index} that the index stream tells of; {len(reader)} "
            "frames can be read: it was cut off or changed; run unisono repair on the session"
        )

    def _reader(self, number: int) -> VideoReader:
        from recordings.video.writer import VideoReader

        files = self.entry.files
        if number >= len(files):
            raise RecordingError(f"{self.name}: file {number + 1} is not in the manifest")
        name = files[number]
        if name not in self._readers:
            self._readers[name] = VideoReader(self._folder / name)
        return self._readers[name]

    def close(self) -> None:
        """Close the video files."""
        for reader in self._readers.values():
            reader.close()
        self._readers.clear()
