"""Two ways to find a face: by landmarks, or by the box around it where there are no models."""

from __future__ import annotations

import math

import cv2
import numpy as np

from recordings.arrays import F64Array, U8Array
from recordings.motion.alignment import cut
from recordings.motion.anatomy import Face, face_of_box, face_of_landmarks, head_angles
from recordings.motion.landmarks import Landmarker, square_of
from recordings.motion.models import Models
from recordings.motion.tracing import Finder, Seen
from recordings.video.face_box import Box, find_face

LANDMARKS, BOX = "landmarks", "face box"
# The cascade knows sizes a fifth apart: between them, the median of several looks.
_SCALES = (1.0, 0.95, 0.9, 0.86, 0.8)
_EYE_PX = (37, 13)  # of the crop: about an eye
_SEARCH_PX = (14, 30)
_BROWS_PULL_PX = 4  # so much too high the most contrast is, because of brows and lashes
_UNKNOWN = (math.nan, math.nan, math.nan)


class ByLandmarks:
    """Finds a face by its landmarks, and tells how the head is turned in every picture."""

    name = LANDMARKS

    def __init__(self, models: Models) -> None:
        self._landmarker = Landmarker(models)
        self._points: F64Array | None = None

    def find(self, gray: U8Array) -> Seen | None:
        """Return the face in a picture, if there is one."""
        self._points = self._landmarker.find(gray)
        if self._points is None:
            return None
        # Once more, in squares that the landmarks give: the detector's is rough.
        self._points = self._landmarker.settle(gray, self._points)
        if self._points is None:
            return None
        return Seen(face_of_landmarks(self._points), head_angles(self._points))

    def angles(self, gray: U8Array) -> tuple[float, float, float]:
        """Return turn, nod and lean of the face, degrees; NaN where it is not seen."""
        if self._points is not None:
            self._points = self._landmarker.refine(gray, square_of(self._points))
        if self._points is None:
            self._points = self._landmarker.find(gray)
        return _UNKNOWN if self._points is None else head_angles(self._points)


def _box_at(gray: U8Array, scale: float) -> Box | None:
    """Return the box that is found in a picture made smaller, in its own pixels."""
    if scale == 1:
        return find_face(gray)
    small = cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    box = find_face(np.asarray(small, np.uint8))
    if box is None:
        return None
    left, top, width, height = (round(value / scale) for value in box)
    return left, top, width, height


def _at_its_eyes(face: Face, gray: U8Array) -> Face:
    """Shift a face to where both eyes have the most contrast: a box alone misses them by 20 px."""
    matrix = face.to_picture
    crop = cut(gray, matrix).astype(np.float32)
    mean = cv2.blur(crop, _EYE_PX)
    contrast = np.maximum(cv2.blur(crop * crop, _EYE_PX) - mean * mean, 0)
    (left, row), (right, _) = np.rint(face.eye_centres).astype(int).tolist()
    across, down = _SEARCH_PX
    rows = slice(row - down, row + down + 1)
    both = np.minimum(
        contrast[rows, left - across : left + across + 1],
        contrast[rows, right - across : right + across + 1],
    )
    best = np.unravel_index(int(np.argmax(both)), both.shape)
    shift = np.array([best[1] - across, best[0] - down + _BROWS_PULL_PX])
    return Face(face.eyes + matrix[:, :2] @ shift, face.places, face.eye_centres)


class ByBox:
    """Finds a face by the cascade that ships with scikit-image; knows no angles."""

    name = BOX

    def find(self, gray: U8Array) -> Seen | None:
        """Return the face in a picture, if there is one.

        Raises:
            RecordingError: the extra `face` is not installed.
        """
        boxes = [box for scale in _SCALES if (box := _box_at(gray, scale)) is not None]
        if not boxes:
            return None
        left, top, width, height = (round(n) for n in np.median(np.array(boxes), axis=0).tolist())
        return Seen(_at_its_eyes(face_of_box((left, top, width, height)), gray), _UNKNOWN)

    def angles(self, gray: U8Array) -> tuple[float, float, float]:
        """Return nothing that is known."""
        return _UNKNOWN


def finder_of(models: Models | None) -> Finder:
    """Return the better way that there is.

    Raises:
        RecordingError: OpenCV cannot run the models.
    """
    return ByBox() if models is None else ByLandmarks(models)
