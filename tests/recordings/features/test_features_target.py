"""Tables of several windows in one target, and what becomes of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from recordings.annotation.coder_file import Who
from recordings.annotation.model import Event, Moment
from recordings.annotation.store import CodingStore
from recordings.export.tasks import Order, run
from recordings.features.task import Settings
from recordings.manifest import Manifest
from recordings.read.sessions import session_folders
from recordings.study.cells import StepState
from recordings.study.ledger import Ledger
from recordings.study.scan import scan
from recordings.study.status import study_status
from tests.recordings.simulated_session import START, Plan, make_session
from tests.recordings.study.simulated_study import make_study

pytest.importorskip("pyarrow")


def test_tables_of_other_windows_stay_and_those_of_the_same_are_replaced(tmp_path: Path) -> None:
    (session,) = session_folders(make_study(tmp_path / "data", 1, 12.0))
    target = tmp_path / "tables"

    def made(**settings: Any) -> tuple[str, dict[str, bytes]]:
        order = Order("features", (session,), target, Settings(signals=("SKT",), **settings))
        (done,) = run(order)
        tables = sorted(target.rglob("*.parquet"))
        return done.outcome, {p.name.rsplit("_", 2)[1]: p.read_bytes() for p in tables}

    _, first = made(length_s=4.0)
    assert set(first) == {"desc-sliding"}
    _, both = made(windows="trial")
    assert both == first | {"desc-trial": both["desc-trial"]}
    _, shorter = made(length_s=2.0)
    assert shorter["desc-trial"] == both["desc-trial"]
    assert shorter["desc-sliding"] != first["desc-sliding"]

    next(target.rglob("*desc-trial*.parquet")).unlink()
    assert made(length_s=2.0)[0] == "exported", "a file of the record was gone"
    assert made(length_s=2.0)[0] == "there already"

    made(windows="trial")
    now = Manifest.load(session)
    now.model_copy(update={"task": now.task, "seed": 1}).save(session)
    assert set(made(length_s=2.0)[1]) == {"desc-sliding"}, "a table of another recording"


def test_a_table_of_another_coding_does_not_stay_beside_a_new_one(tmp_path: Path) -> None:
    session = make_session(tmp_path / "data", Plan(seconds=6.0))
    root, target = session.parents[2], tmp_path / "tables"

    def code(emotion: str) -> None:
        onset = Moment(time=START + 3.0, frame=300)
        with CodingStore(session / "annotations", Who("anna"), session=session.name) as store:
            store.put("events", Event(id="a", camera="face", onset=onset, emotion=emotion))

    def made(**settings: Any) -> set[str]:
        """Make tables; return the windows of which there are some then."""
        order = Order("features", (session,), target, Settings(signals=("ECG",), **settings))
        (done,) = run(order)
        assert done.outcome == "exported", done
        return {p.name.rsplit("_", 2)[1] for p in target.rglob("*.parquet")}

    def state() -> StepState:
        with Ledger(root) as ledger:
            return study_status(root, scan(root, ledger), {}).rows[0].cells["features"].state

    code("joy")
    made(windows="event", events_of="anna", before_s=1.0, after_s=1.0)
    assert made(length_s=2.0) == {"desc-event", "desc-sliding"}
    assert state() is StepState.DONE
    code("fear")
    assert state() is StepState.STALE, "one of its tables is"
    assert made(length_s=3.0) == {"desc-sliding"}
    assert state() is StepState.DONE
