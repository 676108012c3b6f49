"""Turns what the inlets deliver into the chunks of one XDF file.

No thread and no network here: the pump calls `keep`, `note_offset` and `flush`; whoever closes the
recording calls `finish`. Stamps are written as they came; which samples belong to this file is
decided before (`routing`).
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Hashable
from dataclasses import asdict, dataclass, field
from functools import partial

import numpy as np

from acquire.lsl.inlet import OffsetEstimate
from acquire.lsl.streams import FoundStream
from devices.arrays import Array, F64Array
from recordings.errors import DiskFull, RecordingError
from recordings.manifest_entries import Gap, StreamEntry
from recordings.marker_codes import text_of
from recordings.stream_kinds import INDEX_CHANNELS, INDEX_TYPES, Fate
from recordings.xdf import chunks
from recordings.xdf.file import XdfFile
from recordings.xdf.header import clean_xml

BOUNDARY_S = 5.0
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
    samples: int = 0
    lost: int = 0
    rowless: int = 0  # of these, what was missed while its process was gone: of a camera, no rows
    duplicates: int = 0
    overflows: int = 0  # how often samples may have been dropped before they were received
    first: float | None = None
    last: float | None = None
    offsets: list[tuple[float, float]] = field(default_factory=list)
    uncertainties: list[float] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    fates: dict[Fate, int] = field(default_factory=dict)
    drained: bool = False  # what came last is from after the stop
    latency_s: float | None = None  # how much too late its stamps are, where that was measured
    simulated: bool | None = None  # whether its device is; None = not known yet
    cut: float | None = None  # of an own copy: the stamp from which on it is not of the take

    @property
    def is_index(self) -> bool:
        """Whether its rows are frames of one of the rig's cameras, or blocks of a microphone."""
        return self.device is not None and self.found.key.type in INDEX_TYPES

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
        return chunks.stream_footer(
            self.id, self.first, self.last, self.samples, self.offsets, self.cut
        )

    def entry(self) -> StreamEntry:
        """Describe it for the manifest."""
        return StreamEntry(
            id=self.id,
            **asdict(self.found.key),
            device=self.device,
            channels=self.found.channels,
            rate_hz=self.found.rate_hz,
            dtype=self.found.dtype,
            original_header=self.xml if clean_xml(self.xml) != self.xml else "",
            samples=self.samples,
            lost=self.lost,
            duplicates=self.duplicates,
            overflows=self.overflows,
            first_stamp=self.first,
            last_stamp=self.last,
            latency_s=self.latency_s,
            simulated=self.simulated,
            offsets=len(self.offsets),
            offset_uncertainty_s=(
                statistics.median(self.uncertainties) if self.uncertainties else None
            ),
            gaps=tuple(self.gaps),
        )


class XdfRecorder:
    """One XDF file being written; not thread-safe, the pump's lock guards it."""

    def __init__(self, file: XdfFile) -> None:
        self.file = file
        self.streams: dict[int, RecordedStream] = {}
        self._by_source: dict[Hashable, RecordedStream] = {}
        self.error: RecordingError | None = None
        self._spare = RESERVE_BYTES // 2
        self._parts: list[bytes | memoryview] = []
        self._unwritten: list[Callable[[], None]] = []  # what to count once it is in the file
        self._next_boundary = -math.inf

    @property
    def full(self) -> bool:
        """Whether the disk is full."""
        return isinstance(self.error, DiskFull)

    def of(self, source: Hashable) -> RecordedStream | None:
        """Give what is recorded of a source, whatever the caller knows it by; None = nothing."""
        return self._by_source.get(source)

    def add(
        self, source: Hashable, found: FoundStream, xml: str, device: str | None
    ) -> RecordedStream:
        """Write the header of one more stream, without what is no character of XML."""
        encoder = None
        stream_id = len(self.streams) + 1
        if found.dtype != "string":
            encoder = chunks.SamplesEncoder(stream_id, np.dtype(found.dtype), found.channels)
        stream = RecordedStream(stream_id, found, xml, device, encoder)
        self.streams[stream_id] = self._by_source[source] = stream
        self._parts.append(chunks.stream_header(stream_id, clean_xml(xml)))
        return stream

    def keep(self, stream: RecordedStream, stamps: F64Array, data: Array) -> None:
        """Keep samples; `data` may be reused after the next `flush`."""
        if not len(stamps):
            return
        if stream.encoder is None:
            rows = [[text_of(value) for value in row] for row in data]
            self._parts.append(chunks.string_samples(stream.id, stamps, rows))
        else:
            self._parts.append(stream.encoder.encode(stamps, data))
        fates = _count_fates(data) if stream.is_index else {}
        self._unwritten.append(
            partial(stream.count, float(stamps[0]), float(stamps[-1]), len(stamps), fates)
        )

    def note_offset(self, stream: RecordedStream, estimate: OffsetEstimate) -> None:
        """Write a clock offset, once, with the time at which it was measured."""
        pair = (estimate.collection_time, estimate.offset)
        self._parts.append(chunks.clock_offset(stream.id, *pair))
        self._unwritten.append(partial(stream.offsets.append, pair))
        stream.uncertainties.append(estimate.uncertainty)

    @staticmethod
    def note_loss(stream: RecordedStream, before: float, lost: int) -> None:
        """Count samples that are missing right before a stamp."""
        stream.lost += lost
        if len(stream.gaps) < MAX_GAPS:
            rate = stream.found.rate_hz
            length = (lost + 1) / rate if rate else 0.0
            stream.gaps.append(Gap(start=before - length, end=before, lost=lost))

    @staticmethod
    def take_back(stream: RecordedStream, before: float, came: int) -> None:
        """Take back samples that were counted as missing right before a stamp, and have come."""
        stream.lost = max(0, stream.lost - came)
        for place, gap in enumerate(stream.gaps):
            if gap.end == before:
                left = gap.lost - came
                stream.gaps[place : place + 1] = (
                    [gap.model_copy(update={"lost": left})] if left > 0 else []
                )
                return

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


_FATE = INDEX_CHANNELS.index("fate")
_FATES = tuple(Fate)


def _count_fates(data: Array) -> dict[Fate, int]:
    counts = np.bincount(data[:, _FATE].astype(np.int64), minlength=len(_FATES))
    return {f: n for f, n in zip(_FATES, counts.tolist(), strict=True) if n}
