"""Turns what the inlets deliver into the chunks of one XDF file.

No thread and no network here: the pump calls `take`, `note_offset` and `flush`; whoever stops the
recording calls `finish`. Stamps are written as they came; trimming to the recording's start and
stop is by local time (stamp + clock offset), and only for streams of a regular rate whose stamps
make sense. Markers, and streams with strange stamps, are kept from the start to the stop as they
arrive: losing one would be worse than keeping one too many.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from acquire.lsl.inlet import OffsetEstimate
from acquire.lsl.streams import FoundStream
from acquire.processes.messages import Loss
from acquire.take.loss_counter import Found, LossCounter
from devices.arrays import Array, F64Array
from recordings.errors import DiskFull, RecordingError
from recordings.manifest import Gap, StreamEntry
from recordings.stream_kinds import INDEX_CHANNELS, Fate
from recordings.xdf import chunks
from recordings.xdf.file import XdfFile

BOUNDARY_S = 5.0
SANE_S = 5.0
"""Stamps further than this from the local clock are not used for trimming."""
RESERVE_BYTES = 1 << 20
"""Kept back on the disk for the end of the file, in case the disk gets full."""
MAX_GAPS = 1000
"""Gaps listed one by one in the manifest; further ones are only counted."""


@dataclass(slots=True)
class RecordedStream:
    """One stream of the file: what it is, and what has been written of it."""

    id: int
    found: FoundStream
    xml: str
    device: str | None
    encoder: chunks.SamplesEncoder | None  # None for strings
    losses: LossCounter | None  # None where the device itself tells what it lost
    stop: float = math.inf  # local time of the last sample that belongs to the recording
    samples: int = 0
    lost: int = 0
    duplicates: int = 0
    first: float | None = None
    last: float | None = None
    offsets: list[tuple[float, float]] = field(default_factory=list)
    uncertainties: list[float] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    fates: dict[Fate, int] = field(default_factory=dict)
    drained: bool = False
    latency_s: float | None = None  # how much too late its stamps are, where that was measured
    was_away: bool = False  # its outlet was gone: the next sample comes after a gap

    @property
    def is_index(self) -> bool:
        """Whether its rows are the frames of one of the rig's cameras."""
        return self.device is not None and self.found.key.type == "VideoFrames"

    def count(self, first: float, last: float, samples: int, fates: dict[Fate, int]) -> None:
        """Count what is now in the file."""
        if self.first is None:
            self.first = first
        self.last = last
        self.samples += samples
        for fate, number in fates.items():
            self.fates[fate] = self.fates.get(fate, 0) + number

    def footer(self) -> bytes:
        """Encode the footer: what is in the file."""
        return chunks.stream_footer(self.id, self.first, self.last, self.samples, self.offsets)

    def entry(self) -> StreamEntry:
        """Describe it for the manifest."""
        key = self.found.key
        return StreamEntry(
            id=self.id,
            name=key.name,
            type=key.type,
            source_id=key.source_id,
            hostname=key.hostname,
            device=self.device,
            channels=self.found.channels,
            rate_hz=self.found.rate_hz,
            dtype=self.found.dtype,
            samples=self.samples,
            lost=self.lost,
            duplicates=self.duplicates,
            first_stamp=self.first,
            last_stamp=self.last,
            latency_s=self.latency_s,
            offsets=len(self.offsets),
            offset_uncertainty_s=(
                statistics.median(self.uncertainties) if self.uncertainties else None
            ),
            gaps=tuple(self.gaps),
        )


class Recording:
    """One XDF file being written; not thread-safe, the pump's lock guards it."""

    def __init__(self, file: XdfFile) -> None:
        self.file = file
        self.start = math.inf  # local time of the first sample that belongs to it
        self.streams: dict[int, RecordedStream] = {}
        self.error: RecordingError | None = None
        self._spare = RESERVE_BYTES // 2
        self._parts: list[bytes | memoryview] = []
        self._unwritten: list[Callable[[], None]] = []  # what to count once it is in the file
        self._next_boundary = -math.inf

    @property
    def full(self) -> bool:
        """Whether the disk is full."""
        return isinstance(self.error, DiskFull)

    def add(self, found: FoundStream, xml: str, device: str | None) -> RecordedStream:
        """Write the header of one more stream."""
        encoder = None
        stream_id = len(self.streams) + 1
        if found.dtype != "string":
            encoder = chunks.SamplesEncoder(stream_id, np.dtype(found.dtype), found.channels)
        losses = LossCounter(found.rate_hz) if found.rate_hz and device is None else None
        stream = RecordedStream(stream_id, found, xml, device, encoder, losses)
        self.streams[stream_id] = stream
        self._parts.append(chunks.stream_header(stream_id, xml))
        return stream

    def take(
        self, stream: RecordedStream, stamps: F64Array, data: Array, offset: float, now: float
    ) -> None:
        """Keep what belongs to the recording; `data` may be reused after the next `flush`."""
        self.keep(stream, *self._trim(stream, stamps, data, offset, now))

    def keep(self, stream: RecordedStream, stamps: F64Array, data: Array) -> None:
        """Keep samples of which it is known that they belong to the recording."""
        if not len(stamps):
            return
        if stream.encoder is None:
            rows = [[_text(value) for value in row] for row in data]
            self._parts.append(chunks.string_samples(stream.id, stamps, rows))
        else:
            self._parts.append(stream.encoder.encode(stamps, data))
        fates = _count_fates(data) if stream.is_index else {}
        self._unwritten.append(
            partial(stream.count, float(stamps[0]), float(stamps[-1]), len(stamps), fates)
        )
        if stream.losses is not None:
            self._count_losses(stream, stream.losses.take(stamps))
        elif stream.was_away:
            self._count_absence(stream, float(stamps[0]))
        stream.was_away = False

    def _trim(
        self, stream: RecordedStream, stamps: F64Array, data: Array, offset: float, now: float
    ) -> tuple[F64Array, Array]:
        first, last = stamps[0] + offset, stamps[-1] + offset
        # What comes after its first sample came after the start, whatever its clock says by then.
        start = self.start if stream.last is None else -math.inf
        sane = is_sane(stamps, offset, now)
        if not (sane and stream.found.rate_hz) and now < start:
            return stamps[:0], data[:0]
        if not sane:
            return stamps, data
        if last >= stream.stop and not (stream.is_index and _is_stored(data[-1])):
            stream.drained = True
        if not stream.found.rate_hz or (first >= start and last <= stream.stop):
            return stamps, data
        local = stamps + offset
        keep = (local >= start) & (local <= stream.stop)
        if now >= start:  # a stamp among good ones that makes no sense is no reason to drop it
            keep |= ~(np.abs(local - now) <= SANE_S)
        if stream.is_index:  # a frame that is in the video keeps its row, come what may
            keep |= data[:, _FATE] == Fate.STORED.code
        return stamps[keep], data[keep]

    def note_offset(self, stream: RecordedStream, estimate: OffsetEstimate) -> None:
        """Write a clock offset, once, with the time at which it was measured."""
        pair = (estimate.collection_time, estimate.offset)
        self._parts.append(chunks.clock_offset(stream.id, *pair))
        self._unwritten.append(partial(stream.offsets.append, pair))
        stream.uncertainties.append(estimate.uncertainty)

    def note_loss(self, stream: RecordedStream, loss: Loss) -> None:
        """Count samples that are missing right before the LSL time of the loss."""
        if self.start <= loss.time <= stream.stop:
            self._count_losses(stream, [Found(loss.time, loss.count)])

    def _count_absence(self, stream: RecordedStream, stamp: float) -> None:
        """Count what a device's rate would have given while its process was gone."""
        rate = stream.found.rate_hz
        if rate and not stream.is_index:
            # Where it was gone as the recording began, it should have been there from then on.
            last = self.start if stream.last is None else stream.last
            missed = max(0, round((stamp - last) * rate) - 1)
            self._count_losses(stream, [Found(stamp, missed)] if missed else [])

    @staticmethod
    def _count_losses(stream: RecordedStream, losses: Iterable[Found]) -> None:
        for loss in losses:
            stream.lost += loss.lost
            if len(stream.gaps) < MAX_GAPS:
                rate = stream.found.rate_hz
                length = (loss.lost + 1) / rate if rate else 0.0
                gap = Gap(start=loss.stamp - length, end=loss.stamp, lost=loss.lost)
                stream.gaps.append(gap)

    def flush(self, now: float) -> None:
        """Write what has been taken since the last call; with a boundary when one is due.

        What goes wrong is left in `error`.
        """
        if self._parts and now >= self._next_boundary:
            self._parts.append(chunks.boundary())
            self._next_boundary = now + BOUNDARY_S
        parts, self._parts = self._parts, []
        written, self._unwritten = self._unwritten, []
        if parts and self._write(parts):
            for count in written:
                count()

    def _write(self, parts: list[bytes | memoryview]) -> bool:
        """Write the parts; after a disk was full, as long as the space kept back has room.

        So the last rows of a video's index still get in, and the footers after them.
        """
        if self.error is None:
            try:
                self.file.write(*parts)
            except RecordingError as error:
                self.error = error
            else:
                return True
        self._spare -= sum(map(len, parts))
        if not self.full or self._spare < 0:
            return False
        try:
            self.file.write(*parts)
        except RecordingError:
            self._spare = 0
            return False
        return True

    def finish(self) -> None:
        """Write the footers and close the file; what goes wrong is left in `error`."""
        for stream in self.streams.values():
            if stream.losses is not None:
                self._count_losses(stream, stream.losses.close())
        self.flush(-math.inf)
        footers = [s.footer() for s in self.streams.values()]
        steps: tuple[Callable[[], None], ...] = (
            lambda: self.file.write(*footers),
            self.file.close,
        )
        for step in steps:
            try:
                step()
            except RecordingError as error:
                self.error = self.error or error


def is_sane(stamps: F64Array, offset: float, now: float) -> bool:
    """Say whether stamps fit the local clock, so that they can be held against a time."""
    return bool(abs(stamps[-1] + offset - now) <= SANE_S)


def _text(value: Any) -> str:
    # What is not UTF-8 shows as the replacement character: XDF has no other text.
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


_FATE = INDEX_CHANNELS.index("fate")
_FATES = tuple(Fate)


def _is_stored(row: Array) -> bool:
    return bool(row[_FATE] == Fate.STORED.code)


def _count_fates(data: Array) -> dict[Fate, int]:
    counts = np.bincount(data[:, _FATE].astype(np.int64), minlength=len(_FATES))
    return {f: n for f, n in zip(_FATES, counts.tolist(), strict=True) if n}
