"""The contents of a session's files, read again: stopped at any block, and not begun anew.

A raw video of 700 GB takes minutes to read. What was read of a file that has not changed since is
remembered in the session's folder until the report has it.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from pathlib import Path

from pydantic import Field, ValidationError

from recordings.disk.atomic import replace_file
from recordings.disk.hashing import BLOCK, sha256_of
from recordings.disk.regular import read_text
from recordings.layout import CONTENTS_NAME
from recordings.manifest import Manifest
from recordings.manifest_entries import Frozen


class _Read(Frozen):
    """One file as it was when it was read."""

    bytes: int
    changed_ns: int
    sha256: str


class _ReadFiles(Frozen):
    files: dict[str, _Read] = Field(default_factory=dict)


class Contents:
    """The SHA-256 of a session's files."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        """Take up what was read before.

        Args:
            folder: the session's.
            manifest: names the files.
        """
        self._folder = folder
        self._names = [e.path for e in manifest.files if (folder / e.path).is_file()]
        self._known = _load(folder)
        self.total = sum((folder / name).stat().st_size for name in self._names)
        self.read = 0
        """Bytes read, of `total`; what was read before counts."""

    def read_all(self, between: Callable[[], None]) -> None:
        """Read what is not known yet; `between` is called after each block, it may rest or raise.

        Raises:
            OSError: a file cannot be read.
        """
        for name in self._names:
            path = self._folder / name
            if name not in self._known or not _is_as_it_was(path, self._known[name]):
                self._read(name, between)
                self._keep()
            else:
                self.read += path.stat().st_size

    def _read(self, name: str, between: Callable[[], None]) -> None:
        path = self._folder / name
        before, start = path.stat(), self.read

        def count() -> None:
            self.read = min(start + before.st_size, self.read + BLOCK)
            between()

        digest = sha256_of(path, between=count)
        self.read = start + before.st_size
        self._known[name] = _Read(
            bytes=before.st_size, changed_ns=before.st_mtime_ns, sha256=digest
        )

    def hash_of(self, path: Path) -> str:
        """Give the hash of a file of the session: what was read, or else read it now.

        Raises:
            OSError: it cannot be read.
        """
        name = path.relative_to(self._folder).as_posix()
        known = self._known.get(name)
        return known.sha256 if known and _is_as_it_was(path, known) else sha256_of(path)

    def forget(self) -> None:
        """Delete what is remembered: the report has it."""
        with contextlib.suppress(OSError):  # an archive that cannot be written to: nothing is there
            (self._folder / CONTENTS_NAME).unlink(missing_ok=True)

    def _keep(self) -> None:
        # What cannot be kept is read once more: no reason to end.
        with contextlib.suppress(OSError):
            text = _ReadFiles(files=self._known).model_dump_json(indent=1)
            replace_file(self._folder / CONTENTS_NAME, text.encode())


def _load(folder: Path) -> dict[str, _Read]:
    try:
        text = read_text(folder / CONTENTS_NAME)
        return dict(_ReadFiles.model_validate(json.loads(text)).files)
    except (OSError, ValueError, ValidationError):
        return {}


def _is_as_it_was(path: Path, read: _Read) -> bool:
    status = path.stat()
    return (status.st_size, status.st_mtime_ns) == (read.bytes, read.changed_ns)
