"""Whether the streams are there, and cover the recording from its start to its stop."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from recordings.certificate import Finding
from recordings.check.stream_exam import StreamExam
from recordings.manifest import Manifest
from recordings.stream_kinds import EVENTS_STREAM

TOLERANCE_S = 0.3
"""A chunk of a slow amplifier may just miss the start or the stop; more is a part not recorded."""
TOLERANCE_SAMPLES = 3
_TROUBLES = frozenset(
    {
        *("device-failed", "device-died", "device-given-up", "device-hangs", "device-missing"),
        *("samples-dropped", "stream-refused", "pump-stuck", "video-gone"),
    }
)
"""The codes of events that a certificate must not pass over."""


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


def presence_findings(manifest: Manifest | None, exams: Iterable[StreamExam]) -> Iterator[Finding]:
    """Say that nothing was recorded, and which devices of the rig have no stream."""
    own = {entry.id for entry in manifest.streams if entry.device == "unisono"} if manifest else ()
    data = [e for e in exams if e.name != EVENTS_STREAM and e.stream.id not in own]
    if not any(len(exam.stamps) for exam in data):
        yield Finding(
            level="fail",
            code="no-data",
            subject="recording",
            text=f"{len(data)} streams of data, none with a sample: nothing was recorded",
            remedy="see that devices and programs run, and that `unisono streams` lists them",
        )
    for name in manifest.absent if manifest is not None else ():
        yield Finding(
            level="warn",
            code="device-absent",
            subject=name,
            text="a device of the rig without a stream in the recording",
            remedy="see the events for why; take it out of the rig file where it is not wanted",
        )


def trouble_findings(manifest: Manifest | None) -> Iterator[Finding]:
    """Name each device and file that failed while recording, with the first event about it."""
    told = set()
    for event in manifest.events if manifest is not None else ():
        if event.code in _TROUBLES and (event.source, event.code) not in told:
            told.add((event.source, event.code))
            yield Finding(level="warn", code=event.code, subject=event.source, text=event.text)


def _finding(name: str, code: str, text: str) -> Finding:
    remedy = "see the events for when the device went or came; check its cable and power"
    return Finding(level="warn", code=code, subject=name, text=text, remedy=remedy)
