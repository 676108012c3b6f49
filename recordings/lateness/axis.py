"""The times of samples as a rule: computed for those that are asked for, kept for none. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from recordings.arrays import F64Array, I64Array, spans

_BLOCK: Final = 1024  # samples whose times are computed to find a place among them


class Axis(Protocol):
    """The times of `len` samples, seconds."""

    def __len__(self) -> int: ...

    def at(self, numbers: I64Array) -> F64Array:
        """Return the times of the samples of these numbers, shape (n,), counted from 0."""

    def before(self, times: F64Array) -> I64Array:
        """Say how many samples come before each of `times`, shape (n,), where times rise."""


@dataclass(frozen=True, slots=True)
class Given:
    """Times that are known one by one, shape (n,)."""

    times: F64Array

    def __len__(self) -> int:
        return len(self.times)

    def at(self, numbers: I64Array) -> F64Array:
        """See `Axis`."""
        return self.times[numbers]

    def before(self, times: F64Array) -> I64Array:
        """See `Axis`."""
        return np.searchsorted(self.times, times)


@dataclass(frozen=True, slots=True)
class Joined:
    """Stretches, one after the other."""

    parts: Sequence[Axis]

    def __len__(self) -> int:
        return sum(map(len, self.parts))

    def at(self, numbers: I64Array) -> F64Array:
        """See `Axis`."""
        edges = np.cumsum([0, *map(len, self.parts)])
        which = np.searchsorted(edges, numbers, "right") - 1
        out = np.empty(len(numbers))
        for number in np.unique(which).tolist():
            inside = which == number
            out[inside] = self.parts[number].at(numbers[inside] - edges[number])
        return out

    def before(self, times: F64Array) -> I64Array:
        """See `Axis`."""
        return places(self, times)


@dataclass(frozen=True, slots=True)
class Shifts:
    """What moves all samples after some: `total[i]` those after `index[i - 1]`, shape (k + 1,)."""

    index: I64Array
    total: npt.NDArray[Any]

    def at(self, numbers: I64Array) -> npt.NDArray[Any]:
        """Return by how much these samples are moved altogether, shape (n,)."""
        if not len(self.index):  # as mostly
            return np.full(len(numbers), self.total[0])
        moved: npt.NDArray[Any] = self.total[np.searchsorted(self.index, numbers)]
        return moved


def shifts(index: Sequence[int], sizes: Sequence[float], dtype: npt.DTypeLike = float) -> Shifts:
    """Return what moves all samples after each of `index` by its size; lists of one length."""
    order = np.argsort(np.array(index, np.int64), kind="stable")
    total = np.zeros(len(order) + 1, dtype)
    np.cumsum(np.array(sizes, dtype)[order], out=total[1:])
    return Shifts(np.array(index, np.int64)[order], total)


def together(one: Shifts, other: Shifts) -> Shifts:
    """Return what moves samples as both do."""
    index = np.union1d(one.index, other.index)
    after = np.append(index, index[-1:] + 1) if len(index) else np.zeros(1, np.int64)
    return Shifts(index, one.at(after) + other.at(after))


NO_SHIFTS: Final = shifts((), ())


def all_times(axis: Axis) -> F64Array:
    """Return the times of all samples, shape (n,)."""
    out = np.empty(len(axis))
    for part in spans(len(axis)):
        out[part] = axis.at(np.arange(part.start, part.stop))
    return out


def places(axis: Axis, times: F64Array) -> I64Array:
    """Say how many samples come before each of `times`, shape (n,), computing few of them."""
    coarse = axis.at(np.arange(0, len(axis), _BLOCK))
    block = np.maximum(np.searchsorted(coarse, times) - 1, 0)
    out = np.empty(len(times), np.int64)
    order = np.argsort(block, kind="stable")
    edges = np.flatnonzero(np.diff(block[order])) + 1
    for group in np.split(order, edges):
        if not len(group):
            continue
        first = int(block[group[0]]) * _BLOCK
        own = axis.at(np.arange(first, min(first + _BLOCK, len(axis))))
        out[group] = first + np.searchsorted(own, times[group])
    return out
