"""Which sessions a path names."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from recordings import layout
from recordings.errors import RecordingError
from recordings.manifest import MANIFEST_NAME


def find_sessions(paths: Iterable[Path]) -> tuple[Path, ...]:
    """Return the sessions that paths name: sessions, XDF files, or folders with either in them.

    Where a folder has sessions in it, bare files beside them are left out.

    Raises:
        RecordingError: a path is none of these.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_file() or (path / MANIFEST_NAME).is_file():
            found.append(path)
            continue
        inside, bare = _inside(path)
        inside = inside or bare
        if not inside:
            raise RecordingError(f"{path}: no session, and no folder with sessions or XDF files")
        found += inside
    return tuple(dict.fromkeys(found))


def _inside(path: Path) -> tuple[list[Path], list[Path]]:
    """Return the sessions below a folder, and its XDF files.

    A session whose manifest is gone is one, too: whoever opens it says so.
    """
    sessions: list[Path] = []
    bare: list[Path] = []
    for where, _, names in os.walk(path):
        folder = Path(where)
        named = folder.name.startswith("sub-") and "_run-" in folder.name
        if MANIFEST_NAME in names or (named and layout.XDF_NAME in names):
            sessions.append(folder)
        bare += (folder / name for name in names if name.endswith(".xdf"))
    return sorted(sessions), sorted(file for file in bare if file.is_file())
