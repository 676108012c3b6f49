"""The manifest of a recording that has ended, with nothing in it but its files."""

from __future__ import annotations

from recordings.manifest import Manifest, State
from recordings.manifest_entries import FileEntry


def closed_manifest(*files: str) -> Manifest:
    return Manifest(
        state=State.COMPLETE,
        study="study",
        participant="01",
        session="01",
        task="test",
        run=1,
        software={},
        host={},
        files=tuple(FileEntry(path=name) for name in files),
    )
