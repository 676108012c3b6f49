"""Whether each stream covers the recording from its start to its stop."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from recordings.certificate import Finding
from recordings.check.stream_exam import StreamExam
from recordings.manifest import Manifest

TOLERANCE_S = 0.3
"""A chunk of a slow amplifier may just miss the start or the stop; more is a part not recorded."""
TOLERANCE_SAMPLES = 3


def coverage_findings(manifest: Manifest | None, exams: Iterable[StreamExam]) -> Iterator[Finding]:
    """Find streams of a rate that begin after the recording or end before it."""
    if manifest is None or manifest.lsl_start is None or manifest.lsl_stop is None:
        return
    for exam in exams:
        if not exam.rate_hz or not len(exam.stamps):
            continue
        allowed = max(TOLERANCE_S, TOLERANCE_SAMPLES / exam.rate_hz)
        late = float(exam.stamps.min()) - manifest.lsl_start
        early = manifest.lsl_stop - float(exam.stamps.max())
        if late > allowed:
            yield _finding(exam.name, "begins-late", f"begins {late:.2f} s after the recording")
        if early > allowed:
            yield _finding(exam.name, "ends-early", f"ends {early:.2f} s before the recording")


def _finding(name: str, code: str, text: str) -> Finding:
    remedy = "see the events for when the device went or came; check its cable and power"
    return Finding(level="warn", code=code, subject=name, text=text, remedy=remedy)
