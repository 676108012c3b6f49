"""Where a session's exports lie by now: studies are copied, and their folders renamed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from recordings.errors import RecordingError
from recordings.export.records import RECORDS, read_record, source_of, starts_of


def moved(study: Path, folder: Path, target: Path) -> Iterator[Path]:
    """Give where a target in the study may lie now that this was copied, or moved, with it."""
    for parent in folder.parents:
        if not parent.is_relative_to(study):
            return
        tails = (parent.joinpath(*target.parts[-n:]) for n in range(1, len(target.parts)))
        yield from (tail for tail in tails if tail.resolve() != target.resolve())


def records_of(folder: Path, target: Path, kind: str) -> Iterator[Path]:
    """Give the records of what was exported of a session, whatever its folder was called then.

    Another study's session may be called alike: when a recording was begun tells it.
    """
    digest, starts = "", ("", "")
    with contextlib.suppress(RecordingError):  # damaged: only its name says whose it is
        digest, starts = source_of(folder)[0], starts_of(folder)
    for path in sorted((target / RECORDS).glob(f"*.{kind}.json")):
        name = path.name.removesuffix(f".{kind}.json")
        record = read_record(target, name, kind) if digest else None
        is_named = name == folder.name and (record is None or record.recorded in starts)
        if is_named or (record is not None and record.digest == digest):
            yield path
