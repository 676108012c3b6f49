"""What was done is stale once anything changes that it was made from."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recordings.annotation.agreement.arbitration import cases, settled
from recordings.annotation.coder_file import Who, annotations_folder
from recordings.annotation.model import Span
from recordings.annotation.store import CodingStore
from recordings.engines.local import Here
from recordings.read.sessions import session_folders
from recordings.study.cells import Cell, StepState
from recordings.study.ledger import Ledger
from recordings.study.running import plan, run_step
from recordings.study.scan import scan
from recordings.study.status import study_status
from recordings.study.steps import make_step
from tests.recordings.annotation.coded import coding, event
from tests.recordings.motion.files import write_motion
from tests.recordings.simulated_session import Plan, make_session


def cell(root: Path, step: str) -> Cell:
    """The first session's."""
    with Ledger(root) as ledger:
        known = ledger.failures(), ledger.targets()
        return study_status(root, scan(root, ledger), *known).rows[0].cells[step]


def done(root: Path, kind: str, **settings: Any) -> list[str]:
    """Do what is due; return which sessions that was."""
    step = make_step(kind, root.parent / "to", settings)
    found: list[str] = []
    with Ledger(root) as ledger:
        planned = plan(root, step, scan(root, ledger), ledger, retry_failed=False)
        run_step(root, step, planned, ledger, Here(), lambda r: found.append(r.session.name[:6]))
    return sorted(found)


def code(session: Path, last: int, elsewhere: Path | None = None) -> None:
    """Have somebody look at the frames up to `last`."""
    folder = annotations_folder(session, elsewhere)
    with CodingStore(folder, Who("anna"), session=session.name) as store:
        store.put("looked", Span(id="s", camera="face", first=0, last=last))


EVERY = ["sub-01", "sub-02"]


def test_an_export_of_another_coding_is_stale(root: Path, session: Path) -> None:
    for folder in session_folders(root):
        code(folder, 5)
    for last in (6, 7):
        assert "sub-01" in done(root, "bids", coder="anna", video="none")
        assert cell(root, "bids") == Cell(StepState.DONE, by=("anna",))
        code(session, last)
        found = cell(root, "bids")
        assert found.state is StepState.STALE
        assert re.fullmatch(r"annotations/anna\.(json|journal) has changed since", found.why)
    assert done(root, "bids", coder="anna", video="none") == ["sub-01"]


def test_a_coding_that_lies_elsewhere_is_stale_to_a_look_as_it_is_to_a_run(
    root: Path, session: Path, tmp_path: Path
) -> None:
    """`study status` called the export done that `study run` did again."""
    elsewhere = tmp_path / "coded"
    for folder in session_folders(root):
        code(folder, 5, elsewhere)
    settings = {"coder": "anna", "video": "none", "annotations": str(elsewhere)}
    assert done(root, "bids", **settings) == EVERY
    assert cell(root, "bids").state is StepState.DONE
    code(session, 6, elsewhere)
    found = cell(root, "bids")
    assert found.state is StepState.STALE
    assert re.search(r"coded/sub-01.*/anna\.(json|journal) has changed since", found.why)
    assert done(root, "bids", **settings) == EVERY[:1]
    elsewhere.rename(tmp_path / "moved")  # what is not found there is not known to have changed
    assert cell(root, "bids").state is StepState.DONE
    records = (tmp_path / "data" / "to" / "bids" / ".unisono").glob("*.json")
    assert str(tmp_path) not in "".join(path.read_text() for path in records)


def test_what_sessions_cannot_be_told_of_is_a_step_all_the_same(root: Path) -> None:
    """Of a study that is read-only no export was in the list."""
    for folder in session_folders(root):
        (folder / "exports.json").mkdir()  # as if it could not be written
    assert done(root, "csv", streams=("protocol",)) == EVERY
    assert cell(root, "csv").state is StepState.DONE
    assert done(root, "csv", streams=("protocol",)) == []
    (root.parent / "to" / "csv").rename(root.parent / "gone")
    with pytest.raises(KeyError):
        cell(root, "csv")


def test_what_failed_for_want_of_a_coding_has_not_failed_once_there_is_one(
    root: Path, session: Path
) -> None:
    assert done(root, "bids", coder="anna", video="none") == EVERY
    assert cell(root, "bids").state is StepState.FAILED
    code(session, 5)
    assert cell(root, "bids").state is StepState.MISSING
    assert done(root, "bids", coder="anna", video="none") == EVERY[:1]
    assert cell(root, "bids").state is StepState.DONE


def write_turns(path: Path, *turns: float) -> None:
    write_motion(path, np.arange(len(turns), dtype=np.float64), {"turn": np.array(turns)})


def test_features_of_another_motion_are_stale(root: Path, session: Path) -> None:
    pytest.importorskip("neurokit2")
    pytest.importorskip("pyarrow.parquet")
    motion = session / "motion" / "face.parquet"
    settings = {"length_s": 1.0, "signals": ("SKT", "motion")}
    assert done(root, "features", **settings) == EVERY
    write_turns(motion, 0.0)
    assert cell(root, "features").why == "motion has changed since"
    for turns in ([0.0, 1.0], [0.0, 2.0, 3.0]):
        write_turns(motion, *turns)
        assert "sub-01" in done(root, "features", **settings)
        assert cell(root, "features").state is StepState.DONE
        write_turns(motion, 7.0)
        assert cell(root, "features").why == "motion/face.parquet has changed since"
    motion.unlink()
    assert cell(root, "features").state is StepState.STALE
    assert done(root, "features", **settings) == ["sub-01"]


def test_a_check_by_other_limits_than_the_labs_is_stale(
    root: Path, session: Path, tmp_path: Path
) -> None:
    assert done(root, "check") == EVERY
    assert done(root, "check") == []
    limits = root / "thresholds.toml"
    limits.write_text("[bound_ms]\nfail = 1e-9\n")
    assert cell(root, "check").why == "checked by other limits than those of thresholds.toml"
    assert done(root, "check") == EVERY
    assert cell(root, "check").state is StepState.FAILED
    assert done(root, "check") == []  # a failure stays until something changes
    limits.write_text("[bound_ms]\nfail = 1e9\n")
    assert cell(root, "check").state is StepState.STALE
    assert done(root, "check") == EVERY
    assert cell(root, "check") == Cell(StepState.DONE, "PASS")
    (session / "thresholds.toml").write_text("[bound_ms]\nwarn = 1e-9\n")
    assert done(root, "check") == EVERY[:1]
    assert cell(root, "check") == Cell(StepState.DONE, "WARN")
    own = tmp_path / "own.toml"
    own.write_text("[drift_ppm]\nwarn = 1e9\n")
    assert done(root, "check", thresholds=str(own)) == EVERY
    assert done(root, "check", thresholds=str(own)) == []
    assert done(root, "check") == EVERY  # those of the study are due again


def test_a_consensus_is_agreed_once_every_event_is_decided(tmp_path: Path) -> None:
    session = make_session(tmp_path, Plan(seconds=2.0))
    stores = {name: Who(name) for name in ("anna", "ben", "consensus")}
    coded = {"anna": coding([event("a1", 10, 14, 19), event("a2", 60, 64, 69)]), "ben": coding([])}

    def store(name: str) -> CodingStore:
        return CodingStore(session / "annotations", stores[name], session=session.name)

    for name, one in coded.items():
        with store(name) as own:
            for span in one.looked.values():
                own.put("looked", span)
            for found in one.events.values():
                own.put("events", found)
    open_cases = cases(coded["anna"], coded["ben"], "face")
    assert len(open_cases) == 2
    for left, case in zip((1, 0), open_cases, strict=True):
        with store("consensus") as consensus:
            consensus.put_decision(*settled(case, ("anna", "ben"), "first", "cleo"))
        state = Cell(StepState.MISSING, "1 events are undecided") if left else Cell(StepState.DONE)
        assert cell(tmp_path / "study", "agreed") == state
