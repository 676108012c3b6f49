"""The stored frames of one camera through all its files: any picture by its number."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from recordings import layout
from recordings.arrays import I64Array
from recordings.errors import RecordingError
from recordings.video.info import VideoInfo
from recordings.video.pixel_formats import Picture
from recordings.video.reader import VideoReader

MOST_OPEN = 4
"""A camera that was restarted often has more files than may be open."""


class VideoChain:
    """Reads picture `k` of a camera; for one thread.

    Args:
        folder: the session's.
        files: what the manifest names, in order.
        places: number of the file and index in it of each stored frame; None: as the files are.
        growing: the session is being recorded: what is missing may be still to come.

    A file that the manifest does not name is looked for by its name: what was begun after a crash,
    or after the manifest of a session that runs.
    """

    def __init__(
        self,
        folder: Path,
        files: Sequence[str],
        places: tuple[I64Array, I64Array] | None = None,
        *,
        growing: bool = False,
    ) -> None:
        self._folder, self._files, self._growing = folder, list(files), growing
        self._readers: dict[int, VideoReader] = {}
        self._info: VideoInfo | None = None
        self._places = self._as_files_are() if places is None else places

    def __len__(self) -> int:
        return len(self._places[0])

    def info(self) -> VideoInfo:
        """Say what the first file with a picture that can be opened says of itself.

        Raises:
            RecordingError: all are missing, or no videos.
        """
        if self._info is None:
            self._info = self._first_info(np.unique(self._places[0]).tolist() or [0])
        return self._info

    def _first_info(self, files: Sequence[int]) -> VideoInfo:
        first, *others = files
        try:
            return self._reader(first).info
        except RecordingError:
            if not others:
                raise
            return self._first_info(others)

    def picture(self, k: int) -> Picture:
        """Give picture `k`: uint8 or uint16 (height, width), or uint8 (height, width, 3).

        Raises:
            RecordingError: its file is missing, ends before it, or cannot be decoded.
        """
        file, index = (int(part[k]) for part in self._places)
        reader = self._reader(file)
        if (found := reader.info.pixel_format) != (first := self.info().pixel_format):
            raise RecordingError(f"{reader.path.name}: has pictures of {found}, and not of {first}")
        try:
            with self._by_name():
                return reader.frame(index)
        except IndexError:
            if self._growing:
                raise RecordingError(
                    f"frame {k} was not on the disk when the session was opened: refresh"
                ) from None
            raise RecordingError(
                f"{reader.path.name} ends after {len(reader)} frames, and the index tells of frame "
                f"{index}: it was cut off or changed; run unisono repair on the session"
            ) from None

    def close(self) -> None:
        """Close the files."""
        for reader in self._readers.values():
            reader.close()
        self._readers.clear()

    def _as_files_are(self) -> tuple[I64Array, I64Array]:
        counts = [len(self._reader(number)) for number in range(len(self._files))]
        file = np.repeat(np.arange(len(counts)), counts)
        index = np.concatenate([np.arange(n) for n in counts]) if counts else np.arange(0)
        return file, index

    def _path(self, number: int) -> Path:
        if number < len(self._files):
            return self._folder / self._files[number]
        first = Path(self._files[0]) if self._files else Path("video")
        stem = layout.video_stem(self._folder / first.stem, number + 1)
        found = sorted(p for p in self._folder.iterdir() if p.stem == stem.name and p.is_file())
        return found[0] if found else stem.with_suffix(first.suffix)

    def _reader(self, number: int) -> VideoReader:
        if number not in self._readers:
            path = self._path(number)
            if not path.is_file():
                raise RecordingError(
                    f"{path.name} is not in the session's folder; copy it back from where it was "
                    "recorded"
                )
            while len(self._readers) >= MOST_OPEN:
                self._readers.pop(next(iter(self._readers))).close()
            with self._by_name():
                self._readers[number] = VideoReader(path)
        return self._readers[number]

    @contextmanager
    def _by_name(self) -> Iterator[None]:
        """Call files by their names alone: the folder's tells a blind coder the participant."""
        try:
            yield
        except (RecordingError, OSError) as error:
            raise RecordingError(str(error).replace(f"{self._folder}{os.sep}", "")) from error
