"""`unisono export …`: each kind imports what it needs itself."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from acquire.cli.gathered import gathered
from acquire.cli.options import Annotations, Camera, Json, OnlyThese
from acquire.cli.sessions.engines import Workers
from acquire.plain_text import told

app = typer.Typer(no_args_is_help=True)

Coder = Annotated[
    str, typer.Option("--coder", help="Expressions that this coder coded; or consensus.")
]


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """What is exported, where to, and how that is told."""

    sessions: Annotated[
        list[Path],
        typer.Argument(
            metavar="SESSION…", help="Sessions, XDF files, or folders with sessions in."
        ),
    ]
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="Where the export goes.")]
    as_json: Json = False


@app.callback(invoke_without_command=True)
def export(
    deface_check: Annotated[
        Path | None,
        typer.Option(
            "--deface-check",
            metavar="PATH",
            help="List what could identify a person in a session or an export; exit 1 if any.",
        ),
    ] = None,
) -> None:
    """Write sessions in other formats."""
    if deface_check is None:
        return
    from recordings.privacy.identity import find_traces

    traces = find_traces(deface_check)
    for trace in traces:
        typer.echo(f"{trace.file}: {trace.what}" + (f" ({trace.remedy})" if trace.remedy else ""))
    if not traces:
        typer.echo("nothing found that is known to identify; free text was not understood")
    raise typer.Exit(1 if traces else 0)


def _run(kind: str, job: ExportOptions, settings: Any, workers: Workers) -> None:
    from acquire.processes.job_object import keep_children
    from recordings.export.jobs import jobs_that_fit
    from recordings.export.tasks import Done, Order, run
    from recordings.read.sessions import find_sessions
    from recordings.read.usable import usable

    found, left_out = usable(find_sessions(job.sessions), job.sessions)
    for path, reason in left_out:
        typer.echo(f"{path.name}: left out, {reason}", err=True)
    if not found:
        raise typer.Exit(2)
    order = Order(
        kind, found, job.to, settings, workers.jobs or jobs_that_fit(kind, found, settings)
    )
    keep_children()
    count = 0

    def tell(session: Path, done: Done) -> None:
        nonlocal count
        count += 1
        if not job.as_json:
            files = f", {len(done.files)} files" if done.files else ""
            typer.echo(f"{count}/{len(found)} {done.session}: {done.outcome}{files}")
            for note in done.notes:
                typer.echo(f"    {note}")

    results = run(order, tell, None if workers.is_plain else workers.engine(order.jobs))
    workers.tell()
    failed = [done for done in results if done.outcome == "failed"]
    if job.as_json:
        typer.echo(json.dumps([asdict(done) for done in results]))
    for done in failed:
        typer.echo(f"error: {told(f'{done.session}: {done.error}')}", err=True)
    if failed:
        raise typer.Exit(2)


@app.command()
@gathered
def bids(
    job: ExportOptions,
    name: Annotated[str, typer.Option(help="The dataset's name.")] = "Unisono recordings",
    format_: Annotated[
        Literal["BrainVision", "EDF"], typer.Option("--format", help="Of the EEG files.")
    ] = "BrainVision",
    video: Annotated[
        Literal["original", "mp4", "none"],
        typer.Option(help="Lossless files as they are, playable ones, or none."),
    ] = "original",
    stimuli: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder with the stimulus files.")
    ] = None,
    days_back: Annotated[int, typer.Option(help="Move all dates back by so many days.")] = 0,
    coder: Coder = "",
    annotations: Annotations = None,
    *,
    workers: Workers,
) -> None:
    """Sessions as one BIDS dataset; done again it adds what is new."""
    from recordings.export.bids.dataset import Settings

    settings = Settings(name, format_, video, days_back, stimuli, coder, annotations)
    _run("bids", job, settings, workers)


@app.command()
@gathered
def csv(
    job: ExportOptions,
    format_: Annotated[
        Literal["csv", "parquet"], typer.Option("--format", help="Text, or columns.")
    ] = "csv",
    stamps: Annotated[
        Literal["raw", "corrected", "dejittered"], typer.Option(help="What is done to the stamps.")
    ] = "corrected",
    stream: OnlyThese = None,
    *,
    workers: Workers,
) -> None:
    """Every stream as a table, CSV or Parquet."""
    from recordings.export.tables import Settings

    _run("csv", job, Settings(format_, stamps, tuple(stream or ())), workers)


@app.command()
@gathered
def edf(
    job: ExportOptions,
    format_: Annotated[
        Literal["edf", "bdf"], typer.Option("--format", help="16 bits, or 24.")
    ] = "bdf",
    stream: OnlyThese = None,
    *,
    workers: Workers,
) -> None:
    """Signals as EDF+ or BDF+, markers as annotations."""
    from recordings.export.edf.export import Settings

    _run("edf", job, Settings(format_, tuple(stream or ())), workers)


@app.command()
@gathered
def video(
    job: ExportOptions,
    crf: Annotated[int, typer.Option(min=0, max=51, help="Quality; less is better.")] = 18,
    width: Annotated[int, typer.Option(min=0, help="At most so wide; 0 = as it is.")] = 0,
    camera: OnlyThese = None,
    *,
    workers: Workers,
) -> None:
    """An ordinary MP4 of each camera, in colour, with the true times of its frames."""
    from recordings.export.video import Settings

    _run("video", job, Settings(crf, width, tuple(camera or ())), workers)


@app.command()
@gathered
def mmme(
    job: ExportOptions,
    camera: Camera = "",
    image: Annotated[Literal["png", "tif"], typer.Option(help="Both are lossless.")] = "png",
    coder: Coder = "",
    annotations: Annotations = None,
    *,
    workers: Workers,
) -> None:
    """The layout of the MMME corpus: frames of each clip, signals with triggers, coding sheet."""
    from recordings.export.mmme import Settings

    _run("mmme", job, Settings(camera, image, coder, annotations), workers)


@app.command()
@gathered
def clips(
    job: ExportOptions,
    around: Annotated[
        str, typer.Option(metavar="EVENT", help="trial, or an event such as onset or answer.")
    ] = "trial",
    code: Annotated[
        list[int] | None, typer.Option(help="Only with these codes; may be repeated.")
    ] = None,
    events: Annotated[
        Path | None,
        typer.Option(metavar="TABLE", help="Onset, apex and offset from a coding sheet instead."),
    ] = None,
    before: Annotated[float, typer.Option(min=0, help="Seconds before.")] = 0.0,
    after: Annotated[float, typer.Option(min=0, help="Seconds after.")] = 0.0,
    form: Annotated[
        Literal["clip", "frames", "pair"],
        typer.Option(help="A lossless video, its frames, or the first and the apex frame."),
    ] = "clip",
    crop: Annotated[
        Literal["full", "face"], typer.Option(help="The whole picture, or the face that is found.")
    ] = "full",
    box: Annotated[
        str, typer.Option(metavar="X,Y,W,H", help="Crop to this box instead, pixels.")
    ] = "",
    camera: Camera = "",
    coder: Coder = "",
    annotations: Annotations = None,
    *,
    workers: Workers,
) -> None:
    """Pieces of video around trials or events, with their times, frames and codes."""
    from recordings.export.clips import Settings

    if coder and events is not None:
        from acquire.errors import ConfigError

        raise ConfigError("--coder and --events both say which expressions; leave out one of them")
    codes, cut = tuple(code or ()), _box(box)
    settings = Settings(
        around, codes, events, before, after, form, crop, camera, cut, coder, annotations
    )
    _run("clips", job, settings, workers)


def _box(text: str) -> tuple[int, int, int, int] | None:
    from acquire.errors import ConfigError

    if not text:
        return None
    try:
        left, top, width, height = (int(part) for part in text.split(","))
        if min(left, top) < 0 or min(width, height) < 2:
            raise ValueError
    except ValueError:
        raise ConfigError(
            f"--box {text!r}: give four whole numbers LEFT,TOP,WIDTH,HEIGHT, the size at least 2"
        ) from None
    return left, top, width, height
