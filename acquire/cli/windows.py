"""`unisono gui` and `review`: the windows, imported by these commands alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from acquire.cli.options import Annotations, DataDir, RigIfAny
from acquire.cli.uncollected import uncollected
from acquire.plain_text import told

app = typer.Typer()


@app.command()
def gui(
    rig: RigIfAny = None,
    attach: Annotated[
        str | None, typer.Option(metavar="URL", help="Use the daemon at this address.")
    ] = None,
    data_dir: DataDir = None,
    token_file: Annotated[
        Path | None, typer.Option(help="File with the daemon's token; or set UNISONO_TOKEN.")
    ] = None,
) -> None:
    """Open the recorder window; it starts the rig's daemon, or finds the one that runs."""
    with uncollected():
        from gui.window.app import WindowOrder
        from gui.window.app import run as show

    raise typer.Exit(show(WindowOrder(rig, attach, data_dir, token_file)))


@app.command()
def review(
    session: Annotated[
        Path,
        typer.Argument(
            metavar="SESSION|XDF|STUDY",
            help="A session's folder; with --as also a study's: what comes next by coding.toml.",
        ),
    ],
    coder: Annotated[
        str, typer.Option("--as", metavar="CODER", help="Code it, in this coder's file.")
    ] = "",
    annotations: Annotations = None,
    scheme: Annotated[
        str, typer.Option(metavar="NAME|TOML", help="The coding scheme; else the study's.")
    ] = "",
    keys: Annotated[
        Literal["unisono", "datavyu", "boris"], typer.Option(help="The keys of which program.")
    ] = "unisono",
    arbitrate: Annotated[
        str, typer.Option(metavar="ONE,TWO", help="Decide between two coders, as CODER.")
    ] = "",
    motion: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where `unisono motion --to` wrote.")
    ] = None,
) -> None:
    """Look at a session frame by frame, beside its signals and markers; with --as: code it."""
    elsewhere = annotations is not None or motion is not None
    if not coder and (elsewhere or scheme or keys != "unisono" or arbitrate):
        hint = "--annotations --scheme --keys --arbitrate --motion"
        raise typer.BadParameter("only with --as CODER", param_hint=hint)
    pair = _two(arbitrate) if arbitrate else None
    with uncollected():
        from gui.coding.app import CodingOrder
        from gui.coding.app import run as code
        from gui.review.app import run as show

    if not coder:
        raise typer.Exit(show(session))
    session, coder = _turn(session, coder, annotations)
    raise typer.Exit(code(CodingOrder(session, coder, annotations, scheme, keys, pair, motion)))


def _turn(path: Path, coder: str, annotations: Path | None) -> tuple[Path, str]:
    """Return which session is meant, and as whom: of a study the next one in the coder's order."""
    from recordings.annotation.plan import load_plan
    from recordings.export.coding_turns import next_session
    from recordings.layout import PLAN_NAME
    from recordings.manifest import MANIFEST_NAME

    # A folder that is no session is to be a study's, and its plan to be missed by its name.
    if not (path / PLAN_NAME).is_file() and (not path.is_dir() or (path / MANIFEST_NAME).exists()):
        return path, coder
    coded, name, problems = next_session(path, coder, annotations)
    blind = "participant" in load_plan(path / PLAN_NAME).hide
    typer.echo(f"{'the next session' if blind else coded.name}, as {name}", err=True)
    if problems and blind:
        typer.echo(f"sessions that cannot be read: {len(problems)}; see coding turns", err=True)
    for problem in () if blind else problems:
        typer.echo(f"not read: {told(problem)}", err=True)
    return coded.session, name


def _two(coders: str) -> tuple[str, str]:
    first, comma, second = (part.strip() for part in coders.partition(","))
    if not comma or not second or "," in second or first == second:
        raise typer.BadParameter("two coders: anna,ben", param_hint="--arbitrate")
    return first, second
