"""A `Range` header gives what a slice gives."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquire.node.program.byte_range import Unsatisfiable, byte_range

DATA = bytes(range(256))
sizes = st.integers(0, 256)
numbers = st.integers(0, 300)


def part(header: str | None, size: int) -> bytes | None:
    """What the header gives of a file of `size` bytes; None: nothing can be given."""
    data = DATA[:size]
    try:
        found = byte_range(header, size)
    except Unsatisfiable:
        return None
    return data if found is None else data[found.start : found.stop]


@given(sizes, numbers, numbers)
def test_from_to(size: int, first: int, last: int) -> None:
    whole = DATA[:size]
    given_part = part(f"bytes={first}-{last}", size)
    if last < first:
        assert given_part == whole  # no range at all
    elif first >= size:
        assert given_part is None
    else:
        assert given_part == whole[first : last + 1]


@given(sizes, numbers)
def test_from_on(size: int, first: int) -> None:
    expected = DATA[:size][first:] or None
    assert part(f"bytes={first}-", size) == expected


@given(sizes, numbers)
def test_the_last_so_many(size: int, count: int) -> None:
    expected = DATA[:size][-count:] if count and size else None
    assert part(f"bytes=-{count}", size) == expected


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=a-b",
        "bytes=1-2,3-4",
        "lines=1-2",
        "bytes=-1-",
    ],
)
def test_what_is_no_range_of_ours_is_the_whole(header: str | None) -> None:
    assert part(header, 10) == DATA[:10]


@given(st.text(max_size=30), sizes)
def test_whatever_stands_there(header: str, size: int) -> None:
    got = part(header, size)
    assert got is None or got in DATA[:size]
