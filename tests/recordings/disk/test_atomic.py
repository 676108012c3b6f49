"""A file that another program holds is replaced as soon as it lets go, or the error says so."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from recordings.disk import atomic, direct_io


def held(times: int, number: int) -> Callable[[Path, Path], Path]:
    """`Path.replace` on Windows, refused for so many times."""
    true, left = Path.replace, [times]

    def replace(path: Path, target: Path) -> Path:
        if left[0]:
            left[0] -= 1
            error = PermissionError(13, "in use")
            error.winerror = number  # type: ignore[attr-defined, unused-ignore]
            raise error
        return true(path, target)

    return replace


@pytest.mark.parametrize("number", [5, 32])
def test_a_file_that_is_held_for_a_moment_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    monkeypatch.setattr(Path, "replace", held(atomic.TRIES - 1, number))
    atomic.replace_file(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"new"


def test_one_that_is_held_for_long_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    monkeypatch.setattr(Path, "replace", held(atomic.TRIES, 32))
    (tmp_path / "a").write_bytes(b"old")
    with pytest.raises(PermissionError, match="another program") as caught:
        atomic.replace_file(tmp_path / "a", b"new")
    assert caught.value.filename == str(tmp_path / "a")
    assert waited == [atomic.WAIT_S] * (atomic.TRIES - 1)
    assert (tmp_path / "a").read_bytes() == b"old"


def test_a_permission_that_is_missing_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "sleep", lambda seconds: pytest.fail("it waited"))
    monkeypatch.setattr(Path, "replace", held(1, 1314))
    with pytest.raises(PermissionError, match="in use"):
        atomic.replace_file(tmp_path / "a", b"new")


def test_a_mac_brings_it_to_the_disk_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its fsync leaves data in the disk's own memory; a network's file system knows no better."""
    import errno
    import fcntl
    import os
    import sys

    asked: list[int] = []
    synced: list[int] = []
    answer: list[OSError] = []

    def control(fd: int, order: int) -> int:
        asked.append(order)
        if answer:
            raise answer[0]
        return 0

    with monkeypatch.context() as patch:
        patch.setattr(sys, "platform", "darwin")
        patch.setattr(fcntl, "F_FULLFSYNC", 51, raising=False)
        patch.setattr(fcntl, "fcntl", control)
        patch.setattr(os, "fsync", synced.append)
        direct_io.sync(7)
        assert (asked, synced) == ([51], [])
        answer.append(OSError(errno.ENOTSUP, "not here"))
        direct_io.sync_file(7)
        assert synced == [7]
        answer[0] = OSError(errno.EIO, "broken")
        with pytest.raises(OSError, match="broken"):
            direct_io.sync(7)
