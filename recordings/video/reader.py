"""Reading video files back: frame k, frames in order, and counting.

Frame k of a raw file is one read; of a NUT file a search, also after a crash: libav goes through a
frame or two byte by byte, about a millisecond for 250 kB. Matroska has its index at the end: a file
that was never closed is scanned once, at the first seek. x264 decodes from the last key frame.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Self

from recordings.video.pixel_formats import Picture
from recordings.video.sources import Source, open_source


class VideoReader:
    """A video file as a sequence of pictures.

    A picture is uint8 or uint16 of shape (height, width), mosaics as mosaics (the tiling undone,
    packed bits unpacked), or uint8 (height, width, 3) for RGB8. Files of other programs are read as
    Mono8 where they are gray, else as RGB8.

    Raises:
        RecordingError: the file is missing, or no video that can be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._source: Source = open_source(path)
        self.info = self._source.info
        self._length: int | None = None

    def __len__(self) -> int:
        if self._length is None:
            self._length = self._source.length()
        return self._length

    def frame(self, k: int) -> Picture:
        """Picture k, from 0.

        Raises:
            IndexError: the file has no frame k.
            RecordingError: it cannot be decoded.
        """
        if not 0 <= k < len(self):
            raise IndexError(f"{self.path}: frame {k} of {len(self)}")
        return self._source.frame(k)

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[Picture]:
        """Pictures `start` to `stop` (exclusive; None = all), decoded in one pass."""
        end = len(self) if stop is None else min(stop, len(self))
        if start < end:
            yield from self._source.frames(start, end)

    def close(self) -> None:
        """Close the file."""
        self._source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def count_packets(path: Path) -> int:
    """Count the whole packets of a video file, without decoding.

    NUT, Matroska and raw files are walked through by their headers, others read from end to end.

    Raises:
        RecordingError: the file is missing, or no video that can be read.
    """
    with closing(open_source(path)) as source:
        return source.count()
