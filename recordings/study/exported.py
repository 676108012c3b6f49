"""Whether exports are of their sessions as these are now, and what has become of their files."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from recordings.disk.regular import version_of
from recordings.study.cells import MISSING, Cell, StepState, mark
from recordings.study.facts import ExportFacts, Facts, told_by
from recordings.study.ledger import Failures
from recordings.version import program_version

_CLOCK_S: Final = 2.0
"""FAT's dates are no finer."""


def export_names(exports: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Name exports (kind, target): by their kind; of several of a kind, by where they differ."""
    places = list(exports)
    by_kind: dict[str, list[str]] = {}
    for kind, target in places:
        by_kind.setdefault(kind, []).append(target)
    ends = {kind: dict(zip(found, _ends(found), strict=True)) for kind, found in by_kind.items()}
    return {
        (kind, target): f"{kind} in {ends[kind][target]}" if len(by_kind[kind]) > 1 else kind
        for kind, target in places
    }


def _ends(targets: Sequence[str]) -> list[str]:
    """Return as much of the end of each path as tells them apart."""
    parts = [Path(target).parts for target in targets]
    for count in range(1, max(map(len, parts))):
        ends = ["/".join(part[-count:]) for part in parts]
        if len(set(ends)) == len(targets):
            return ends
    return list(targets)


def export_of(facts: Facts, kind: str, target: str, root: Path) -> ExportFacts:
    """Return what is known of an export.

    A session may not have been told where it was exported to: it is read-only, or whoever began
    was ended before. Then what its target says of the same manifest counts.
    """
    known = facts.export_to(kind, target)
    nothing = ExportFacts(kind, target)
    if known is not None or not any(path.exists() for path in told_by(nothing, facts.name)):
        return known or nothing
    from recordings.study.reading import read_export  # models: not where there is nothing to read

    found = read_export(root / facts.folder, kind, target)
    return found if facts.digest in (found.digest, found.tried.partition(" ")[0]) else nothing


def exported(facts: Facts, kind: str, target: str, failures: Failures, root: Path) -> Cell:
    """Whether an export to a target is of the session as it is now, and of its coding.

    With which settings, the record alone knows: `unisono study run` compares them.
    """
    found = export_of(facts, kind, target, root)
    session = root / facts.folder
    cell = export_cell(found, facts) if found.fingerprint else MISSING
    if cell.state is StepState.DONE and (name := _changed(found.beside, session)):
        cell = Cell(StepState.STALE, f"{name} has changed since")
    if _changed(found.tried_beside, session):
        return cell  # it failed with other files, or for want of them
    failure = failures.get((facts.folder, kind, target))
    if cell.state is StepState.DONE:
        failure = None  # of that the target tells, too, unless a plain export has done it since
    if failure is not None and failure.fingerprint.startswith(mark(facts)):
        return Cell(StepState.FAILED, failure.reason)
    if found.tried.startswith(mark(facts)):
        return Cell(StepState.FAILED, found.failed)
    return cell


def _changed(beside: Iterable[tuple[str, str]], session: Path) -> str:
    """Name the first file that is not as it was; "" where all are.

    What lies outside of the session and is not found has perhaps been moved: nothing is said of it.
    """
    for name, was in beside:
        now = version_of(session / name)
        if now != was and (now or not name.startswith("../")):
            return name
    return ""


def with_files(facts: Facts, kind: str, target: str, root: Path) -> Cell | None:
    """Say of an export that is done what has become of its files; None where nothing has."""
    export = export_of(facts, kind, target, root)
    why = changed_file(export, told_by(export, facts.name)[0])
    return Cell(StepState.STALE, why) if why else None


def changed_file(export: ExportFacts, record: Path | None = None) -> str:
    """Name the first file of an export that is not as it was written; "" where all are.

    With its `record`, which is written last, a file that is younger counts, too: it may have been
    changed and be as large as before.
    """
    written = record.stat().st_mtime if record is not None and record.exists() else math.inf
    for name, size in export.files:
        try:
            there = (Path(export.target) / name).stat()
        except OSError:
            return f"{name} is gone"
        if size < 0:  # of several sessions: it changes with each
            continue
        if there.st_size != size:
            return f"{name} is not as large as it was written"
        if there.st_mtime > written + _CLOCK_S:
            return f"{name} was changed after it was written"
    return ""


def export_cell(export: ExportFacts, facts: Facts) -> Cell:
    """Judge an export by its record."""
    if export.digest != facts.digest:
        return Cell(StepState.STALE, "the manifest has changed since")
    if export.version != program_version():
        return Cell(StepState.STALE, f"made by version {export.version}, not {program_version()}")
    first = next(iter(export.files), None)
    if first is not None and not (Path(export.target) / first[0]).exists():
        return Cell(StepState.STALE, f"{first[0]} is gone")
    return Cell(StepState.DONE, by=(export.coder,) if export.coder else ())
