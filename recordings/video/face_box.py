"""Where the face is in a picture: by a trained detector, or by the colour of skin.

The detector is scikit-image's cascade of local binary patterns with the file that it ships,
trained on frontal faces: OpenCV 5 has neither a cascade nor a model. Without it a colour picture is
searched for skin, as the MMME corpus did.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.util import find_spec
from typing import Any, Final

import numpy as np

from recordings.errors import RecordingError
from recordings.video.pixel_formats import Picture

Box = tuple[int, int, int, int]
"""Left, top, width, height in pixels; it may reach beyond the picture."""

LOOK_PX: Final = 320
"""Wider pictures are shrunk to so many pixels; a picture so narrow is taken as it is."""
_LEAST_PX: Final = 48  # looking for smaller ones costs more and finds more noise
_STEP: Final = 1.2  # from one size to the next
# The detector's box goes from about the hairline to below the mouth and from ear to ear: widened
# by these shares of its height it has forehead and chin (tests/bench/bench_face.py: three faces).
_ABOVE: Final = 0.10
_BELOW: Final = 0.20

_LOW: Final = (0, 135, 85)  # of Y, Cr, Cb: skin of all tones lies between, in ordinary light
_HIGH: Final = (255, 180, 135)
_LEAST: Final = 0.01  # of the picture
_REACH: Final = 0.5  # of half the picture: a participant sits near its middle
_MARGIN: Final = 0.15  # of the face's size, on each side


def can_find_faces() -> bool:
    """Whether the detector is installed."""
    return find_spec("skimage") is not None


def find_face(picture: Picture) -> Box | None:
    """Return the box around the largest and most central face, forehead and chin included.

    The picture has 8 bits and is gray or RGB. A face that is turned away, leans by 10° or more
    (tests/bench/bench_face.py) or is less than a seventh of the picture wide may not be found: then
    it is None.

    Raises:
        RecordingError: the detector is not installed.
    """
    detector = _detector()
    small, shrink = _shrunk(picture)
    if small.ndim == 3:
        import cv2

        small = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
    largest = min(small.shape)
    found = detector.detect_multi_scale(
        img=np.ascontiguousarray(small),
        scale_factor=_STEP,
        step_ratio=1,
        min_size=(_LEAST_PX, _LEAST_PX),
        max_size=(largest, largest),
    )
    if not found:
        return None
    boxes = np.array([[box[key] for key in ("c", "r", "width", "height")] for box in found])
    best = _most_central(boxes[:, :2] + boxes[:, 2:] / 2, boxes[:, 2] * boxes[:, 3], small)
    left, top, w, h = (float(n) * shrink for n in boxes[best])
    return round(left), round(top - _ABOVE * h), round(w), round((1 + _ABOVE + _BELOW) * h)


def skin_box(picture: Picture) -> Box | None:
    """Return the box around the face in an RGB picture; None where there is no skin.

    It is the patch of skin colour that is largest and nearest to the middle: walls and wood have
    such colours too, at the edges. A neck or a bare shoulder is skin too: where the patch is taller
    than 1.5 times its width, it is cut to that.
    """
    import cv2

    small, shrink = _shrunk(picture)
    mask = cv2.inRange(cv2.cvtColor(small, cv2.COLOR_RGB2YCrCb), np.array(_LOW), np.array(_HIGH))
    mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    count, _, stats, centres = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    if count < 2:
        return None
    best = _most_central(centres[1:], stats[1:, cv2.CC_STAT_AREA], mask)
    left, top, w, h, area = (int(n) for n in stats[1 + best])
    if area < _LEAST * mask.size:
        return None
    h = min(h, round(1.5 * w))
    return round(left * shrink), round(top * shrink), round(w * shrink), round(h * shrink)


def steady_box(pictures: Iterable[Picture]) -> Box | None:
    """Return one box for several pictures: the median of theirs, with a margin.

    Skin is looked for only where the detector is not installed or finds a face in none of them.

    Raises:
        RecordingError: the pictures are gray and the detector is not installed.
    """
    looks = list(pictures)
    gray = [picture for picture in looks if picture.ndim == 2]
    found = [find_face(picture) for picture in (looks if can_find_faces() else gray)]
    if not any(found):
        found = [skin_box(picture) for picture in looks if picture.ndim == 3]
    boxes = [box for box in found if box is not None]
    if not boxes:
        return None
    left, top, width, height = (int(n) for n in np.median(np.array(boxes), axis=0))
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


@cache
def _detector() -> Any:
    try:
        from skimage.data import lbp_frontal_face_cascade_filename
        from skimage.feature import Cascade
    except ImportError as error:
        raise RecordingError(
            f"scikit-image cannot be loaded ({error}); install it with: pip install 'unisono[face]'"
        ) from error
    return Cascade(lbp_frontal_face_cascade_filename())


def _shrunk(picture: Picture) -> tuple[Picture, float]:
    """Return a picture at most `LOOK_PX` wide, and how much smaller it is."""
    height, width = picture.shape[:2]
    shrink = width / LOOK_PX
    if shrink <= 1:
        return picture, 1.0
    import cv2

    size = (LOOK_PX, round(height / shrink))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA)), shrink


def _most_central(centres: Picture, areas: Picture, picture: Picture) -> int:
    """Return which patch is largest, where one at the edge counts less."""
    middle = np.array([picture.shape[1], picture.shape[0]]) / 2
    away = np.linalg.norm((centres - middle) / middle, axis=1)
    return int(np.argmax(areas * np.exp(-((away / _REACH) ** 2))))
