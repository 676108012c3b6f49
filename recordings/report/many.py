"""A whole study checked: each session a task of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from recordings.check.examination import EXIT_CODES
from recordings.engines.work import Engine, Lost, Work
from recordings.errors import RecordingError
from recordings.report.html import check_and_report

FAILED = 2


@dataclass(frozen=True, slots=True)
class CheckJob:
    """A session to be checked, by a lab's own limits where there are any."""

    path: Path
    thresholds: Path | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """The verdict on one session; `error` where it could not be checked at all."""

    path: str
    verdict: str
    warnings: int = 0
    failures: int = 0
    error: str = ""
    first: str = ""  # what failed, first of all
    notes: tuple[str, ...] = ()  # what a person should know though it is no verdict

    @property
    def exit_code(self) -> int:
        """0 PASS, 1 WARN, 2 FAIL or not checked, 4 PENDING."""
        codes = {str(verdict): code for verdict, code in EXIT_CODES.items()}
        return codes.get(self.verdict, FAILED)


def check_one(job: CheckJob) -> Checked:
    """Check a session and write its report: a task that depends on nothing else."""
    path = str(job.path)
    try:
        report = check_and_report(job.path, thresholds=job.thresholds)
    except RecordingError as error:
        return Checked(path, "", error=str(error))
    except Exception as error:  # one session does not keep the others from being checked
        return Checked(path, "", error=f"{type(error).__name__}: {error}")
    levels = [finding.level for finding in report.findings]
    failures = [f.told for f in report.findings if f.level == "fail"]
    return Checked(
        path,
        str(report.verdict),
        levels.count("warn"),
        len(failures),
        first=failures[0] if failures else "",
        notes=tuple(f.text for f in report.findings if f.code == "report-unwritten"),
    )


CHECK: Final = Work("check", check_one, CheckJob, Checked)


def check_many(
    paths: Sequence[Path],
    thresholds: Path | None,
    engine: Engine,
    progress: Callable[[Checked], None],
) -> list[Checked]:
    """Check sessions; `progress` hears of each as it is done.

    Returns:
        A row for each that is dealt with, in their order.

    Raises:
        RecordingError: there is nobody to do it.
    """
    limits = thresholds.absolute() if thresholds is not None else None
    by_path = {path.absolute(): path for path in paths}
    done: dict[Path, Checked] = {}
    for job, outcome in engine.run(CHECK, [CheckJob(path, limits) for path in by_path]):
        path = by_path[job.path]
        if isinstance(outcome, Lost):
            outcome = Checked("", "", error=outcome.reason)
        outcome = replace(outcome, path=str(path))
        done[path] = outcome
        progress(outcome)
    return [done[path] for path in paths if path in done]
