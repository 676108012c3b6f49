"""`unisono study`: what a folder of sessions holds, and what is done with each of them."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from acquire.cli.gathered import gathered
from acquire.cli.options import Annotations, Json
from acquire.cli.sessions.engines import Workers
from acquire.errors import ConfigError
from acquire.plain_text import told

if TYPE_CHECKING:
    from recordings.study.cells import Cell
    from recordings.study.ledger import Ledger
    from recordings.study.running import Planned
    from recordings.study.status import StudyStatus
    from recordings.study.steps import Result, Step

app = typer.Typer(
    no_args_is_help=True,
    help="What a folder of sessions holds, and what is done with each of them.",
)

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="A study's folder, or a data folder.")]


@dataclass(frozen=True, slots=True)
class Which:
    """Which sessions a step is run for, and whether it is only said."""

    only: Annotated[
        list[str] | None, typer.Option(metavar="SUB-01", help="Only these; may be repeated.")
    ] = None
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Also what failed, though nothing has changed.")
    ] = False
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False


_GLYPHS = {"done": "●", "stale": "▲", "failed": "✖", "missing": "○"}
_MOST_FAILURES = 50


class Undone(StrEnum):
    """What a script may want to fail on."""

    FAILED = "failed"
    STALE = "stale"
    MISSING = "missing"


FailOn = Annotated[
    list[Undone] | None,
    typer.Option("--fail-on", help="Exit 2 where any step is that; may be repeated."),
]


@app.command()
def status(
    folder: Folder,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a page with plots as well.")
    ] = None,
    files: Annotated[
        bool, typer.Option("--files", help="Also look at each exported file, which takes longer.")
    ] = False,
    annotations: Annotations = None,
    fail_on: FailOn = None,
    as_json: Json = False,
) -> None:
    """List every session and every step: done, stale, failed or missing.

    A look that succeeds exits with 0, whatever it finds; with --fail-on, 2 if it finds that.
    """
    from recordings.study.ledger import Ledger
    from recordings.study.scan import scan
    from recordings.study.status import study_status

    root = folder.absolute()
    with Ledger(root) as ledger:
        known = ledger.failures(), ledger.targets()
        found = study_status(root, scan(root, ledger, annotations), *known, files=files)
    if as_json:
        rows = [row.as_dict() for row in found.rows]
        typer.echo(json.dumps({"steps": found.steps, "sessions": rows}))
    else:
        _print_status(found)
    if html is not None:
        from recordings.report.page import write_page
        from recordings.study.page import render

        write_page(html, render(found))
        typer.echo(f"{html}: written", err=as_json)
    wanted = {state.value for state in fail_on or ()}
    if any(cell.state.value in wanted for row in found.rows for cell in row.cells.values()):
        raise typer.Exit(2)


def _print_status(found: StudyStatus) -> None:
    if not found.rows:
        typer.echo(f"{found.root}: no sessions")
        return
    lines = [["session", *found.steps]]
    lines += ([row.label, *map(_cell, row.cells.values())] for row in found.rows)
    wide = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        typer.echo("  ".join(cell.ljust(n) for cell, n in zip(line, wide, strict=True)).rstrip())
    failed = found.failed()
    for session, step, why in failed[:_MOST_FAILURES]:
        typer.echo(f"{session}: {step} failed: {why}")
    if len(failed) > _MOST_FAILURES:
        typer.echo(f"… and {len(failed) - _MOST_FAILURES} more; --json has them all")
    for step in found.steps:
        counts = found.counts(step)
        typer.echo(f"{step}: " + ", ".join(f"{n} {state}" for state, n in sorted(counts.items())))


def _cell(cell: Cell) -> str:
    by = f" by {', '.join(cell.by)}" if cell.by else ""
    left = f": {cell.why}" if cell.state == "missing" and cell.why else ""  # how far it is
    return f"{_GLYPHS[cell.state]} {cell.state}{by}{left}"


@app.command()
@gathered
def run(
    folder: Folder,
    steps: Annotated[list[str], typer.Argument(metavar="STEP…", help="check, bids, csv, edf…")],
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="DIR", help="Each export in a folder of it; DIR/exports."),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="A setting of the step; may be repeated."),
    ] = None,
    *,
    which: Which,
    as_json: Json = False,
    workers: Workers,
) -> None:
    """Do steps with the sessions for which they are missing or stale; exit 2 with any failure."""
    from recordings.study.steps import make_step

    if workers.slurm_script is not None and len(steps) > 1:
        raise ConfigError("--slurm-script is for one step: one script each")
    root = folder.absolute()
    target = (to or root / "exports").absolute()
    given = dict(_setting(text) for text in settings or ())
    made = [make_step(name, target, given) for name in steps]
    run_steps(root, made, which, workers, as_json)


def run_steps(root: Path, steps: list[Step], which: Which, workers: Workers, as_json: bool) -> None:
    """Do steps, one after another.

    Raises:
        Exit: 2, where anything has failed.
    """
    from recordings.study.ledger import Ledger

    rows: list[dict[str, Any]] = []
    with Ledger(root) as ledger, ledger.alone():
        for step in steps:
            session = _StepRun(root, step, ledger, as_json)
            planned = session.plan(which.only or [], which.retry_failed)
            rows += session.dry(planned) if which.dry_run else session.do(planned, workers)
    if as_json:
        typer.echo(json.dumps(rows))
    if not which.dry_run and any(row["reason"] for row in rows):
        raise typer.Exit(2)


def _setting(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals:
        raise ConfigError(f"--set {text!r}: write KEY=VALUE, for instance format=EDF")
    return key, value


class _StepRun:
    """One step, told as it goes. Sessions are known by their folders: names may be there twice."""

    def __init__(self, root: Path, step: Step, ledger: Ledger, quiet: bool) -> None:
        self._root, self._step, self._ledger, self._quiet = root, step, ledger, quiet
        self._called: dict[str, str] = {}

    def plan(self, only: list[str], retry_failed: bool) -> list[Planned]:
        from recordings.errors import RecordingError
        from recordings.study.facts import labels
        from recordings.study.running import chosen, plan
        from recordings.study.scan import scan

        found = scan(self._root, self._ledger, wait=True)
        if not found:
            raise RecordingError(f"{self._root}: no sessions; name a study's or a data folder")
        self._called = labels(found)
        usable, left_out = chosen(found, only)
        for facts, why in left_out:
            self._say(f"{self._called[facts.folder]}: left out, {why}", err=True)
        return plan(self._root, self._step, usable, self._ledger, retry_failed=retry_failed)

    def dry(self, planned: list[Planned]) -> list[dict[str, Any]]:
        for one in planned:
            doing = "would be done" if one.due else "stays"
            why = f": {one.cell.why}" if one.cell.why else ""
            name = self._called[one.facts.folder]
            self._say(f"{self._step.name} {name}: {one.cell.state}{why} ({doing})")
        return [
            self._row(one, one.cell.why if one.cell.state == "failed" else "") for one in planned
        ]

    def do(self, planned: list[Planned], workers: Workers) -> list[dict[str, Any]]:
        due = [one for one in planned if one.due]
        failed = {one.facts.folder: one.cell.why for one in planned if one.cell.state == "failed"}
        reasons = self._run(planned, due, workers)
        workers.tell()
        failed |= reasons
        for one in planned:  # in one order: they ended as they came
            if reason := failed.get(one.facts.folder):
                name = self._called[one.facts.folder]
                typer.echo(f"error: {told(f'{self._step.name} {name}: {reason}')}", err=True)
        standing = sum(bool(reason) for reason in failed.values())
        waiting = len(due) - len(reasons)  # for the tasks of a script
        done = len(planned) - standing - waiting
        again = f"; --retry-failed does {standing} again" if standing else ""
        later = f", {waiting} left to the script" if waiting else ""
        self._say(
            f"{self._step.name}: {len(reasons)} run, {done} done, {standing} failed{later}{again}"
        )
        return [self._row(one, failed.get(one.facts.folder, "")) for one in planned]

    def _run(self, planned: list[Planned], due: list[Planned], workers: Workers) -> dict[str, str]:
        """Do what is due; return why it failed of each that was done, "" where it did not."""
        from recordings.export.jobs import jobs_that_fit
        from recordings.study.running import run_step
        from recordings.study.steps import ExportStep

        paths = {self._root / one.facts.folder: one.facts.folder for one in due}
        reasons: dict[str, str] = {}

        def tell(result: Result) -> None:
            folder = paths[result.session]
            reasons[folder] = result.reason
            said = "failed" if result.reason else result.said
            place = f"{len(reasons)}/{len(due)}"
            self._say(f"{self._step.name} {place} {self._called[folder]}: {said}")
            for note in result.notes:
                self._say(f"    {note}")

        step, fit = self._step, os.cpu_count() or 1
        if isinstance(step, ExportStep):
            fit = jobs_that_fit(step.name, list(paths), step.settings)
        run_step(self._root, step, planned, self._ledger, workers.engine(fit), tell)
        return reasons

    def _row(self, one: Planned, reason: str) -> dict[str, Any]:
        return {
            "step": self._step.name,
            "session": one.facts.name,
            "folder": one.facts.folder,
            "was": str(one.cell.state),
            "due": one.due,
            "reason": reason,
        }

    def _say(self, text: str, err: bool = False) -> None:
        if not self._quiet or err:
            typer.echo(text, err=err)


@app.command(hidden=True)
def work(folder: Path, number: int) -> None:
    """Do one item of a Slurm array."""
    from recordings.engines.slurm import do_item
    from recordings.export.staging import EXPORT
    from recordings.motion.many import MOTION
    from recordings.report.many import CHECK

    do_item(folder, number, {work.name: work for work in (CHECK, EXPORT, MOTION)})
