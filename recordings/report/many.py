"""A whole study checked: each session a task of its own, in parallel processes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from recordings.check.examination import EXIT_CODES
from recordings.errors import RecordingError
from recordings.report.html import check_and_report

FAILED = 2


@dataclass(frozen=True, slots=True)
class Checked:
    """The verdict on one session; `error` where it could not be checked at all."""

    path: str
    verdict: str
    warnings: int = 0
    failures: int = 0
    error: str = ""

    @property
    def exit_code(self) -> int:
        """0 PASS, 1 WARN, 2 FAIL or not checked."""
        codes = {str(verdict): code for verdict, code in EXIT_CODES.items()}
        return codes.get(self.verdict, FAILED)


def check_one(path: Path, thresholds: Path | None) -> Checked:
    """Check a session and write its report: a task that depends on nothing else."""
    try:
        report = check_and_report(path, thresholds=thresholds)
    except RecordingError as error:
        return Checked(str(path), "", error=str(error))
    except Exception as error:  # one session does not keep the others from being checked
        return Checked(str(path), "", error=f"{type(error).__name__}: {error}")
    levels = [finding.level for finding in report.findings]
    return Checked(str(path), str(report.verdict), levels.count("warn"), levels.count("fail"))


def check_many(
    paths: Sequence[Path], thresholds: Path | None, jobs: int, progress: Callable[[Checked], None]
) -> list[Checked]:
    """Check sessions in `jobs` processes; `progress` hears of each as it is done."""
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        running = {pool.submit(check_one, path, thresholds): path for path in paths}
        done = {}
        try:
            for future in as_completed(running):
                path = running[future]
                try:
                    done[path] = future.result()
                except BrokenProcessPool:
                    text = "the process that checked it was ended from outside; try --jobs 1"
                    done[path] = Checked(str(path), "", error=text)
                progress(done[path])
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
    return [done[path] for path in paths]
