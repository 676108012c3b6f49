"""Which windows train and which test: never both of one participant, unless that is asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import numpy as np

from recordings.arrays import I64Array
from recordings.errors import RecordingError

Split = tuple[I64Array, I64Array]
"""Numbers of the windows that train, and of those that test."""

KINDS: Final = ("loso", "kfold", "leaking-kfold")


def splits(
    kind: str, participants: Sequence[str], folds: int = 5, seed: int = 0
) -> Iterator[Split]:
    """Yield the splits of windows.

    Args:
        kind: `loso`: each participant tests once, alone. `kfold`: each tests once, in `folds`
            groups of participants. `leaking-kfold`: windows are dealt out whoever they are of, so
            that a model may know the participants it is tested with; for comparison alone.
        participants: of each window.
        folds: for the last two.
        seed: which of the ways to deal out participants, or windows.

    Raises:
        RecordingError: there is no such kind, or there are too few to make so many folds.
    """
    names = np.array(participants, dtype=str)
    known = np.unique(names)
    if kind not in KINDS:
        raise RecordingError(f"split {kind!r}: there are {', '.join(KINDS)}")
    parts = len(known) if kind == "loso" else folds
    there = len(names) if kind == "leaking-kfold" else len(known)
    if not 2 <= parts <= there:
        what = "windows" if kind == "leaking-kfold" else "participants"
        raise RecordingError(f"{parts} folds of {there} {what}: at least 2, and no more than there")
    if kind == "loso":
        return _split(np.searchsorted(known, names), parts)
    dealt = np.random.default_rng(seed).permutation(there) % parts
    fold = dealt if kind == "leaking-kfold" else dealt[np.searchsorted(known, names)]
    return _split(fold, parts)


def alike(participants: Iterable[str]) -> list[tuple[str, ...]]:
    """Return pseudonyms that may be of one person: `1` and `01`, `p7` and `P07`."""
    found: dict[str, list[str]] = {}
    for name in sorted(set(participants)):
        plain = re.sub(r"(?<!\d)0+(?=\d)", "", name.casefold())
        found.setdefault(plain, []).append(name)
    return [tuple(names) for names in found.values() if len(names) > 1]


def _split(fold: I64Array, parts: int) -> Iterator[Split]:
    for number in range(parts):
        yield np.flatnonzero(fold != number), np.flatnonzero(fold == number)
