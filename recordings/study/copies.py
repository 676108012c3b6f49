"""Copies of sessions on another disk: whole, compared by hash, and marked where they came from.

A copy that was interrupted goes on at the byte at which it was. What is there was compared: the
bytes on the target were read back, and a session whose own file is not what its manifest says is
not copied as if it were.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from recordings.disk.atomic import put_in_place, replace_file
from recordings.disk.direct_io import sync_file
from recordings.disk.hashing import BLOCK, sha256_of
from recordings.disk.regular import open_file, read_text
from recordings.errors import RecordingError
from recordings.layout import CONTENTS_NAME
from recordings.manifest import MANIFEST_NAME, Manifest
from recordings.read.left_out import content_of

COPIES_NAME: Final = "copies.json"
"""In the session's folder: where whole copies of it are."""
PART: Final = ".part"
_LEVELS: Final = 3  # study, participant and session stand above the session's folder
Told = Callable[[int, int], None]
"""Hears how many bytes of how many were copied or compared."""


@dataclass(frozen=True, slots=True)
class Copied:
    """A copy that is whole."""

    folder: Path
    files: int
    bytes: int
    unhashed: int  # files whose hash the manifest does not have: compared with each other alone
    left_out: tuple[str, ...] = ()  # links, and what is no file: what they lead to is not copied
    unmarked: str = ""  # why the session does not say that it was copied


def place(session: Path, target: Path) -> Path:
    """Say where in a target folder the copy of a session lies: as in the data folder.

    What lies in none has its own name alone: folders above it may be called after a person.
    """
    parts = session.absolute().parts[-1 - _LEVELS :]
    in_study = [part[:4] for part in parts[-3:-1]] == ["sub-", "ses-"]
    return target.absolute().joinpath(*(parts if in_study else parts[-1:]))


def copies(session: Path) -> tuple[Path, ...]:
    """List the copies of a session that were made; they may be on a disk that is away."""
    try:
        found = json.loads(read_text(session / COPIES_NAME))
        return tuple(Path(str(entry)) for entry in found["copies"])
    except (OSError, ValueError, KeyError, TypeError):
        return ()


def copy_session(session: Path, target: Path, tell: Told = lambda done, total: None) -> Copied:
    """Copy a closed session below `target`, compare it, and mark it as copied.

    Args:
        session: its folder.
        target: a folder on another disk or share; what is there of the session is gone on with.
        tell: hears how far it is, after each block.

    Raises:
        RecordingError: the session is not closed, one of its files is not what the manifest says,
            another recording of its name is there, or it cannot be read or written. What was copied
            stays, for the next try.
    """
    manifest = Manifest.load(session)
    hashes = _hashes(session, manifest)
    to = place(session, target)
    if to.resolve().is_relative_to(session.resolve()) or to.resolve() == session.resolve():
        raise RecordingError(f"{target}: is where the session is; name a folder on another disk")
    _refuse_another(to, manifest)
    files = sorted(_files(session), key=lambda path: path.name == MANIFEST_NAME)  # it goes last
    total = 2 * sum(path.stat().st_size for path in files)
    done = 0
    try:
        for path in files:
            name = path.relative_to(session)
            before = done
            expected = hashes.get(name.as_posix())
            _copy(path, to / name, expected, lambda n, before=before: tell(before + n, total))  # type: ignore[misc]
            done += 2 * path.stat().st_size
            tell(done, total)
        if gone := sorted(hashes.keys() - {path.relative_to(session).as_posix() for path in files}):
            raise RecordingError(
                f"{session}: {', '.join(gone)}: not there, or no file; all else is copied, and not "
                "marked as a copy; run unisono check on the session"
            )
    except OSError as error:
        raise RecordingError(
            f"{to}: cannot be copied ({error.strerror}); see that both disks are there and have "
            "room, and copy again: it goes on where it was"
        ) from error
    left_out = tuple(sorted(path.relative_to(session).as_posix() for path in _others(session)))
    unhashed = len(files) - len(hashes)
    return Copied(to, len(files), total // 2, unhashed, left_out, _mark(session, to))


def _refuse_another(to: Path, manifest: Manifest) -> None:
    """See that no other recording lies there: two computers may have sessions of one name.

    Raises:
        RecordingError: one does; it may be the only one that is left.
    """
    try:
        there = Manifest.load(to)
    except RecordingError:  # nothing yet, or what nobody can read
        return
    if _recording(there) != _recording(manifest):
        raise RecordingError(
            f"{to}: is another recording of this name, and stays; name another folder"
        )


def _recording(manifest: Manifest) -> object:
    """Return what tells a recording from others, whatever was noted about it since."""
    return manifest.clock[:1] or content_of(manifest)


def _hashes(session: Path, manifest: Manifest) -> dict[str, str]:
    if not manifest.is_closed:
        raise RecordingError(f"{session.name}: is not closed yet; copy it in a moment")
    here = (entry for entry in manifest.files if entry.path not in manifest.elsewhere)
    return {entry.path: entry.sha256 for entry in here if entry.sha256 is not None}


def _files(session: Path) -> Iterator[Path]:
    left_out = (CONTENTS_NAME, COPIES_NAME)
    for path in session.rglob("*"):
        if (
            path.is_file()
            and not path.is_symlink()
            and path.suffix != PART
            and path.name not in left_out
        ):
            yield path


def _others(session: Path) -> Iterator[Path]:
    for path in session.rglob("*"):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            yield path


def _copy(path: Path, to: Path, expected: str | None, tell: Callable[[int], None]) -> None:
    """Copy one file and compare it; `tell` hears the bytes read of both."""
    size = path.stat().st_size

    def hash_of(copy: Path) -> str:
        read = 0

        def count() -> None:
            nonlocal read
            read += BLOCK
            tell(min(size + read, 2 * size))

        return sha256_of(copy, between=count)

    there = to.is_file() and to.stat().st_size == size  # of an earlier try, or somebody else's
    if there and hash_of(to) == (expected or sha256_of(path)):
        return
    to.parent.mkdir(parents=True, exist_ok=True)
    part = to.with_name(to.name + PART)
    # A beginning that was left of another file than this: once more, from its first byte.
    for _ in range(2):
        found = _write(path, part, tell)
        if expected is not None and found != expected:
            part.unlink()
            raise RecordingError(
                f"{path}: its SHA-256 is not that of the manifest: the file was changed or damaged "
                "after the recording, and is not copied; run unisono check on the session"
            )
        if hash_of(part) == found:
            shutil.copystat(path, part)
            put_in_place(part, to)
            return
        part.unlink()
    raise RecordingError(
        f"{to}: what was written is not what was read; check the disk and its cable, and copy again"
    )


def _write(path: Path, part: Path, tell: Callable[[int], None]) -> str:
    """Write what is missing of a file; gives the SHA-256 of the whole of it."""
    digest, read = hashlib.sha256(), 0
    with open_file(path) as source, part.open("ab") as sink:
        there = sink.tell()
        while block := source.read(BLOCK):
            digest.update(block)
            if read + len(block) > there:
                sink.write(block[max(0, there - read) :])
            read += len(block)
            tell(read)
        sink.truncate(read)  # it may have been a longer file before
        sink.flush()
        sync_file(sink.fileno())
        _drop_cache(sink)
    return digest.hexdigest()


def _drop_cache(file: BinaryIO) -> None:
    """Have what is compared read from the disk, not from memory, where the system can do that."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _mark(session: Path, to: Path) -> str:
    """Note a copy in the session; of a full disk, or of an archive, say that it cannot be."""
    known = copies(session)
    if to in known:
        return ""
    text = json.dumps({"copies": [str(path) for path in (*known, to)]}, indent=1)
    try:
        replace_file(session / COPIES_NAME, text.encode())
    except OSError as error:
        return f"{session / COPIES_NAME}: cannot be written ({error.strerror})"
    return ""
