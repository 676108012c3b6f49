"""The page of `unisono study status --html`: one file without scripts, in the report's style."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from markupsafe import Markup

from recordings import palette
from recordings.errors import few
from recordings.report.drawing import clock
from recordings.report.page import page_colours, page_environment
from recordings.study.cells import Cell, StepState
from recordings.study.facts import Facts, labels
from recordings.study.plots import Dot, dots
from recordings.study.status import RECORDED, SessionStatus, StudyStatus

_STATES: Final = {
    StepState.DONE: "alive",
    StepState.STALE: "warning",
    StepState.FAILED: "failed",
    StepState.MISSING: "missing",
}
_FIGURES: Final[tuple[tuple[str, str, Callable[[Facts], float | None]], ...]] = (
    ("Duration", "min", lambda f: None if f.seconds is None else f.seconds / 60),
    ("Samples lost, worst stream", "%", lambda f: 100 * f.check.lost_share if f.check else None),
    ("Frames lost", "", lambda f: float(f.check.frames_lost) if f.check else None),
    ("Time axes within ±, widest pair", "ms", lambda f: f.check.axes_ms if f.check else None),
    ("Clock drift, largest", "ppm", lambda f: f.check.drift_ppm if f.check else None),
    ("Size", "MB", lambda f: f.bytes / 1e6 if f.bytes else None),
)


def render(status: StudyStatus) -> str:
    """Return the HTML."""
    environment = page_environment(Path(__file__).parent)
    facts = [row.facts for row in status.rows]
    return environment.get_template("study.html.j2").render(
        css=page_colours(),
        title=_title(status),
        simulated=sum(one.simulated for one in facts),
        numbers=_numbers(status),
        steps=[(step, _step(status, step)) for step in status.steps],
        columns=status.steps,
        rows=[_row(row) for row in status.rows],
        failed=_failed(status),
        failed_glyph=palette.GLYPHS["failed"],
        absent=absent(facts),
        plots=_plots(facts),
    )


def _title(status: StudyStatus) -> str:
    studies = {row.facts.study for row in status.rows if row.facts.study}
    return f"Study {studies.pop()}" if len(studies) == 1 else f"Studies in {status.root.name}"


def _numbers(status: StudyStatus) -> list[tuple[str, str, str]]:
    """Return what matters most as (figure, what it is, state)."""
    facts = [row.facts for row in status.rows]
    recorded_s = sum(one.seconds or 0.0 for one in facts)
    size = sum(one.bytes for one in facts)
    failed = len({session for session, _, _ in status.failed()})
    unusable = sum(bool(one.unusable) for one in facts)
    numbers = [
        (f"{len(facts):,}", "sessions", ""),
        (f"{len({one.participant for one in facts}):,}", "participants", ""),
        (clock(recorded_s), "recorded", ""),
        (f"{size / 1e9:,.2f} GB", "on the disk", ""),
        (f"{failed:,}", "sessions with a failure", "warning" if failed else ""),
    ]
    return [*numbers, (f"{unusable:,}", "marked as not usable", "")] if unusable else numbers


def _step(status: StudyStatus, step: str) -> list[tuple[str, str, int, float]]:
    """Return (state, CSS class, sessions, share in %) of a step."""
    counts = status.counts(step)
    every = max(len(status.rows), 1)
    return [(s.value, _STATES[s], counts[s], 100 * counts[s] / every) for s in StepState]


def _row(row: SessionStatus) -> dict[str, Any]:
    cells = [
        (_STATES[cell.state], palette.GLYPHS[_STATES[cell.state]], cell.state.value, _said(cell))
        for cell in row.cells.values()
    ]
    return {
        "facts": row.facts,
        "label": row.label,
        "length": "–" if row.facts.seconds is None else clock(row.facts.seconds),
        "cells": cells,
    }


def _said(cell: Cell) -> str:
    return cell.why or (f"by {', '.join(cell.by)}" if cell.by else "")


def _failed(status: StudyStatus) -> list[tuple[str, str, str]]:
    """List what failed; of a session that was not even recorded, only that."""
    whole = {session for session, step, _ in status.failed() if step == RECORDED}
    return [f for f in status.failed() if f[1] == RECORDED or f[0] not in whole]


def absent(facts: Sequence[Facts]) -> list[str]:
    """Say who is missing: numbers left out, and sessions that others have."""
    found = sorted({one.participant for one in facts if one.participant})
    numbers = {int(label) for label in found if label.isdecimal() and label.isascii()}
    width = max((len(label) for label in found if label.isdecimal()), default=2)
    gaps = sorted(set(range(1, max(numbers, default=0))) - numbers)
    said = [f"sub-{_ranges(gaps, width)}: no session at all"] if gaps else []
    by_session: dict[str, set[str]] = {}
    for one in facts:
        by_session.setdefault(one.session, set()).add(one.participant)
    for session, there in sorted(by_session.items()):
        without = [label for label in found if label not in there]
        if without and len(without) < len(found) and len(by_session) > 1:
            said.append(f"ses-{session}: not of {few([f'sub-{label}' for label in without], 20)}")
    return said


def _ranges(numbers: Sequence[int], width: int) -> str:
    """Write 3, 4, 5, 9 as 03–05, 09."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    texts = (
        f"{run[0]:0{width}d}" if len(run) == 1 else f"{run[0]:0{width}d}–{run[-1]:0{width}d}"
        for run in runs
    )
    return ", ".join(texts)


def _plots(facts: Sequence[Facts]) -> list[tuple[str, Markup, str]]:
    order = sorted(facts, key=lambda one: (one.started_utc, one.folder))
    called = labels(facts)
    drawn = []
    for label, unit, figure in _FIGURES:
        found = [
            Dot(number, value, called[one.folder], _dot_state(one))
            for number, one in enumerate(order, 1)
            if (value := figure(one)) is not None
        ]
        if found:
            note = f"{len(found)} of {len(order)}"
            drawn.append((label, Markup(dots(found, len(order), unit, label)), note))
    return drawn


def _dot_state(facts: Facts) -> str:
    return {"FAIL": "fail", "WARN": "warn", "PENDING": "warn"}.get(
        facts.check.verdict if facts.check else "", ""
    )
