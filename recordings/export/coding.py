"""`unisono coding export`: a coder's events as other people's files have them."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, get_args

from recordings.annotation.coder_file import annotations_folder
from recordings.annotation.formats.boris import write_boris
from recordings.annotation.formats.corpus_forms import FormName
from recordings.annotation.formats.eaf import write_eaf
from recordings.annotation.formats.held import Form, not_held
from recordings.annotation.formats.tables import lines_of
from recordings.annotation.formats.workbook import write_workbook
from recordings.annotation.frame_times import frame_times
from recordings.annotation.model import Event
from recordings.disk.atomic import replace_file
from recordings.errors import RecordingError
from recordings.export.bids.coding import write_bids
from recordings.export.coded import clip_name, coded_camera, events_of, of_others, rows_of
from recordings.export.excerpts import clips_of
from recordings.export.mmme_sheet import CODING_COLUMNS, in_no_clip, sheet_rows
from recordings.manifest import MANIFEST_NAME
from recordings.read.camera import Camera
from recordings.read.session import Session

TABLES: Final = get_args(FormName)
SUFFIXES: Final[Mapping[str, Form]] = {".eaf": "eaf", ".boris": "boris", ".tsv": "bids"}
"""The form of a file that says it by its name; a table has to be told."""


def form_of(path: Path, form: Form | None) -> Form:
    """Return the form that was told, or that a file's name tells.

    Raises:
        RecordingError: neither does.
    """
    found = form or SUFFIXES.get(path.suffix.casefold())
    if found is None:
        raise RecordingError(f"{path}: of which corpus? say --form {'|'.join(TABLES)}")
    return found


def export_events(
    session: Session,
    path: Path,
    form: Form,
    coder: str,
    camera: str = "",
    annotations: Path | None = None,
) -> list[str]:
    """Write a coder's events, or the consensus, to a file; return what a person should know.

    Raises:
        RecordingError: this coder has not coded the session, or the file cannot be written, or is
            to lie among those of a session or of coders.
    """
    _check_place(path, form, session, annotations)
    chosen = coded_camera(session, camera)
    events, notes = events_of(session, chosen, coder, annotations)
    notes += of_others(session, [chosen.name], coder, annotations) + not_held(form, events)
    try:
        if form == "eaf" or form == "boris":
            return notes + _write_linked(session, path, form, coder, chosen, events)
        if form == "bids":
            write_bids(path, events, session.start)
            return [*notes, "frames count from 0, onsets from the start of the recording"]
        return notes + _write_table(session, path, form, chosen, events)
    except OSError as error:
        raise RecordingError(f"{path}: cannot be written ({error.strerror})") from error


def _check_place(path: Path, form: Form, session: Session, annotations: Path | None) -> None:
    """See that nothing of the session is replaced: a table brings a `.json` of its name with it.

    Raises:
        RecordingError: the file would lie in a session or beside coders' files, or a table would
            have the name of its own `.json`.
    """
    if path.suffix == ".json" and form not in ("eaf", "boris"):
        raise RecordingError(f"{path}: a table is no JSON; name it .csv, .tsv or .xlsx")
    place, coders = path.resolve(), annotations_folder(session.path, annotations).resolve()
    in_session = any((folder / MANIFEST_NAME).is_file() for folder in place.parents)
    if in_session or place.is_relative_to(coders):
        raise RecordingError(
            f"{path}: lies in a session or among coders' files, which stay as they are; name a "
            "file elsewhere"
        )


def _write_linked(
    session: Session, path: Path, form: Form, coder: str, camera: Camera, events: Sequence[Event]
) -> list[str]:
    video = f"{clip_name(session, camera)}.mp4"
    frames = frame_times(camera)
    if form == "eaf":
        replace_file(path, write_eaf(events, frames, coder, video))
    else:
        name = clip_name(session, camera).removesuffix(f"_{camera.name}")
        replace_file(path, write_boris(events, frames, coder, name, video))
    notes = ["times from the first stored frame, frames count from 0"]
    if not (path.parent / video).exists():
        made_by = f"unisono export video {session.path} --to {path.parent}"
        notes.append(f"it names {video}, which is not beside it: {made_by}")
    return notes


def _write_table(
    session: Session, path: Path, form: FormName, camera: Camera, events: Sequence[Event]
) -> list[str]:
    lines: Iterable[Sequence[object]]
    if form == "mmme":
        clips = clips_of(session)
        lines = [CODING_COLUMNS, *sheet_rows(session, clips, [c.name for c in clips], events)]
        notes = in_no_clip(clips, events)
        base = "times in seconds within the clip"
    else:
        lines, notes = lines_of(form, rows_of(session, camera, events)), []
        base = "frames count from 1, through all files of the camera"
    if path.suffix.casefold() == ".xlsx":
        write_workbook(path, lines)
    else:
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerows(lines)
    about = {"form": form, "base": base, "camera": camera.name, "rate_hz": camera.entry.rate_hz}
    replace_file(path.with_suffix(".json"), json.dumps(about, indent=1).encode())
    return [*notes, base]
