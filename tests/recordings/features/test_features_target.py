"""Tables of several windows in one target, and what becomes of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from recordings.export.tasks import Order, run
from recordings.features.task import Settings
from recordings.manifest import Manifest
from recordings.read.sessions import session_folders
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
