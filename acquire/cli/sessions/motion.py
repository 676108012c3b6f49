"""`unisono motion`: how faces move, measured; and the models that landmarks need."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()


@app.command()
def motion(
    sessions: Annotated[
        list[Path] | None, typer.Argument(metavar="SESSION…", help="Or folders with sessions in.")
    ] = None,
    camera: Annotated[
        list[str] | None, typer.Option(help="Only this one; may be repeated.")
    ] = None,
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
) -> None:
    """Measure how faces move: a trace a region, blinks, the head's pose, as Parquet."""
    folder = models or models_folder()
    if get_models or wheel is not None:
        _take_models(folder, wheel)
    if sessions:
        _measure(sessions, tuple(camera or ()), to, None if box else folder)
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
    paths: list[Path], cameras: tuple[str, ...], to: Path | None, models: Path | None
) -> None:
    import cv2

    from acquire.cli.sessions.progress import Percent
    from recordings.errors import RecordingError
    from recordings.export.places import remember
    from recordings.export.records import session_name
    from recordings.export.tasks import find_sessions
    from recordings.layout import MOTION_NAME
    from recordings.motion.models import find_models
    from recordings.motion.task import Settings, run_task

    cv2.setNumThreads(1)  # small pictures: threads that wait for each other cost more than they do
    if models is not None and find_models(models) is None:
        typer.echo(
            "note: no models for landmarks: regions come from the face box, and head angles are "
            "not known; unisono motion --get-models gets them",
            err=True,
        )
    failed = False
    for session in find_sessions(paths):
        folder = session / MOTION_NAME if to is None else to / session_name(session)
        percent = Percent(session_name(session))
        # Before a file of it is written: `erase` is to find what an interrupted run has left.
        notes = remember(session, MOTION_NAME, to) if to is not None else []
        try:
            notes += run_task(session, folder, Settings(cameras, models), percent.tell)
        except RecordingError as error:
            typer.echo(f"error: {error}", err=True)
            failed = True
            continue
        for note in notes:
            typer.echo(f"{folder}: {note}")
    raise typer.Exit(2 if failed else 0)
