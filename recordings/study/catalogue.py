"""The sessions of a data folder, one row each, the newest first, damaged ones included."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recordings import layout
from recordings.certificate import CONTENTS_UNREAD, Verdict
from recordings.disk.regular import read_text
from recordings.errors import RecordingError
from recordings.manifest import MANIFEST_NAME, Manifest, State
from recordings.manifest_entries import LostFile
from recordings.study.copies import COPIES_NAME, copies
from recordings.study.session_folders import SessionFolders
from recordings.version import program_version

_Stamp = tuple[tuple[int, int, int] | None, ...]


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One session on the disk. Unknown = None."""

    folder: Path
    study: str
    participant: str = ""
    session: str = ""
    task: str = ""
    run: int | None = None
    state: State | None = None
    started_utc: str | None = None
    seconds: float | None = None
    bytes: int | None = None
    verdict: Verdict | None = None
    notes: str = ""
    has_report: bool = False
    contents_read: bool | None = None  # against their hashes; None: it was not checked
    outdated: bool = False  # the verdict is of what was here before, say before a file was given up
    copies: tuple[Path, ...] = ()  # whole ones, compared by hash; their disks may be away
    unusable: str = ""  # why somebody said that it is not to be used
    on_nodes: tuple[str, ...] = ()  # nodes that files of it are still on
    lost: tuple[LostFile, ...] = ()  # what was on nodes, and was given up
    problem: str = ""  # why its manifest cannot be read


class Catalogue:
    """The sessions of a data folder, page by page; what has not changed is not read again.

    A row takes a millisecond to read, and whoever lists does so again and again, also while
    something records. Safe from several threads: at worst two of them read the same row.
    """

    def __init__(self, data_dir: Path) -> None:
        self._folders = SessionFolders(data_dir)
        self._found: list[Path] = []  # as last listed, the newest first
        self._known: dict[Path, tuple[_Stamp, SessionRow]] = {}  # as large as the folder

    def folders(self) -> list[Path]:
        """List the session folders, the oldest first."""
        return self._folders.found()

    def page(self, offset: int, limit: int) -> list[SessionRow]:
        """Give the rows `offset` to `offset + limit`; the newest is row 0.

        Row 0 begins a list; the pages after it belong to that, whatever is recorded meanwhile.
        """
        if offset == 0:
            self._found = self.folders()[::-1]
            there = set(self._found)
            known = self._known.copy()  # one that another thread writes to cannot be gone through
            self._known = {path: kept for path, kept in known.items() if path in there}
        return [self.of(folder) for folder in self._found[offset : offset + limit]]

    def of(self, folder: Path) -> SessionRow:
        """Give the row of one session."""
        stamp = _stamp(folder)
        before = self._known.get(folder)
        if before is None or before[0] != stamp:
            before = self._known[folder] = stamp, row(folder)
        return before[1]


def folders(data_dir: Path) -> list[Path]:
    """List the session folders of a data folder, the oldest first."""
    return SessionFolders(data_dir).found()


def row(folder: Path) -> SessionRow:
    """Describe one session; a manifest that cannot be read is a row, too."""
    try:
        found = Manifest.load(folder)
    except RecordingError as error:
        return SessionRow(folder, layout.study_and_name(folder)[0], problem=str(error))
    start, stop = found.lsl_start, found.lsl_stop
    verdict, contents_read, outdated = _checked(folder, found)
    sizes = [entry.bytes for entry in found.files if entry.bytes is not None]
    return SessionRow(
        folder,
        found.study,
        found.participant,
        found.session,
        found.task,
        found.run,
        found.state,
        found.clock[0].utc if found.clock else None,
        stop - start if start is not None and stop is not None else None,
        sum(sizes) if sizes else None,
        verdict,
        found.notes,
        (folder / layout.REPORT_NAME).exists(),
        contents_read,
        outdated,
        copies(folder),
        found.unusable or "",
        tuple(dict.fromkeys(file.node for file in found.pending)),
        found.lost,
    )


def _stamp(folder: Path) -> _Stamp:
    """Give what changes whenever a file that a row is made of does: each is replaced whole."""
    found: list[tuple[int, int, int] | None] = []
    for name in (MANIFEST_NAME, layout.REPORT_JSON_NAME, layout.REPORT_NAME, COPIES_NAME):
        try:
            status = (folder / name).stat()
        except OSError:
            found.append(None)
        else:
            found.append((status.st_ino, status.st_mtime_ns, status.st_size))
    return tuple(found)


def _checked(folder: Path, manifest: Manifest) -> tuple[Verdict | None, bool | None, bool]:
    """Give the verdict, whether the contents were read for it, and whether it is outdated."""
    try:
        report = json.loads(read_text(folder / layout.REPORT_JSON_NAME))
        codes = {finding["code"] for finding in report["findings"]}
        verdict = Verdict(report["verdict"])
        return verdict, CONTENTS_UNREAD not in codes, _is_outdated(report, verdict, manifest)
    except (OSError, ValueError, KeyError, TypeError):
        return None, None, False


def _is_outdated(report: dict[str, Any], verdict: Verdict, manifest: Manifest) -> bool:
    # Another version may write the same manifest with more in it: that is no change.
    if report.get("program") == program_version() and report.get("digest"):
        return bool(report["digest"] != manifest.digest())
    return verdict is Verdict.PENDING and not manifest.pending
