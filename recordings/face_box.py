"""Where the face is in a colour picture, found by the colour of skin, as the MMME corpus did."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np

from recordings.planes import Picture

Box = tuple[int, int, int, int]
"""Left, top, width, height in pixels."""

_LOW: Final = (0, 135, 85)  # of Y, Cr, Cb: skin of all tones lies between, in ordinary light
_HIGH: Final = (255, 180, 135)
_LEAST: Final = 0.01  # of the picture
_REACH: Final = 0.5  # of half the picture: a participant sits near its middle
_MARGIN: Final = 0.15  # of the face's size, on each side
_LOOK_PX: Final = 320


def skin_box(picture: Picture) -> Box | None:
    """Return the box around the face in an RGB picture; None where there is no skin.

    It is the patch of skin colour that is largest and nearest to the middle: walls and wood have
    such colours too, at the edges. A neck or a bare shoulder is skin too: where the patch is taller
    than 1.5 times its width, it is cut to that.
    """
    import cv2

    height, width = picture.shape[:2]
    shrink = max(width / _LOOK_PX, 1.0)
    small = cv2.resize(picture, (round(width / shrink), round(height / shrink)))
    mask = cv2.inRange(cv2.cvtColor(small, cv2.COLOR_RGB2YCrCb), np.array(_LOW), np.array(_HIGH))
    mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    count, _, stats, centres = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    if count < 2:
        return None
    middle = np.array([mask.shape[1], mask.shape[0]]) / 2
    away = np.linalg.norm((centres[1:] - middle) / middle, axis=1)
    areas = stats[1:, cv2.CC_STAT_AREA]
    best = int(np.argmax(areas * np.exp(-((away / _REACH) ** 2))))
    left, top, w, h, area = (int(n) for n in stats[1 + best])
    if area < _LEAST * mask.size:
        return None
    h = min(h, round(1.5 * w))
    return round(left * shrink), round(top * shrink), round(w * shrink), round(h * shrink)


def steady_box(pictures: Iterable[Picture]) -> Box | None:
    """Return one box for several pictures: the median of theirs, with a margin, of even size."""
    found = [box for picture in pictures if (box := skin_box(picture)) is not None]
    if not found:
        return None
    left, top, width, height = (int(n) for n in np.median(np.array(found), axis=0))
    x, y = round(width * _MARGIN), round(height * _MARGIN)
    return left - x, top - y, width + 2 * x, height + 2 * y


def crop(picture: Picture, box: Box | None) -> Picture:
    """Return the part of a picture in a box, as far as it lies in the picture, of even size."""
    if box is None:
        return picture
    height, width = picture.shape[:2]
    left, top = max(box[0], 0), max(box[1], 0)
    right, bottom = min(box[0] + box[2], width), min(box[1] + box[3], height)
    return picture[top : bottom - (bottom - top) % 2, left : right - (right - left) % 2]
