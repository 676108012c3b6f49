"""In which order pictures are decoded, so that the next one asked for is there already."""

from __future__ import annotations

from collections.abc import Iterator

BLOCK_MOST = 16
"""Pictures of a block: half a second of stepping at 30 a second."""
LEAPS = 3
"""So many pictures ahead where only every so-and-so-many-th is shown."""


def block_size(room: int) -> int:
    """Say how many pictures a block has, of `room` that are kept: four blocks fit in, at least."""
    return max(1, min(BLOCK_MOST, room // 4))


def reading_order(
    k: int,
    step: int,
    block: int,
    count: int,
    *,
    from_key: bool = False,
    goes_on: bool = True,
    leaps: bool = False,
) -> Iterator[int]:
    """Yield the pictures to decode after one was asked for: that one first.

    Then comes what is likely to be asked for next, decoded forward as most files are read fastest:
    the rest of its block, and the block after (`step` 1) or before it (`step` −1); without a
    direction (0) its block alone; with a longer step the pictures of the steps that follow.

    Args:
        k: the picture that was asked for.
        step: how far the next one will be from it.
        block: pictures of a block.
        count: pictures that there are.
        from_key: each block begins with a key frame, and its pictures need those before them: then
            these come first, as they have to be decoded anyway.
        goes_on: whether there is room for the next block, too.
        leaps: each picture is found as fast as the one after the last: then those before it are
            decoded in the order in which they are asked for.
    """
    first = k - k % block
    if from_key and abs(step) <= 1:
        yield from range(first, k)
    yield k
    if abs(step) > 1:
        ahead = (k + step * n for n in range(1, LEAPS + 1))
        yield from (n for n in ahead if 0 <= n < count)
        return
    backward = -1 if leaps and step < 0 else 1
    before = () if from_key else range(first, k)[::backward]
    after = range(k + 1, min(first + block, count))
    yield from (*before, *after) if step < 0 else (*after, *before)
    if not goes_on:
        return
    if step > 0:
        yield from range(first + block, min(first + 2 * block, count))
    elif step < 0:
        yield from range(max(first - block, 0), first)[::backward]


def farthest(kept: Iterator[int], k: int, step: int) -> int:
    """Say which of the pictures that are kept is let go of: what lies behind, twice as soon."""

    def distance(n: int) -> int:
        return abs(n - k) * (2 if (n - k) * step < 0 else 1)

    return max(kept, key=distance)
