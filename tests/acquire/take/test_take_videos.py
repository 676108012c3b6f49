"""Which files a recording has, where the processes that write them die."""

from __future__ import annotations

from concurrent.futures import Future
from pathlib import Path

import pytest

from acquire.processes.messages import VideoSummary
from acquire.take import videos
from acquire.take.videos import TakeVideos
from devices.base import VideoSpec

FACE = VideoSpec("face", 64, 48, "Mono8", 30.0)


def summary(path: Path, frames: int) -> VideoSummary:
    return VideoSummary(1, "face", path, "ffv1", "none", frames, 100 * frames, None)


def begun(folder: Path, path: Path) -> TakeVideos:
    """Give the files of a recording whose camera has begun one."""
    files = TakeVideos(folder)
    files.begin("cam", [FACE], {"face": path})
    return files


def test_a_file_that_was_never_made_is_not_gone(tmp_path: Path) -> None:
    """It was said to have been deleted or moved, with all its frames."""
    path = tmp_path / "face.mkv"
    died = begun(tmp_path, path)
    died.leave("cam", "its process ended")
    assert died.newly_gone(alone=True) == []
    closed = begun(tmp_path, path)
    closed.closed("cam", [summary(path, 0)])
    assert closed.newly_gone(alone=True) == []


@pytest.mark.parametrize("frames", [0, 45])
def test_a_file_that_was_there_or_was_filled_is(frames: int, tmp_path: Path) -> None:
    path = tmp_path / "face.mkv"
    files = begun(tmp_path, path)
    if not frames:
        path.touch()
        assert files.newly_gone(alone=True) == []
        path.unlink()
    files.closed("cam", [summary(path, frames)])
    assert files.newly_gone(alone=True) == [path]
    assert files.newly_gone(alone=True) == []  # once


def test_a_name_that_was_left_without_a_file_is_counted_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed before its encoder had made the file, it left the name to the next: 98 frames more."""
    path = tmp_path / "face.mkv"
    monkeypatch.setattr(videos, "_left_behind", lambda left: summary(left.path, 98))
    files = begun(tmp_path, path)
    files.leave("cam", "its process ended")
    files.begin("cam", [FACE], {"face": path})
    files.close("cam", Future())
    files.closed("cam", [summary(path, 98)])
    assert [(s.path, s.frames) for s in files.summaries()] == [(path, 98)]
    assert files.left_by == {"cam"}


def test_another_file_in_its_place_is_not_it(tmp_path: Path) -> None:
    """A copy that a program had put there, as those that keep two folders alike do, passed."""
    path = tmp_path / "face.mkv"
    path.write_bytes(b"frames")
    files = begun(tmp_path, path)
    assert files.newly_gone(alone=True) == []
    copy = tmp_path / "copy"
    copy.write_bytes(b"frames")
    copy.replace(path)
    assert files.newly_gone(alone=True) == [path]
    files.begin("cam", [FACE], {"face": path})  # a file never made leaves its name to the next
    assert files.newly_gone(alone=True) == []
