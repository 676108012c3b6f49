"""What can be done with each session of a study, by name: one table.

A step says what it is for one session, and does itself for many, on any engine. An export is
registered in `recordings.export.staging.KINDS`; whatever else writes files of a session into a
folder can be, too.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Protocol

from pydantic import TypeAdapter, ValidationError

from recordings.check.thresholds import limits_of
from recordings.engines.work import Engine
from recordings.errors import RecordingError
from recordings.export.records import fingerprint, forget_failure
from recordings.export.staging import KINDS
from recordings.export.tasks import Done, Order, run
from recordings.report.many import Checked, check_many
from recordings.study.cells import Cell, StepState, mark
from recordings.study.exported import changed_file, export_cell, export_of
from recordings.study.facts import Facts
from recordings.study.ledger import Failures
from recordings.study.status import CHECK, check_mark, checked


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one session; `reason` is not empty where it failed."""

    session: Path
    reason: str = ""
    said: str = "done"  # in a word or two
    notes: tuple[str, ...] = ()


Tell = Callable[[Result], None]


class Step(Protocol):
    """One step with its settings."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def target(self) -> str:
        """Where its files go; "" for those that go into the session's folder."""

    def mark(self, facts: Facts, root: Path) -> str:
        """Return what a failure holds for: recording, program, settings, and what else is read.

        Raises:
            RecordingError: the settings name what cannot be.
        """

    def cell(self, facts: Facts, root: Path) -> Cell:
        """Say whether it is done for a session, from its files alone."""

    def settle(self, facts: Facts, root: Path) -> None:
        """Forget that a try with other settings failed since: what is asked for is there."""

    def run(self, sessions: Sequence[Path], engine: Engine, tell: Tell) -> None:
        """Do it; `tell` hears of each session as it is done.

        Raises:
            RecordingError: there is nobody to do it, or nowhere to write to.
        """


@dataclass(frozen=True, slots=True)
class CheckSettings:
    """`thresholds` is a file of limits; without, one beside or above a session holds."""

    thresholds: Path | None = None


@dataclass(frozen=True, slots=True)
class CheckStep:
    """Every session gets its certificate; FAIL is a failure."""

    settings: CheckSettings = CheckSettings()
    name: str = CHECK
    target: str = ""

    def mark(self, facts: Facts, root: Path) -> str:
        """See `Step`."""
        return check_mark(facts, self._limits(facts, root)) + _settings_hash(self.settings)

    def cell(self, facts: Facts, root: Path) -> Cell:
        """See `Step`."""
        return checked(facts, limits=self._limits(facts, root))

    def _limits(self, facts: Facts, root: Path) -> str:
        given = self.settings.thresholds
        return facts.limits if given is None else limits_of(root / facts.folder, given)

    def settle(self, facts: Facts, root: Path) -> None:
        """See `Step`; a report is of its last check."""

    def run(self, sessions: Sequence[Path], engine: Engine, tell: Tell) -> None:
        """See `Step`."""

        def told(done: Checked) -> None:
            reason = done.error or (done.first if done.verdict == "FAIL" else "")
            tell(Result(Path(done.path), reason, done.verdict, done.notes))

        check_many(sessions, self.settings.thresholds, engine, told)


@dataclass(frozen=True, slots=True)
class ExportStep:
    """Every session is exported into one folder."""

    name: str
    target: str
    settings: Any

    def mark(self, facts: Facts, root: Path) -> str:
        """See `Step`."""
        return mark(facts) + self._fingerprint(facts, root)

    def _fingerprint(self, facts: Facts, root: Path) -> str:
        return fingerprint(self.name, self.settings, root / facts.folder, facts.digest)

    def cell(self, facts: Facts, root: Path) -> Cell:
        """See `Step`."""
        found = export_of(facts, self.name, self.target, root)
        if found.tried == self.mark(facts, root):
            return Cell(StepState.FAILED, found.failed)
        if not found.fingerprint:
            return Cell(StepState.MISSING)
        cell = export_cell(found, facts)
        if cell.state is not StepState.DONE:
            return cell
        if found.fingerprint != self._fingerprint(facts, root):
            return Cell(StepState.STALE, "made with other settings, or of another coding")
        why = changed_file(found)
        return Cell(StepState.STALE, why) if why else cell

    def settle(self, facts: Facts, root: Path) -> None:
        """See `Step`."""
        if export_of(facts, self.name, self.target, root).tried:
            forget_failure(Path(self.target), facts.name, self.name)

    def run(self, sessions: Sequence[Path], engine: Engine, tell: Tell) -> None:
        """See `Step`."""

        def told(session: Path, done: Done) -> None:
            tell(Result(session, done.error, done.outcome, done.notes))

        run(Order(self.name, tuple(sessions), Path(self.target), self.settings), told, engine)


def _settings_hash(settings: Any) -> str:
    text = TypeAdapter(type(settings)).dump_json(settings)
    return hashlib.sha256(text).hexdigest()[:16]


def _check_step(target: Path, given: Mapping[str, Any]) -> Step:
    return CheckStep(_settings(CHECK, CheckSettings, given))


def _export_step(kind: str, target: Path, given: Mapping[str, Any]) -> Step:
    return export_step(kind, target / kind, given)


STEPS: Final[Mapping[str, Callable[[Path, Mapping[str, Any]], Step]]] = {
    CHECK: _check_step,
    **{kind: partial(_export_step, kind) for kind in KINDS},
}
"""By name: what makes a step of a folder for exports and of its settings."""


def export_step(kind: str, target: Path, given: Mapping[str, Any]) -> Step:
    """Return an export into the folder `target` itself; see `make_step`."""
    settings = _settings(kind, import_module(KINDS[kind]).Settings, given)
    return ExportStep(kind, str(target.absolute()), settings)


def make_step(name: str, target: Path, given: Mapping[str, Any]) -> Step:
    """Return a step.

    Args:
        name: of `STEPS`.
        target: the folder in which each kind of export has one of its name.
        given: settings by name; text stands for what it says.

    Raises:
        RecordingError: there is no such step, or it does not take these settings.
    """
    if name not in STEPS:
        raise RecordingError(f"step {name!r}: there are {', '.join(STEPS)}")
    return STEPS[name](target.absolute(), given)


def _settings(name: str, kind: type[Any], given: Mapping[str, Any]) -> Any:
    known = kind.__dataclass_fields__
    for key in given:
        if key not in known:
            raise RecordingError(f"{name}: no setting {key!r}; it has {', '.join(known)}")
    try:
        return TypeAdapter(kind).validate_python({k: _meant(v) for k, v in given.items()})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "settings"
        said = first["msg"].removeprefix("Value error, ")  # pydantic's, before words of our own
        raise RecordingError(f"{name}: {where}: {said}") from error


def _meant(value: Any) -> Any:
    """Return a list of words written as JSON as such."""
    if isinstance(value, str) and value.startswith("["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def standing(step: Step, facts: Facts, root: Path, failures: Failures) -> Cell:
    """Say what a step is for a session; one that failed stays so until something changes."""
    cell = step.cell(facts, root)
    failure = failures.get((facts.folder, step.name, step.target))
    if failure is None or cell.state is StepState.DONE:  # a command on it alone has done it since
        return cell
    return (
        Cell(StepState.FAILED, failure.reason)
        if failure.fingerprint == step.mark(facts, root)
        else cell
    )
