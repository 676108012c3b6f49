"""What belongs to a session, or a bare XDF file, opened as one recording."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from recordings import layout
from recordings.errors import RecordingError
from recordings.manifest import MANIFEST_NAME, Manifest
from recordings.xdf.merged import read_merged
from recordings.xdf.reader import XdfRecording, read_xdf


def locate(path: Path) -> tuple[Path, Path, Manifest | None]:
    """Return what a path names: the session's folder or the bare file, XDF file and manifest.

    Raises:
        RecordingError: there is no such thing, or its manifest cannot be read.
    """
    if path.is_dir():
        return path, path / layout.XDF_NAME, Manifest.load(path)
    if not path.exists():
        raise RecordingError(f"{path}: there is no such session or file")
    # The recording inside a session folder is opened as the session that it belongs to.
    if path.name == layout.XDF_NAME and (path.parent / MANIFEST_NAME).exists():
        return path.parent, path, Manifest.load(path.parent)
    return path, path, None


def open_recording(
    xdf: Path,
    manifest: Manifest | None,
    *,
    strict: bool = False,
    on_unreadable: Callable[[RecordingError], None] | None = None,
) -> XdfRecording:
    """Open the XDF file of a session, with what its own copies have that was not received.

    A file without a manifest is opened as it is. For the rest see `read_merged`.

    Raises:
        RecordingError: a file cannot be opened, or is no XDF file.
    """
    copies = layout.copies_in(xdf.parent) if manifest is not None else []
    interval = (manifest.lsl_start, manifest.lsl_stop) if manifest is not None else (None, None)
    recording = read_merged(xdf, copies, interval, strict=strict, on_unreadable=on_unreadable)
    if manifest is not None:
        _add_stored(recording, xdf.parent, manifest, on_unreadable)
    return recording


def _add_stored(
    recording: XdfRecording,
    folder: Path,
    manifest: Manifest,
    on_unreadable: Callable[[RecordingError], None] | None,
) -> None:
    """Add the streams of the files that were imported into a session."""
    known = {entry.id for entry in manifest.streams if entry.alignment is not None}
    for file in manifest.files:
        if not file.path.endswith(layout.STORED_SUFFIX):
            continue
        try:
            stored = read_xdf(folder / file.path)
        except RecordingError as error:
            if on_unreadable is None:
                recording.close()
                raise
            on_unreadable(error)
            continue
        recording.stored += (stored,)
        recording.streams += tuple(s for s in stored.streams if s.id in known)
