"""From a mosaic of 8 to 16 bits to what a screen shows: colour, range, gamma, size; differences."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import cv2
import numpy as np

from recordings.arrays import U8Array
from recordings.video.pixel_formats import Picture, PixelFormat

Box = tuple[int, int, int, int]
"""Left, top, width, height in pixels of the picture."""

NEAREST_FROM: Final = 3.0
"""Enlarged more than so often, pixels are shown as they are: what is seen is no interpolation."""
_REACHES: Final = (96, 256)  # pixels of the longer side at which a shift is measured


def whole(picture: Picture) -> Box:
    """Give the box of all of a picture."""
    return 0, 0, picture.shape[1], picture.shape[0]


def inside(box: Box, width: int, height: int) -> Box:
    """Return the box, moved and cut so that it lies in a picture and on whole 2×2 mosaics."""
    w, h = (
        max(2, min(size, limit)) // 2 * 2 for size, limit in ((box[2], width), (box[3], height))
    )
    left = max(0, min(box[0], width - w)) // 2 * 2
    top = max(0, min(box[1], height - h)) // 2 * 2
    return left, top, min(w, width - left), min(h, height - top)


def show(picture: Picture, fmt: PixelFormat, box: Box, size: tuple[int, int]) -> Picture:
    """Return a part of a picture in colour or gray, in its own depth, `size` (width, height) large.

    A mosaic that is shown at half its size or less takes each 2×2 cell as one pixel: no
    interpolation is made that would not be seen.
    """
    left, top, width, height = box
    part = picture[top : top + height, left : left + width]
    if fmt.pattern and part.ndim == 2 and min(part.shape) > 1:
        part = _cells(part, fmt.pattern) if size[0] * 2 <= width else _demosaiced(part, fmt.pattern)
    part = np.ascontiguousarray(part)
    if part.shape[1::-1] == size:
        return part
    while size[0] * 2 < part.shape[1]:  # by halves: else a mean takes 50 times as long
        half = (part.shape[1] // 2, max(1, part.shape[0] // 2))
        part = np.asarray(cv2.resize(part, half, interpolation=cv2.INTER_AREA))
    grown = size[0] / part.shape[1]
    how = cv2.INTER_NEAREST if grown >= NEAREST_FROM else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(part, size, interpolation=how))


def _demosaiced(part: Picture, pattern: str) -> Picture:
    code = getattr(cv2, f"COLOR_Bayer{pattern}2RGB")
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(part), code))


def _cells(part: Picture, pattern: str) -> Picture:
    rows, columns = (n // 2 * 2 for n in part.shape)
    planes = [part[n // 2 : rows : 2, n % 2 : columns : 2] for n in range(4)]
    red, blue = planes[pattern.index("R")], planes[pattern.index("B")]
    greens = [plane for plane, letter in zip(planes, pattern, strict=True) if letter == "G"]
    green = cv2.addWeighted(greens[0].copy(), 0.5, greens[1].copy(), 0.5, 0)
    return np.asarray(cv2.merge([red.copy(), green, blue.copy()]))


@lru_cache(maxsize=16)
def _curve(bits: int, gamma: float) -> U8Array:
    top = (1 << bits) - 1
    size = 1 << (8 if bits <= 8 else 16)
    share = np.minimum(np.arange(size) / top, 1.0)
    return np.round(255 * share ** (1 / gamma)).astype(np.uint8)


def to_8_bits(shown: Picture, bits: int, gamma: float = 1.0) -> U8Array:
    """Map the whole range of `bits` to 0…255; a gamma above 1 makes what is dark lighter."""
    if shown.dtype == np.uint8 and gamma == 1.0:
        return np.asarray(shown, np.uint8)
    curve = _curve(min(bits, 16), gamma)
    if shown.dtype == np.uint8:
        return np.asarray(cv2.LUT(shown, curve), np.uint8)
    return np.asarray(curve[shown], np.uint8)


def difference(now: U8Array, then: U8Array, gain: float) -> tuple[U8Array, tuple[float, float]]:
    """Return what changed, `gain` times, around middle gray, and the shift that was taken out.

    Both are 8-bit pictures of one size; the shift, in their pixels (right, down), is that of
    `now` against `then` and is measured between the gray pictures to a fraction of a pixel. What
    lies beyond the edge after shifting counts as unchanged.
    """
    one, two = _gray(now), _gray(then)
    shift = shift_of(one, two)
    matrix = np.array([[1, 0, shift[0]], [0, 1, shift[1]]], np.float32)
    moved = cv2.warpAffine(two, matrix, two.shape[::-1], borderMode=cv2.BORDER_REPLICATE)
    changed = np.clip(128 + gain * (one - moved), 0, 255).astype(np.uint8)
    return changed, shift


def shift_of(now: Picture, then: Picture) -> tuple[float, float]:
    """Measure how far a gray float32 picture has moved (right, down), px; 0 where it cannot say.

    By the enhanced correlation coefficient, coarse to fine: brightness and contrast may differ.
    """
    x = y = 0.0
    for reach in _REACHES:
        scale = max(1.0, max(now.shape) / reach)
        found = _moved(_small(now, scale), _small(then, scale), (x / scale, y / scale))
        x, y = found[0] * scale, found[1] * scale
        if scale == 1.0:
            break
    # A head does not go farther between two frames that are compared.
    return (x, y) if max(abs(x), abs(y)) <= max(now.shape) / 8 else (0.0, 0.0)


def _small(gray: Picture, scale: float) -> Picture:
    if scale == 1.0:
        return gray
    size = max(2, round(gray.shape[1] / scale)), max(2, round(gray.shape[0] / scale))
    return np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA))


def _moved(now: Picture, then: Picture, guess: tuple[float, float]) -> tuple[float, float]:
    everywhere = np.ones(now.shape, np.uint8)
    if min(now.shape) < 16 or not (now.std() and then.std()):
        return guess
    warp = np.array([[1, 0, guess[0]], [0, 1, guess[1]]], np.float32)
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 30, 1e-4)
    try:
        _, found = cv2.findTransformECC(
            then, now, warp, cv2.MOTION_TRANSLATION, stop, everywhere, 5
        )
    except cv2.error:  # they have nothing in common
        return guess
    return float(found[0, 2]), float(found[1, 2])


def ghost(now: U8Array, then: U8Array) -> U8Array:
    """Lay two 8-bit pictures of one size over each other, half and half."""
    return np.asarray(cv2.addWeighted(now, 0.5, then, 0.5, 0), np.uint8)


def _gray(picture: U8Array) -> Picture:
    flat = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) if picture.ndim == 3 else picture
    return np.asarray(flat).astype(np.float32)
