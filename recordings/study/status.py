"""Every session × every step: done, stale, failed or missing, and why."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from recordings.read.left_out import BEING_RECORDED, why_not_twice
from recordings.study.facts import (
    CheckFacts,
    CoderFacts,
    ExportFacts,
    Facts,
    doubles,
    labels,
    told_by,
)
from recordings.study.ledger import Failures
from recordings.version import program_version

RECORDED: Final = "recorded"
CHECK: Final = "check"
CODED: Final = "coded"
AGREED: Final = "agreed"
_CLOCK_S: Final = 2.0
"""FAT's dates are no finer."""
CONSENSUS: Final = "consensus"


class StepState(StrEnum):
    """What a step is for one session."""

    DONE = "done"
    STALE = "stale"
    FAILED = "failed"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Cell:
    """One session and one step; `why` is not empty where a person would ask."""

    state: StepState
    why: str = ""
    by: tuple[str, ...] = ()  # the coders whose work it is


_DONE: Final = Cell(StepState.DONE)
_MISSING: Final = Cell(StepState.MISSING)


@dataclass(frozen=True, slots=True)
class SessionStatus:
    """One row."""

    facts: Facts
    label: str  # its name; before it what tells two of one name apart
    cells: dict[str, Cell]  # by step

    def as_dict(self) -> dict[str, Any]:
        """As plain data, for `--json`."""
        return {
            "session": self.facts.name,
            "folder": self.facts.folder,
            "participant": self.facts.participant,
            "seconds": self.facts.seconds,
            "unusable": self.facts.unusable,
            "steps": {
                step: {"state": cell.state, "why": cell.why, "by": cell.by}
                for step, cell in self.cells.items()
            },
        }


@dataclass(frozen=True, slots=True)
class StudyStatus:
    """The whole table."""

    root: Path
    steps: tuple[str, ...]
    rows: tuple[SessionStatus, ...]

    def counts(self, step: str) -> Counter[StepState]:
        """Count the sessions in each state of a step."""
        return Counter(row.cells[step].state for row in self.rows)

    def failed(self) -> list[tuple[str, str, str]]:
        """List (session, step, why) of all that failed."""
        return [
            (row.label, step, cell.why)
            for row in self.rows
            for step, cell in row.cells.items()
            if cell.state is StepState.FAILED
        ]


def study_status(
    root: Path, sessions: Sequence[Facts], failures: Failures, *, files: bool = False
) -> StudyStatus:
    """Judge every session by every step that any session of the study has.

    With `files`, each exported file is looked at, which takes a while where there are thousands.
    """
    exports = sorted(
        {(export.kind, export.target) for facts in sessions for export in facts.exports}
        | {(step, target) for _, step, target in failures if target}
    )
    names = export_names(exports)
    called, twice = labels(sessions), doubles(sessions)
    rows = []
    for facts in sessions:
        other = twice.get(facts.folder)
        cells = {
            RECORDED: Cell(StepState.DONE, why_not_twice(called[other]))
            if other
            else recorded(facts),
            CHECK: checked(facts, failures),
            CODED: coded(facts.coders),
            AGREED: agreed(facts.coders),
        }
        for place, name in names.items():
            cell = exported(facts, *place, failures)
            if files and cell.state is StepState.DONE:
                cell = _with_files(facts, *place) or cell
            cells[name] = cell
        rows.append(SessionStatus(facts, called[facts.folder], cells))
    steps = (RECORDED, CHECK, CODED, AGREED, *names.values())
    return StudyStatus(root, steps, tuple(rows))


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


def recorded(facts: Facts) -> Cell:
    """Whether there is a recording that was closed."""
    if facts.problem:
        return Cell(StepState.FAILED, facts.problem)
    if facts.being_recorded:
        return Cell(StepState.MISSING, BEING_RECORDED)
    if facts.state in ("armed", "recording"):
        return Cell(StepState.FAILED, "it was never closed; run unisono repair on it")
    if facts.state == "failed":
        return Cell(StepState.FAILED, "the recording could not go on; its report says why")
    if facts.gone:
        are = "are" if len(facts.gone) > 1 else "is"
        return Cell(StepState.FAILED, f"{', '.join(facts.gone)} {are} gone")
    why = f"marked as not usable: {facts.unusable}" if facts.unusable else ""
    return Cell(StepState.DONE, why or ("repaired" if facts.state == "repaired" else ""))


def checked(facts: Facts, failures: Failures = {}) -> Cell:  # noqa: B006 - never changed
    """Whether it was checked as it is now, and with what result.

    A failure that is remembered counts until somebody has checked it, in whichever way.
    """
    cell = _checked(facts)
    failure = failures.get((facts.folder, CHECK, ""))
    if cell.state is StepState.DONE or failure is None:
        return cell
    return (
        Cell(StepState.FAILED, failure.reason)
        if failure.fingerprint.startswith(mark(facts))
        else cell
    )


def _checked(facts: Facts) -> Cell:
    if (found := facts.check) is None:
        return _MISSING
    if why := _outdated(found, facts):
        return Cell(StepState.STALE, why)
    if found.verdict == "FAIL":
        return Cell(StepState.FAILED, found.why)
    return Cell(StepState.DONE, found.verdict)


def mark(facts: Facts) -> str:
    """Return what any result holds for, before the settings: the recording and this program."""
    return f"{facts.digest} {program_version()} "


def _outdated(check: CheckFacts, facts: Facts) -> str:
    if check.digest and check.digest != facts.digest:
        return "the manifest is another one than was checked"
    if not check.digest and not check.newer:
        return "the manifest is newer than the report"
    if check.version and check.version != program_version():
        return f"checked by version {check.version}, this is {program_version()}"
    return "" if check.contents_read else "the contents of the files were not read yet"


def coded(coders: Sequence[CoderFacts]) -> Cell:
    """Whether somebody has looked at all frames, and who."""
    own = [coder for coder in coders if coder.name != CONSENSUS]
    damaged = [coder.problem for coder in own if coder.problem]
    if damaged:
        return Cell(StepState.FAILED, damaged[0])
    said = ", ".join(f"{coder.name} {_share(coder)}" for coder in own)
    whole = tuple(c.name for c in own if c.frames and c.looked >= c.frames)
    return Cell(StepState.DONE if whole else StepState.MISSING, said, whole)


def _share(coder: CoderFacts) -> str:
    return f"{100 * coder.looked // coder.frames} %" if coder.frames else "0 %"


def agreed(coders: Sequence[CoderFacts]) -> Cell:
    """Whether there is a consensus, newer than what it was made from."""
    consensus = next((coder for coder in coders if coder.name == CONSENSUS), None)
    if consensus is None:
        return _MISSING
    if consensus.problem:
        return Cell(StepState.FAILED, consensus.problem)
    later = [c.name for c in coders if c.changed_ns > consensus.changed_ns]
    if later:
        return Cell(StepState.STALE, f"coded since by {', '.join(later)}")
    return _DONE


def exported(facts: Facts, kind: str, target: str, failures: Failures) -> Cell:
    """Whether an export to a target is of the session as it is now.

    With which settings, the record alone knows: `unisono study run` compares them.
    """
    places = ((e, (e.kind, e.target)) for e in facts.exports)
    found = next((e for e, place in places if place == (kind, target)), ExportFacts(kind, target))
    cell = export_cell(found, facts) if found.fingerprint else _MISSING
    failure = failures.get((facts.folder, kind, target))
    if failure is not None and failure.fingerprint.startswith(mark(facts)):
        same = failure.fingerprint == mark(facts) + found.fingerprint
        if not (same and cell.state is StepState.DONE):  # a plain export has done it since
            return Cell(StepState.FAILED, failure.reason)
    if found.tried.startswith(mark(facts)):
        return Cell(StepState.FAILED, found.failed)
    return cell


def _with_files(facts: Facts, kind: str, target: str) -> Cell | None:
    """Say of an export that is done what has become of its files; None where nothing has."""
    export = next(e for e in facts.exports if (e.kind, e.target) == (kind, target))
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
