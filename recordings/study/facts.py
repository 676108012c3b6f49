"""What is known of one session, read from its folder alone: small enough to keep for thousands."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from recordings import layout
from recordings.disk.regular import read_bytes
from recordings.names import told_apart
from recordings.read.left_out import Recorded, same_recordings

_WATCHED: Final = frozenset({"session.json", layout.REPORT_JSON_NAME, "exports.json"})


@dataclass(frozen=True, slots=True)
class CheckFacts:
    """What `report.json` says. Unknown = None."""

    verdict: str
    why: str = ""  # what failed, first of all
    digest: str = ""  # of the manifest that was checked
    version: str = ""  # of the program that checked
    limits: str = ""  # the lab's own, as they were applied
    newer: bool = True  # than the manifest, by their dates
    contents_read: bool = True
    lost: int = 0
    lost_share: float = 0.0  # of the worst stream
    frames_lost: int = 0
    axes_ms: float | None = None  # the widest pair
    drift_ppm: float | None = None  # the largest


@dataclass(frozen=True, slots=True)
class CoderFacts:
    """One coder's file; `looked` of `frames` were looked at."""

    name: str
    looked: int = 0
    frames: int = 0
    events: int = 0
    changed_ns: int = 0
    undecided: int = 0  # of a consensus: events of its coders that it says nothing of
    problem: str = ""


_PAIRS: Final = ("files", "beside", "tried_beside")


@dataclass(frozen=True, slots=True)
class ExportFacts:
    """One export, as the record in its target says; without a record, nothing but where."""

    kind: str
    target: str
    fingerprint: str = ""
    digest: str = ""
    version: str = ""
    files: tuple[tuple[str, int], ...] = ()
    coder: str = ""  # whose events are in it
    beside: tuple[tuple[str, str], ...] = ()  # what else of the session was read, as it was then
    failed: str = ""  # why the last try failed, where it did
    tried: str = ""  # of what: digest, version, fingerprint
    tried_beside: tuple[tuple[str, str], ...] = ()  # as `beside`, of that try


@dataclass(frozen=True, slots=True)
class Facts:
    """One session. Unknown = None, or empty."""

    folder: str  # from the study's folder
    name: str
    study: str = ""
    participant: str = ""
    session: str = ""
    started_utc: str = ""
    seconds: float | None = None
    bytes: int = 0
    state: str = ""
    being_recorded: bool = False
    simulated: bool = False
    unusable: str = ""
    problem: str = ""  # why its manifest cannot be read
    gone: tuple[str, ...] = ()  # files of it that are not there
    digest: str = ""
    content: str = ""  # hash of what was recorded
    limits: str = ""  # of the lab's own `thresholds.toml`
    check: CheckFacts | None = None
    coders: tuple[CoderFacts, ...] = ()
    exports: tuple[ExportFacts, ...] = ()

    def export_to(self, kind: str, target: str) -> ExportFacts | None:
        """Return what is known of an export of a kind to a target."""
        return next((e for e in self.exports if (e.kind, e.target) == (kind, target)), None)

    def to_json(self) -> str:
        """As text for the ledger."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Facts:
        """Read what `to_json` wrote.

        Raises:
            ValueError, TypeError, KeyError: it is something else.
        """
        fields: dict[str, Any] = json.loads(text)
        check = fields.pop("check")
        coders, exports = fields.pop("coders"), fields.pop("exports")
        gone, content = tuple(fields.pop("gone")), fields.pop("content")
        return cls(
            **fields,
            gone=gone,
            content=content,
            check=CheckFacts(**check) if check else None,
            coders=tuple(CoderFacts(**coder) for coder in coders),
            exports=tuple(
                ExportFacts(**entry | {name: _pairs(entry[name]) for name in _PAIRS})
                for entry in exports
            ),
        )


def _pairs(listed: list[list[Any]]) -> tuple[tuple[Any, Any], ...]:
    return tuple((first, second) for first, second in listed)


def doubles(sessions: Iterable[Facts]) -> dict[str, str]:
    """Return the sessions that another stands for, and that other, by folder."""
    usable = (f for f in sessions if not (f.problem or f.being_recorded or f.unusable))
    return same_recordings(
        Recorded(f.folder, f.content, _whose(f), f.started_utc, f.state, bool(f.gone))
        for f in usable
    )


def _whose(facts: Facts) -> tuple[str, str, str]:
    return facts.study, facts.participant, facts.session


def labels(sessions: Iterable[Facts]) -> dict[str, str]:
    """Return what to call each session, by folder: two studies may have sessions of one name."""
    return told_apart({one.folder: (*one.folder.split("/")[:-1], one.name) for one in sessions})


def _entries(folder: str) -> list[os.DirEntry[str]]:
    """List what is in a folder; nothing where it cannot be read, or somebody has moved it away."""
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:  # a link to itself, say
        return False


def stamp(folder: str, annotations: Path | None = None) -> str:
    """Return what changes whenever a file in a session's folder does that facts are read from.

    Of all others it has the names, and whether they are files: one may be gone. `annotations`:
    where coders' files lie, if not there.
    """
    found: list[str] = []
    for entry in _entries(folder):
        if entry.name in _WATCHED:
            found.append(_file_stamp(entry))
        elif entry.name == layout.ANNOTATIONS_NAME and annotations is None:
            found += [_file_stamp(inner) for inner in _entries(entry.path)]
        else:
            found.append(entry.name if _is_file(entry) else f"{entry.name} is none")
    if annotations is not None:
        elsewhere = f"{annotations}{os.sep}{os.path.basename(os.path.realpath(folder))}"  # noqa: PTH119
        found += [elsewhere, *map(_file_stamp, _entries(elsewhere))]
    return "\n".join(sorted(found))


def limits_stamp(folder: str, known: dict[str, str]) -> str:
    """Return what changes whenever another `thresholds.toml` holds for a session.

    `known` has what was seen already: most lie above many sessions.
    """
    for level in range(layout.THRESHOLDS_PLACES):
        if folder not in known:
            known[folder] = _stamp_of(f"{folder}{os.sep}{layout.THRESHOLDS_NAME}")
        if known[folder]:
            return f"{level} {known[folder]}"
        folder = os.path.dirname(folder)  # noqa: PTH120 - a Path for each costs as much again
    return ""


def plan_stamp(folder: str, known: dict[str, str]) -> str:
    """Return what changes whenever another `coding.toml` holds for a session: see `find_plan`.

    `known` has what was seen of the folders above already.
    """
    return _plan_above(folder, known) or _plan_above(os.path.realpath(folder), known)


def _plan_above(folder: str, known: dict[str, str]) -> str:
    above = os.path.dirname(folder)  # noqa: PTH120 - as above
    if above == folder:
        return ""
    if above not in known:
        own = _stamp_of(f"{above}{os.sep}{layout.PLAN_NAME}")
        known[above] = own or _plan_above(above, known)
    return known[above]


def _stamp_of(path: str) -> str:
    try:
        status = os.stat(path)  # noqa: PTH116 - as above
    except OSError:
        return ""
    return f"{status.st_mtime_ns} {status.st_size}"


def exports_stamp(facts: Facts) -> str:
    """Return what changes whenever what an export left in its target says something else."""
    found = []
    for export in facts.exports:
        for path in told_by(export, facts.name):
            try:
                status = path.stat()
                found.append(f"{export.kind} {status.st_mtime_ns} {status.st_size}")
            except OSError:
                found.append(f"{export.kind} gone")
    return "\n".join(found)


def _file_stamp(entry: os.DirEntry[str]) -> str:
    try:
        status = entry.stat()
    except OSError:
        return entry.name
    return f"{entry.name} {status.st_mtime_ns} {status.st_size}"


def told_by(export: ExportFacts, name: str) -> tuple[Path, Path]:
    """Return where it stands what was exported of the session called `name`, and what failed."""
    folder, start = Path(export.target) / ".unisono", f"{name}.{export.kind}"
    return folder / f"{start}.json", folder / f"{start}.failed.json"


def unreadable_digest(folder: Path) -> str:
    """Return what stands for the digest of a manifest that cannot be read."""
    try:
        return hashlib.sha256(read_bytes(folder / "session.json")).hexdigest()
    except OSError:
        return "none"
