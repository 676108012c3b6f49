"""Traces as pixels: only the columns that are new, straight into an image."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from devices.base import Array, F64Array

Image = npt.NDArray[np.uint32]


def draw(
    image: Image,
    x: int,
    top: F64Array,
    bottom: F64Array,
    colours: npt.NDArray[np.uint32],
    limits: Array,
    width: float,
) -> None:
    """Draw vertical strokes, one for each column and trace.

    Args:
        image: shape (height, width), 0xffRRGGBB; columns from `x` on are drawn into.
        x: where the first column is.
        top: shape (columns, traces), where each stroke begins, in pixels; NaN = nothing.
        bottom: the same, where it ends; not above `top`.
        colours: shape (traces,).
        limits: shape (traces, 2): the rows that each trace may use, first and last but one.
        width: how wide a line is, in pixels.
    """
    upper = np.maximum(top - width / 2, limits[:, 0])
    lower = np.minimum(bottom + width / 2, limits[:, 1])
    there = lower > upper  # False for NaN, and for what lies outside
    if not there.any():
        return
    column, trace = np.nonzero(there)
    start, end = upper[there], lower[there]
    first, last = np.ceil(start).astype(np.intp), np.floor(end).astype(np.intp)
    colour = colours[trace]
    xs = column + x
    # Both ends cover a part of a pixel only: smooth, for two blends a stroke.
    split = first <= last
    _blend(image, first - 1, xs, colour, np.where(split, first - start, end - start))
    _blend(image, last, xs, colour, np.where(split, end - last, 0.0))
    lengths = np.maximum(last - first, 0)
    total = int(lengths.sum())
    offsets = np.repeat(np.cumsum(lengths) - lengths, lengths)
    rows = np.repeat(first, lengths) + (np.arange(total) - offsets)
    image[rows, np.repeat(xs, lengths)] = np.repeat(colour, lengths)


def _blend(image: Image, rows: Array, xs: Array, colour: Array, share: F64Array) -> None:
    seen = (rows >= 0) & (rows < image.shape[0]) & (share > 0.02)
    rows, xs, colour = rows[seen], xs[seen], colour[seen]
    weight = (share[seen] * 256).astype(np.uint32)
    under = image[rows, xs]
    result = np.full(len(rows), 0xFF000000, np.uint32)
    for shift in (0, 8, 16):
        a, b = (under >> shift) & 255, (colour >> shift) & 255
        result |= ((a * (256 - weight) + b * weight) >> 8) << shift
    image[rows, xs] = result
