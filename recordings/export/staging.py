"""The export of one session, as any engine does it: into a stage beside the target.

An exporter is a function (session, folder, settings) that writes files into an empty folder and
depends on nothing else (`recordings.engines`). What becomes of the stage is for `tasks` to say.
"""

from __future__ import annotations

import contextlib
import shutil
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from recordings.engines.work import Work
from recordings.errors import RecordingError, bad_key, is_full, one_line
from recordings.export.places import remember
from recordings.export.records import MadeFrom, error_path, made_from, session_name, stage_in
from recordings.manifest import State
from recordings.read.session import open_session
from recordings.read.sound import left_out_notes

KINDS: Final[Mapping[str, str]] = {
    "bids": "recordings.export.bids.dataset",
    "csv": "recordings.export.tables",
    "edf": "recordings.export.edf.export",
    "video": "recordings.export.video",
    "mmme": "recordings.export.mmme",
    "clips": "recordings.export.clips",
    "features": "recordings.features.task",
}
"""Each module has a frozen dataclass `Settings` and `export(session, folder, settings)`.

Where an exporter reads more than recording and coding, its settings have `files_beside(session)`;
where files of other settings stay beside its own, `keeps(file)` says which.
"""


@dataclass(frozen=True, slots=True)
class Job:
    """One session to be exported into a stage beside the target; settings as JSON holds them."""

    kind: str
    session: Path
    target: Path
    settings: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Staged:
    """What became of a job: its stage holds all files, or there is an error."""

    notes: tuple[str, ...] = ()
    error: str = ""
    source: MadeFrom | None = None  # before: what is coded while it is exported was not read


def run_task(kind: str, session: Path, folder: Path, settings: Any) -> list[str]:
    """Export one session into the empty folder `folder`; return what a person should know.

    Raises:
        RecordingError: it cannot be exported.
    """
    exporter = import_module(KINDS[kind])
    folder.mkdir(parents=True)
    # What a crash has left between whole heads would be exported as samples.
    with open_session(session, strict=True) as opened:
        notes: list[str] = exporter.export(opened, folder, settings)
        notes += left_out_notes(opened.sounds)
        if damaged := opened.recording.damage_text:
            name = opened.recording.path.name
            notes = [f"{name}: {damaged}: what was there is missing in this export", *notes]
        manifest = opened.manifest
    if manifest is not None and manifest.state in (State.RECORDING, State.FAILED):
        notes = [f"state {manifest.state}: run unisono repair and export the copy", *notes]
    if manifest is not None and manifest.pending:
        nodes = ", ".join(dict.fromkeys(file.node for file in manifest.pending))
        text = (
            f"{len(manifest.pending)} files are still on {nodes}, and what a cut cable lost is "
            "missing; run unisono collect and export again"
        )
        notes = [text, *notes]
    if manifest is not None and manifest.lost:
        names = ", ".join(file.path for file in manifest.lost)
        notes = [f"lost on nodes, and not in this export: {names}", *notes]
    return notes


def stage(job: Job) -> Staged:
    """Export one session into its stage; what goes wrong is its own failure."""
    try:
        settings = TypeAdapter(import_module(KINDS[job.kind]).Settings).validate_python(
            job.settings
        )
        source = made_from(job.kind, settings, job.session)
    except RecordingError as error:
        return Staged(error=one_line(error))
    except ValidationError as error:
        return Staged(error=f"{job.kind}: setting {bad_key(error)}")
    return replace(_stage(job, settings), source=source)


def _stage(job: Job, settings: Any) -> Staged:
    folder = stage_in(job.target, session_name(job.session), job.kind)
    log = error_path(job.target, session_name(job.session), job.kind)
    try:
        shutil.rmtree(folder, ignore_errors=True)  # what an interrupted run has left
        log.unlink(missing_ok=True)
        # Before a file of it is written: `erase` is to find what an interrupted export has left.
        notes = remember(job.session, job.kind, job.target)
        notes += run_task(job.kind, job.session, folder, settings)
    except RecordingError as error:
        return Staged(error=one_line(error))
    except Exception as error:  # libraries have errors of their own
        if isinstance(error, OSError) and is_full(error):
            return Staged(error=full_text(job.target))
        with contextlib.suppress(OSError):
            log.write_text(traceback.format_exc(), encoding="utf-8")
        return Staged(error=f"{type(error).__name__}: {' '.join(str(error).split())}")
    return Staged(tuple(notes))


EXPORT: Final = Work("export", stage, Job, Staged)


def full_text(target: Path) -> str:
    """Say that a target's disk is full."""
    return f"{target}: its disk is full; make room, or name a folder on another disk"
