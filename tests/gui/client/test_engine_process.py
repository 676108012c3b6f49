"""What an engine says is kept where it is found, and does not pile up."""

from __future__ import annotations

from pathlib import Path

import pytest

from gui.client.engine_process import LOGS_KEPT, EngineProcess, logs
from tests.acquire.program import wait_for


def _fail(folder: Path) -> EngineProcess:
    """Start an engine that ends at once: its rig is none."""
    rig = folder / "rig.toml"
    rig.write_text("[[device]]\n")
    engine = EngineProcess(rig, folder / "data")
    wait_for(lambda: engine.code is not None)
    return engine


def test_the_last_logs_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    logs().mkdir(parents=True)
    for day in range(1, 29):
        (logs() / f"engine-202001{day:02}T120000-x.log").write_text("old\n")
    other = logs() / "notes.txt"
    other.write_text("not ours\n")
    engine = _fail(tmp_path)
    assert engine.log.parent == logs()
    assert "rig.toml" in engine.log.read_text()
    kept = sorted(logs().glob("engine-*.log"))
    assert len(kept) == LOGS_KEPT
    assert kept[-1] == engine.log
    assert kept[0].name.startswith("engine-20200110")
    assert other.exists()


def test_without_a_folder_of_its_own_a_log_is_a_temporary_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "state").write_text("a file, no folder\n")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    engine = _fail(tmp_path)
    assert engine.log.parent == tmp_path
    assert "rig.toml" in engine.error
