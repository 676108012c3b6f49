"""Doing steps of a study: what is missing or stale, and what failed only if that is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from recordings.engines.work import Engine
from recordings.errors import RecordingError
from recordings.read.left_out import why_left_out, why_not_twice
from recordings.study.cells import Cell, StepState
from recordings.study.facts import Facts, doubles, labels
from recordings.study.ledger import Failure, Ledger
from recordings.study.reading import brief
from recordings.study.scan import scan
from recordings.study.steps import Result, Step, standing


@dataclass(frozen=True, slots=True)
class Planned:
    """What a step is for one session before it is run, and whether it will be."""

    facts: Facts
    cell: Cell
    due: bool


def chosen(
    sessions: Iterable[Facts], only: Sequence[str]
) -> tuple[list[Facts], list[tuple[Facts, str]]]:
    """Tell the sessions that are asked for and may be used from those that are left out, and why.

    Args:
        sessions: of the study.
        only: participants (`sub-01`), or beginnings of sessions' names; none = all.

    Raises:
        RecordingError: a name in `only` is no session's.
    """
    found = list(sessions)
    for name in only:
        if not any(_is_of(facts, name) for facts in found):
            raise RecordingError(f"--only {name}: no session's name begins so; write sub-01")
    wanted = [f for f in found if not only or any(_is_of(f, name) for name in only)]
    called, twice = labels(found), doubles(found)
    left_out = {folder: why_not_twice(called[other]) for folder, other in twice.items()}
    left_out |= {
        facts.folder: why
        for facts in found
        if (why := why_left_out(facts.being_recorded, facts.unusable))
    }
    return (
        [facts for facts in wanted if facts.folder not in left_out],
        [(facts, left_out[facts.folder]) for facts in wanted if facts.folder in left_out],
    )


def _is_of(facts: Facts, name: str) -> bool:
    called = (facts.name, f"sub-{facts.participant}_ses-{facts.session}")  # it may be renamed
    return any(one == name or one.startswith(f"{name}_") for one in called)


def plan(
    root: Path, step: Step, sessions: Iterable[Facts], ledger: Ledger, *, retry_failed: bool
) -> list[Planned]:
    """Say which sessions a step is due for."""
    failures = ledger.failures()
    planned = []
    for facts in sessions:
        cell = standing(step, facts, root, failures)
        failed = cell.state is StepState.FAILED
        due = retry_failed if failed else cell.state is not StepState.DONE
        planned.append(Planned(facts, cell, due))
    return planned


def run_step(
    root: Path,
    step: Step,
    planned: Sequence[Planned],
    ledger: Ledger,
    engine: Engine,
    tell: Callable[[Result], None] = lambda result: None,
) -> None:
    """Do what is due; each result is remembered as it comes.

    What is done as it is asked for has not failed any more, whatever was tried since.

    Raises:
        RecordingError: there is nobody to do it, or nowhere to write to, or the settings name what
            cannot be.
    """
    if step.target:
        ledger.remember(step.name, step.target)
    failures = ledger.failures()
    for facts in (one.facts for one in planned if one.cell.state is StepState.DONE):
        step.settle(facts, root)
        if (facts.folder, step.name, step.target) in failures:
            ledger.note(facts.folder, step.name, step.target, None)
    if not any(one.due for one in planned):
        return
    due = {root / one.facts.folder: one.facts for one in planned if one.due}
    # Before anything is done: what is coded meanwhile was not read.
    marks = {session: step.mark(facts, root) for session, facts in due.items()}

    def told(result: Result) -> None:
        facts = due[result.session]
        result = replace(result, reason=brief(result.reason, result.session))
        failure = Failure(marks[result.session], result.reason) if result.reason else None
        ledger.note(facts.folder, step.name, step.target, failure)
        tell(result)

    step.run(list(due), engine, told)
    scan(root, ledger)
