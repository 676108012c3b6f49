"""The gaps of a stream: those that its stamps tell, and those that the recorder knew of."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from recordings.arrays import F64Array
from recordings.certificate import CountedGap
from recordings.lateness.pace import Loss, Pace
from recordings.manifest_entries import StreamEntry
from recordings.xdf.stream import XdfStream


def gaps_of(
    stream: XdfStream, entry: StreamEntry | None, pace: Pace, stamps: F64Array
) -> tuple[CountedGap, ...]:
    """List the gaps of a stream, in their order; `stamps` are corrected, shape (n,).

    Of a camera the recorder's word outranks the stamps': they alone do not tell an absence of its
    process from a clock that was set.
    """
    known = dict(_absences(stream, entry))
    told = [loss for loss in pace.losses if loss.index not in known]
    told += [Loss(index, lost) for index, lost in known.items()]
    return tuple(
        CountedGap(
            start=float(stamps[loss.index]),
            end=float(stamps[min(loss.index + 1, len(stamps) - 1)]),
            lost=loss.count,
            uncertainty=loss.uncertainty,
            certainty=loss.certainty,
            doubtful=loss.doubtful,
        )
        for loss in sorted(told, key=lambda loss: loss.index)
    )


def _absences(stream: XdfStream, entry: StreamEntry | None) -> Iterator[tuple[int, int]]:
    """Yield, of a camera's stream, the row before each gap that has no rows, and what is lost."""
    if entry is None or not stream.info.is_index or not entry.rate_hz:
        return
    period = 1 / entry.rate_hz
    for gap in entry.gaps:
        after = int(np.searchsorted(stream.stamps, gap.end - period / 4))
        # Else its frames have a row each: the camera itself has counted them.
        if 0 < after < len(stream) and stream.stamps[after - 1] < gap.start + 0.75 * period:
            yield after - 1, gap.lost
