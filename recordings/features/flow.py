"""Optical flow of a face from onset to apex, and its strain.

Dense flow by OpenCV's DIS, refined to the last pixel: its presets stop at a part of the size, and
smooth small movements away. The head's own motion is in it.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from recordings.arrays import F64Array, U8Array
from recordings.video.face_box import Box

CROP_PX: Final = 256
"""The side of the crop in which flow is measured; its pixels are the unit."""
_DESCENTS: Final = 50
_REFINEMENTS: Final = 10


def dense_flow(then: U8Array, now: U8Array) -> F64Array:
    """Return where each pixel of `then` went, px right and down, shape (height, width, 2).

    Both are gray, uint8, of one shape. On textured pictures it is within 0.1 px for movements of
    0.3 to 2 px (tests/recordings/features/test_flow.py); on skin without texture it falls short.
    """
    finder = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    finder.setFinestScale(0)
    finder.setGradientDescentIterations(_DESCENTS)
    finder.setVariationalRefinementIterations(_REFINEMENTS)
    return np.asarray(finder.calc(then, now, np.zeros((*then.shape, 2), np.float32)), np.float64)


def strain(flow: F64Array) -> F64Array:
    """Return the size of the strain of a flow, shape (height, width).

    The root of the sum of squares of the strain tensor, (∇u + ∇uᵀ)/2: 0 where all moves or turns
    alike.
    """
    u_down, u_right = np.gradient(flow[..., 0])
    v_down, v_right = np.gradient(flow[..., 1])
    shear = 0.5 * (u_down + v_right)
    return np.asarray(np.sqrt(u_right**2 + v_down**2 + 2 * shear**2), np.float64)


def onset_apex(onset: U8Array, apex: U8Array, size: int) -> F64Array:
    """Return flow and strain from one crop to another: u, v, strain, shape (3, size, size).

    Args:
        onset: gray, uint8, (256, 256).
        apex: of the same place.
        size: of the maps: means over the pixels of each cell; u and v stay pixels of the crop.
    """
    flow = dense_flow(onset, apex)
    maps = (flow[..., 0], flow[..., 1], strain(flow))
    if size == len(onset):
        return np.stack(maps)
    shape = (size, size)
    return np.stack([cv2.resize(m, shape, interpolation=cv2.INTER_AREA) for m in maps])


def square_crop(gray: U8Array, box: Box) -> U8Array:
    """Return the square around a box of a picture, 256 pixels wide; beyond the edge, its pixels."""
    left, top, width, height = box
    side = max(width, height, 1)
    left, top = left + (width - side) // 2, top + (height - side) // 2
    rows, columns = gray.shape
    beyond = max(0, -left, -top, left + side - columns, top + side - rows)
    wide = cv2.copyMakeBorder(gray, beyond, beyond, beyond, beyond, cv2.BORDER_REPLICATE)
    part = wide[top + beyond : top + beyond + side, left + beyond : left + beyond + side]
    method = cv2.INTER_AREA if side > CROP_PX else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(part, (CROP_PX, CROP_PX), interpolation=method), np.uint8)
