"""A session that is not to be used: marked by the engine, left out by exports, never deleted."""

from __future__ import annotations

import subprocess
from pathlib import Path

from acquire.own_program import command
from recordings.manifest import Manifest
from tests.acquire.daemon_program import Daemon
from tests.acquire.program import posix_only, wait_for

pytestmark = posix_only


def export(folder: Path, target: Path) -> subprocess.CompletedProcess[str]:
    order = command("acquire", "export", "csv", str(folder), "--to", str(target))
    return subprocess.run(order, capture_output=True, text=True, check=False)


def test_a_session_is_marked_left_out_of_exports_and_taken_back(tmp_path: Path) -> None:
    with Daemon(tmp_path) as daemon:
        daemon.idle()
        daemon.post("recording/start", {"participant": "01"})
        daemon.wait_for_samples(daemon.eeg, 50)
        (row,) = daemon.get("sessions")
        path = f"/api/sessions/{row['id']}/unusable"
        refused = daemon.http.put(path, json={"reason": "too early"})
        assert refused.status_code == 409
        assert "not closed" in refused.json()["text"]
        folder = Path(daemon.post("recording/stop")["session"])
        wait_for(lambda: not Manifest.load(folder).hashing)
        before = Manifest.load(folder)
        told = daemon.http.put(path, json={"reason": " cable\nfell  off "}).json()
        assert told["unusable"] == "cable fell off"
        assert daemon.get("sessions")[0]["unusable"] == "cable fell off"
        assert Manifest.load(folder) == before.model_copy(update={"unusable": "cable fell off"})

        left_out = export(folder, tmp_path / "out")
        assert left_out.returncode == 2
        assert "left out, marked as not usable: cable fell off" in left_out.stderr
        assert not (tmp_path / "out").exists()

        daemon.http.put(path, json={"reason": ""})
        assert Manifest.load(folder) == before
        assert export(folder, tmp_path / "out").returncode == 0
        codes = [e["event"]["code"] for e in daemon.get("events")]
        assert [c for c in codes if "usable" in c] == ["unusable", "usable"]
        assert daemon.http.put("/api/sessions/x/unusable", json={"reason": ""}).status_code == 404
        daemon.end()
