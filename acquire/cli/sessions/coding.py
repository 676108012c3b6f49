"""`unisono coding …`: agreement, who codes what, other people's files. Each imports its own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from acquire.cli.options import Annotations, Camera, Json
from acquire.plain_text import told

app = typer.Typer(no_args_is_help=True, help="Coded expressions: agreement, import, export.")

Session = Annotated[Path, typer.Argument(metavar="SESSION")]
Form = Annotated[
    Literal["casme2", "samm", "samm-lv", "casme3", "mmme", "megc", "eaf", "boris", "bids"] | None,
    typer.Option("--form", help="How the file is written; .eaf, .boris and .tsv say it."),
]


@app.command()
def agreement(
    study: Annotated[
        list[Path], typer.Argument(metavar="STUDY…", help="Folders with sessions in, or sessions.")
    ],
    plan: Annotated[
        Path | None, typer.Option(metavar="TOML", help="coding.toml; else beside or above.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write a page with plots.")
    ] = None,
    annotations: Annotations = None,
    as_json: Json = False,
) -> None:
    """Say how far coders agree, by pair, session and action unit; exit 1 if a file is unread."""
    from recordings.annotation.agreement.coded_study import read_sessions
    from recordings.annotation.agreement.study_agreement import study_agreement
    from recordings.annotation.plan import find_plan, load_plan
    from recordings.read.sessions import find_sessions

    found = find_sessions(study)
    named = plan or find_plan(found[0])
    sessions, problems = read_sessions(found, annotations)
    result = study_agreement(sessions, load_plan(named) if named else None, problems)
    if html is not None:
        from recordings.report.agreement import render
        from recordings.report.page import write_page

        write_page(html, render(result))
    if as_json:
        typer.echo(result.model_dump_json())
    else:
        from acquire.cli.sessions.coding_tables import agreement_tables

        agreement_tables(result)
    for note in result.notes:
        typer.echo(f"note: {note}", err=True)
    for problem in result.problems:
        typer.echo(f"not read: {problem}", err=True)
    raise typer.Exit(1 if result.problems else 0)


@app.command()
def turns(
    study: Annotated[Path, typer.Argument(metavar="STUDY", help="The folder with coding.toml.")],
    coder: Annotated[str, typer.Argument(help="Whose turns.")],
    by: Annotated[
        Literal["session", "trial"], typer.Option(help="What is coded in one go.")
    ] = "session",
    annotations: Annotations = None,
) -> None:
    """List what a coder has to code, in that coder's order; a second time is marked +2.

    What cannot be read is named, and the exit code is 1.
    """
    from recordings.export.coding_turns import turns_of

    found = turns_of(study, coder, by, annotations)
    for coded in found.coded:
        number, time = coded.turn.item.trial, coded.turn.time
        trial = "" if number is None else f"  trial {number}"
        typer.echo(f"{coded.name}{trial}{'  +2' if time > 1 else ''}")
    for problem in found.problems:
        typer.echo(f"not read: {told(problem)}", err=True)
    raise typer.Exit(1 if found.problems else 0)


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A table, .eaf, .boris or .tsv.")],
    session: Session,
    coder: Annotated[str, typer.Option("--as", metavar="CODER", help="Whose file they go to.")],
    form: Form = None,
    camera: Camera = "",
    observation: Annotated[
        str, typer.Option(metavar="NAME", help="Of a BORIS project that has several.")
    ] = "",
    looked: Annotated[
        bool, typer.Option("--looked", help="All of the video was looked at, for agreement.")
    ] = False,
    annotations: Annotations = None,
) -> None:
    """Take events of another program or corpus into a coder's file; exit 1 if a row is faulty."""
    from recordings.export.coding_import import take_in

    done = take_in(
        session,
        file,
        form,
        coder,
        camera,
        observation=observation,
        looked=looked,
        annotations=annotations,
    )
    for note in done.notes:
        typer.echo(f"note: {note}")
    for fault in done.faults:
        typer.echo(f"{file.name}, {fault}", err=True)
    typer.echo(f"{done.taken} events, {done.there} of them there already")
    raise typer.Exit(1 if done.faults else 0)


@app.command("export")
def export_(
    session: Session,
    coder: Annotated[str, typer.Argument(help="Whose events; or consensus.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to.")],
    form: Form = None,
    camera: Camera = "",
    annotations: Annotations = None,
) -> None:
    """Write a coder's events, or the consensus, for another program or as a corpus has them."""
    from recordings import open_session
    from recordings.export.coding import export_events, form_of

    with open_session(session) as opened:
        notes = export_events(opened, file, form_of(file, form), coder, camera, annotations)
    for note in notes:
        typer.echo(f"note: {note}")
    typer.echo(f"{file}: written")
