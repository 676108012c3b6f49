"""`unisono motion`: how faces move, measured; and the models that landmarks need."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from acquire.cli.gathered import gathered
from acquire.cli.options import OnlyThese
from acquire.cli.sessions.engines import Workers
from acquire.plain_text import told

if TYPE_CHECKING:
    from recordings.motion.many import Job, Measured
    from recordings.motion.task import Settings

app = typer.Typer()


@app.command()
@gathered
def motion(
    sessions: Annotated[
        list[Path] | None, typer.Argument(metavar="SESSION…", help="Or folders with sessions in.")
    ] = None,
    camera: OnlyThese = None,
    to: Annotated[
        Path | None,
        typer.Option(
            "--to", metavar="DIR", help="A folder a session there, if not in the session itself."
        ),
    ] = None,
    models: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where the models lie; else the user's own.")
    ] = None,
    box: Annotated[
        bool, typer.Option("--box", help="By the box around the face, models or not.")
    ] = False,
    get_models: Annotated[
        bool, typer.Option("--get-models", help="Download the models for landmarks, by pip.")
    ] = False,
    wheel: Annotated[
        Path | None, typer.Option("--from", metavar="WHEEL", help="Take the models from this file.")
    ] = None,
    *,
    workers: Workers,
) -> None:
    """Measure how faces move: a trace a region, blinks, the head's pose, as Parquet."""
    folder = models or models_folder()
    if get_models or wheel is not None:
        _take_models(folder, wheel)
    if sessions:
        _measure(sessions, tuple(camera or ()), to, None if box else folder, workers)
    elif not get_models and wheel is None:
        raise typer.BadParameter("name a session, or --get-models", param_hint="SESSION")


def models_folder() -> Path:
    """Return where the user's models lie."""
    from platformdirs import user_data_path

    return user_data_path("unisono", appauthor=False) / "models"


def _take_models(folder: Path, wheel: Path | None) -> None:
    from recordings.motion.models import download, take_from_wheel

    found = take_from_wheel(wheel, folder) if wheel is not None else download(folder)
    typer.echo(f"{found.detector}\n{found.mesh}: both are what they should be")


def _measure(
    paths: list[Path],
    cameras: tuple[str, ...],
    to: Path | None,
    models: Path | None,
    workers: Workers,
) -> None:
    from recordings.export.places import remember
    from recordings.layout import MOTION_NAME
    from recordings.motion.models import find_models
    from recordings.motion.task import Settings
    from recordings.read.sessions import find_sessions
    from recordings.read.usable import usable

    if models is not None and find_models(models) is None:
        typer.echo(
            "note: no models for landmarks: regions come from the face box, and head angles are "
            "not known; unisono motion --get-models gets them",
            err=True,
        )
    found, left_out = usable(find_sessions(paths), paths)
    for path, reason in left_out:
        typer.echo(f"{path.name}: left out, {reason}", err=True)
    jobs = [_job(session, to, Settings(cameras, models)) for session in found]
    if to is not None:
        # Before a file of it is written: `erase` is to find what an interrupted run has left.
        for job in jobs:
            for note in remember(job.session, MOTION_NAME, to):
                typer.echo(note, err=True)
    if not _all_measured(jobs, workers):
        raise typer.Exit(2)


def _job(session: Path, to: Path | None, settings: Settings) -> Job:
    from recordings.export.records import session_name
    from recordings.layout import MOTION_NAME
    from recordings.motion.many import Job

    folder = session / MOTION_NAME if to is None else to / session_name(session)
    return Job(session.absolute(), folder.absolute(), settings)


def _all_measured(jobs: list[Job], workers: Workers) -> bool:
    """Measure, tell what came of it, and return whether nothing failed."""
    from acquire.processes.job_object import keep_children
    from recordings.engines.local import Here
    from recordings.export.jobs import jobs_that_fit
    from recordings.motion.many import MOTION, measure_many

    errors: list[str] = []
    count = 0

    def hear(job: Job, outcome: Measured) -> None:
        nonlocal count
        count += 1
        for note in outcome.notes:
            typer.echo(f"{count}/{len(jobs)} {job.folder}: {note}")
        if outcome.error:
            errors.append(outcome.error)

    at_a_time = workers.jobs or jobs_that_fit("motion", [job.session for job in jobs])
    alone = workers.is_plain and min(at_a_time, len(jobs)) <= 1
    keep_children()
    if alone:
        measure_many(jobs, Here(), hear, replace(MOTION, function=_shown))
    else:
        measure_many(jobs, workers.engine(at_a_time), hear)
    workers.tell()
    for error in errors:
        typer.echo(f"error: {told(error)}", err=True)
    return bool(jobs) and not errors


def _shown(job: Job) -> Measured:
    """Measure in this process, and say on standard error how far it is."""
    from acquire.cli.sessions.progress import Percent
    from recordings.motion.many import measure

    return measure(job, Percent(job.session.name).tell)
