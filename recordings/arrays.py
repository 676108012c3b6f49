"""Arrays: their types by what they hold, quantiles of values in order, long ones by pieces.

What is computed on the way, a piece at a time, takes no memory to speak of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
BoolArray = npt.NDArray[np.bool_]
C128Array = npt.NDArray[np.complex128]
F32Array = npt.NDArray[np.float32]
F64Array = npt.NDArray[np.float64]
I16Array = npt.NDArray[np.int16]
I64Array = npt.NDArray[np.int64]
U8Array = npt.NDArray[np.uint8]
U16Array = npt.NDArray[np.uint16]

PIECE: Final = 1 << 18
"""Values at a time: as doubles, 2 MB."""
ENOUGH: Final = 1 << 20
"""Of so many values a median or another quantile is known, whatever the others are."""
_PARTS: Final = 64


def quantile(ordered: F64Array, share: float) -> F64Array:
    """Return what `np.quantile` does, to the last bit, of values that ascend along the last axis.

    Sorting first takes less time than numpy's way.

    Shape (…, n), n ≥ 1, none of them NaN; the result has the shape (…).
    """
    last = ordered.shape[-1] - 1
    place = share * last
    low = int(place)
    part, below = place - low, ordered[..., low]
    above = ordered[..., min(low + 1, last)]
    step = above - below
    found: F64Array = below + step * part if part < 0.5 else above - step * (1 - part)
    return found


def spans(count: int, size: int = PIECE) -> Iterator[slice]:
    """Yield slices that together are `count` values, `size` at a time."""
    for start in range(0, count, size):
        yield slice(start, min(start + size, count))


def some(count: int) -> list[slice]:
    """Return slices of at most `ENOUGH` of `count` values, spread evenly; of fewer, all."""
    if count <= ENOUGH:
        return [slice(0, count)]
    width = ENOUGH // _PARTS
    starts = np.linspace(0, count - width, _PARTS).astype(np.int64).tolist()
    return [slice(start, start + width) for start in starts]


def steps_where(values: F64Array, test: Callable[[F64Array], BoolArray]) -> I64Array:
    """Return the indices of values, shape (n,), after which a step comes that passes a test.

    `test` gets steps, shape (m,), and says which pass, shape (m,).
    """
    found = [np.zeros(0, np.int64)]
    for part in spans(len(values) - 1):
        steps = np.diff(values[part.start : part.stop + 1])
        found.append(np.flatnonzero(test(steps)) + part.start)
    return np.concatenate(found)


def runs(mask: BoolArray) -> list[tuple[int, int]]:
    """Return the stretches (first, after the last) in which a mask, shape (n,), is set."""
    edges = np.flatnonzero(np.diff(np.r_[False, mask, False]))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def longest_step(values: F64Array) -> float:
    """Return the longest step from a value to the next, either way, shape (n,); 0 without any."""
    parts = (values[part.start : part.stop + 1] for part in spans(len(values) - 1))
    return max((float(np.abs(np.diff(part)).max(initial=0.0)) for part in parts), default=0.0)
