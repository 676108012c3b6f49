"""Exports of sessions with streams of other programs, whose names, units and types are theirs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from recordings import export_bids, export_edf, export_mmme, export_tables
from recordings.file_names import file_stems
from tests.recordings.exporting import all_files, exported
from tests.recordings.foreign_streams import add_stream
from tests.recordings.simulated_session import Plan, make_session

NAMES = ("a/b", "a/b", "../../../evil", "脑电", "Physio", "markers", "")


@pytest.fixture
def session(tmp_path: Path) -> Path:
    return make_session(tmp_path / "data", Plan(seconds=6.0))


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("csv", export_tables.Settings()),
        ("edf", export_edf.Settings()),
        ("mmme", export_mmme.Settings()),
        ("bids", export_bids.Settings(video="none")),
    ],
)
def test_no_name_of_a_stream_leaves_the_target_or_hides_another(
    session: Path, tmp_path: Path, kind: str, settings: object
) -> None:
    for number, name in enumerate(NAMES, 20):
        add_stream(session, number, name, np.full((200, 1), float(number), np.float32))
    before = set(tmp_path.rglob("*"))
    target = tmp_path / "out"
    (done,) = exported(kind, [session], target, settings)
    assert done.outcome == "exported", done
    ours = {p for p in set(tmp_path.rglob("*")) - before if target not in (p, *p.parents)}
    assert ours == {session / "exports.json"}
    files = [name for name in all_files(target) if name.endswith((".csv", ".bdf", ".tsv.gz"))]
    assert len({name.casefold() for name in files}) == len(files)
    signals = [f for f in files if kind != "bids" or "_physio." in f]
    assert len(signals) >= len(NAMES) + 1


def test_stems_are_never_paths_and_never_alike() -> None:
    stems = file_stems(["..", "a", "A", "a-2", "/etc/passwd", "Größe µV", ".x", ""], taken=["x"])
    assert stems == ["stream", "a", "A-2", "a-2-2", "etc-passwd", "Größe-µV", "x-2", "stream-2"]
