"""Is a session what its manifest says: state, files, hashes, streams?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from recordings import layout
from recordings.certificate import Finding
from recordings.disk.hashing import sha256_of
from recordings.errors import few
from recordings.manifest import MANIFEST_NAME, Manifest, State
from recordings.manifest_entries import FileEntry
from recordings.read.sessions import is_run
from recordings.xdf.reader import XdfRecording

_STATES = {
    State.ARMED: ("fail", "the session was never begun: the recorder crashed, or begins it now"),
    State.RECORDING: ("fail", "the session was never closed: the recorder crashed, or still runs"),
    State.FAILED: ("fail", "the recording failed; what there is was closed properly"),
    State.REPAIRED: ("warn", "the session was repaired: see the events for what was lost"),
}
_OWN = (layout.TRUTH_NAME, layout.RATINGS_NAME, layout.PROTOCOL_NAME)
_REMEDY = {
    State.RECORDING: "run unisono repair on it, unless it is being recorded now",
    State.FAILED: "see the events for the reason",
}


def state_findings(manifest: Manifest) -> Iterator[Finding]:
    """Say if a session is anything but complete."""
    if manifest.state in _STATES:
        level, text = _STATES[manifest.state]
        yield Finding.model_validate(
            {
                "level": level,
                "code": f"state-{manifest.state}",
                "subject": "session",
                "text": text,
                "remedy": _REMEDY.get(manifest.state, ""),
            }
        )


def lone_findings(manifest: Manifest | None, xdf: Path) -> Iterator[Finding]:
    """Say that the recording of a session is without its manifest: alone it would pass."""
    if manifest is not None or xdf.name != layout.XDF_NAME:
        return
    names = sorted(path.name for path in xdf.parent.iterdir())
    beside = [name for name in names if name.endswith(layout.STORED_SUFFIXES) or name in _OWN]
    if beside or is_run(xdf.parent.name):
        yield Finding(
            level="fail",
            code="manifest-missing",
            subject=MANIFEST_NAME,
            text="the session has lost it: what else belongs to the session cannot be checked"
            + (f", as {few(beside)}" if beside else ""),
            remedy="copy it back from where the session was recorded",
        )


def file_findings(
    manifest: Manifest, folder: Path, hash_of: Callable[[Path], str] = sha256_of
) -> list[Finding]:
    """Compare sizes and SHA-256 of the session's files with the manifest.

    `hash_of` reads a file, in bounded memory, or knows what was read of it.
    """
    files = [entry for entry in manifest.files if entry.path not in manifest.elsewhere]
    return [f for entry in files for f in _file(folder, entry, hash_of)]


def _file(folder: Path, entry: FileEntry, hash_of: Callable[[Path], str]) -> Iterator[Finding]:
    name, size, sha256 = entry.path, entry.bytes, entry.sha256
    path = folder / name
    if not path.is_file():
        yield Finding(
            level="fail",
            code="file-missing",
            subject=name,
            text="the file is in the manifest and not in the folder",
            remedy="copy it back from where the session was recorded",
        )
        return
    actual = path.stat().st_size
    if size is not None and actual != size:
        yield _changed(name, f"{actual:,} bytes, {size:,} in the manifest")
    elif sha256 is None:
        text = "its SHA-256 is not in the manifest: a later change would go unseen"
        yield Finding(level="info", code="file-unhashed", subject=name, text=text)
    elif hash_of(path) != sha256:
        yield _changed(name, "its SHA-256 is not that of the manifest")


def _changed(name: str, text: str) -> Finding:
    return Finding(
        level="fail",
        code="file-changed",
        subject=name,
        text=f"{text}: the file was changed or damaged after the recording",
        remedy="copy it again from where the session was recorded",
    )


def recording_findings(recording: XdfRecording, manifest: Manifest | None) -> Iterator[Finding]:
    """Say what is damaged in an XDF file, missing from it, or there twice."""
    if recording.damage:
        yield Finding(
            level="fail",
            code="damaged",
            subject=recording.path.name,
            text=recording.damage_text,
            remedy="run unisono repair for a readable copy; what is whole was checked here",
        )
    yield from _twice(recording)
    if manifest is not None:
        found = {s.id for s in recording.streams}
        for entry in manifest.streams:
            if entry.id not in found:
                yield Finding(
                    level="fail",
                    code="stream-missing",
                    subject=entry.name,
                    text=f"stream {entry.id} is in the manifest and not in the file",
                    remedy="run unisono repair to see what the file still holds",
                )


def _twice(recording: XdfRecording) -> Iterator[Finding]:
    """Find streams of one kind from one source: a headset has one source for EEG, motion, pulse."""
    found: dict[tuple[str, str], list[str]] = {}
    for stream in recording.streams:
        if stream.info.source_id:
            found.setdefault((stream.info.source_id, stream.info.type), []).append(stream.name)
    for (source_id, type_), names in found.items():
        if len(names) < 2:
            continue
        yield Finding(
            level="warn",
            code="source-twice",
            subject=source_id,
            text=f"{len(names)} streams of type {type_} from one source: "
            f"{', '.join(dict.fromkeys(names))}",
            remedy="one device sent twice, or came back with another shape; "
            "do not count them as two",
        )
