"""`unisono check`: reopen a session or any XDF file, measure everything, give a verdict.

A finding is a fact with a level: `fail` where data are damaged or unaccounted for, `warn` where
data were lost or are less exact than they should be, `info` for what a reader should know. The
verdict is the worst of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from recordings.certificate import CONTENTS_UNREAD, PENDING_FILES, Finding, Report, Verdict
from recordings.check.coverage import coverage_findings
from recordings.check.integrity import (
    file_findings,
    lone_findings,
    recording_findings,
    state_findings,
)
from recordings.check.marker_pairs import marker_findings
from recordings.check.media import ledgers, onsets_of, stream_findings, without_file_findings
from recordings.check.own_copies import copy_findings, lost_findings, pending_findings
from recordings.check.pair_bounds import (
    arrival_findings,
    bound_findings,
    latency_findings,
    pair_reports,
)
from recordings.check.played import played_findings
from recordings.check.presence import presence_findings, trouble_findings
from recordings.check.simulated.comparison import truth_of
from recordings.check.simulated.truth import FoundEvents, summary
from recordings.check.sound_onsets import tap_reports
from recordings.check.stimulus_timing import stimulus_reports, timing_findings
from recordings.check.streams.clock_findings import scatter_findings
from recordings.check.streams.sample_quality import quality_findings, sample_quality
from recordings.check.streams.stream_exam import StreamExam, examine_stream
from recordings.check.thresholds import judge, load_thresholds
from recordings.check.trigger_lag import trigger_findings
from recordings.disk.hashing import sha256_of
from recordings.errors import RecordingError
from recordings.manifest import Manifest
from recordings.manifest_entries import StreamEntry
from recordings.read.markers import Marker, parse_markers
from recordings.read.opening import locate, open_recording
from recordings.read.to_mne import unique
from recordings.stream_kinds import EVENTS_STREAM
from recordings.version import program_version
from recordings.xdf.reader import XdfRecording
from recordings.xdf.stream import XdfStream

EXIT_CODES: Final = {Verdict.PASS: 0, Verdict.WARN: 1, Verdict.FAIL: 2, Verdict.PENDING: 4}


@dataclass(frozen=True, slots=True)
class Examination:
    """A report with what it was made from, for those who draw it. Close it after use."""

    report: Report
    recording: XdfRecording
    manifest: Manifest | None
    exams: tuple[StreamExam, ...]
    markers: dict[str, list[Marker]]
    found: tuple[FoundEvents, ...]

    def close(self) -> None:
        """Let go of the XDF file."""
        self.recording.close()


def check(path: Path, *, hashes: bool = True, thresholds: Path | None = None) -> Report:
    """Check a session folder, or any XDF file.

    `hashes=False` leaves the SHA-256 of the files out, which takes most of the time where there
    are long videos. `thresholds` is a file; without, one beside or above the session holds.

    Raises:
        RecordingError: it is neither, or cannot be read at all.
    """
    examination = examine(path, hashes=hashes, thresholds=thresholds)
    examination.close()
    return examination.report


def exit_code(report: Report) -> int:
    """Return 0 for PASS, 1 for WARN, 2 for FAIL, 4 for PENDING (3 is an interruption)."""
    return EXIT_CODES[report.verdict]


def examine(
    path: Path,
    *,
    hashes: bool = True,
    thresholds: Path | None = None,
    hash_of: Callable[[Path], str] = sha256_of,
) -> Examination:
    """Check as `check` does, and keep what the report's plots need.

    `hash_of` gives the SHA-256 of a file: it reads it, or knows what was read of it.

    Raises:
        RecordingError: as `check`.
    """
    where, xdf, manifest = locate(path)
    folder = where if manifest else xdf.parent
    limits = load_thresholds(path, thresholds)
    unreadable: list[RecordingError] = []
    recording = open_recording(xdf, manifest, strict=True, on_unreadable=unreadable.append)
    # Hashing reads the disk and lets go of the interpreter: it runs beside everything else.
    with ThreadPoolExecutor(1) as pool:
        files = (
            pool.submit(file_findings, manifest, folder, hash_of) if manifest and hashes else None
        )
        examination = _examine(path, folder, recording, manifest, unreadable)
        late = files.result() if files else _unread(manifest)
    report = examination.report
    findings = judge(report, (*report.findings, *late), limits)
    applied = limits.model_dump(exclude_none=True) if limits else None
    update = {"findings": _sorted(findings), "verdict": verdict(findings), "thresholds": applied}
    return replace(examination, report=report.model_copy(update=update))


def _unread(manifest: Manifest | None) -> list[Finding]:
    if manifest is None:
        return []
    text = "the contents of the files were not read again: their hashes are not verified yet"
    remedy = "unisono check reads them"
    return [Finding(level="info", code=CONTENTS_UNREAD, subject="files", text=text, remedy=remedy)]


def _examine(
    path: Path,
    folder: Path,
    recording: XdfRecording,
    manifest: Manifest | None,
    unreadable: Sequence[RecordingError],
) -> Examination:
    host = manifest.host.get("name") if manifest else None
    exams = _exams(recording, manifest, host)
    markers = _markers(exams)
    cameras, camera_findings = ledgers(manifest.videos if manifest else (), manifest, exams, folder)
    sounds, sound_findings = ledgers(manifest.sounds if manifest else (), manifest, exams, folder)
    onsets, onset_trouble = onsets_of(manifest, exams, folder)
    found, truth_trouble = truth_of(manifest, exams, folder, onsets)
    pairs = tuple(pair_reports(exams, found, host))
    stimuli = tuple(stimulus_reports(markers))
    findings = [
        *(state_findings(manifest) if manifest else ()),
        *pending_findings(manifest),
        *lost_findings(manifest),
        *lone_findings(manifest, recording.path),
        *recording_findings(recording, manifest),
        *copy_findings(recording, exams, unreadable),
        *stream_findings(exams, (*cameras, *sounds)),
        *(f for n, m in markers.items() if n != EVENTS_STREAM for f in marker_findings(n, m)),
        *played_findings(manifest, folder, markers),
        *presence_findings(manifest, exams),
        *coverage_findings(manifest, exams),
        *trouble_findings(manifest),
        *timing_findings(stimuli),
        *trigger_findings(exams),
        *camera_findings,
        *sound_findings,
        *without_file_findings(manifest, exams),
        *onset_trouble,
        *truth_trouble,
        *bound_findings(pairs),
        *latency_findings(exams),
        *arrival_findings(exams),
        *_alignment_findings(exams),
    ]
    report = Report(
        path=str(path),
        verdict=verdict(findings),
        duration_s=_duration(manifest, exams),
        simulated=bool(manifest and manifest.simulated),
        streams=tuple(e.report for e in exams),
        pairs=pairs,
        cameras=cameras,
        sounds=sounds,
        taps=tuple(tap_reports(onsets, markers)),
        stimulus=stimuli,
        truth=tuple(summary(f) for f in found),
        findings=_sorted(findings),
        digest=manifest.digest() if manifest else "",
        program=program_version(),
    )
    return Examination(report, recording, manifest, exams, markers, found)


def _exams(
    recording: XdfRecording, manifest: Manifest | None, host: str | None
) -> tuple[StreamExam, ...]:
    entries = {entry.id: entry for entry in manifest.streams} if manifest else {}
    ours = manifest is not None and not manifest.is_imported
    return tuple(
        _examined(s, entries.get(s.id), host, called, ours=ours)
        for s, called in zip(recording.streams, recording.shown_names, strict=True)
    )


def _markers(exams: Sequence[StreamExam]) -> dict[str, list[Marker]]:
    """Read the texts of marker streams, by name: bare codes tell of no onset and end."""
    texts = [e for e in exams if e.stream.info.is_markers and e.stream.is_text]
    names = unique(e.name for e in texts)  # two streams of one name are two all the same
    return {
        name: parse_markers(e.stamps, e.stream.strings)
        for name, e in zip(names, texts, strict=True)
    }


def _examined(
    stream: XdfStream, entry: StreamEntry | None, host: str | None, shown: str, *, ours: bool
) -> StreamExam:
    """Measure a stream: when its samples are, and what they are worth."""
    exam = examine_stream(stream, entry, ours=ours)
    quality = sample_quality(stream)
    has_own_clock = exam.has_clock_of(host)
    findings = (
        *exam.findings,
        *quality_findings(stream, quality),
        *scatter_findings(exam.name, exam.fit, has_own_clock=has_own_clock),
    )
    measured = {"name": shown, **(quality.worst() if quality else {})}
    return replace(
        exam,
        report=exam.report.model_copy(update=measured),
        findings=tuple(f.model_copy(update={"subject": shown}) for f in findings),
    )


def _alignment_findings(exams: Sequence[StreamExam]) -> Iterator[Finding]:
    for exam in exams:
        how = exam.entry.alignment if exam.entry is not None else None
        if how is None:
            continue
        by = f"{how.events} events" if how.by == "events" else "the clocks of both computers"
        yield Finding(
            level="info",
            code="aligned",
            subject=exam.shown,
            text=f"stored elsewhere ({how.source}) and aligned by {by}: its times are "
            f"{'' if how.by == 'events' else 'assumed to be '}right to within {how.error_s:.3g} s"
            + ("" if how.residual_s is None else f", events at most {how.residual_s:.3g} s off"),
            remedy="align by events for better" if how.by == "clock" else "",
        )


def verdict(findings: Sequence[Finding]) -> Verdict:
    """Return FAIL, WARN or PASS after the worst finding; PENDING where files are on nodes.

    What has failed already fails whatever is still to come.
    """
    levels = {f.level for f in findings}
    if "fail" in levels:
        return Verdict.FAIL
    if any(f.code == PENDING_FILES for f in findings):
        return Verdict.PENDING
    return Verdict.WARN if "warn" in levels else Verdict.PASS


def _sorted(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=lambda f: ("fail", "warn", "info").index(f.level)))


def _duration(manifest: Manifest | None, exams: Sequence[StreamExam]) -> float | None:
    if manifest and manifest.lsl_start is not None and manifest.lsl_stop is not None:
        return manifest.lsl_stop - manifest.lsl_start
    firsts = [e.report.first_lsl for e in exams if e.report.first_lsl is not None]
    lasts = [e.report.last_lsl for e in exams if e.report.last_lsl is not None]
    return max(lasts) - min(firsts) if firsts else None
