"""Bytes of a file, and what is said where they cannot be read: a real disk's error among them."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from recordings.disk.file_bytes import PIECE, FileBytes, Window
from recordings.errors import RecordingError


def some(tmp_path: Path, size: int) -> tuple[Path, bytes]:
    path, data = tmp_path / "file", random.Random(1).randbytes(size)
    path.write_bytes(data)
    return path, data


def test_a_window_holds_what_is_asked_for_wherever_it_moves(tmp_path: Path) -> None:
    path, data = some(tmp_path, 3 * PIECE + 77)
    rng, file = random.Random(2), FileBytes(path)
    with Window(file) as window:
        at = 0
        for _ in range(2000):
            at = rng.choice([at, at + rng.randrange(5000), rng.randrange(len(data))]) % len(data)
            end = min(at + rng.choice([1, 30, 5000, 2 * PIECE]), len(data))
            held, place = window.hold(at, end)
            assert held[place : place + end - at] == data[at:end]
        held, place = window.hold(len(data) - 3, len(data) + 30)
        assert held[place : place + 3] == data[-3:]


def test_threads_read_one_file_at_a_time_and_get_their_own_bytes(tmp_path: Path) -> None:
    path, data = some(tmp_path, 400_000)
    file, wrong = FileBytes(path), []

    def work(seed: int) -> None:
        rng = random.Random(seed)
        for _ in range(300):
            at = rng.randrange(len(data) - 9000)
            with Window(file) as window:
                held, place = window.hold(at, at + 9000)
                if held[place : place + 9000] != data[at : at + 9000]:
                    wrong.append(at)
            if file.read(at, at + 50) != data[at : at + 50]:
                wrong.append(at)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


FORKED = """
import os, random, sys
from pathlib import Path
from recordings.disk.file_bytes import FileBytes
path = Path(sys.argv[1])
data, file = path.read_bytes(), FileBytes(path)
children = []
for seed in range(2):
    if not (child := os.fork()):
        rng = random.Random(seed)
        room = memoryview(bytearray(50))
        for _ in range(50_000):
            at = rng.randrange(len(data) - 50)
            file.read_into(room, at)
            if file.read(at, at + 50) != data[at : at + 50] or room != data[at : at + 50]:
                os._exit(1)
        os._exit(0)
    children.append(child)
print([os.waitpid(child, 0)[1] for child in children])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only there workers are forked")
def test_processes_that_were_forked_do_not_move_each_others_place(tmp_path: Path) -> None:
    path, _ = some(tmp_path, 400_000)
    order = [sys.executable, "-c", FORKED, str(path)]
    done = subprocess.run(order, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "[0, 0]\n"


def test_what_was_cut_off_is_said_with_both_lengths(tmp_path: Path) -> None:
    path, data = some(tmp_path, 10_000)
    file = FileBytes(path)
    os.truncate(path, 6_000)
    assert file.read(5_000, 6_000) == data[5_000:6_000]
    said = r"file: was cut off while it was read: it had 10,000 bytes, and has 6,000 now; copy"
    with pytest.raises(RecordingError, match=said):
        file.read(5_000, 7_000)
    with Window(file) as window:
        with pytest.raises(RecordingError, match=said):
            window.hold(8_000, 9_000)
        for _ in range(2):  # nothing of what failed counts as held
            with pytest.raises(RecordingError, match=said):
                window.hold(5_000, 7_000)


@pytest.mark.skipif(sys.platform != "linux", reason="a file whose first page cannot be read")
def test_a_disk_that_fails_is_said_with_the_remedy() -> None:
    file = FileBytes(Path("/proc/self/mem"))
    with pytest.raises(
        RecordingError,
        match=r"mem: cannot be read any more \(Input/output error\); see that its disk",
    ):
        file.read(0, 100)


def test_the_file_is_closed_with_the_last_that_has_it(tmp_path: Path) -> None:
    path, _ = some(tmp_path, 10)
    file = FileBytes(path)
    raw = file._file
    del file
    assert raw.closed
