"""`unisono doctor`: what on this computer may spoil a recording, as a list or as a report."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from acquire.cli.options import Json


def doctor(
    rig: Annotated[
        Path | None,
        typer.Argument(
            metavar="RIG.toml", help="Look at its data folder, and at the way to its nodes."
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(
            "--report",
            metavar="FILE.zip",
            help="Write versions, timing, disk, cameras and a simulated recording, to be sent; "
            "it names no person and no computer.",
        ),
    ] = None,
    seconds: Annotated[
        float, typer.Option(min=1, max=3600, help="How long the report's recording is.")
    ] = 30.0,
    as_json: Json = False,
) -> None:
    """Look for what gets in the way of recording; exit 0 well, 1 warnings, 2 something fails."""
    from acquire.lsl.config import configuration, configure
    from acquire.rig.file import load_rig, no_rig

    table = load_rig(rig) if rig is not None else no_rig()
    configure(configuration(table.table.lsl_session, peers=table.peers))
    if report is not None:
        from acquire.cli.sessions.progress import warn
        from acquire.survey.report_file import write_report

        write_report(report, seconds, lambda part: warn(f"looking at: {part}"))
        typer.echo(f"{report}: written; it names no person and no computer")
        return
    from acquire.node.engine.path_check import examine as examine_node
    from acquire.survey.doctor import examine

    findings = examine(table.data_dir)
    for node in table.nodes:
        findings += examine_node(node)
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings]))
    else:
        from acquire.cli.tables import findings_list

        findings_list(findings)
    levels = {finding.level for finding in findings}
    raise typer.Exit(2 if "fail" in levels else 1 if "warn" in levels else 0)
