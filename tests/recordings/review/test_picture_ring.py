"""Pictures decoded ahead: the one that is asked for, never another, in bounded memory."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recordings.errors import RecordingError
from recordings.review import picture_ring
from recordings.review.picture_ring import Kept, PictureRing, Unreadable
from recordings.review.read_ahead import block_size, farthest, reading_order
from recordings.video.pixel_formats import Picture

COUNT, PIXELS = 200, 100
WAIT_S = 30.0


def read(k: int) -> Picture:
    if k % 50 == 13:
        raise RecordingError(f"frame {k} cannot be decoded")
    return np.full((10, 10), k, np.uint8)


@contextmanager
def ring(budget: int = 40 * PIXELS, **more: object) -> Iterator[PictureRing]:
    made = PictureRing(read, COUNT, PIXELS, budget, **more)  # type: ignore[arg-type]
    try:
        yield made
    finally:
        made.close()


def is_of(got: Kept | None, k: int) -> bool:
    if k % 50 == 13:
        return isinstance(got, Unreadable) and f"frame {k}" in got.text
    return isinstance(got, np.ndarray) and bool((got == k).all())


@given(
    k=st.integers(0, COUNT - 1),
    step=st.integers(-20, 20),
    room=st.integers(1, 200),
    count=st.integers(1, COUNT),
)
def test_what_is_asked_for_comes_first_and_nothing_twice_or_outside(
    k: int, step: int, room: int, count: int
) -> None:
    k = min(k, count - 1)
    block = block_size(room)
    order = list(reading_order(k, step, block, count))
    assert order[0] == k
    assert len(order) == len(set(order))
    assert all(0 <= n < count for n in order)
    # What is decoded ahead stays until it is shown: it fits in.
    assert len(order) <= max(room, 4)
    if step == 1 and k + 1 < count and block > 1:
        assert {k + 1} <= set(order[1:])
    if step == -1 and k and block > 1:
        assert k - 1 in order


@given(k=st.integers(0, COUNT - 1), step=st.integers(-1, 1), goes_on=st.booleans())
def test_of_groups_of_pictures_the_group_is_decoded_from_its_key(
    k: int, step: int, goes_on: bool
) -> None:
    order = list(reading_order(k, step, 30, COUNT, from_key=True, goes_on=goes_on))
    first = k - k % 30
    group = list(range(first, min(first + 30, COUNT)))
    assert order[: len(group)] == group
    assert len(order) == len(set(order))
    assert all(0 <= n < COUNT for n in order)
    if not goes_on or not step:
        assert order == group


@given(k=st.integers(0, COUNT - 1))
def test_back_where_no_search_is_needed_the_next_one_asked_for_is_decoded_next(k: int) -> None:
    order = list(reading_order(k, -1, 16, COUNT, leaps=True))
    first = max(0, k - k % 16 - 16)
    assert order[0] == k
    assert [n for n in order if n < k] == list(range(first, k))[::-1]
    assert sorted(order) == sorted(reading_order(k, -1, 16, COUNT))
    assert list(reading_order(k, 1, 16, COUNT, leaps=True)) == list(reading_order(k, 1, 16, COUNT))


def test_what_lies_behind_goes_first() -> None:
    assert farthest(iter([2, 10, 17]), 10, 1) == 2
    assert farthest(iter([2, 10, 17]), 10, -1) == 2 or farthest(iter([4, 10, 15]), 10, -1) == 15


def test_a_thousand_jumps_while_it_fills_give_no_stale_picture() -> None:
    rng = random.Random(2)
    with ring() as made:
        for _ in range(1000):
            k = rng.randrange(COUNT)
            got = made.get(k, rng.choice((-1, 0, 1, 7)), rng.choice((0.0, WAIT_S)))
            assert got is None or is_of(got, k)
        assert is_of(made.get(7, 0, WAIT_S), 7)
        assert len(made) <= made.room == 40


def test_one_picture_is_kept_however_large() -> None:
    with ring(budget=1) as made:
        assert made.room == made.block == 1
        for k in (5, 6, 5):
            assert is_of(made.get(k, 1, WAIT_S), k)


def test_the_neighbours_are_there_before_they_are_asked_for() -> None:
    decoded = threading.Event()
    seen: list[int] = []

    def slow(k: int) -> Picture:
        seen.append(k)
        if len(seen) == 30:
            decoded.set()
        return read(k)

    made = PictureRing(slow, COUNT, PIXELS, 80 * PIXELS)
    try:
        made.get(100, -1, WAIT_S)
        assert decoded.wait(WAIT_S)
        assert is_of(made.get(99, -1), 99)
        assert is_of(made.get(81, -1), 81)
        assert seen[0] == 100
    finally:
        made.close()


def test_while_a_cursor_is_dragged_nothing_is_decoded_that_nobody_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(picture_ring, "REST_S", 10 * WAIT_S)
    seen: list[int] = []

    def noted(k: int) -> Picture:
        seen.append(k)
        return read(k)

    made = PictureRing(noted, COUNT, PIXELS, 80 * PIXELS)
    try:
        for k in (100, 7, 30, 61):
            assert is_of(made.get(k, 0, WAIT_S), k)
        assert seen == [100, 7, 30, 61]
        assert is_of(made.get(62, 1, WAIT_S), 62), "a step ends the rest"
    finally:
        made.close()


def test_behind_a_jump_its_block_is_decoded() -> None:
    filled = threading.Event()

    def noted(k: int) -> Picture:
        if k == 96:  # the last of the block that is left
            filled.set()
        return read(k)

    made = PictureRing(noted, COUNT, PIXELS, 80 * PIXELS)
    try:
        made.get(97, 0, WAIT_S)
        assert filled.wait(WAIT_S)
    finally:
        made.close()


def test_it_is_told_also_of_a_picture_that_an_earlier_wish_brought() -> None:
    """Asked for 0, it goes on to 1; asked for 1 meanwhile, that must be told of."""
    told: list[int] = []
    came = threading.Event()
    gate = threading.Semaphore(0)

    def held(k: int) -> Picture:
        gate.acquire()
        return read(k)

    def tell(k: int) -> None:
        told.append(k)
        if k == 1:
            came.set()

    made = PictureRing(held, COUNT, PIXELS, 40 * PIXELS, tell)
    try:
        made.get(0, 1)
        gate.release()
        assert is_of(made.get(0, 1, WAIT_S), 0)
        made.get(1, 1)
        gate.release()
        assert came.wait(WAIT_S)
    finally:
        gate.release(COUNT)
        made.close()
