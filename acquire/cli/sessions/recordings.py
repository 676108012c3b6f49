"""The commands on what has been recorded: check and repair. Each imports what it needs itself."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import typer

from acquire.cli.exits import INTERRUPTED
from acquire.cli.gathered import gathered
from acquire.cli.options import Idle, Json, OnlyThese
from acquire.cli.sessions import coding, export, motion, study
from acquire.cli.sessions.engines import Workers
from acquire.cli.sessions.features import features
from acquire.cli.unless_named import unless_named
from acquire.plain_text import told

app = typer.Typer()
importing = typer.Typer(
    cls=unless_named("xdf"),
    no_args_is_help=True,
    help="Make a session of a bare XDF file: unisono import XDF. Add what a wearable stored to "
    "one: recording.",
)
app.add_typer(importing, name="import")
app.add_typer(export.app, name="export")
app.add_typer(coding.app, name="coding")
app.add_typer(study.app, name="study")
app.add_typer(motion.app)
app.command()(features)

Recorded = Annotated[Path, typer.Argument(metavar="SESSION|XDF")]


@app.command()
@gathered
def check(
    paths: Annotated[
        list[Path], typer.Argument(metavar="SESSION|XDF…", help="Or folders with sessions in.")
    ],
    thresholds: Annotated[
        Path | None,
        typer.Option(metavar="TOML", help="Limits; else thresholds.toml beside or above it."),
    ] = None,
    first_step: Annotated[
        bool,
        typer.Option("--first-step", help="The contents of the files are not read again."),
    ] = False,
    idle: Idle = False,
    steered: Annotated[bool, typer.Option("--steered", hidden=True)] = False,
    as_json: Json = False,
    *,
    workers: Workers,
) -> None:
    """Verify sessions or XDF files; exit 0 pass, 1 warnings, 2 fail, 4 pending."""
    from recordings.check.examination import exit_code
    from recordings.read.sessions import holds_sessions
    from recordings.report.html import check_and_report

    many = len(paths) > 1 or holds_sessions(paths[0])
    if many or not workers.is_plain:
        _check_many(paths, thresholds, workers, as_json)
        return
    if idle:
        from acquire.processes.idle import be_idle

        be_idle()
    if steered:
        from acquire.cli.sessions.steered_check import steered_check

        report = steered_check(paths[0], contents=not first_step)
    else:
        report = check_and_report(paths[0], hashes=not first_step, thresholds=thresholds)
    if as_json:
        typer.echo(report.model_dump_json())
    else:
        from acquire.cli.tables import report_table

        report_table(report)
    for finding in report.findings:
        if finding.code == "report-unwritten":
            typer.echo(f"note: {finding.text}", err=True)
    raise typer.Exit(exit_code(report))


def _check_many(
    paths: list[Path], thresholds: Path | None, workers: Workers, as_json: bool
) -> None:
    from acquire.processes.job_object import keep_children
    from recordings.read.left_out import BEING_RECORDED
    from recordings.read.sessions import find_sessions
    from recordings.read.usable import being_recorded
    from recordings.report.many import Checked, check_many

    found = find_sessions(paths)
    written = [path for path in found if being_recorded(path)]
    for path in written:
        typer.echo(f"{path}: left out, {BEING_RECORDED}", err=True)

    def tell(done: Checked) -> None:
        if not as_json:
            said = f"warnings: {done.warnings}, failures: {done.failures}"
            typer.echo(f"{done.verdict or 'NOT CHECKED'}  {done.path}: {done.error or said}")
        for note in done.notes:
            typer.echo(f"note: {note}", err=True)

    engine = workers.engine(os.cpu_count() or 1)
    keep_children()
    results = check_many([p for p in found if p not in written], thresholds, engine, tell)
    workers.tell()
    if as_json:
        typer.echo(json.dumps([asdict(done) for done in results]))
    raise typer.Exit(max((done.exit_code for done in results), default=0))


@app.command()
def repair(
    path: Recorded,
    out: Annotated[Path | None, typer.Option(help="The copy; else NAME-repaired.")] = None,
    as_json: Json = False,
) -> None:
    """Write a readable copy of a crashed or damaged session or XDF file."""
    from recordings.repair.session import repair as write_copy

    done = write_copy(path, out)
    if as_json:
        typer.echo(json.dumps(asdict(done), default=str))
        return
    from acquire.cli.tables import repair_table

    repair_table(done)


@app.command()
def copy(
    sessions: Annotated[
        list[Path], typer.Argument(metavar="SESSION…", help="Or folders with sessions in.")
    ],
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="Another disk or share.")],
    idle: Idle = False,
) -> None:
    """Copy sessions and compare them by hash; what was interrupted goes on where it was."""
    from acquire.cli.sessions.progress import Percent
    from recordings.errors import RecordingError, few
    from recordings.read.sessions import find_sessions
    from recordings.study.copies import copy_session

    if idle:
        from acquire.processes.idle import be_idle

        be_idle()
    failed = False
    for session in find_sessions(sessions):
        percent = Percent(session.name)
        try:
            done = copy_session(session, to, percent.tell)
        except RecordingError as error:
            typer.echo(f"error: {told(error)}", err=True)
            failed = True
            continue
        note = f", {done.unhashed} without a hash in the manifest" if done.unhashed else ""
        if done.left_out:
            note += f"; left out, as links or no files: {few(done.left_out)}"
        if done.unmarked:
            note += f"; {done.unmarked}: it does not say that it was copied, and erase will miss it"
        typer.echo(f"{done.folder}: {done.files} files, {done.bytes:,} bytes, compared{note}")
    raise typer.Exit(2 if failed else 0)


@importing.command("xdf")
def import_xdf_file(
    path: Annotated[Path, typer.Argument(metavar="XDF", help="A bare file of any recorder.")],
    participant: Annotated[str, typer.Option(help="A pseudonym, without sub-.")],
    session: Annotated[str, typer.Option(help="The session's label.")] = "01",
    task: Annotated[str, typer.Option(help="The task's label.")] = "test",
    study: Annotated[str, typer.Option(help="The study's name.")] = "study",
    run: Annotated[int | None, typer.Option(min=1, help="Its number; default: the next.")] = None,
    data_dir: Annotated[
        Path | None, typer.Option("--data-dir", help="Where sessions go; default: ~/unisono.")
    ] = None,
) -> None:
    """Make a session of a bare XDF file, so that it can be exported to BIDS."""
    from acquire.rig.file import no_rig
    from acquire.take.folder import software
    from recordings.repair.imported import Labels, import_xdf

    folder = no_rig().data_folder(data_dir)
    done = import_xdf(path, folder, Labels(study, participant, session, task, run), software())
    typer.echo(f"{done.folder}: {done.streams} streams")
    for note in done.notes:
        typer.echo(f"note: {note}")


@importing.command("recording")
def import_stored(
    path: Annotated[
        Path, typer.Argument(metavar="FILE", help="CSV: Empatica's, or with a Unix time column.")
    ],
    into: Annotated[Path, typer.Option(metavar="SESSION", help="The session it belongs to.")],
    align: Annotated[
        str, typer.Option(metavar="clock|events", help="How its times come onto the session's.")
    ] = "clock",
    name: Annotated[str, typer.Option(help="The stream's name; default: the file's.")] = "",
    time_column: Annotated[str, typer.Option(help="Which column has the Unix times.")] = "",
    events: Annotated[
        Path | None, typer.Option(metavar="CSV", help="Unix times of events, one a line.")
    ] = None,
    event_column: Annotated[
        str, typer.Option(help="A column of the recording that rises from 0 with each event.")
    ] = "",
    markers: Annotated[
        str, typer.Option(metavar="STREAM", help="The session's markers of the same events.")
    ] = "",
    within: Annotated[
        float, typer.Option(min=0.1, help="How far off the clocks may be, s.")
    ] = 120.0,
) -> None:
    """Add what a wearable stored on board to a session, as a file of its own."""
    from recordings.wearable.importing import Order, import_recording

    if align not in ("clock", "events"):
        raise typer.BadParameter(f"{align!r} is neither clock nor events", param_hint="--align")
    by: Literal["clock", "events"] = "events" if align == "events" else "clock"
    done = import_recording(
        Order(path, into, by, name, time_column, events, event_column, markers, within)
    )
    entry, how = done.entry, done.entry.alignment
    assert how is not None
    typer.echo(f"{done.file}: stream {entry.name}, {entry.channels} × {entry.samples:,} samples")
    drift = f", drift {how.drift_ppm:+.1f} ppm" if how.drift_ppm is not None else ""
    left = (
        f", {how.events} events at most {1e3 * how.residual_s:.1f} ms off"
        if how.residual_s is not None
        else ""
    )
    typer.echo(f"aligned by {how.by} to within {how.error_s:.3g} s{drift}{left}")
    typer.echo("the certificate is of before: run unisono check")


@app.command()
def replay(
    path: Annotated[
        Path, typer.Argument(metavar="FILE", help="Session, .xdf, .vhdr, .edf, .bdf or .acq.")
    ],
    speed: Annotated[float, typer.Option(min=0.01, max=100, help="Times as fast.")] = 1.0,
    loop: Annotated[bool, typer.Option("--loop", help="Again and again.")] = False,
    stream: OnlyThese = None,
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
    from acquire.cli.live.replay import replay as run

    how = {"speed": speed, "loop": loop, "streams": stream or (), "video": not no_video}
    raise typer.Exit(run(path, seconds, delay_s=delay, **how))


@app.command()
def erase(
    folder: Annotated[Path, typer.Argument(metavar="STUDY", help="The study's or data folder.")],
    participant: Annotated[str, typer.Argument(help="The pseudonym of who has withdrawn.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list what would go.")] = False,
) -> None:
    """Delete all sessions and exports of a participant, and log that; exit 1 if any are left."""
    from recordings.privacy.erase import LOG_NAME, plan
    from recordings.privacy.erase import erase as delete

    planned = plan(folder, participant)
    for session in planned.sessions:
        typer.echo(f"session {session}")
    for target, record in planned.exports:
        typer.echo(f"export  {target}: {record.stem}")
    for stage in planned.stages:
        typer.echo(f"interrupted export {stage}")
    for what in planned.unreachable:
        typer.echo(f"not reached: {what}")
    if dry_run:
        return
    if not yes and not typer.confirm("Delete all of it? It cannot be undone."):
        raise typer.Exit(INTERRUPTED)
    done = delete(folder, planned)
    typer.echo(f"{done.files} files, {done.bytes:,} bytes deleted; logged in {folder / LOG_NAME}")
    for left in done.left:
        typer.echo(f"left: {left}", err=True)
    raise typer.Exit(1 if done.left else 0)
