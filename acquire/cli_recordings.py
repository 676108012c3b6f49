"""The commands on what has been recorded: check and repair. Each imports what it needs itself."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from acquire import cli_export

app = typer.Typer()
app.add_typer(cli_export.app, name="export")

Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON, as the last line.")]
Recorded = Annotated[Path, typer.Argument(metavar="SESSION|XDF")]


@app.command()
def check(path: Recorded, as_json: Json = False) -> None:
    """Verify a session or an XDF file; exit 0 pass, 1 warnings, 2 fail."""
    from recordings.check import exit_code
    from recordings.report import check_and_report

    report = check_and_report(path)
    if as_json:
        typer.echo(report.model_dump_json())
    else:
        from acquire.tables import report_table

        report_table(report)
    raise typer.Exit(exit_code(report))


@app.command()
def repair(
    path: Recorded,
    out: Annotated[Path | None, typer.Option(help="The copy; else NAME-repaired.")] = None,
    as_json: Json = False,
) -> None:
    """Write a readable copy of a crashed or damaged session or XDF file."""
    from recordings.repair import repair as write_copy

    done = write_copy(path, out)
    if as_json:
        typer.echo(json.dumps(asdict(done), default=str))
        return
    from acquire.tables import repair_table

    repair_table(done)


@app.command()
def replay(
    path: Annotated[
        Path, typer.Argument(metavar="FILE", help="Session, .xdf, .vhdr, .edf, .bdf or .acq.")
    ],
    speed: Annotated[float, typer.Option(min=0.01, max=100, help="Times as fast.")] = 1.0,
    loop: Annotated[bool, typer.Option("--loop", help="Again and again.")] = False,
    stream: Annotated[list[str] | None, typer.Option(help="Only these; may be repeated.")] = None,
    no_video: Annotated[
        bool, typer.Option("--no-video", help="Frames' times as recorded, without a camera.")
    ] = False,
    delay: Annotated[
        float, typer.Option(min=0, help="Wait before the first sample, s: time to connect.")
    ] = 0.0,
    seconds: Annotated[
        float | None, typer.Option(help="How long; default: to the end, or until stopped.")
    ] = None,
) -> None:
    """Publish a recording as live LSL streams, its video as a camera."""
    from acquire.replay_run import ReplayOrder
    from acquire.replay_run import replay as run

    order = ReplayOrder(path, speed, loop, tuple(stream or ()), not no_video, delay, seconds)
    raise typer.Exit(run(order))
