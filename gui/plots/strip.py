"""Traces as pixels: only the columns that are new, straight into an image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from devices.arrays import Array, F64Array

_RED_BLUE, _GREEN, _OPAQUE = np.uint32(0xFF00FF), np.uint32(0x00FF00), np.uint32(0xFF000000)
Image = npt.NDArray[np.uint32]


class Strokes(NamedTuple):
    """Vertical strokes; every array has shape (n,)."""

    x: Array
    start: F64Array  # the upper end, in pixels from the top
    end: F64Array  # the lower one
    colour: npt.NDArray[np.uint32]  # 0xffRRGGBB


def strokes(
    xs: Array,
    top: F64Array,
    bottom: F64Array,
    limits: tuple[F64Array, F64Array],
    colours: npt.NDArray[np.uint32],
) -> Strokes:
    """Make strokes of traces, one for each column and trace, as far as there is something to see.

    Args:
        xs: shape (columns,), where each column is.
        top: shape (columns, traces), where each stroke begins, in pixels; NaN = nothing.
        bottom: the same, where it ends; not above `top`.
        limits: shape (traces,) each: the first row that each trace may use, and the last but one.
        colours: shape (traces,).
    """
    upper, lower = np.maximum(top, limits[0]), np.minimum(bottom, limits[1])
    there = lower > upper  # False for NaN, and for what lies outside
    column, trace = np.nonzero(there)
    return Strokes(xs[column], upper[there], lower[there], colours[trace])


def draw(image: Image, parts: Sequence[Strokes]) -> None:
    """Draw strokes into an image, shape (height, width), 0xffRRGGBB; all at once costs least."""
    xs, start, end, colour = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    end = np.minimum(end, image.shape[0])
    first, last = np.ceil(start).astype(np.intp), np.floor(end).astype(np.intp)
    # Both ends cover a part of a pixel only: smooth, for two blends a stroke.
    split = first <= last
    _blend(
        image,
        np.concatenate([first - 1, last]),
        np.concatenate([xs, xs]),
        np.concatenate([colour, colour]),
        np.concatenate(
            [np.where(split, first - start, end - start), np.where(split, end - last, 0.0)]
        ),
    )
    lengths = np.maximum(last - first, 0)
    ends = lengths.cumsum()
    rows = np.arange(ends[-1] if len(ends) else 0) + (first - ends + lengths).repeat(lengths)
    image[rows, xs.repeat(lengths)] = colour.repeat(lengths)


def _blend(image: Image, rows: Array, xs: Array, colour: Array, share: F64Array) -> None:
    seen = (rows >= 0) & (rows < image.shape[0]) & (share > 0.02)
    rows, xs, colour = rows[seen], xs[seen], colour[seen]
    weight = (share[seen] * 256).astype(np.uint32)
    rest, under = 256 - weight, image[rows, xs]
    # Red and blue together, then green: eight bits of room above each for the product.
    mixed = ((under & _RED_BLUE) * rest + (colour & _RED_BLUE) * weight) >> 8 & _RED_BLUE
    green = ((under & _GREEN) * rest + (colour & _GREEN) * weight) >> 8 & _GREEN
    image[rows, xs] = mixed | green | _OPAQUE
