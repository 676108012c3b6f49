"""The samples and clock offsets of all streams, in the order in which a recorder has them."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from acquire.simulation.streams import Computer, Piece, offsets
from acquire.take.xdf_recorder import RecordedStream, XdfRecorder
from devices.counter_rng import make_key

Source = tuple[RecordedStream, Computer, Iterator[Piece]]
_Steps = Iterator[tuple[float, Callable[[], None]]]


def write_in_order(
    xdf: XdfRecorder, sources: Sequence[Source], start: float, stop: float, seed: int
) -> None:
    """Write what lies from `start` to `stop`, LSL seconds, as it came; footers are not written."""
    steps = [_samples(xdf, source, start, stop) for source in sources]
    steps += [_offsets(xdf, source, start, stop, seed) for source in sources]
    for at, step in heapq.merge(*steps, key=lambda pair: pair[0]):
        step()
        xdf.flush(at)  # at once: an encoder has room for one chunk


def _samples(xdf: XdfRecorder, source: Source, start: float, stop: float) -> _Steps:
    stream, computer, pieces = source
    for piece in pieces:
        inside = (piece.times >= start) & (piece.times <= stop)
        if not inside.any():
            continue
        whole = bool(inside.all())
        times = computer.reads(piece.times if whole else piece.times[inside])
        data = piece.data if whole else piece.data[inside]

        def keep(times: Any = times, data: Any = data, lost: int = piece.lost) -> None:
            if lost:
                xdf.note_loss(stream, float(times[0]), lost)
            xdf.keep(stream, times, data)

        yield piece.at, keep


def _offsets(xdf: XdfRecorder, source: Source, start: float, stop: float, seed: int) -> _Steps:
    stream, computer, _ = source
    key = make_key(seed, stream.found.key.name, "offsets")
    for estimate in offsets(computer, key, start, stop):

        def note(estimate: Any = estimate) -> None:
            xdf.note_offset(stream, estimate)

        yield estimate.collection_time + estimate.offset, note
