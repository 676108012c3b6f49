"""`unisono export --deface-check`: what in a session or an export could identify a person.

It looks for what is known to identify: faces, voices, names of computers, paths with user names,
dates, free text, labels that look like names. It does not understand what is written in free text,
and finds no name that stands in it: a person reads what is listed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from recordings.errors import RecordingError, few
from recordings.export.bids.shared_tables import read_tsv
from recordings.manifest import MANIFEST_NAME, Manifest
from recordings.read.sessions import walk
from recordings.xdf.reader import read_xdf

_VIDEO: Final = {".nut", ".mkv", ".raw", ".mp4", ".avi", ".mov", ".webm"}
_IMAGES: Final = {".png", ".tif", ".tiff", ".jpg", ".jpeg", ".bmp"}
_AUDIO: Final = {".wav", ".flac", ".mp3", ".m4a", ".ogg"}
_TEXT: Final = {
    ".json",
    ".jsonl",
    ".tsv",
    ".csv",
    ".txt",
    ".md",
    ".html",
    ".vhdr",
    ".vmrk",
    ".toml",
    "",
}
_PATHS: Final = re.compile(r"(?:/home/|/Users/|[A-Za-z]:\\\\?Users\\\\?)[^\s\"'/\\<>]+")
_MAIL: Final = re.compile(r"[\w.+-]+@[\w-]+\.[A-Za-z]{2,}")
_DATE: Final = re.compile(r"\b(?:19|20)\d\d-[01]\d-[0-3]\d(?:[-T][0-2]\d[-:][0-5]\d)?")
_MOVED: Final = "1925"
"""By BIDS, a date of this year or before was moved."""
_NAME: Final = re.compile(r"[A-Z]?[a-z]{3,}[A-Z]?[a-z]*")
_PLAIN: Final = {"test", "simulated", "pilot", "demo"}
_READ: Final = 4 << 20  # bytes of a text file that are looked at


@dataclass(frozen=True, slots=True)
class Trace:
    """Something that may identify a person: in which file, what, and what to do about it."""

    file: str
    what: str
    remedy: str = ""


def find_traces(path: Path) -> list[Trace]:
    """Look through a session, an export, or one file.

    Raises:
        RecordingError: there is nothing there.
    """
    if not path.exists():
        raise RecordingError(f"{path}: there is no such folder or file")
    shut: list[Path] = []
    inside = (folder for folder, _ in walk(path, shut))  # also what is linked into a study
    files = [path] if path.is_file() else sorted(Path(d.path, f) for d in inside for f in d.files)
    files = [file for file in files if file.is_file()]
    root = path.parent if path.is_file() else path
    found = [t for file in files for t in _in_file(file, file.relative_to(root).as_posix())]
    found += (Trace(f.relative_to(root).as_posix(), _UNSEEN, _LOOK) for f in shut)
    images = [t for t in found if t.what == _FACE_IMAGE]
    if len(images) > 1:  # one line for a folder full of frames
        found = [t for t in found if t.what != _FACE_IMAGE]
        found.append(Trace(few([image.file for image in images], 1), _FACE_IMAGE, _CONSENT))
    found += _dates_of_names(files, root)
    return list(dict.fromkeys(found))


def _dates_of_names(files: list[Path], root: Path) -> Iterator[Trace]:
    """Say that files are named after the time of day, as the frames of the MMME layout are."""
    dated = [file for file in files if _DATE.match(file.name)]
    if dated:
        where = few([file.relative_to(root).as_posix() for file in dated], 1)
        yield Trace(where, f"dates in names: {dated[0].name[:10]}", "rename them")


_UNSEEN: Final = "cannot be looked into"
_LOOK: Final = "look yourself, with permission or with its disk"
_CONSENT: Final = "share it only with a consent that covers it"
_FACE_IMAGE: Final = "pictures of a face"


def _in_file(path: Path, name: str) -> Iterator[Trace]:
    suffix = path.suffix.lower()
    label = re.search(r"sub-([A-Za-z0-9]+)", name)
    if label and _NAME.fullmatch(label[1]) and label[1].lower() not in _PLAIN:
        yield Trace(f"sub-{label[1]}", "the label looks like a name", "use a pseudonym such as 01")
    if suffix in _VIDEO:
        yield Trace(name, "video of a face", _CONSENT)
    elif suffix in _IMAGES:
        yield Trace(name, _FACE_IMAGE, _CONSENT)
    elif suffix in _AUDIO:
        yield Trace(name, "sound: perhaps a voice", _CONSENT)
    elif suffix == ".xdf":
        yield from _in_xdf(path, name)
    elif suffix in (".edf", ".bdf"):
        yield from _in_edf(path, name)
    elif path.name == MANIFEST_NAME:
        yield from _in_manifest(path, name)
    elif path.name == "exports.json":
        yield Trace(
            name, "paths of this computer", "do not share it; `unisono erase` needs it here"
        )
    elif suffix in _TEXT:
        yield from _in_text(path, name)


def _in_xdf(path: Path, name: str) -> Iterator[Trace]:
    try:
        with read_xdf(path) as recording:
            hosts = {s.info.hostname for s in recording.streams if s.info.hostname}
            texts = [s.name for s in recording.streams if s.is_text and len(s)]
    except RecordingError:
        return
    if hosts:
        listed = ", ".join(sorted(hosts))
        yield Trace(name, f"names of computers: {listed}", "share an export: it has none")
    if texts:
        yield Trace(name, f"free text in {', '.join(texts)}", "read it, or export without it")


def _in_manifest(path: Path, name: str) -> Iterator[Trace]:
    try:
        manifest = Manifest.load(path.parent)
    except RecordingError:
        return
    if manifest.host.get("name"):
        yield Trace(name, f"the computer's name: {manifest.host['name']}", "share an export")
    if manifest.clock:
        yield Trace(name, f"date and time: {manifest.clock[0].utc[:10]}", "export with --days-back")
    if manifest.notes:
        yield Trace(name, f"notes: {manifest.notes[:40]!r}", "read them")
    if manifest.rig_text and (found := _PATHS.search(manifest.rig_text)):
        yield Trace(name, f"a path in the rig file: {found[0]}", "share an export")


def _in_edf(path: Path, name: str) -> Iterator[Trace]:
    with path.open("rb") as file:
        head = file.read(256).decode("latin-1")
    patient, date = head[8:88].strip(), head[168:176]
    parts = patient.split()
    if (len(parts) > 3 and parts[3] != "X") or (len(parts) > 2 and parts[2] != "X"):
        yield Trace(name, f"patient field: {patient!r}", "write X for name and birth date")
    if date.strip() not in ("", "01.01.85"):
        yield Trace(name, f"date: {date}", "shift it")


def _in_text(path: Path, name: str) -> Iterator[Trace]:
    with path.open("rb") as file:
        text = file.read(_READ).decode("utf-8", "replace")
    for what, pattern in (("a path with a user's name", _PATHS), ("an e-mail address", _MAIL)):
        if found := pattern.search(text):
            yield Trace(name, f"{what}: {found[0]}", "remove it")
    if path.name.endswith("_scans.tsv"):
        times = [row.get("acq_time", "n/a") for row in read_tsv(path)[1]]
        if dates := [time for time in times if time != "n/a" and time[:4] > _MOVED]:
            yield Trace(name, f"dates: {dates[0][:10]}", "export with --days-back")
    elif path.suffix in (".csv", ".jsonl") and (found := _DATE.search(text)):
        yield Trace(name, f"dates: {found[0][:10]}", "shift them")
    if path.name == "participants.tsv":
        extra = [c for c in read_tsv(path)[0] if c != "participant_id"]
        if extra:
            yield Trace(name, f"columns: {', '.join(extra)}", "keep what the study needs")
    answers = path.name == "ratings.tsv" or path.parent.name == "phenotype"
    if path.name.endswith("_events.tsv"):
        answers = "response" in read_tsv(path)[0]
    if answers:
        yield Trace(name, "answers of a participant", "read what was typed in")
