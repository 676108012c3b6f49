"""Orders of trials that can be made again: from a seed, the participant and the block alone."""

from __future__ import annotations

import hashlib
import random
import re
from collections import Counter
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def make_random(*parts: object) -> random.Random:
    """Make a generator that depends on `parts` alone, the same on every machine."""
    text = "\0".join(map(str, parts))
    return random.Random(int.from_bytes(hashlib.sha256(text.encode()).digest(), "big"))


def participant_number(label: str) -> int:
    """Count a participant from 0, for the row of a Latin square: 01 → 0, 17 → 16.

    A label without digits gives a number that depends on the label alone.
    """
    digits = re.sub(r"[^0-9]", "", label)
    if digits:
        return max(int(digits) - 1, 0)
    return int.from_bytes(hashlib.sha256(label.encode()).digest()[:4], "big")


def shuffled(items: Sequence[T], rng: random.Random) -> list[T]:
    """Return them in an order of which all are equally likely (Fisher and Yates).

    Only `rng.random` is used: Python keeps what it gives for a seed the same for ever.
    """
    after = list(items)
    for last in range(len(after) - 1, 0, -1):
        other = int(rng.random() * (last + 1))
        after[last], after[other] = after[other], after[last]
    return after


def latin_row(count: int, row: int) -> list[int]:
    """Return row `row` of a Williams design of `count` treatments, as indices.

    Over `count` rows (twice as many where it is odd) each index is once in each place, and follows
    each other index equally often.
    """
    if count == 0:
        return []
    square = count if count % 2 == 0 else 2 * count
    row %= square
    zigzag = [(place // 2 if place % 2 else -(place // 2)) % count for place in range(1, count + 1)]
    shifted = [(index + row) % count for index in zigzag]
    return shifted[::-1] if row >= count else shifted


def no_repeat(
    items: Sequence[T], categories: Sequence[str], rng: random.Random, before: str | None = None
) -> list[T]:
    """Shuffle so that no two of one category follow each other; `before` is that of what came last.

    Raises:
        ValueError: more than half (rounded up, or with `before` down) are of one category.
    """
    left: dict[str, list[T]] = {}
    for item, category in zip(items, categories, strict=True):
        left.setdefault(category, []).append(item)
    left = {category: shuffled(group, rng) for category, group in left.items()}
    counts = Counter({category: len(group) for category, group in left.items()})
    order: list[T] = []
    while total := counts.total():
        before = _next_category(counts, total, before, rng)
        counts[before] -= 1
        order.append(left[before].pop())
    return order


def _next_category(counts: Counter[str], total: int, before: str | None, rng: random.Random) -> str:
    """Draw by what is left of each; the one that would be left over is taken at once."""
    allowed = [c for c in sorted(counts) if counts[c] and c != before]
    if not allowed:
        raise ValueError("too many of one category to keep them apart")
    for category in allowed:
        if counts[category] * 2 > total:
            return category
    ticket = rng.random() * sum(counts[c] for c in allowed)
    for category in allowed:
        ticket -= counts[category]
        if ticket < 0:
            return category
    return allowed[-1]
