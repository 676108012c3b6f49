"""Whether each stream covers the recording from its start to its stop, and lies in it at all."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

import numpy as np

from recordings.arrays import longest_step
from recordings.certificate import Finding
from recordings.check.streams.stream_exam import StreamExam
from recordings.lateness.mending import mended
from recordings.manifest import Manifest
from recordings.read.outside import distance, long_span
from recordings.stamps.bad_stamps import fill_limit_s, is_far
from recordings.stream_kinds import EVENTS_STREAM

TOLERANCE_S = 0.3
"""A chunk of a slow amplifier may just miss the start or the stop; more is a part not recorded."""
TOLERANCE_SAMPLES = 3
BARE_TOLERANCE_S = 2.0
"""A bare file does not say when it was begun: other recorders take some time for each stream."""

_REMEDY = "see the events for when the device went or came; check its cable and power"
_BARE_REMEDY = "the device went or came while others were recorded; check its cable and power"


def coverage_findings(manifest: Manifest | None, exams: Sequence[StreamExam]) -> Iterator[Finding]:
    """Find streams of another clock, and those of a rate that begin late or end early.

    In a bare file the recording is as long as its streams of a rate.
    """
    yield from _stamp_findings(exams)
    far = dict(_far(exams))
    for exam in (e for e in exams if e.stream.id in far):
        away = far[exam.stream.id]
        yield Finding(
            level="warn",
            code="another-clock",
            subject=exam.shown,
            text=f"all its stamps lie {long_span(away)} from the other streams: stamped by another "
            "clock, they cannot be related to the rest",
            remedy="let its program stamp with LSL's local_clock(), or leave the stamp out",
        )
    near = [e for e in exams if e.rate_hz and _has_times(e) and e.stream.id not in far]
    yield from _marker_findings(exams, near, far)
    if manifest is not None and manifest.lsl_start is not None and manifest.lsl_stop is not None:
        tolerance_s = BARE_TOLERANCE_S if manifest.is_imported else TOLERANCE_S
        yield from _ends(near, manifest.lsl_start, manifest.lsl_stop, tolerance_s, _REMEDY)
    elif manifest is None and len(near) > 1:
        # Of a stamp far away nobody can say that the others missed it.
        spans = [exam.span for exam in near]
        start, stop = min(a for a, _ in spans), max(b for _, b in spans)
        yield from _ends(near, start, stop, BARE_TOLERANCE_S, _BARE_REMEDY)


def _ends(
    exams: Iterable[StreamExam], start: float, stop: float, tolerance_s: float, remedy: str
) -> Iterator[Finding]:
    for exam in exams:
        allowed = max(tolerance_s, TOLERANCE_SAMPLES / exam.rate_hz)
        if exam.entry is not None and exam.entry.alignment is not None:
            allowed = max(allowed, exam.entry.alignment.error_s)
        first, last = exam.span
        late, early = first - start, stop - last
        if late > allowed:
            text = f"begins {late:.2f} s after the recording"
            yield _finding(exam.shown, "begins-late", text, remedy)
        if early > allowed:
            text = f"ends {early:.2f} s before the recording"
            yield _finding(exam.shown, "ends-early", text, remedy)


def _has_times(exam: StreamExam) -> bool:
    return exam.tells_time and len(exam.stamps) > 0


def _far(exams: Sequence[StreamExam]) -> Iterator[tuple[int, float]]:
    """Find the streams that lie so far from the longest one that its clock was another."""
    there = [e for e in exams if _has_times(e) and e.name != EVENTS_STREAM]
    if len(there) < 2:
        return
    main = max(there, key=lambda e: (e.rate_hz > 0, len(e.stamps)))
    span = main.span
    for exam in there:
        away = distance(exam.span, span)
        if is_far(away, span[1] - span[0]):
            yield exam.stream.id, away


def _marker_findings(
    exams: Sequence[StreamExam], near: Sequence[StreamExam], far: Collection[int]
) -> Iterator[Finding]:
    """Say how many markers fall on no signal: exports to one signal leave them out."""
    if not near:
        return
    spans = [exam.span for exam in near]
    start, stop = min(a for a, _ in spans), max(b for _, b in spans)
    for exam in exams:
        if exam.name == EVENTS_STREAM or exam.stream.id in far:
            continue
        if not exam.stream.info.is_markers or not exam.tells_time:
            continue
        away = np.maximum(start - exam.stamps, exam.stamps - stop)
        out, count = int(np.sum(away > TOLERANCE_S)), len(exam.stamps)
        if not out:
            continue
        farthest = float(away.max())
        other_clock = is_far(farthest, stop - start)
        yield Finding(
            level="warn" if out == count or other_clock else "info",
            code="markers-outside",
            subject=exam.shown,
            text=f"{out} of {count} markers lie before or after all signals"
            + (
                f", up to {long_span(farthest)} away: stamped by another clock"
                if other_clock
                else ""
            ),
            remedy="EDF and MNE leave them out, BIDS and csv keep them",
        )


def _stamp_findings(exams: Sequence[StreamExam]) -> Iterator[Finding]:
    for exam in exams:
        regular = exam.rate_hz > 0 and not exam.stream.info.is_markers
        if not regular or not exam.tells_time or len(exam.stamps) < 2:
            continue
        bad = exam.bad_stamps
        if bad.any():
            text = f"{int(bad.sum())} of {len(bad)} stamps cannot be true, the first of sample "
            text += f"{int(np.argmax(bad))}: they leave the others and come back, or stand still"
            remedy = "BIDS, EDF and to_mne() place these samples by their neighbours"
            yield _finding(exam.shown, "stamps-wrong", text, remedy)
        jump = longest_step(mended(exam.stamps, bad, exam.rate_hz))
        if jump > fill_limit_s(len(bad), exam.rate_hz):
            text = f"stamps jump by {long_span(jump)} and stay there"
            remedy = "BIDS, EDF and to_mne() refuse to fill that; csv keeps it"
            yield _finding(exam.shown, "stamps-jump", text, remedy)


def _finding(name: str, code: str, text: str, remedy: str) -> Finding:
    return Finding(level="warn", code=code, subject=name, text=text, remedy=remedy)
