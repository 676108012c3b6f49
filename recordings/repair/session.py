"""`unisono repair`, and what a daemon does at its start with what a crash has left."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from recordings import layout
from recordings.disk.hashing import sha256_of
from recordings.errors import RecordingError, why
from recordings.manifest import Manifest, State
from recordings.manifest_entries import Event, FileEntry, StreamEntry
from recordings.repair.videos import described, index_rows, media_of
from recordings.repair.xdf import XdfRepaired, finish_xdf, repair_xdf, stage_of
from recordings.stamps.clock_offsets import ClockFit, correct, fit_offsets
from recordings.xdf.merged import read_merged
from recordings.xdf.reader import read_xdf
from recordings.xdf.stream import XdfStream

_COPIED = (layout.TRUTH_NAME, layout.RATINGS_NAME, layout.PROTOCOL_NAME)


def repair(path: Path, out: Path | None = None) -> XdfRepaired:
    """Write a readable copy of a session or of an XDF file; the original is not touched.

    `out` is the copy's path; without it, `-repaired` is added to the name.

    Raises:
        RecordingError: it is neither, the copy exists, or the disk fails.
    """
    target = out or copy_of(path)
    return repair_session(path, target) if path.is_dir() else repair_xdf(path, target)


def copy_of(path: Path) -> Path:
    """Return the path of a copy beside the original; `.` is a folder with a name as well."""
    whole = path.absolute() if path.name in ("", "..") else path
    whole = whole.resolve() if whole.name == ".." else whole
    if whole.is_dir():
        return whole.with_name(f"{whole.name}-repaired")
    return whole.with_name(f"{whole.stem}-repaired{whole.suffix}")


def repair_session(folder: Path, target: Path) -> XdfRepaired:
    """Write a readable copy of a session into the new folder `target`.

    Raises:
        RecordingError: it is no session, `target` exists or lies in it, or the disk fails.
    """
    manifest = Manifest.load(folder)
    if target.resolve().is_relative_to(folder.resolve()):
        raise RecordingError(
            f"{target}: lies in the session that is to be repaired; name a folder outside with "
            "--out"
        )
    with read_xdf(folder / layout.XDF_NAME):
        pass  # what cannot be read at all leaves no empty copy behind
    if target.exists():
        raise RecordingError(
            f"{target}: exists already, and nothing is ever overwritten; name another with --out"
        )
    # Whole or not at all: a repair that is ended leaves what the next one begins anew.
    stage = stage_of(target)
    try:
        if stage.exists():
            shutil.rmtree(stage)
        stage.mkdir(parents=True)
        done = repair_xdf(folder / layout.XDF_NAME, stage / layout.XDF_NAME)
        copies = [path.name for path in layout.copies_in(folder)]
        stored = [f.path for f in manifest.files if f.path.endswith(layout.STORED_SUFFIX)]
        for name in [
            *media_of(folder, manifest),
            *copies,
            *stored,
            *_COPIED,
            layout.THRESHOLDS_NAME,
            *_coded(folder),
        ]:
            _copy(folder / name, stage / name, target)
        _describe(stage, manifest, done)
        stage.rename(target)
    except OSError as error:
        raise RecordingError(f"{target}: cannot be written ({error.strerror})") from error
    finally:
        # What there was room for would fill the disk further, and no `erase` knows where it is.
        shutil.rmtree(stage, ignore_errors=True)
    return replace(done, target=target / layout.XDF_NAME)


def _copy(source: Path, stage: Path, target: Path) -> None:
    if not source.is_file():  # a pipe, a link to nowhere
        return
    try:
        stage.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, stage)
    except OSError as error:
        raise RecordingError(f"{source}: cannot be copied to {target} ({why(error)})") from error


def _coded(folder: Path) -> Iterator[str]:
    """Name the files of what was coded; its frames are the same, and their times are read anew."""
    for path in sorted((folder / layout.ANNOTATIONS_NAME).rglob("*")):
        if path.suffix not in (".lock", ".part"):  # who writes there does not write here
            yield path.relative_to(folder).as_posix()


def finish_session(folder: Path) -> XdfRepaired | None:
    """Finish a session in place that a crash has left in state `recording`.

    Nothing but torn ends is cut off. None where its XDF file is damaged beyond that: then the
    session is marked failed, for `repair_session`.

    Raises:
        RecordingError: it is no session, or the disk fails.
    """
    manifest = Manifest.load(folder)
    done = finish_xdf(folder / layout.XDF_NAME)
    if done is None:
        manifest.model_copy(update={"state": State.FAILED}).save(folder)
        return None
    _describe(folder, manifest, done)
    return done


def _describe(folder: Path, before: Manifest, done: XdfRepaired) -> None:
    """Write the manifest of what is in the folder now."""
    # The rows of a node's camera may be in its own copy; what was received is counted without it.
    copies, interval = layout.copies_in(folder), (before.lsl_start, None)
    with read_merged(
        folder / layout.XDF_NAME, copies, interval, on_unreadable=lambda _: None
    ) as recording:
        streams = {stream.id: stream for stream in recording.streams}
        known = {entry.id: entry for entry in before.streams}
        entries = tuple(
            (known.get(found.id) or entry_of(streams[found.id])).model_copy(
                update={
                    "samples": found.samples,
                    "first_stamp": found.first,
                    "last_stamp": found.last,
                    "offsets": found.offsets,
                }
            )
            for found in done.streams
        )
        files = media_of(folder, before)
        videos, sounds = (
            tuple(described(folder, e, files, index_rows(e.name, recording.streams)) for e in kind)
            for kind in (before.videos, before.sounds)
        )
        last = _last(before, [(e.device, streams[e.id]) for e in entries])
    text = (
        f"finished after a crash: {done.bytes_dropped:,} bytes dropped, "
        f"{sum(s.footer_was_missing for s in done.streams)} footers written"
        + "".join(
            f"; {entry.taken_back:,} of {entry.name} that its rows call stored are in no file"
            for entry in (*videos, *sounds)
            if entry.taken_back
        )
    )
    event = Event(time=last or 0.0, source="repair", level="warning", code="repaired", text=text)
    names = [layout.XDF_NAME, *(file for entry in (*videos, *sounds) for file in entry.files)]
    names += [path.name for path in copies]
    names += [*(file.path for file in before.files), *_COPIED]
    there = dict.fromkeys(name for name in names if (folder / name).is_file())
    now = tuple(FileEntry.of(folder / name) for name in there)
    before.model_copy(
        update={
            "state": State.REPAIRED,
            "lsl_stop": last,
            "streams": (*entries, *(e for e in before.streams if e.alignment is not None)),
            "videos": videos,
            "sounds": sounds,
            "events": (*before.events, event, *_unlike(before, now, done.source, event.time)),
            "files": now,
        }
    ).save(folder)


def _unlike(before: Manifest, now: Iterable[FileEntry], xdf: Path, time: float) -> Iterator[Event]:
    """Tell which files were not as they had been closed: the copy's own hashes hide that."""
    found = {entry.path: entry.sha256 for entry in now}
    for entry in before.files:
        if entry.path in before.elsewhere or entry.sha256 is None:
            continue
        if entry.path == layout.XDF_NAME:  # written anew: what it was made of counts
            found[entry.path] = sha256_of(xdf)
        if entry.path not in found:
            code, text = "was-missing", "was there when the session was closed, and is gone"
        elif found[entry.path] != entry.sha256:
            code, text = "was-changed", "is not as it was when the session was closed"
        else:
            continue
        yield Event(time=time, source=entry.path, level="error", code=code, text=text)


def entry_of(stream: XdfStream) -> StreamEntry:
    """Describe a stream for the manifest, by its header alone."""
    info = stream.info
    return StreamEntry(
        id=stream.id,
        name=info.name,
        type=info.type,
        source_id=info.source_id,
        hostname=info.hostname,
        channels=info.channel_count,
        rate_hz=info.rate_hz,
        dtype=info.dtype_name,
    )


def _last(manifest: Manifest, streams: Iterable[tuple[str | None, XdfStream]]) -> float | None:
    """When it ended: the newest sample of the rig's own streams, on the recording computer's clock.

    Those of a node may go on in its own copy after the crash.
    """
    devices = (manifest.rig or {}).get("device") or ()
    elsewhere = {d.get("name") for d in devices if d.get("node")}
    ends = [
        float(correct(stream.stamps_of(len(stream) - 1, len(stream)), _fit(stream))[0])
        for device, stream in streams
        if device is not None and device not in elsewhere and len(stream)
    ]
    return max(ends, default=manifest.lsl_stop)


def _fit(stream: XdfStream) -> ClockFit:
    return fit_offsets(stream.offset_times, stream.offset_values)
