"""The pace of a stream of a file: what its device has counted outranks what its stamps tell."""

from __future__ import annotations

import numpy as np

from recordings.arrays import F64Array
from recordings.lateness.decision import decide
from recordings.lateness.mending import mended
from recordings.lateness.pace import Loss, Pace
from recordings.manifest_entries import StreamEntry
from recordings.stamps.bad_stamps import bad_stamps
from recordings.xdf.stream import XdfStream


def pace_of(stream: XdfStream, entry: StreamEntry | None, times: F64Array) -> Pace:
    """Decide what a stream has lost; `times` are its stamps, corrected by the clock offsets.

    Stamps that cannot be true are put where their neighbours say. Texts have no pace, whatever rate
    their sender announces.
    """
    rate_hz = 0.0 if stream.is_text else stream.info.rate_hz
    times = mended(times, bad_stamps(times, rate_hz), rate_hz)
    return decide(times, rate_hz, counted_losses(stream, entry))


def counted_losses(stream: XdfStream, entry: StreamEntry | None) -> tuple[Loss, ...] | None:
    """Return what the stream's device has counted between its samples; None where it does not.

    None as well where the manifest does not list all of it: then the stamps tell the places.
    """
    if entry is None or not stream.info.counts_losses:
        return None
    listed = sum(gap.lost for gap in entry.gaps)
    if listed != entry.lost or not entry.rate_hz:
        return None
    if not entry.gaps:
        return ()
    stamps = stream.stamps_of(0, len(stream))  # not `stamps`, which would be kept
    after = np.searchsorted(stamps, [g.end - 0.25 / entry.rate_hz for g in entry.gaps])
    found: dict[int, int] = {}
    for index, gap in zip(after.tolist(), entry.gaps, strict=True):
        if 0 < index < len(stream):  # before the first sample and after the last nothing is missing
            found[index - 1] = found.get(index - 1, 0) + gap.lost
    return tuple(Loss(index, count) for index, count in sorted(found.items()))
