"""DirectFile: what was written is in the file, soon, in full, hashed, and nothing more."""

import hashlib
import mmap
import os
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from recordings.disk import direct_io
from recordings.disk.direct_file import DirectFile
from recordings.disk.direct_io import ALIGN
from recordings.disk.hashing import sha256_of
from recordings.errors import DiskFull, RecordingError

BLOCK = 8192


def wait_for(condition: Callable[[], bool], timeout_s: float = 60) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "condition not reached"
        time.sleep(0.01)


@pytest.fixture(params=[True, False], ids=["direct", "buffered"])
def file(request: pytest.FixtureRequest, tmp_path: Path) -> DirectFile:
    return DirectFile(tmp_path / "a.bin", block_bytes=BLOCK, direct=request.param)


@pytest.mark.parametrize("size", [0, 1, 4095, 4096, 4097, BLOCK, BLOCK + 1, 10 * BLOCK + 5])
def test_bytes_come_back(file: DirectFile, size: int) -> None:
    data = os.urandom(size)
    for start in range(0, size, 1000):
        file.write(data[start : start + 1000])
    file.close()
    assert file.path.read_bytes() == data
    assert file.sha256 in (None, hashlib.sha256(data).hexdigest())
    assert file.written == size


@pytest.mark.parametrize("left", [0, 5000])
def test_a_file_that_is_cut_grows_no_more(file: DirectFile, left: int) -> None:
    """The next write would make it as long as it was, with a hole in place of what is gone."""
    file.write(os.urandom(3 * BLOCK))
    file.flush()
    os.truncate(file.path, left)
    file.write(b"more")
    with pytest.raises(RecordingError, match=f"cut while it was .*: {left:,} bytes, of 24,576"):
        file.flush()
    with pytest.raises(RecordingError, match=f"{left} bytes of it are valid"):
        file.close()
    assert file.path.stat().st_size == left


def test_hash_is_that_of_the_file(tmp_path: Path) -> None:
    file = DirectFile(tmp_path / "a.bin")
    file.write(b"abc" * 100_000)
    assert file.sha256 is None  # not before the end
    file.close()
    assert file.sha256 == sha256_of(file.path)


def test_no_hash_where_none_is_wanted(tmp_path: Path) -> None:
    file = DirectFile(tmp_path / "a.bin", checksum=False)
    file.write(b"abc")
    file.close()
    assert file.sha256 is None


def test_says_which_way_it_writes(tmp_path: Path) -> None:
    for direct in (True, False):
        file = DirectFile(tmp_path / str(direct), direct=direct)
        file.close()
        assert file.mode in (("direct", "nocache") if direct else ("buffered",))


def test_a_small_tail_goes_out_by_itself(file: DirectFile) -> None:
    for text in (b"first", b"second" * 1000, b"third"):
        file.write(text)
        wait_for(lambda: file.path.stat().st_size == file.size)
        assert file.path.read_bytes().endswith(text)  # true length: no padding
    file.close()


def test_flush_returns_when_all_is_in_the_file(file: DirectFile) -> None:
    file.write(b"x" * 5000)
    file.flush()
    assert file.path.read_bytes() == b"x" * 5000
    file.close()


@pytest.mark.parametrize("place", [0, 4000, 3 * BLOCK - 2, 4 * BLOCK + 100])
def test_a_muxer_may_come_back(file: DirectFile, place: int) -> None:
    data = bytearray(os.urandom(4 * BLOCK + 500))
    file.write(data)
    assert file.seek(place) == place
    patch = b"completed header"
    file.write(patch)
    data[place : place + len(patch)] = patch
    assert file.tell() == place + len(patch)
    assert file.seek(0, os.SEEK_END) == len(data)
    file.write(b"end")
    file.close()
    assert file.path.read_bytes() == bytes(data) + b"end"
    assert file.sha256 in (None, sha256_of(file.path))


def test_a_write_across_the_end_overwrites_and_appends(file: DirectFile) -> None:
    file.write(b"0123456789")
    file.flush()
    file.seek(8)
    file.write(b"abcd")
    file.close()
    assert file.path.read_bytes() == b"01234567abcd"
    assert file.sha256 == sha256_of(file.path)


@pytest.mark.parametrize("checksum", [True, False])
def test_aligned_data_may_mix_with_other(tmp_path: Path, checksum: bool) -> None:
    memory = mmap.mmap(-1, 3 * BLOCK)
    memory.write(os.urandom(3 * BLOCK))
    view = memoryview(memory)
    address = np.frombuffer(memory, np.uint8).ctypes.data
    file = DirectFile(tmp_path / "a.bin", block_bytes=BLOCK, checksum=checksum)
    expected = b""
    for piece in (bytes(4096), view, view[4096:], view[100:], b"x", view, bytes(100), view):
        if isinstance(piece, bytes):
            file.write(piece)
        else:
            offset = 3 * BLOCK - len(piece)
            file.write_aligned(piece, address + offset)
        expected += bytes(piece)
        assert file.tell() == file.size == len(expected)
    file.close()
    assert file.path.read_bytes() == expected
    assert file.sha256 == (hashlib.sha256(expected).hexdigest() if checksum else None)


def test_full_disk_under_aligned_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full_after(2 * BLOCK, monkeypatch)
    memory = mmap.mmap(-1, BLOCK)
    address = np.frombuffer(memory, np.uint8).ctypes.data
    file = DirectFile(tmp_path / "a.bin", checksum=False)
    for _ in range(2):
        file.write_aligned(memoryview(memory), address)
    with pytest.raises(DiskFull):  # noqa: PT012 - at once, or with the next call
        file.write_aligned(memoryview(memory), address)
        file.flush()
    file.abandon()
    file.close()
    assert file.path.stat().st_size == 2 * BLOCK


def test_a_place_outside_the_file_is_refused(file: DirectFile) -> None:
    with pytest.raises(ValueError, match="seek to 5 in a file of 0 bytes"):
        file.seek(5)
    file.close()


def test_no_file_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"precious")
    with pytest.raises(RecordingError, match=r"a\.bin: cannot be made \(File exists\)"):
        DirectFile(tmp_path / "a.bin")


def write_many(file: DirectFile, data: bytes) -> None:
    for _ in range(1000):
        file.write(data)


def full_after(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the disk be full after `limit` bytes of a file; writes before may be cut short."""
    real = direct_io.pwrite

    def pwrite(fd: int, data: memoryview, offset: int) -> int:
        room = limit - offset
        if room <= 0:
            raise OSError(28, "No space left on device")
        return real(fd, data[:room], offset)

    monkeypatch.setattr(direct_io, "pwrite", pwrite)


def test_full_disk_leaves_what_is_valid(file: DirectFile, monkeypatch: pytest.MonkeyPatch) -> None:
    full_after(3 * BLOCK, monkeypatch)
    data = os.urandom(1000)
    with pytest.raises(DiskFull, match=rf"no space left on its disk; {3 * BLOCK} bytes of it are"):
        write_many(file, data)
    with pytest.raises(DiskFull):
        file.flush()
    file.abandon(valid_bytes=20_000)
    assert file.write(b"trailer") == 7  # dropped: a muxer can be closed
    file.close()
    assert file.path.read_bytes() == (data * 100)[:20_000]
    assert file.sha256 is None


def test_full_disk_at_the_end_is_told_at_close(
    file: DirectFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    full_after(0, monkeypatch)
    file.write(b"x")
    with pytest.raises(DiskFull):
        file.close()
    assert file.path.read_bytes() == b""
    file.close()  # idempotent


@pytest.mark.skipif(sys.platform != "linux", reason="needs a small tmpfs")
def test_really_full_disk(tmp_path: Path) -> None:
    if (
        os.geteuid()
        or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "x", tmp_path]).returncode
    ):
        pytest.skip("cannot mount a small tmpfs here")
    try:
        file = DirectFile(tmp_path / "a.bin", block_bytes=256 << 10)
        with pytest.raises(DiskFull):
            write_many(file, b"x" * 50_000)
        file.abandon()
        file.close()
        assert file.path.stat().st_size == file.written == 1 << 20
    finally:
        subprocess.run(["umount", tmp_path], check=True)


WRITTEN = 1500


def whole_lines(path: Path) -> list[str]:
    data = path.read_bytes().rstrip(b"\0") if path.exists() else b""
    return data[: len(data) // 16 * 16].decode().split()


def test_killed_writer_leaves_what_it_wrote_a_while_before(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    code = (
        "import sys, time; from pathlib import Path\n"
        "from recordings.disk.direct_file import DirectFile\n"
        "f = DirectFile(Path(sys.argv[1]))\n"
        "for i in range(10**9):\n"
        "    f.write(b'%015d\\n' % i); print(i, flush=True); time.sleep(0.001)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        for _ in range(WRITTEN):
            process.stdout.readline()
        # While it goes on, and with no block full; how soon, a busy computer decides.
        assert any(len(whole_lines(path)) > WRITTEN for _ in islice(process.stdout, 30_000))
        process.kill()
        process.stdout.read()
    padded = path.read_bytes()
    data = padded.rstrip(b"\0")  # killed between a write of whole sectors and its cut
    assert len(padded) - len(data) < ALIGN
    lines = whole_lines(path)
    assert [int(line) for line in lines] == list(range(len(lines)))
    assert len(lines) > WRITTEN
