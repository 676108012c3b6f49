"""The frame ring: in order, never over a frame that waits, nothing left behind."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquire.camera.frame_ring import MAX_SLOTS, FrameRing
from recordings.arrays import U8Array
from recordings.errors import RecordingError


def frame(value: int, size: int = 100) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    return np.full(size, value % 256, np.uint8)


def put_in(ring: FrameRing, image: U8Array, index: int) -> bool:
    kept = ring.try_put(image)
    if kept:
        ring.set_index(0, index)
    return kept


@given(st.integers(2, 5), st.lists(st.booleans(), max_size=60))
def test_frames_come_out_in_order_whatever_the_pace(slots: int, puts: list[bool]) -> None:
    ring = FrameRing(slots, 100)
    waiting: list[int] = []
    most = 0
    for number, put in enumerate(puts):
        if put:
            assert put_in(ring, frame(number), number) == (len(waiting) < slots)
            if len(waiting) < slots:
                waiting.append(number)
        elif waiting:
            index, view = ring.peek()
            assert index == waiting.pop(0)
            assert (view == index % 256).all()
            del view
            ring.release()
        most = max(most, len(waiting))
        assert ring.fill == len(waiting)
    assert ring.high_water == most
    ring.close()


def test_empty_ring_gives_no_frame() -> None:
    ring = FrameRing(2, 100)
    with pytest.raises(RecordingError, match="slot 0 holds 0, not 1"):
        ring.peek()
    ring.close()


@pytest.mark.parametrize("slots", [0, 1, MAX_SLOTS + 1])
def test_number_of_slots_has_limits(slots: int) -> None:
    with pytest.raises(RecordingError, match=f"ring of {slots} frames: between 2 and {MAX_SLOTS}"):
        FrameRing(slots, 100)


def test_too_much_memory_is_refused_with_the_figure() -> None:
    with pytest.raises(RecordingError, match=r"no \d{9,} MB of memory .*; take a smaller ring_s"):
        FrameRing(MAX_SLOTS, 1 << 40)


CHILD = """
import sys
from acquire.camera.frame_ring import FrameRing
ring = FrameRing(4, 5000, sys.argv[1])
while byte := sys.stdin.buffer.read(1):
    index, view = ring.peek()
    print(index, int(view[0]), int(view[-1]), flush=True)
    del view
    ring.release()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="pass_fds")
def test_another_process_takes_the_frames() -> None:
    ring = FrameRing(4, 5000)
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, ring.handle],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,
        pass_fds=[ring.fd],
    ) as child:
        assert child.stdin
        assert child.stdout
        for number in range(20):
            assert put_in(ring, frame(number, 5000), number)
            child.stdin.write(b"\0")
            assert child.stdout.readline().split() == [str(number).encode()] * 3
        child.stdin.close()
        assert child.wait() == 0
    if sys.platform == "linux":  # it has no name: nobody has to unlink it
        assert "(deleted)" in str(Path(f"/proc/self/fd/{ring.fd}").readlink())
    ring.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(int(ring.handle))
