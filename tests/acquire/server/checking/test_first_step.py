"""Each session is checked after its closing, and a recording that begins comes first."""

from __future__ import annotations

from pathlib import Path

from acquire.server.api.session_models import session_of
from recordings import layout
from recordings.certificate import Report
from recordings.manifest import Manifest
from recordings.manifest_entries import Event, LostFile
from tests.acquire.daemon_program import Daemon
from tests.acquire.program import posix_only, wait_for

pytestmark = posix_only


def report_of(folder: Path) -> Report:
    return Report.model_validate_json((folder / layout.REPORT_JSON_NAME).read_text())


def has_report(folder: Path) -> bool:
    return (folder / layout.REPORT_JSON_NAME).exists()


def record(daemon: Daemon) -> Path:
    daemon.post("recording/start", {"participant": "01"})
    daemon.wait_for_samples(daemon.eeg, 50)
    return Path(daemon.post("recording/stop")["session"])


def checked(daemon: Daemon) -> list[str | None]:
    told = [Event.model_validate(e["event"]) for e in daemon.get("events")]
    return [session_of(e) for e in told if e.code == "checked"]


def test_nobody_has_to_ask_for_a_report(tmp_path: Path) -> None:
    with Daemon(tmp_path) as daemon:
        daemon.idle()
        folder = record(daemon)
        last = daemon.get("status")["last"]
        assert last["session"] == str(folder)
        assert last["samples"] > 0
        wait_for(lambda: daemon.get("status")["last"]["verdict"])
        report = report_of(folder)
        assert "contents-unread" in [f.code for f in report.findings]
        wait_for(lambda: checked(daemon))  # the verdict comes first
        assert checked(daemon) == [folder.name]
        daemon.end()


def test_starts_break_a_check_off_and_every_session_has_its_report_in_the_end(
    tmp_path: Path,
) -> None:
    with Daemon(tmp_path) as daemon:
        daemon.idle()
        folders = [record(daemon) for _ in range(3)]  # each start right after a stop
        wait_for(lambda: all(map(has_report, folders)))
        wait_for(lambda: [e["event"]["code"] for e in daemon.get("events")].count("checked") == 3)
        daemon.end()


def test_what_a_crash_left_unchecked_is_checked_at_the_next_start(tmp_path: Path) -> None:
    with Daemon(tmp_path, "--no-report") as daemon:
        daemon.idle()
        folder = record(daemon)
        daemon.end()
    assert not has_report(folder)
    with Daemon(tmp_path) as daemon:
        daemon.idle()
        wait_for(lambda: has_report(folder))
        daemon.end()


def test_what_has_changed_since_its_check_is_checked_at_the_next_start(tmp_path: Path) -> None:
    with Daemon(tmp_path) as daemon:
        daemon.idle()
        folder = record(daemon)
        wait_for(lambda: has_report(folder))
        (row,) = daemon.get("sessions")
        assert not row["outdated"]
        daemon.end()
    lost = (LostFile(path="face.nut", node="cam-pc", reason="its disk is broken"),)
    Manifest.load(folder).model_copy(update={"lost": lost}).save(folder)
    with Daemon(tmp_path) as daemon:
        daemon.idle()
        wait_for(lambda: not daemon.get("sessions")[0]["outdated"])
        assert "lost-on-node" in [f.code for f in report_of(folder).findings]
        daemon.end()


def test_verify_waits_for_the_first_step(tmp_path: Path) -> None:
    with Daemon(tmp_path) as daemon:
        daemon.idle()
        for verify in (True, False):
            daemon.post("recording/start", {"participant": "01"})
            daemon.wait_for_samples(daemon.eeg, 50)
            answer = daemon.post("recording/stop", {"verify": verify})
            assert (answer["verdict"] is not None) is verify
        daemon.end()
