"""Motion of many sessions: each is a task of its own, on any engine (`recordings.engines`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from recordings.engines.work import Engine, Lost, Work
from recordings.errors import RecordingError, one_line
from recordings.motion.task import Settings, Tell, run_task


@dataclass(frozen=True, slots=True)
class Job:
    """A session, and the folder that its tables go into."""

    session: Path
    folder: Path
    settings: Settings


@dataclass(frozen=True, slots=True)
class Measured:
    """What a person should know of it; `error` is not empty where it could not be measured."""

    notes: tuple[str, ...] = ()
    error: str = ""


def measure(job: Job, tell: Tell = lambda done, total: None) -> Measured:
    """Measure the faces of one session; what goes wrong is its own failure."""
    import cv2

    cv2.setNumThreads(1)  # small pictures: threads that wait for each other cost more than they do
    try:
        return Measured(tuple(run_task(job.session, job.folder, job.settings, tell)))
    except RecordingError as error:
        return Measured(error=one_line(error))
    except Exception as error:  # libraries have errors of their own
        return Measured(error=f"{job.session}: {type(error).__name__}: {error}")


MOTION: Final = Work("motion", measure, Job, Measured)


def measure_many(
    jobs: Sequence[Job],
    engine: Engine,
    told: Callable[[Job, Measured], None],
    work: Work[Job, Measured] = MOTION,
) -> None:
    """Measure sessions; `told` hears of each as it is done, two for one folder as a failure.

    Raises:
        RecordingError: there is nobody to do it.
    """
    alone: dict[Path, Job] = {}
    for job in jobs:
        if (first := alone.setdefault(job.folder, job)) is not job:
            error = f"{job.session}: {first.session} goes into {job.folder}, too; name another --to"
            told(job, Measured(error=error))
    for job, outcome in engine.run(work, list(alone.values())):
        if isinstance(outcome, Lost):
            outcome = Measured(error=f"{job.session}: {outcome.reason}")
        told(job, outcome)
