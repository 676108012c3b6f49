"""A report that cannot be made is a warning: the recording is closed by then."""

from __future__ import annotations

from pathlib import Path

import pytest

import recordings.report.html
from acquire.cli.live.record import _write_report


def test_whatever_the_check_trips_over_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def trip(path: Path) -> None:
        raise ValueError("supplied range of [nan, nan] is not finite")

    monkeypatch.setattr(recordings.report.html, "check_and_report", trip)
    assert _write_report(tmp_path) is None
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "not finite" in said
    assert "unisono check" in said
