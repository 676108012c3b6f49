"""Traces as pixels: only the columns that are new, straight into an image."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from devices.base import Array, F64Array

_RED_BLUE, _GREEN, _OPAQUE = np.uint32(0xFF00FF), np.uint32(0x00FF00), np.uint32(0xFF000000)
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
    column, trace = np.nonzero(there)
    start, end = upper[there], lower[there]
    first, last = np.ceil(start).astype(np.intp), np.floor(end).astype(np.intp)
    colour, xs = colours[trace], column + x
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
    total = int(lengths.sum())
    offsets = np.repeat(np.cumsum(lengths) - lengths, lengths)
    rows = np.repeat(first, lengths) + (np.arange(total) - offsets)
    image[rows, np.repeat(xs, lengths)] = np.repeat(colour, lengths)


def _blend(image: Image, rows: Array, xs: Array, colour: Array, share: F64Array) -> None:
    seen = (rows >= 0) & (rows < image.shape[0]) & (share > 0.02)
    rows, xs, colour = rows[seen], xs[seen], colour[seen]
    weight = (share[seen] * 256).astype(np.uint32)
    rest, under = 256 - weight, image[rows, xs]
    # Red and blue together, then green: eight bits of room above each for the product.
    mixed = ((under & _RED_BLUE) * rest + (colour & _RED_BLUE) * weight) >> 8 & _RED_BLUE
    green = ((under & _GREEN) * rest + (colour & _GREEN) * weight) >> 8 & _GREEN
    image[rows, xs] = mixed | green | _OPAQUE
