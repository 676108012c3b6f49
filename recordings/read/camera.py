"""One camera of an open session: any frame by number or time, from all its files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from recordings.errors import RecordingError
from recordings.manifest_entries import VideoEntry
from recordings.read.stored import Stored
from recordings.read.stream import Stream

if TYPE_CHECKING:  # PyAV takes a quarter of a second
    from recordings.video.reader import VideoReader


class Camera(Stored[VideoEntry]):
    """The stored frames of one camera, numbered from 0 through all its files; `len` counts them."""

    def __init__(self, entry: VideoEntry, stream: Stream, folder: Path) -> None:
        super().__init__(entry, stream, folder)
        self._readers: dict[str, VideoReader] = {}

    def __repr__(self) -> str:
        return f"<Camera {self.name}: {len(self)} frames of {self.entry.width}×{self.entry.height}>"

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
        from recordings.video.reader import VideoReader

        path = self.path_of(number)
        if path.name not in self._readers:
            reader = VideoReader(path)
            if (found := reader.info.pixel_format) != (said := self.entry.pixel_format):
                reader.close()
                raise RecordingError(f"{path}: has pictures of {found}, the manifest says {said}")
            self._readers[path.name] = reader
        return self._readers[path.name]

    def close(self) -> None:
        """Close the video files."""
        for reader in self._readers.values():
            reader.close()
        self._readers.clear()
