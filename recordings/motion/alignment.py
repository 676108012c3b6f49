"""The head's own motion, taken out of a field of optical flow.

The head is fitted as a flat thing that shifts, turns, grows and narrows: six numbers, from all of
the face but the eyes. What moves in one place alone is left out of the fit by its residuals, and is
what is left over.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from recordings.arrays import BoolArray, F64Array, I64Array, U8Array
from recordings.motion.anatomy import CROP

_STEP: Final = 8
_ROUNDS: Final = 6
_LEAST_SPREAD_PX: Final = 0.15
"""Residuals below this are noise: weights do not tell them apart."""
_EYE_HALF: Final = (30.0, 18.0)  # px of the crop around the middle of an eye: lids and what is near
_FACE_HALF: Final = (105.0, 125.0)
_FACE_MIDDLE: Final = (CROP / 2, 125.0)
_MOST_SHIFT_PX: Final = 40.0
_MOST_CHANGE: Final = 0.3
_LEAST_FITTING: Final = 0.4
_FITS_PX: Final = 1.0
_SMOOTH: Final = (5, 5)  # px: noise of a dim picture is none of the face
_LEAST_ALIKE: Final = 0.5
"""Of a face at a tenth of its light, in noise, it is 0.78; of darkness and of even gray 0."""


@dataclass(frozen=True, slots=True)
class Fit:
    """The head's motion: a matrix (2, 3) from the reference crop to this one, and how it fits."""

    matrix: F64Array
    fitting: float  # share of the face that moves with it

    @property
    def is_good(self) -> bool:
        """Whether it can be the motion of a head."""
        moved = self.matrix @ (CROP / 2, CROP / 2, 1) - CROP / 2
        change = np.abs(self.matrix[:, :2] - np.eye(2)).max()
        small = np.abs(moved).max() < _MOST_SHIFT_PX and change < _MOST_CHANGE
        return bool(small and self.fitting >= _LEAST_FITTING)


class Flow:
    """Dense optical flow between two crops; keeps its buffers, so for one thread."""

    def __init__(self) -> None:
        self._finder = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)

    def between(self, then: U8Array, now: U8Array) -> F64Array:
        """Return where each pixel went (right, down), px, shape (256, 256, 2)."""
        nothing = np.zeros((CROP, CROP, 2), np.float32)
        return np.asarray(self._finder.calc(then, now, nothing))


def cut(gray: U8Array, to_picture: F64Array) -> U8Array:
    """Cut the crop out of a picture, shape (256, 256), without aliasing."""
    shrink = int(np.hypot(to_picture[0, 0], to_picture[1, 0]))
    if shrink > 1:
        height, width = gray.shape
        size = (max(1, width // shrink), max(1, height // shrink))
        gray = np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), np.uint8)
        # The middle of the first small pixel is that of the first `shrink` ones.
        to_picture = to_picture / shrink
        to_picture[:, 2] += 0.5 / shrink - 0.5
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    crop = cv2.warpAffine(gray, to_picture, (CROP, CROP), flags=flags)
    return np.asarray(crop, np.uint8)


def rigid_places(eye_centres: F64Array) -> BoolArray:
    """Return which pixels of a grid may tell of the head, shape (32, 32)."""
    grid = np.arange(_STEP // 2, CROP, _STEP)
    ys, xs = np.meshgrid(grid, grid, indexing="ij")
    x, y = _FACE_MIDDLE
    inside = ((xs - x) / _FACE_HALF[0]) ** 2 + ((ys - y) / _FACE_HALF[1]) ** 2 < 1
    for ex, ey in eye_centres:
        inside &= ~((np.abs(xs - ex) < _EYE_HALF[0]) & (np.abs(ys - ey) < _EYE_HALF[1]))
    return np.asarray(inside)


def fit_head(flow: F64Array, rigid: BoolArray) -> Fit:
    """Fit the head's motion to a field of flow, places that move for themselves left out."""
    at = slice(_STEP // 2, None, _STEP)
    ys, xs = np.nonzero(rigid)
    points = np.column_stack([xs * _STEP + _STEP // 2, ys * _STEP + _STEP // 2, np.ones(len(xs))])
    moved = np.asarray(flow[at, at][rigid], np.float64)
    weights = np.ones(len(points))
    change = np.zeros((3, 2))
    size = np.zeros(len(points))
    for _ in range(_ROUNDS):
        weighted = points * weights[:, None]
        change[:] = np.linalg.solve(weighted.T @ points + 1e-6 * np.eye(3), weighted.T @ moved)
        size = np.hypot(*(moved - points @ change).T)
        spread = max(_LEAST_SPREAD_PX, 1.5 * float(np.median(size)))
        weights = 1 / (1 + (size / spread) ** 2) ** 2
    matrix = np.hstack([np.eye(2), np.zeros((2, 1))]) + change.T
    return Fit(matrix, float(np.mean(size < _FITS_PX)))


def is_alike(then: U8Array, now: U8Array, matrix: F64Array, rigid: BoolArray) -> bool:
    """Say whether a crop, the head's motion taken out, shows what the reference shows.

    By correlation, so that it may be darker. A dark or even picture has nothing that moves: its
    flow is 0 everywhere, which fits a head that stands still.
    """
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    back = cv2.warpAffine(now, matrix, (CROP, CROP), flags=flags)
    at = slice(_STEP // 2, None, _STEP)
    one, two = (cv2.blur(crop, _SMOOTH)[at, at][rigid].astype(np.float64) for crop in (then, back))
    one, two = one - one.mean(), two - two.mean()
    return bool(one @ two > _LEAST_ALIKE * np.sqrt((one @ one) * (two @ two)))


def residual(flow: F64Array, matrix: F64Array, pixels: I64Array) -> F64Array:
    """Return what moved beside the head at pixels (column, row), both of shape (n, 2), px."""
    moved = flow[pixels[:, 1], pixels[:, 0]]
    return np.asarray(moved - (pixels @ (matrix[:, :2] - np.eye(2)).T + matrix[:, 2]), np.float64)
