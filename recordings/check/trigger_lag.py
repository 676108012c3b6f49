"""Whether trigger codes were on the line when their markers say so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from recordings.certificate import Finding
from recordings.check.streams.stream_exam import StreamExam

LAG_TYPE: Final = "TriggerLag"
"""Of the streams of trigger outputs: code, LSL time of its marker, LSL time at which it was put on
the line."""
LATE_S: Final = 0.05
"""A code waits for the pulse before it and its rest: by less than this, as pulses are set."""


def trigger_findings(exams: Iterable[StreamExam]) -> Iterator[Finding]:
    """Warn of codes that an amplifier has much later than their markers."""
    for exam in exams:
        info = exam.stream.info
        if info.type != LAG_TYPE or info.channel_count != 3 or exam.stream.is_text:
            continue
        rows = exam.stream.data
        lag = rows[:, 2] - rows[:, 1]
        late = lag > LATE_S
        if late.any():
            yield Finding(
                level="warn",
                code="codes-late",
                subject=exam.shown,
                text=f"{late.sum()} of {len(lag)} codes came onto the line more than "
                f"{1e3 * LATE_S:g} ms after their markers, up to {1e3 * lag.max():.0f} ms: an "
                "amplifier has them as much later",
                remedy="take onsets from the markers; shorten pulse_ms and gap_ms where codes "
                "follow each other",
            )
