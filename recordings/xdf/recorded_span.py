"""From when to when a recording goes by its own streams, where nobody else says it."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from recordings.lateness.decision import tells_time
from recordings.lateness.mending import mended
from recordings.stamps.bad_stamps import bad_stamps, is_far
from recordings.stamps.clock_offsets import correct_in_place, fit_offsets
from recordings.xdf.stream import XdfStream


def recorded_span(streams: Iterable[XdfStream]) -> tuple[float, float] | None:
    """Return when the signals begin and end, LSL seconds; of all streams where there is no signal.

    Stamps that cannot be true, streams whose stamps tell no time and those of another clock do not
    count. None where no stream tells a time.
    """
    known = [(s, span) for s in streams if (span := _span(s)) is not None]
    signals = [span for s, span in known if s.info.rate_hz > 0 and not s.info.is_markers]
    spans = sorted(signals or (span for _, span in known), key=lambda span: span[0] - span[1])
    if not spans:
        return None
    longest = spans[0]
    near = [s for s in spans if not is_far(abs(s[0] - longest[0]), longest[1] - longest[0])]
    return min(first for first, _ in near), max(last for _, last in near)


def _span(stream: XdfStream) -> tuple[float, float] | None:
    rate_hz = 0.0 if stream.is_text else stream.info.rate_hz
    times = stream.stamps_of(0, len(stream))  # not `stamps`, which would be kept
    correct_in_place(times, fit_offsets(stream.offset_times, stream.offset_values))
    if not tells_time(times, rate_hz):
        return None
    times = mended(times, bad_stamps(times, rate_hz), rate_hz)
    return (float(np.min(times)), float(np.max(times))) if len(times) else None
