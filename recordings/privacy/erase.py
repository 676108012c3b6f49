"""`unisono erase`: everything of a participant who has withdrawn, exports included, and a log.

Deleted are the participant's session folders, repaired and verified copies among them, and in each
target that `exports.json` names the files and table rows of these sessions. What cannot be reached
(an export or a copy on a disk that is not there) is reported and logged as left. Deleting is not
overwriting: on solid-state disks and in backups, data outlive it.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from recordings import layout, names
from recordings.disk.regular import read_text
from recordings.errors import RecordingError
from recordings.export.bids.shared_tables import drop_rows, is_shared, read_tsv
from recordings.export.places import read_exports
from recordings.export.records import RECORDS, error_path, failure_path, stage_in
from recordings.manifest import MANIFEST_NAME, Manifest
from recordings.privacy.exports import moved, records_of
from recordings.read.sessions import is_session, of_study, walk
from recordings.repair.session import copy_of
from recordings.repair.xdf import stage_of
from recordings.study.copies import copies
from recordings.study.facts import unreadable_digest

LOG_NAME: Final = "erased.jsonl"
QUIET_S: Final = 10.0  # a recording that grew more recently is still running


@dataclass(frozen=True, slots=True)
class Plan:
    """What will go: session folders, files of exports, and the targets that cannot be reached."""

    participant: str
    sessions: tuple[Path, ...]
    exports: tuple[tuple[Path, Path], ...]  # target, record in it
    unreachable: tuple[str, ...]
    stages: tuple[Path, ...] = ()  # what exports and repairs left that were interrupted or failed


@dataclass(slots=True)
class Erased:
    """A line of `erased.jsonl`; `manifests` are the SHA-256 of what `session.json` said."""

    time: str
    participant: str
    sessions: list[str] = field(default_factory=list)
    manifests: list[str] = field(default_factory=list)
    files: int = 0
    bytes: int = 0
    exports: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)  # what could not be deleted, and why


def plan(study: Path, participant: str) -> Plan:
    """Find what there is of a participant below a study's (or data) folder.

    Raises:
        RecordingError: there is nothing, the label is none, or one is being recorded.
    """
    participant = names.check_label("participant", participant.removeprefix("sub-"))
    unreachable: dict[str, None] = {}
    sessions = tuple(_sessions(study, participant, unreachable))
    if not sessions and not unreachable:
        raise RecordingError(f"{study}: no session of participant {participant!r}")
    for folder in sessions:
        xdf = folder / layout.XDF_NAME
        if xdf.exists() and time.time() - xdf.stat().st_mtime < QUIET_S and _is_open(folder):
            raise RecordingError(f"{folder}: is being recorded; stop the recording first")
    exports: dict[tuple[Path, Path], None] = {}
    stages: dict[Path, None] = {}
    found = list(sessions)
    for folder in found:  # copies that are found meanwhile among them: they were exported, too
        for node in _keeping(folder):
            unreachable[f"files of {folder.name} that node {node} keeps until released"] = None
        if (stage := stage_of(copy_of(folder))).is_dir():
            stages[stage] = None
        found += _copies(folder, participant, found, unreachable)
        for entry in read_exports(folder):
            target, kind = Path(entry["target"]), entry["kind"]
            is_motion = kind == layout.MOTION_NAME
            for place in (target, *moved(study, folder, target)):
                if is_motion and _is_motion(motion := place / folder.name):
                    stages[motion] = None
                which = place, folder.name, kind
                left = stage_in(*which), error_path(*which), failure_path(*which)
                stages |= dict.fromkeys(path for path in left if path.exists())
                exports |= {(place, record): None for record in records_of(folder, place, kind)}
            if not (target if is_motion else target / RECORDS).is_dir():
                unreachable[f"{kind}{'' if is_motion else ' export'} in {target}"] = None
    return Plan(participant, tuple(found), tuple(exports), tuple(unreachable), tuple(stages))


def _copies(
    folder: Path, participant: str, found: list[Path], unreachable: dict[str, None]
) -> list[Path]:
    """Find the copies of a session, the repaired one beside it too, that are not found yet."""
    there = {path.resolve() for path in found}
    wanted = []
    for copy in (*copies(folder), copy_of(folder)):
        if copy.resolve() in there:
            continue
        try:
            if _is_copy_of(copy, folder, participant):
                wanted.append(copy)
            elif not copy.parent.is_dir():
                unreachable[f"copy in {copy}"] = None
        except (RecordingError, OSError):  # damaged, or shut: perhaps it is
            unreachable[f"copy in {copy}"] = None
    return wanted


def _sessions(study: Path, participant: str, unreachable: dict[str, None]) -> Iterator[Path]:
    """Give a participant's sessions, linked ones too; `unreachable` gets what may hold more."""
    shut: list[Path] = []
    found = sorted(Path(folder.path) for folder, _ in walk(study, shut) if is_session(folder))
    for folder in found:
        try:
            said = Manifest.load(folder).participant
        except RecordingError:  # damaged: its folder still says whose it is
            said = _of_name(folder.name)
        if said == participant:
            yield folder
    for folder in of_study(shut, study):
        parts = folder.relative_to(study).parts
        # Of a study that nobody may look into, who knows.
        unknown = not any(part.startswith("sub-") for part in parts)
        if unknown or participant in map(_of_name, parts):
            unreachable[str(folder)] = None


def _keeping(folder: Path) -> list[str]:
    """Name the nodes that may have files of a session: they keep also what was collected."""
    try:
        manifest = Manifest.load(folder)
    except RecordingError:
        return []
    rig = manifest.rig or {}
    node_of = {device.get("name"): device.get("node") for device in rig.get("device", [])}
    releasing = {node.get("name") for node in rig.get("node", []) if node.get("release")}
    collected = {node_of.get(layout.device_of_copy(file.path)) for file in manifest.files}
    waited_for = {f.node for f in manifest.pending} | {f.node for f in manifest.lost}
    return sorted(node for node in (collected - releasing) | waited_for if node is not None)


def _is_copy_of(copy: Path, folder: Path, participant: str) -> bool:
    """Whether this is a copy: the list of them is data of a folder that others may write to.

    Raises:
        RecordingError, OSError: nobody can tell, as what it says of itself cannot be read.
    """
    named = copy.name in (folder.name, copy_of(folder).name)
    is_there = named and (copy / MANIFEST_NAME).exists()
    return is_there and Manifest.load(copy).participant == participant


def _is_motion(folder: Path) -> bool:
    """Whether this holds what `unisono motion --to` writes, and nothing else."""
    try:
        inside = [path.suffix for path in folder.iterdir()]
    except OSError:
        return False
    return {".parquet", ".parts"}.issuperset(inside)


def _of_name(name: str) -> str:
    return name.partition("_")[0].removeprefix("sub-")


def _is_open(folder: Path) -> bool:
    try:
        return Manifest.load(folder).state.value == "recording"
    except RecordingError:
        return False


def erase(study: Path, planned: Plan) -> Erased:
    """Delete what was planned, and append what was done to `erased.jsonl` in the study's folder.

    What fails is in `left`: nothing is silently kept.

    Raises:
        RecordingError: the log cannot be written.
    """
    done = Erased(datetime.now(UTC).isoformat(), planned.participant)
    done.left += [f"{what}: cannot be reached" for what in planned.unreachable]
    for target, record in planned.exports:
        _erase_export(target, record, planned.participant, done)
    for stage in planned.stages:
        _erase_stage(stage, done)
    for folder in planned.sessions:
        _erase_session(folder, done)
    _remove_empty(study, planned)
    try:
        with (study / LOG_NAME).open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(done)) + "\n")
    except OSError as error:
        raise RecordingError(
            f"{study / LOG_NAME}: what was erased cannot be logged ({error.strerror})"
        ) from error
    return done


def _erase_export(target: Path, record: Path, participant: str, done: Erased) -> None:
    try:
        files = json.loads(read_text(record))["files"]
        parents: set[Path] = set()
        for name in files:
            path = target / name
            # A record is data of a folder that others may write to: stay inside of it.
            if not path.resolve().is_relative_to(target.resolve()) or not path.is_file():
                continue
            if is_shared(name) and f"sub-{participant}/" not in name:
                _drop_participant(path, participant)
            else:
                _unlink(path, done)
                parents.update(p for p in path.parents if target in p.parents)
        record.unlink()
        done.exports.append(f"{target}: {record.name.removesuffix('.json')}")
        for folder in sorted(parents, reverse=True):
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
    except (OSError, ValueError, KeyError, TypeError) as error:
        done.left.append(f"{record}: {error}")


def _drop_participant(table: Path, participant: str) -> None:
    """Take the participant's rows out of a table of several; one that is then empty goes."""
    if table.suffix != ".tsv":
        return
    drop_rows(table, {"participant_id": f"sub-{participant}"})
    if not read_tsv(table)[1]:
        table.unlink()
        table.with_suffix(".json").unlink(missing_ok=True)


def _unlink(path: Path, done: Erased) -> None:
    size = path.stat().st_size
    path.unlink()
    done.files += 1
    done.bytes += size


def _erase_stage(stage: Path, done: Erased) -> None:
    try:
        if not stage.is_dir():
            _unlink(stage, done)
            return
        for path in [p for p in stage.rglob("*") if p.is_file()]:
            _unlink(path, done)
        shutil.rmtree(stage)
    except OSError as error:
        done.left.append(f"{stage}: {error}")


def _erase_session(folder: Path, done: Erased) -> None:
    real = folder.resolve()
    try:
        done.manifests.append(unreadable_digest(real))
        files = [p for p in real.rglob("*") if p.is_file()]
        # The manifest goes last: an erasing that was interrupted can be found and ended.
        for path in sorted(files, key=lambda p: p.name == MANIFEST_NAME):
            _unlink(path, done)
        shutil.rmtree(real)
        if folder.is_symlink():
            folder.unlink()
        done.sessions.append(folder.name)
    except OSError as error:
        done.left.append(f"{folder}: {error}")


def _remove_empty(study: Path, planned: Plan) -> None:
    for folder in planned.sessions:
        for parent in folder.parents:
            # Of a copy elsewhere, what was made for it alone: the label is in its name.
            named = parent.name.startswith(("sub-", "ses-"))
            if parent == study or not (named or parent.is_relative_to(study)):
                break
            if parent.exists() and not any(parent.iterdir()):
                real = parent.resolve()
                real.rmdir()
                if parent.is_symlink():
                    parent.unlink()
