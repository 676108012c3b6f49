"""Reads the facts of a session from its manifest, its report, its coders' files, its exports.

Kept apart from `facts`: a catalogue in which nothing has changed imports no model.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from recordings import layout
from recordings.annotation.agreement.coded_study import coders_of, coding_of, undecided_in
from recordings.annotation.agreement.progress import due, due_of, left
from recordings.annotation.coder_file import CONSENSUS, Paths, annotations_folder, who
from recordings.annotation.model import Coding
from recordings.annotation.plan import coded_cameras
from recordings.annotation.ranges import Ranges, count
from recordings.certificate import CONTENTS_UNREAD, Verdict, samples_due
from recordings.check.thresholds import as_text, limits_of
from recordings.disk.regular import read_text
from recordings.errors import RecordingError
from recordings.export.places import read_exports
from recordings.export.records import read_failure, read_record
from recordings.export.staging import KINDS
from recordings.manifest import MANIFEST_NAME, Manifest
from recordings.read.left_out import content_of
from recordings.read.usable import gone
from recordings.stream_kinds import VIDEO_TYPE
from recordings.study.facts import CheckFacts, CoderFacts, ExportFacts, Facts, unreadable_digest


def read_facts(root: Path, folder: Path, annotations: Path | None = None) -> Facts:
    """Read one session; one that cannot be read is known by its problem.

    `annotations`: where coders' files lie, if not in the sessions.
    """
    where = folder.relative_to(root).as_posix()
    exports = tuple(_exports(folder))
    try:
        manifest = Manifest.load(folder)
    except RecordingError as error:
        study, name = layout.study_and_name(folder)
        participant, _, session = name.partition("_ses-")
        return Facts(
            where,
            name or study,
            participant=participant.removeprefix("sub-"),
            session=session.partition("_")[0],
            problem=brief(str(error), folder),
            digest=unreadable_digest(folder),
            exports=exports,
        )
    start, stop = manifest.lsl_start, manifest.lsl_stop
    return Facts(
        where,
        folder.name,
        study=manifest.study,
        participant=manifest.participant,
        session=manifest.session,
        started_utc=manifest.clock[0].utc if manifest.clock else "",
        seconds=stop - start if start is not None and stop is not None else None,
        bytes=sum(entry.bytes or 0 for entry in manifest.files),
        state=str(manifest.state),
        being_recorded=manifest.is_being_recorded,
        simulated=manifest.simulated,
        unusable=manifest.unusable or "",
        gone=tuple(gone(folder, manifest)),
        digest=manifest.digest(),
        content=content_of(manifest),
        limits=_limits(folder),
        check=read_check(folder),
        coders=_coders(folder, manifest, annotations),
        exports=exports,
    )


def brief(reason: str, folder: Path) -> str:
    """Return a reason as one line that says nothing of where the session lies, nor which it is."""
    inside = reason.replace(f"{folder}/", "").replace(str(folder), folder.name)
    return " ".join(inside.split()).removeprefix(f"{folder.name}: ")


def _limits(folder: Path) -> str:
    try:
        return limits_of(folder)
    except RecordingError as error:
        return str(error)  # others than it was checked by: the check will say why


def read_check(folder: Path) -> CheckFacts | None:
    """Return what the report of a session says; None where there is none."""
    path = folder / layout.REPORT_JSON_NAME
    try:
        report: dict[str, Any] = json.loads(read_text(path))
        findings = report["findings"]
        failed = [f"{f['subject']}: {f['text']}" for f in findings if f["level"] == "fail"]
        streams, pairs = report["streams"], report["pairs"]
        drifts = [abs(s["drift_ppm"]) for s in streams if s.get("drift_ppm") is not None]
        axes = [float(pair["axes_ms"]) for pair in pairs if pair.get("axes_ms") is not None]
        signals = [stream for stream in streams if stream["type"] != VIDEO_TYPE]
        return CheckFacts(
            verdict=str(Verdict(report["verdict"])),
            why=failed[0] if failed else "",
            digest=str(report.get("digest", "")),
            version=str(report.get("program", "")),
            limits=as_text(report.get("thresholds")),
            newer=path.stat().st_mtime_ns >= (folder / MANIFEST_NAME).stat().st_mtime_ns,
            contents_read=all(f["code"] != CONTENTS_UNREAD for f in findings),
            lost=sum(int(stream["lost"]) for stream in signals),
            lost_share=max(
                (
                    int(s["lost"]) / max(samples_due(s["type"], s["samples"], s["lost"]), 1)
                    for s in signals
                ),
                default=0.0,
            ),
            frames_lost=sum(int(s["lost"]) for s in streams if s["type"] == VIDEO_TYPE),
            axes_ms=max(axes, default=None),
            drift_ppm=max(drifts, default=None),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None  # none, or one that says nothing: the session is to be checked


@dataclass(frozen=True, slots=True)
class _Coded:
    """Where the coding of a session lies; what there is to be looked at, as a whole and of trials.

    `trials` reads the recording, which takes a second where it is an hour long.
    """

    folder: Path
    annotations: Path | None
    whole: Mapping[str, Ranges]
    trials: Callable[[], Mapping[str, Ranges]]


def _coders(folder: Path, manifest: Manifest, annotations: Path | None) -> tuple[CoderFacts, ...]:
    """Read how far each coder is in the cameras that the study has coded."""
    if not (names := coders_of(folder, annotations)):
        return ()
    try:
        coded = coded_cameras(folder, [video.name for video in manifest.videos])
    except RecordingError as error:
        return tuple(CoderFacts(name, problem=brief(str(error), folder)) for name in names)
    videos = [video for video in manifest.videos if video.name in coded]
    whole = {video.name: due(video.frames, ()) for video in videos}

    @cache
    def trials() -> Mapping[str, Ranges]:
        try:
            return due_of(folder, videos)
        except RecordingError:  # `recorded` and the check say what is wrong with it
            return whole

    session = _Coded(folder, annotations, whole, trials)
    return tuple(_coder(session, name) for name in names)


def _coder(session: _Coded, name: str) -> CoderFacts:
    """Read how much of the trials a coder is done with, unless it is all that there is."""
    try:
        folder = annotations_folder(session.folder, session.annotations)
        changed = Paths(folder, who(name)).changed_ns
        coding = coding_of(session.folder, name, session.annotations)
    except (RecordingError, OSError) as error:
        return CoderFacts(name, problem=brief(str(error), session.folder))
    every = session.trials() if left(coding, session.whole) else session.whole
    frames = sum(map(count, every.values()))
    rest = sum(map(count, left(coding, every).values()))
    undecided = _undecided(coding, session, every) if name == CONSENSUS else 0
    return CoderFacts(name, frames - rest, frames, len(coding.events), changed, undecided)


def _undecided(consensus: Coding, session: _Coded, cameras: Iterable[str]) -> int:
    place = session.folder, session.annotations
    try:
        return sum(len(undecided_in(consensus, place[0], c, place[1])) for c in cameras)
    except RecordingError:  # one of its coders' files says so itself, or is not here
        return 0


def _exports(folder: Path) -> list[ExportFacts]:
    # What else lies elsewhere, as a motion's traces, is `erase`'s business and no step of a study.
    listed = (entry for entry in read_exports(folder) if entry["kind"] in KINDS)
    return [read_export(folder, entry["kind"], entry["target"]) for entry in listed]


def read_export(folder: Path, kind: str, target: str) -> ExportFacts:
    """Return what a target says of a session: nothing but where, if it does not know it."""
    place = Path(target), folder.name, kind
    export = ExportFacts(kind, target)
    if (record := read_record(*place)) is not None:
        export = replace(
            export,
            fingerprint=record.fingerprint,
            digest=record.digest,
            version=record.version,
            files=tuple(record.files.items()),
            coder=record.coder,
            beside=tuple(record.beside.items()),
        )
    if (failed := read_failure(*place)) is not None:
        export = replace(
            export,
            failed=brief(failed.reason, folder),
            tried=f"{failed.digest} {failed.version} {failed.fingerprint}",
            tried_beside=tuple(failed.beside.items()),
        )
    return export
