"""The contents of the files are read when nothing records, and a recording comes first."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from acquire.server.checking.contents import ContentsCheck
from recordings import layout
from recordings.certificate import Report, Verdict
from recordings.manifest import Manifest
from recordings.manifest_entries import FileEntry
from recordings.report.html import check_and_report
from recordings.study.catalogue import Catalogue
from tests.acquire.daemon_program import Daemon
from tests.acquire.program import posix_only, wait_for
from tests.recordings.simulated_session import Plan, make_session

pytestmark = posix_only

LARGE = 512 << 20
ENDLESS = 64 << 30
WRONG = "0" * 64


def add_large_file(folder: Path, size: int = LARGE) -> None:
    """A file that takes a while to read and none of the disk, with a hash that it has not."""
    with (folder / "large.bin").open("wb") as file:
        file.truncate(size)
    manifest = Manifest.load(folder)
    entry = FileEntry(path="large.bin", bytes=size, sha256=WRONG)
    manifest.model_copy(update={"files": (*manifest.files, entry)}).save(folder)


class Told:
    def __init__(self) -> None:
        self.reports: dict[Path, Report | str] = {}
        self.complaints: list[str] = []
        self.busy = False

    def done(self, folder: Path, report: Report | str) -> None:
        self.reports[folder] = report


@contextmanager
def checking(told: Told, data_dir: Path | None = None, idle_s: float = 600) -> Iterator[Any]:
    found = ContentsCheck(
        Catalogue(data_dir) if data_dir is not None else None,
        lambda: told.busy,
        told.done,
        told.complaints.append,
        idle_s=idle_s,
    )
    found.start()
    try:
        yield found
    finally:
        found.close()
    assert not told.complaints
    assert not [t for t in threading.enumerate() if t.name in ("contents check", "check output")]


def progress(contents: Any) -> Any:
    return (state := contents.state) and state.progress  # one look: it may be over meanwhile


def small(data_dir: Path) -> Path:
    return make_session(data_dir, Plan(seconds=5))


def test_on_order_the_contents_are_read_and_the_report_says_what_they_are(tmp_path: Path) -> None:
    folder, told = small(tmp_path), Told()
    with checking(told) as contents:
        contents.add(folder)
        wait_for(lambda: told.reports, 250)
        wait_for(lambda: contents.state is None)
    report = told.reports[folder]
    assert isinstance(report, Report)
    assert "contents-unread" not in [f.code for f in report.findings]
    assert not (folder / layout.CONTENTS_NAME).exists()


def test_a_recording_has_it_rest_in_the_midst_of_a_file(tmp_path: Path) -> None:
    folder, told = small(tmp_path), Told()
    add_large_file(folder)
    with checking(told) as contents:
        contents.add(folder)
        wait_for(lambda: told.reports or progress(contents))
        told.busy = True
        wait_for(lambda: (state := contents.state) is None or state.rests)
        told.busy = False
        wait_for(lambda: told.reports, 250)
    report = told.reports[folder]
    assert isinstance(report, Report)
    assert report.verdict is Verdict.FAIL
    assert ("file-changed", "large.bin") in [(f.code, f.subject) for f in report.findings]


def test_what_is_unread_is_found_once_nothing_has_recorded_for_a_while(tmp_path: Path) -> None:
    folder, told = small(tmp_path), Told()
    check_and_report(folder, hashes=False)
    told.busy = True
    with checking(told, tmp_path, idle_s=0.1) as contents:
        threading.Event().wait(1.0)
        assert contents.state is None
        assert not told.reports
        told.busy = False
        wait_for(lambda: told.reports, 250)
    assert list(told.reports) == [folder]


def test_what_is_to_be_deleted_is_let_go_of(tmp_path: Path) -> None:
    folder, told = small(tmp_path), Told()
    add_large_file(folder, ENDLESS)
    with checking(told) as contents:
        contents.add(folder)
        wait_for(lambda: progress(contents))
        contents.forget([folder])
        assert contents.state is None
    assert not told.reports


def test_a_start_is_not_kept_waiting_and_the_list_says_what_was_read(tmp_path: Path) -> None:
    def row() -> Any:
        return next(r for r in daemon.get("sessions") if r["session"] == str(folder))

    with Daemon(tmp_path) as daemon:
        daemon.idle()
        daemon.post("recording/start", {"participant": "01"})
        daemon.wait_for_samples(daemon.eeg, 50)
        folder = Path(daemon.post("recording/stop")["session"])
        wait_for(lambda: row()["contents_read"] is False)
        wait_for(lambda: not Manifest.load(folder).hashing)
        add_large_file(folder)
        daemon.post(f"sessions/{row()['id']}/check", {"contents": True})
        wait_for(
            lambda: (daemon.get("status")["contents"] or {}).get("total") or row()["contents_read"]
        )
        daemon.post("recording/start", {"participant": "02"})
        daemon.wait_for_samples(daemon.eeg, 50)
        wait_for(lambda: (reading := daemon.get("status")["contents"]) is None or reading["rests"])
        daemon.post("recording/stop")
        wait_for(lambda: row()["contents_read"], 250)
        assert row()["verdict"] == "FAIL"
        daemon.end()
