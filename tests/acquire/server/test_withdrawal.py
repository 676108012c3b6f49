"""A participant withdraws: what would go is told first, and nothing goes by a slip."""

from __future__ import annotations

from pathlib import Path

from recordings.manifest import Manifest
from tests.acquire.daemon_program import Daemon
from tests.acquire.program import posix_only, wait_for

pytestmark = posix_only


def record(daemon: Daemon, participant: str) -> Path:
    daemon.post("recording/start", {"participant": participant})
    daemon.wait_for_samples(daemon.eeg, 50)
    return Path(daemon.post("recording/stop")["session"])


def test_everything_of_one_participant_goes_once_the_pseudonym_is_given(tmp_path: Path) -> None:
    with Daemon(tmp_path) as daemon:
        daemon.idle()
        gone, kept = [record(daemon, "07"), record(daemon, "07")], record(daemon, "08")
        for folder in (*gone, kept):
            wait_for(lambda folder=folder: not Manifest.load(folder).hashing)  # type: ignore[misc]
            wait_for(lambda folder=folder: (folder / "report.json").exists())  # type: ignore[misc]
        (row, *_) = [r for r in daemon.get("sessions") if r["participant"] == "07"]
        path = f"/api/sessions/{row['id']}/withdrawal"
        planned = daemon.http.get(path).json()
        assert planned["participant"] == "07"
        assert sorted(planned["sessions"]) == sorted(map(str, gone))
        for wrong in ("08", "0", "sub-07"):
            assert daemon.http.post(path, json={"pseudonym": wrong}).status_code in (409, 422)
        daemon.post("recording/start", {"participant": "09"})
        assert daemon.http.post(path, json={"pseudonym": "07"}).status_code == 409
        daemon.post("recording/stop")
        assert all(folder.exists() for folder in gone)

        def withdrawn() -> bool:  # the session just closed may still be on its way
            return bool(daemon.http.post(path, json={"pseudonym": "07"}).status_code == 200)

        wait_for(withdrawn)
        assert not any(folder.exists() for folder in gone)
        assert kept.exists()
        assert "07" not in {r["participant"] for r in daemon.get("sessions")}
        assert daemon.http.get(path).status_code == 404
        assert (kept.parents[2] / "erased.jsonl").is_file()
        daemon.end()
