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


def told_apart(sessions: Iterable[Path]) -> dict[Path, str]:
    """Call sessions by their folder; by as much of the path as tells two of one name apart."""
    parts = {session: session.resolve().parts for session in sessions}

    def name(own: tuple[str, ...]) -> str:
        for n in range(1, len(own)):
            if sum(other[-n:] == own[-n:] for other in parts.values()) == 1:
                return "/".join(own[-n:])
        return "/".join(own)

    return {session: name(own) for session, own in parts.items()}


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
