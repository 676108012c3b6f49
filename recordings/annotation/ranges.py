"""Sets of frames as ranges: first and last frame, both belonging to it; disjoint and rising."""

from __future__ import annotations

from collections.abc import Iterable

Ranges = tuple[tuple[int, int], ...]


def union(spans: Iterable[tuple[int, int]]) -> Ranges:
    """Return the frames of any of these spans, which may overlap and come in any order."""
    out: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if out and first <= out[-1][1] + 1:
            out[-1] = out[-1][0], max(out[-1][1], last)
        else:
            out.append((first, last))
    return tuple(out)


def common(a: Ranges, b: Ranges) -> Ranges:
    """Return the frames of both."""
    out: list[tuple[int, int]] = []
    i = j = 0
    while i < len(a) and j < len(b):
        first, last = max(a[i][0], b[j][0]), min(a[i][1], b[j][1])
        if first <= last:
            out.append((first, last))
        if a[i][1] < b[j][1]:
            i += 1
        else:
            j += 1
    return tuple(out)


def without(a: Ranges, b: Ranges) -> Ranges:
    """Return the frames of `a` that are not in `b`."""
    out: list[tuple[int, int]] = []
    for first, last in a:
        for low, high in b:
            if high < first:
                continue
            if low > last:
                break
            if low > first:
                out.append((first, low - 1))
            first = high + 1
        if first <= last:
            out.append((first, last))
    return tuple(out)


def count(ranges: Ranges) -> int:
    """Return how many frames there are."""
    return sum(last - first + 1 for first, last in ranges)


def contains(ranges: Ranges, frame: int) -> bool:
    """Whether a frame is among them."""
    return any(first <= frame <= last for first, last in ranges)
