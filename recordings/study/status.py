"""Every session × every step: done, stale, failed or missing, and why."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from recordings.layout import THRESHOLDS_NAME
from recordings.read.left_out import BEING_RECORDED, why_not_twice
from recordings.study.cells import DONE, MISSING, Cell, StepState, mark
from recordings.study.exported import export_names, exported, with_files
from recordings.study.facts import CheckFacts, CoderFacts, Facts, doubles, labels
from recordings.study.ledger import Failures
from recordings.version import program_version

RECORDED: Final = "recorded"
CHECK: Final = "check"
CODED: Final = "coded"
AGREED: Final = "agreed"
CONSENSUS: Final = "consensus"


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
    root: Path,
    sessions: Sequence[Facts],
    failures: Failures,
    targets: Iterable[tuple[str, str]] = (),
    *,
    files: bool = False,
) -> StudyStatus:
    """Judge every session by every step that any session of the study has.

    `targets` are where steps have written, as the ledger says: those that are still there count.
    With `files`, each exported file is looked at, which takes a while where there are thousands.
    """
    exports = sorted(
        {(export.kind, export.target) for facts in sessions for export in facts.exports}
        | {(step, target) for _, step, target in failures if target}
        | {(step, target) for step, target in targets if Path(target).is_dir()}
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
            cell = exported(facts, *place, failures, root)
            if files and cell.state is StepState.DONE:
                cell = with_files(facts, *place, root) or cell
            cells[name] = cell
        rows.append(SessionStatus(facts, called[facts.folder], cells))
    steps = (RECORDED, CHECK, CODED, AGREED, *names.values())
    return StudyStatus(root, steps, tuple(rows))


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


def checked(
    facts: Facts,
    failures: Failures = {},  # noqa: B006 - never changed
    limits: str | None = None,
) -> Cell:
    """Whether it was checked as it is now, and with what result.

    A failure that is remembered counts until somebody has checked it, in whichever way. `limits`
    are the lab's own; None: those that are found.
    """
    limits = facts.limits if limits is None else limits
    cell = _checked(facts, limits)
    failure = failures.get((facts.folder, CHECK, ""))
    if cell.state is StepState.DONE or failure is None:
        return cell
    return (
        Cell(StepState.FAILED, failure.reason)
        if failure.fingerprint.startswith(check_mark(facts, limits))
        else cell
    )


def check_mark(facts: Facts, limits: str) -> str:
    """Return what the result of a check holds for: see `mark`, and the lab's own limits."""
    return f"{mark(facts)}{hashlib.sha256(limits.encode()).hexdigest()[:16]} "


def _checked(facts: Facts, limits: str) -> Cell:
    if (found := facts.check) is None:
        return MISSING
    if why := _outdated(found, facts, limits):
        return Cell(StepState.STALE, why)
    if found.verdict == "FAIL":
        return Cell(StepState.FAILED, found.why)
    return Cell(StepState.DONE, found.verdict)


def _outdated(check: CheckFacts, facts: Facts, limits: str) -> str:
    if check.digest and check.digest != facts.digest:
        return "the manifest is another one than was checked"
    if not check.digest and not check.newer:
        return "the manifest is newer than the report"
    if check.version and check.version != program_version():
        return f"checked by version {check.version}, this is {program_version()}"
    if limits and limits != check.limits:
        return f"checked by other limits than those of {THRESHOLDS_NAME}"
    return "" if check.contents_read else "the contents of the files were not read yet"


def coded(coders: Sequence[CoderFacts]) -> Cell:
    """Whether somebody is done with all that is to be coded, and who."""
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
    """Whether there is a consensus of all events, newer than what it was made from."""
    consensus = next((coder for coder in coders if coder.name == CONSENSUS), None)
    if consensus is None:
        return MISSING
    if consensus.problem:
        return Cell(StepState.FAILED, consensus.problem)
    later = [c.name for c in coders if c.changed_ns > consensus.changed_ns]
    if later:
        return Cell(StepState.STALE, f"coded since by {', '.join(later)}")
    if consensus.undecided:
        return Cell(StepState.MISSING, f"{consensus.undecided} events are undecided")
    return DONE
