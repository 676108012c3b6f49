"""`unisono features`: the sessions of a study as tables for statistics and models."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from acquire.cli.gathered import gathered
from acquire.cli.options import Annotations, Json
from acquire.cli.sessions.engines import Workers
from acquire.cli.sessions.study import Folder, Which, run_steps

_LIST = "may be repeated"


@gathered
def features(
    study: Folder,
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="Where the tables go.")],
    windows: Annotated[
        str, typer.Option(metavar="sliding|trial|event", help="What a row is.")
    ] = "sliding",
    length: Annotated[float, typer.Option(help="Of a sliding window, s.")] = 10.0,
    step: Annotated[float, typer.Option(help="From window to window, s; 0 = the length.")] = 0.0,
    before: Annotated[float, typer.Option(help="A window begins so long before an event, s.")] = 2,
    after: Annotated[float, typer.Option(help="… and ends so long after its onset, s.")] = 8,
    signal: Annotated[
        list[str] | None,
        typer.Option(help=f"EEG, ECG, PPG, EDA, RSP, SKT, EMG, motion, flow28, flow256; {_LIST}."),
    ] = None,
    coder: Annotated[str, typer.Option(help="Whose events.")] = "consensus",
    annotations: Annotations = None,
    *,
    which: Which,
    as_json: Json = False,
    workers: Workers,
) -> None:
    """Write a table a session: a row a window, trial or event; exit 2 with any failure."""
    from recordings.study.steps import export_step

    given = {
        "windows": windows,
        "length_s": length,
        "step_s": step,
        "before_s": before,
        "after_s": after,
        "signals": tuple(signal or ()),
        "events_of": coder,
        "annotations": None if annotations is None else annotations.absolute(),
    }
    made = export_step("features", to, given)
    run_steps(study.absolute(), [made], which, workers, as_json)
