"""Reading a sound file that `writer` made, whole or cut off by a crash."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, dropwhile
from pathlib import Path
from typing import Any, Final

import av
import numpy as np

from recordings.arrays import I16Array
from recordings.disk.regular import check_regular
from recordings.errors import RecordingError
from recordings.sound.writer import BLOCK_KEY, CHANNELS

_MAX_BLOCK: Final = 1 << 20


class SoundFile:
    """The samples of one file; it is open only while something is read.

    Raises:
        RecordingError: it cannot be read, or is none of ours.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with self._open() as container:
            try:
                stream = container.streams.audio[0]
                self.block = _block_of(container.metadata)
                self.sample_rate_hz = float(stream.rate)
                self.channels = int(stream.channels)
                form = stream.codec_context.format.name
            except (IndexError, ValueError, TypeError, AttributeError) as error:
                raise RecordingError(
                    f"{path}: is no sound of a recording: how long its blocks are is not in it"
                ) from error
        if self.channels not in CHANNELS:
            raise RecordingError(f"{path}: has {self.channels} channels, not one or two")
        if form != "s16":
            raise RecordingError(
                f"{path}: has samples of the form {form}, not of 16 bits: it was changed"
            )

    def _open(self) -> Any:
        try:
            check_regular(self.path)
            return av.open(str(self.path), "r")
        except (OSError, ValueError, av.FFmpegError) as error:
            raise RecordingError(f"{self.path}: is no sound that can be read ({error})") from error

    def count_samples(self) -> int:
        """Count the samples there are, whatever the header says: a crash leaves it unwritten.

        Raises:
            RecordingError: the file is damaged.
        """
        with self._open() as container:
            try:
                total, last = 0, None
                for packet in container.demux(container.streams.audio[0]):
                    if packet.size:
                        total, last = total + (packet.duration or 0), packet
                torn = last is not None and not _is_whole(last)
                return total - last.duration if last is not None and torn else total
            except (OSError, ValueError, av.FFmpegError) as error:
                raise RecordingError(f"{self.path}: is damaged ({error})") from error

    def samples(self, start: int, stop: int) -> I16Array:
        """Give the samples from `start` to before `stop`, shape (n, channels); n at most as asked.

        Raises:
            RecordingError: they cannot be decoded.
        """
        pieces = [np.zeros((0, self.channels), np.int16)]
        for first, piece in self._pieces(start):
            if first >= stop:
                break
            pieces.append(piece[max(0, start - first) : max(0, stop - first)])
        return np.concatenate(pieces)

    def blocks(self, count: int) -> Iterator[I16Array]:
        """Yield the first `count` whole blocks, or as many as there are, decoded in one pass.

        Raises:
            RecordingError: they cannot be decoded.
        """
        kept = np.zeros((0, self.channels), np.int16)
        for _, piece in self._pieces(0):
            kept = np.concatenate([kept, piece])
            while len(kept) >= self.block:
                if not count:
                    return
                block, kept = kept[: self.block], kept[self.block :]
                count -= 1
                yield block

    def _pieces(self, start: int) -> Iterator[tuple[int, I16Array]]:
        """Yield (number of the first sample, samples) from at or before `start` on."""
        with self._open() as container:  # anew: one that was read to its end does not seek
            try:
                expected = None
                for frame in _decoded(self._packets(container, start)):
                    if frame.pts is None:  # as libav gives what comes after bytes that are none
                        raise RecordingError(
                            f"{self.path}: is damaged: what follows sample {expected or start} "
                            "has no number; copy it again from where it was recorded"
                        )
                    first = round(frame.pts * frame.time_base * frame.sample_rate)
                    if expected is not None and first != expected:
                        raise RecordingError(
                            f"{self.path}: is damaged: after sample {expected} comes {first}"
                        )
                    expected = first + frame.samples
                    yield first, frame.to_ndarray().reshape(-1, self.channels)
            except (OSError, ValueError, av.FFmpegError) as error:
                raise RecordingError(f"{self.path}: cannot be decoded ({error})") from error

    def _packets(self, container: Any, start: int) -> Iterator[Any]:
        """Yield the packets from the one with sample `start` on.

        FLAC has no table of them here, and libav's search for one fails near the end of a file:
        then all are gone through, 1 ms a megabyte, as those before `start` are not decoded.
        """
        stream = container.streams.audio[0]
        if start <= 0:
            yield from container.demux(stream)
        elif (packets := _sought(container, start)) is not None:
            yield from packets
        else:
            with self._open() as anew:
                packets = anew.demux(anew.streams.audio[0])
                yield from dropwhile(lambda packet: _ends_before(packet, start), packets)


def _sought(container: Any, start: int) -> Iterator[Any] | None:
    """Seek to the packet with sample `start`, or one before it; None where it is not found."""
    stream = container.streams.audio[0]
    try:
        container.seek(start, stream=stream)
    except av.FFmpegError:
        return None
    packets = container.demux(stream)
    first = next(packets)
    found = first.pts is not None and first.pts <= start
    return chain([first], packets) if found else None


def _ends_before(packet: Any, start: int) -> bool:
    return packet.pts is not None and packet.pts + (packet.duration or 0) <= start


def _is_whole(packet: Any) -> bool:
    try:
        return bool(packet.decode())
    except av.InvalidDataError:
        return False


def _decoded(packets: Iterator[Any]) -> Iterator[Any]:
    """Decode packet by packet; one that cannot be ends the sound only where it is the last."""
    for packet in packets:
        try:
            frames = packet.decode()
        except av.InvalidDataError:
            if any(further.size for further in packets):
                raise
            return
        yield from frames


def _block_of(metadata: Any) -> int:
    found = {key.upper(): value for key, value in metadata.items()}
    block = int(found.get(BLOCK_KEY, 0))
    if not 0 < block <= _MAX_BLOCK:
        raise ValueError(block)
    return block


def count_blocks(path: Path) -> int:
    """Count the whole blocks in a file.

    Raises:
        RecordingError: it is no sound of ours.
    """
    file = SoundFile(path)
    return file.count_samples() // file.block
