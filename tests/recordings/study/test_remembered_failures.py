"""Why a step failed is remembered until something changes that it was made from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import uuid4

import pytest

from recordings.annotation.coder_file import Who, annotations_folder
from recordings.annotation.model import Event, Moment
from recordings.annotation.store import CodingStore
from recordings.engines.local import Here
from recordings.engines.work import Engine, Lost, R, T, Work
from recordings.errors import RecordingError
from recordings.export import clips
from recordings.export.tasks import Order, run
from recordings.manifest import Manifest
from recordings.study.cells import StepState
from recordings.study.ledger import Ledger
from recordings.study.running import Planned, plan, run_step
from recordings.study.scan import scan
from recordings.study.status import study_status
from recordings.study.steps import Step, export_step, make_step
from tests.recordings.simulated_session import START, Plan, make_session


@pytest.fixture
def session(tmp_path: Path) -> Path:
    return make_session(tmp_path, Plan(seconds=2.0))


@pytest.fixture
def root(session: Path) -> Path:
    return session.parents[2]


@pytest.fixture
def step(tmp_path: Path) -> Step:
    return make_step("clips", tmp_path / "to", {"coder": "anna"})


def code(session: Path, coder: str) -> None:
    """Have somebody code one more expression."""
    with CodingStore(annotations_folder(session), Who(coder), session=session.name) as store:
        onset, offset = (Moment(time=START + 0.5 + n / 10, frame=50 + n) for n in (0, 5))
        new = Event(id=uuid4().hex, camera="face", onset=onset, offset=offset)
        store.put("events", new)


def planned(root: Path, step: Step) -> Planned:
    """What the step is for the one session now."""
    with Ledger(root) as ledger:
        (one,) = plan(root, step, scan(root, ledger), ledger, retry_failed=False)
    return one


def work(root: Path, step: Step, engine: Engine) -> None:
    with Ledger(root) as ledger:
        run_step(root, step, [planned(root, step)], ledger, engine)


def test_what_was_not_coded_is_tried_again_once_it_is(
    session: Path, root: Path, step: Step
) -> None:
    work(root, step, Here())
    failed = planned(root, step)
    assert (failed.cell.state, failed.due) == (StepState.FAILED, False)
    assert "not coded by 'anna'" in failed.cell.why
    code(session, "ben")
    assert not planned(root, step).due
    code(session, "anna")
    assert planned(root, step).due
    work(root, step, Here())
    assert planned(root, step).cell.state is StepState.DONE


class _CodedMeanwhile:
    """Somebody codes the session while it is worked on, too late to be read."""

    def __init__(self, session: Path) -> None:
        self._session = session

    def run(self, work: Work[T, R], items: Sequence[T]) -> Iterator[tuple[T, R | Lost]]:
        done = list(Here().run(work, items))
        code(self._session, "anna")
        yield from done


def test_what_was_coded_meanwhile_was_not_read(session: Path, root: Path, step: Step) -> None:
    work(root, step, _CodedMeanwhile(session))
    assert planned(root, step).due


def test_what_was_coded_again_meanwhile_was_not_exported(
    session: Path, root: Path, step: Step
) -> None:
    code(session, "anna")
    work(root, step, _CodedMeanwhile(session))
    assert planned(root, step).cell.state is StepState.STALE


class _Ended:
    """Each process is ended from outside before it has begun."""

    def run(self, work: Work[T, R], items: Sequence[T]) -> Iterator[tuple[T, R | Lost]]:
        return ((item, Lost("its process was ended")) for item in items)


def listed(root: Path) -> StepState:
    """What the list of the study says of the one export of the one session."""
    with Ledger(root) as ledger:
        found = study_status(root, scan(root, ledger), ledger.failures())
    return found.rows[0].cells[found.steps[-1]].state


def test_what_failed_before_the_session_was_told_is_listed_as_it_is_run(
    session: Path, root: Path, step: Step
) -> None:
    code(session, "anna")
    work(root, step, _Ended())
    assert not (session / "exports.json").exists()
    assert planned(root, step).cell.state is listed(root) is StepState.FAILED
    for path in annotations_folder(session).iterdir():
        path.unlink()
    assert planned(root, step).cell.state is listed(root) is StepState.MISSING


def test_a_session_that_could_not_be_told_is_not_exported_again(
    session: Path, root: Path, step: Step
) -> None:
    code(session, "anna")
    work(root, step, Here())
    (session / "exports.json").unlink()
    assert planned(root, step).cell.state is StepState.DONE
    manifest = Manifest.load(session)
    manifest.model_copy(update={"lsl_stop": START + 1.0}).save(session)
    assert planned(root, step).cell.state is StepState.MISSING, "the target may be another's"


@pytest.mark.parametrize("plainly", [False, True])
def test_what_other_settings_could_not_do_is_forgotten_once_what_is_there_is_asked_for(
    session: Path, root: Path, step: Step, plainly: bool
) -> None:
    code(session, "anna")
    work(root, step, Here())
    target = Path(step.target)
    work(root, export_step("clips", target, {"coder": "ben"}), Here())
    assert listed(root) is StepState.FAILED
    if plainly:
        run(Order("clips", (session,), target, clips.Settings(coder="anna")))
    else:
        assert not planned(root, step).due
        work(root, step, Here())
        with Ledger(root) as ledger:
            assert ledger.failures() == {}
    assert listed(root) is StepState.DONE


def test_a_name_that_no_coder_can_have_is_said_once(root: Path, tmp_path: Path) -> None:
    step = make_step("clips", tmp_path / "to", {"coder": "anna-lena"})
    with pytest.raises(RecordingError, match="coder 'anna-lena' has '-' in it"):
        work(root, step, Here())
