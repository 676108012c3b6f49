"""What a step is for one session: done, stale, failed or missing, and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from recordings.study.facts import Facts
from recordings.version import program_version


class StepState(StrEnum):
    """What a step is for one session."""

    DONE = "done"
    STALE = "stale"
    FAILED = "failed"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Cell:
    """One session and one step; `why` is not empty where a person would ask."""

    state: StepState
    why: str = ""
    by: tuple[str, ...] = ()  # the coders whose work it is


DONE: Final = Cell(StepState.DONE)
MISSING: Final = Cell(StepState.MISSING)


def mark(facts: Facts) -> str:
    """Return what any result holds for, before the settings: the recording and this program."""
    return f"{facts.digest} {program_version()} "
