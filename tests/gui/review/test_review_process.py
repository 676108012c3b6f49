"""The review as a program of its own, as the list of sessions opens it."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import psutil
import pytest

from gui.client.review_process import open_review
from recordings.errors import RecordingError
from tests.gui.windows import wait_until
from tests.recordings.strip_session import Film, make_session


@pytest.mark.usefixtures("qapp")
def test_it_opens_and_ends_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    made = make_session(tmp_path, Film(frames=20), seconds=1.0)
    process = psutil.Process(open_review(made.folder))
    try:
        kept = made.folder / ".review"
        wait_until(lambda: list(kept.glob("*.json")), what="the pyramids of a window that is open")
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(60) in (0, None)
    finally:
        if process.is_running():
            process.kill()


def test_what_is_no_session_opens_nothing(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="not a session"):
        open_review(tmp_path)
    made = make_session(tmp_path / "data", Film(frames=2), seconds=1.0)
    (made.folder / "recording.xdf").unlink()
    with pytest.raises(RecordingError, match=r"recording\.xdf: is missing"):
        open_review(made.folder)
