"""A recording whose file is taken away from under it ends at once, and says so."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.acquire.program import Unisono, load, posix_only, unique, wait_for
from tests.acquire.sources import Source, Sources


@posix_only
@pytest.mark.parametrize("bare", [True, False])
def test_a_recording_that_is_deleted_is_told_at_once(bare: bool, tmp_path: Path) -> None:
    name, data = unique("eeg"), tmp_path / "data"
    data.mkdir()
    target = ("--xdf", data / "a.xdf") if bare else ("--data-dir", data, "--participant", "01")
    options = ("--streams", f"name='{name}'", "--seconds", "600", "--json")
    with (
        Sources(Source(name)),
        Unisono("record", *target, *options, folder=tmp_path) as program,
    ):
        program.wait_for_line()
        shutil.rmtree(data)
        result = program.wait()  # not the ten minutes that were ordered
    assert result.code == result.json["exit"] == 2
    assert result.json["state"] == "failed"
    assert "is not there any more" in result.error
    assert "start another recording" in result.error
    assert "Errno" not in result.stderr


@contextmanager
def recording(name: str, path: Path) -> Iterator[Unisono]:
    """Record one stream into a bare file, for ten minutes at most."""
    options = ("--streams", f"name='{name}'", "--seconds", "600", "--json")
    with (
        Sources(Source(name)),
        Unisono("record", "--xdf", path, *options, folder=path.parent) as program,
    ):
        program.wait_for_line()
        yield program


@posix_only
def test_a_file_that_is_moved_away_is_closed_in_good_order(tmp_path: Path) -> None:
    name, path = unique("eeg"), tmp_path / "a.xdf"
    with recording(name, path) as program:
        moved = path.rename(tmp_path / "moved.xdf")
        result = program.wait()
    assert result.code == 2
    stream = load(moved)[name]
    assert stream.footer_count == len(stream.stamps) == result.json["streams"][0]["samples"] > 0


@posix_only
def test_another_file_in_its_place_ends_the_recording(tmp_path: Path) -> None:
    """It went on into a file without a name, and ended `complete` with nothing of it left."""
    name, path = unique("eeg"), tmp_path / "a.xdf"
    with recording(name, path) as program:
        copy = tmp_path / "copy.xdf"
        shutil.copy(path, copy)
        copy.replace(path)
        result = program.wait()
    assert result.code == result.json["exit"] == 2
    assert result.json["state"] == "failed"
    assert "it was replaced or cut" in result.error


@posix_only
@pytest.mark.parametrize("left", [0, 1000])
def test_a_file_that_is_cut_ends_the_recording(left: int, tmp_path: Path) -> None:
    """It grew back at the next write, with zeros, and its length told nobody any more."""
    name, path = unique("eeg"), tmp_path / "a.xdf"
    with recording(name, path) as program:
        wait_for(lambda: path.stat().st_size > 2000)
        os.truncate(path, left)
        result = program.wait()
    assert result.code == result.json["exit"] == 2
    assert result.json["state"] == "failed"
    assert "it was cut while it was being recorded" in result.error or "replaced or cut" in (
        result.error
    )
    assert path.stat().st_size == left, "nothing is written behind a hole"
