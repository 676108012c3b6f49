"""Videos and sounds of a session: their ledgers, and what is heard in them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from recordings.arrays import F64Array
from recordings.certificate import CameraReport, Finding
from recordings.check.frame_ledger import examine_camera
from recordings.check.sound_onsets import MOST_ONSETS
from recordings.check.streams.stream_exam import StreamExam
from recordings.errors import RecordingError
from recordings.manifest import Manifest
from recordings.manifest_entries import MediaEntry
from recordings.read.sound import Sound, TooManyOnsets
from recordings.read.stream import Stream
from recordings.stream_kinds import REPLAYED_ROWS

CLIPPED_SHARE: Final = 0.001
"""Taps and claps may well be cut off, each for some milliseconds."""


def ledgers(
    entries: Sequence[MediaEntry],
    manifest: Manifest | None,
    exams: Sequence[StreamExam],
    folder: Path,
) -> tuple[tuple[CameraReport, ...], list[Finding]]:
    """Hold the files of cameras or microphones against their index streams."""
    index = {e.name: e for e in exams if e.is_index}
    elsewhere = manifest.elsewhere if manifest else frozenset()
    interval = manifest.interval if manifest else None
    results = [
        examine_camera(entry, index.get(entry.name), folder, elsewhere, interval)
        for entry in entries
    ]
    return tuple(ledger for ledger, _ in results), [f for _, found in results for f in found]


def stream_findings(exams: Sequence[StreamExam], told: Sequence[CameraReport]) -> Iterator[Finding]:
    """Yield what the streams' exams found; frames that a ledger tells of are not told twice."""
    in_ledgers = {ledger.name for ledger in told if ledger.lost}
    for exam in exams:
        yield from (f for f in exam.findings if f.code != "lost" or exam.name not in in_ledgers)


def without_file_findings(
    manifest: Manifest | None, exams: Sequence[StreamExam]
) -> Iterator[Finding]:
    """Name the cameras and microphones that have frames and no file here.

    So it is where none of the rig's could be begun, as on a full disk: that fails. Of a bare XDF
    file, and of what was imported, replayed or came from another program, the file may be
    elsewhere.
    """
    stored = {entry.name for entry in manifest.media} if manifest else set()
    for exam in exams:
        if not exam.is_index or not len(exam.stamps) or exam.name in stored:
            continue
        units = "blocks of sound" if exam.is_sound else "frames"
        entry = exam.entry
        if entry and entry.device and REPLAYED_ROWS not in entry.source_id:
            yield Finding(
                level="fail",
                code="no-file",
                subject=exam.shown,
                text=f"{len(exam.stamps):,} {units} were captured and none was stored: the session "
                "has no file of them",
                remedy="see the events for why, as when the disk of its node was full at the start",
            )
        else:
            yield Finding(
                level="info",
                code="file-not-here",
                subject=exam.shown,
                text=f"tells of {len(exam.stamps):,} {units}, whose file is not here: nobody has "
                "looked whether it is whole",
                remedy="check the session that has it",
            )


def onsets_of(
    manifest: Manifest | None, exams: Sequence[StreamExam], folder: Path
) -> tuple[dict[str, F64Array], list[Finding]]:
    """Find the onsets in each sound that is here: name to LSL times."""
    onsets: dict[str, F64Array] = {}
    findings: list[Finding] = []
    elsewhere = manifest.elsewhere if manifest else frozenset()
    index = {e.name: e for e in exams if e.is_index}
    for entry in manifest.sounds if manifest else ():
        if entry.name not in index or not elsewhere.isdisjoint(entry.files):
            continue
        exam = index[entry.name]
        stream = Stream(exam.stream, exam.entry, subtract_latency=False, shown=exam.shown)
        sound = Sound(entry, stream, folder)
        try:
            if len(sound) and math.isinf(sound.peak_db):
                findings.append(_silent(entry.name))
            elif sound.clipped_share > CLIPPED_SHARE:
                findings.append(_clipped(entry.name, sound.clipped_share))
            onsets[entry.name] = sound.onsets(most=MOST_ONSETS)
        except TooManyOnsets as error:
            text = f"{error}: it is no series of taps, and is compared with no markers"
            findings.append(
                Finding(level="info", code="onsets-too-many", subject=entry.name, text=text)
            )
        except RecordingError as error:
            text = f"its onsets cannot be found: {error}"
            findings.append(
                Finding(level="fail", code="sound-unread", subject=entry.name, text=text)
            )
    return onsets, findings


def _clipped(name: str, share: float) -> Finding:
    return Finding(
        level="warn",
        code="sound-clipped",
        subject=name,
        text=f"at the end of its range in {share:.1%} of the time (limit {CLIPPED_SHARE:.1%}): "
        "what is louder is cut off",
        remedy="lower the level of the microphone in the system's settings, or move it away",
    )


def _silent(name: str) -> Finding:
    return Finding(
        level="warn",
        code="sound-silent",
        subject=name,
        text="no sample of it differs from any other: no microphone was heard",
        remedy="see that it is not muted, and that `device` names it and not another input",
    )
