from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from recordings.disk import direct_io
from recordings.errors import DiskFull, RecordingError
from recordings.xdf import chunks
from recordings.xdf import file as xdf_file
from recordings.xdf.file import XdfFile
from tests.acquire.program import wait_for

HEAD = chunks.MAGIC + chunks.file_header()


def test_starts_with_magic_and_header_and_appends_parts(tmp_path: Path) -> None:
    path = tmp_path / "a.xdf"
    with XdfFile(path) as file:
        assert file.position == len(HEAD)
        file.write(b"one", memoryview(b"two"), b"", bytearray(b"three"))
        file.write()
        file.sync()
        assert file.position == len(HEAD) + 11
        assert path.read_bytes() == HEAD + b"onetwothree"  # on its way without a close
    file.close()
    assert list(tmp_path.iterdir()) == [path]


def test_more_parts_than_one_system_call_takes(tmp_path: Path) -> None:
    parts = [bytes([n % 251]) * (n % 7) for n in range(3000)]
    with XdfFile(tmp_path / "a.xdf") as file:
        file.write(*parts)
    assert (tmp_path / "a.xdf").read_bytes() == HEAD + b"".join(parts)


def test_short_writes_are_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stingy(fd: int, parts: Any) -> int:
        return os.write(fd, b"".join(parts)[:5])

    monkeypatch.setattr(xdf_file, "_writev", stingy)
    with XdfFile(tmp_path / "a.xdf") as file:
        file.write(b"0123456789", b"abc", b"defghijk")
        assert file.position == len(HEAD) + 21
    assert (tmp_path / "a.xdf").read_bytes() == HEAD + b"0123456789abcdefghijk"


def test_the_fallback_without_writev_writes_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xdf_file, "_writev", xdf_file._write_joined)
    with XdfFile(tmp_path / "a.xdf") as file:
        file.write(b"a", b"b")
        file.sync()
    assert (tmp_path / "a.xdf").read_bytes() == HEAD + b"ab"


def test_never_overwrites(tmp_path: Path) -> None:
    path = tmp_path / "a.xdf"
    path.write_bytes(b"precious")
    with pytest.raises(RecordingError, match="exists already"):
        XdfFile(path)
    assert path.read_bytes() == b"precious"


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"nowhere.*cannot be created"):
        XdfFile(tmp_path / "nowhere" / "a.xdf")


@pytest.mark.parametrize(("code", "kind"), [(errno.EIO, RecordingError), (errno.EDQUOT, DiskFull)])
def test_a_failed_write_leaves_whole_chunks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, kind: type[Exception]
) -> None:
    path = tmp_path / "a.xdf"
    file = XdfFile(path)
    file.write(b"whole")

    def torn(fd: int, parts: Any) -> int:
        os.write(fd, b"to")
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr(xdf_file, "_writev", torn)
        with pytest.raises(kind) as raised:
            file.write(b"torn")
    assert type(raised.value) is kind
    file.write(b"footer")
    file.close()
    assert path.read_bytes() == HEAD + b"whole" + b"footer"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real disk of 4 MB, where this may be mounted."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("a small tmpfs cannot be mounted here: needs root on Linux")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def fill(file: XdfFile, block: bytes) -> int:
    """Write until the disk is full; return how many writes succeeded."""
    for done in range(20):
        try:
            file.write(block[:1000], block[1000:])
        except DiskFull:
            return done
    raise AssertionError("the small disk never filled up")


@pytest.mark.parametrize("owns", [True, False], ids=["beyond its end", "in a nameless file"])
def test_full_disk_keeps_whole_chunks_and_room_for_footers(
    small_disk: Path, owns: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not owns:  # as on macOS, on Windows and on many a network's disk
        monkeypatch.setattr(direct_io, "allocate", lambda *_: False)
    path = small_disk / "a.xdf"
    block = os.urandom(300_001)
    file = XdfFile(path)
    kept = fill(file, block)
    assert 8 <= kept <= 10  # 3 MB: the reserve of 1 MB was really taken from the disk
    footer = b"f" * 500_000
    file.write(footer)
    file.sync()
    file.close()
    assert path.read_bytes() == HEAD + block * kept + footer


def test_nobody_else_gets_the_room_for_footers(small_disk: Path) -> None:
    path = small_disk / "a.xdf"
    file = XdfFile(path)
    kept = fill(file, os.urandom(300_001))
    with (small_disk / "face.nut").open("wb", buffering=0) as greedy, suppress(OSError):
        while True:
            greedy.write(bytes(4096))
    footer = b"f" * 500_000
    file.write(footer)
    file.close()
    assert path.stat().st_size == len(HEAD) + 300_001 * kept + len(footer)
    before = os.statvfs(small_disk).f_bavail
    file.release()
    assert (os.statvfs(small_disk).f_bavail - before) * os.statvfs(small_disk).f_bsize > 400_000
    assert path.read_bytes().endswith(footer)


GREEDY = """
import sys
with open(sys.argv[1], "wb", buffering=0) as file:
    while True:
        try:
            file.write(bytes(4096))
        except OSError:
            pass
"""


def test_nobody_gets_it_at_the_very_moment_either(small_disk: Path) -> None:
    """A video beside it takes every byte that is free, all the while."""
    path = small_disk / "a.xdf"
    file = XdfFile(path)
    with subprocess.Popen([sys.executable, "-c", GREEDY, str(small_disk / "face.nut")]) as greedy:
        try:
            wait_for(lambda: shutil.disk_usage(small_disk).free == 0)
            kept = fill(file, os.urandom(300_001))
            file.write(b"f" * 500_000)
            file.close()
        finally:
            greedy.kill()
    assert path.stat().st_size == len(HEAD) + 300_001 * kept + 500_000


def test_what_was_kept_back_goes_back_at_the_end(small_disk: Path) -> None:
    free = shutil.disk_usage(small_disk).free
    file = XdfFile(small_disk / "a.xdf")
    assert free - shutil.disk_usage(small_disk).free >= 1 << 20
    file.write(bytes(300_000))
    file.close()
    assert free - shutil.disk_usage(small_disk).free < 400_000


def test_no_room_for_the_reserve_is_told_at_the_start(small_disk: Path) -> None:
    with pytest.raises(DiskFull, match="kept back"):
        XdfFile(small_disk / "a.xdf", reserve_bytes=8 << 20)
    assert list(small_disk.iterdir()) == []


LIMITED = """
import resource, sys
from pathlib import Path
from recordings.errors import DiskFull
from recordings.xdf.file import XdfFile
file = XdfFile(Path(sys.argv[1]), reserve_bytes=0)
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
file.write(b"x" * 9_000)
try:
    file.write(b"y" * 5_000)
except DiskFull:
    file.write(b"footer")
    file.close()
    print("full")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no RLIMIT_FSIZE")
def test_file_size_limit_counts_as_full(tmp_path: Path) -> None:
    path = tmp_path / "a.xdf"
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(path)],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
    )
    assert done.stdout == "full\n"
    assert path.read_bytes() == HEAD + b"x" * 9_000 + b"footer"
