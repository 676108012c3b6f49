"""A face and its 468 landmarks in a picture, by two small networks that OpenCV runs.

The detector says where eyes, nose, mouth and ears are, in a square of 128 px; the mesh says where
each landmark is, in a square of 192 px cut around the face, upright.
"""

from __future__ import annotations

from typing import Any, Final

import cv2
import numpy as np

from recordings.arrays import F64Array, U8Array
from recordings.errors import RecordingError
from recordings.motion.anatomy import apply
from recordings.motion.models import Models

LANDMARKS: Final = 468
_LOOK, _MESH = 128, 192
_STRIDES: Final = ((8, 2), (16, 6))  # px between anchors, how many at each place
_SURE: Final = 0.5
_NEARBY: Final = 0.3  # overlap of boxes that are of one face
_WIDER: Final = 1.5  # the mesh's square over the detector's
_LEFT_EYE, _RIGHT_EYE = 0, 1  # of the detector's points, as seen in the picture
_SIZES: Final = (0.9, 1.0, 1.1)
_LEANS: Final = (-0.1, 0.0, 0.1)  # rad
"""Squares that are looked at for a mean: each look alone misses by 1.4 % of a face's width."""


class Landmarker:
    """Runs both networks; for one thread.

    Raises:
        RecordingError: OpenCV cannot read them.
    """

    def __init__(self, models: Models) -> None:
        try:
            self._detector = _network(str(models.detector))
            self._mesh = _network(str(models.mesh))
            self._names = [
                list(net.getUnconnectedOutLayersNames()) for net in (self._detector, self._mesh)
            ]
        except cv2.error as error:
            raise RecordingError(
                f"{models.mesh.parent}: OpenCV {cv2.__version__} cannot run the models "
                f"({' '.join(str(error).split())})"
            ) from error
        self._anchors = _anchors()

    def find(self, gray: U8Array) -> F64Array | None:
        """Return landmarks of the surest face, px, shape (468, 3), or None where there is none."""
        square = self._surest(gray)
        return None if square is None else self.refine(gray, square)

    def refine(self, gray: U8Array, square: F64Array) -> F64Array | None:
        """Return landmarks in a square, a matrix (2, 3) from its 192 px to the picture's.

        Depth, towards the camera, is in px too and negative nearer to it. None: it sees no face.
        """
        crop = cv2.warpAffine(
            gray, square, (_MESH, _MESH), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        )
        self._mesh.setInput(_blob(np.asarray(crop, np.uint8), 1 / 255.0, 0.0))
        points, flag = (np.asarray(part) for part in _by_size(self._mesh.forward(self._names[1])))
        if 1 / (1 + np.exp(-float(flag.ravel()[0]))) < _SURE:
            return None
        mesh = points.reshape(LANDMARKS, 3).astype(np.float64)
        scale = float(np.hypot(square[0, 0], square[1, 0]))
        return np.column_stack([apply(square, mesh[:, :2]), mesh[:, 2] * scale])

    def settle(self, gray: U8Array, points: F64Array) -> F64Array | None:
        """Return the mean of landmarks in squares around a face: turned, smaller and larger."""
        squares = [square_of(points, size, lean) for size in _SIZES for lean in _LEANS]
        looks = [look for s in squares if (look := self.refine(gray, s)) is not None]
        return np.asarray(np.mean(looks, axis=0)) if looks else None

    def _surest(self, gray: U8Array) -> F64Array | None:
        """Return the upright square around the surest face, from 192 px to the picture's."""
        height, width = gray.shape
        side = max(height, width)
        shift = np.array([(width - side) / 2, (height - side) / 2])
        look = np.hstack([np.eye(2) * side / _LOOK, shift[:, None]])
        small = _shrunk(gray, look)
        self._detector.setInput(_blob(small, 1 / 127.5, 1.0))
        every = [np.asarray(part) for part in self._detector.forward(self._names[0])]
        values = next(part.reshape(-1, 16) for part in every if part.size == 896 * 16)
        scores = next(part.ravel() for part in every if part.size == 896)
        sure = 1 / (1 + np.exp(-np.clip(scores, -80, 80)))
        best = int(np.argmax(sure))
        if sure[best] < _SURE:
            return None
        return self._square(values, sure, best, look)

    def _square(self, values: Any, sure: Any, best: int, look: F64Array) -> F64Array:
        found = self._anchors[:, None, :] * _LOOK + values.reshape(-1, 8, 2)
        centres, sizes = found[:, 0], values.reshape(-1, 8, 2)[:, 1]
        near = np.linalg.norm(centres - centres[best], axis=1) < _NEARBY * sizes[best].max()
        near &= sure >= _SURE
        weights = sure[near] / sure[near].sum()
        centre = weights @ centres[near]
        size = float(weights @ sizes[near].max(axis=1))
        eyes = np.einsum("n,nij->ij", weights, found[near][:, 2:4])
        across = eyes[_RIGHT_EYE] - eyes[_LEFT_EYE]
        return square_around(
            apply(look, centre[None])[0], _WIDER * size * look[0, 0], np.arctan2(*across[::-1])
        )


def square_around(centre: F64Array, side: float, lean: float) -> F64Array:
    """Return the matrix (2, 3) from a square of 192 px to that of `side` px around `centre`."""
    cos, sin = np.cos(lean) * side / _MESH, np.sin(lean) * side / _MESH
    turn = np.array([[cos, -sin], [sin, cos]])
    return np.hstack([turn, (centre - turn @ (_MESH / 2, _MESH / 2))[:, None]])


def square_of(points: F64Array, size: float = 1.0, lean: float = 0.0) -> F64Array:
    """Return the square in which the same face is looked for; larger by `size`, turned by `lean`.

    Without those it is upright as the eyes are.
    """
    flat = points[:, :2]
    low, high = flat.min(axis=0), flat.max(axis=0)
    across = flat[263] - flat[33]  # outer corners of the eyes
    side = _WIDER * size * float((high - low).max())
    return square_around((low + high) / 2, side, np.arctan2(*across[::-1]) + lean)


def _network(path: str) -> Any:
    """Read a network so that it keeps all its outputs: OpenCV 5's new engine loses some."""
    classic = getattr(cv2.dnn, "ENGINE_CLASSIC", None)
    if classic is None:  # OpenCV 4
        return cv2.dnn.readNetFromTFLite(path)
    return cv2.dnn.readNetFromTFLite(path, classic)


def _blob(gray: U8Array, scale: float, less: float) -> Any:
    values = gray.astype(np.float32) * np.float32(scale) - np.float32(less)
    return np.broadcast_to(values, (1, 3, *values.shape)).copy()


def _by_size(parts: Any) -> tuple[Any, Any]:
    large, small = sorted(parts, key=lambda part: -part.size)[:2]
    return large, small


def _anchors() -> F64Array:
    """Return the middles of the detector's places, shares of its square, shape (896, 2)."""
    rows = []
    for stride, each in _STRIDES:
        grid = (np.arange(_LOOK // stride) + 0.5) / (_LOOK // stride)
        ys, xs = np.meshgrid(grid, grid, indexing="ij")
        rows.append(np.repeat(np.column_stack([xs.ravel(), ys.ravel()]), each, axis=0))
    return np.concatenate(rows)


def _shrunk(gray: U8Array, look: F64Array) -> U8Array:
    """Return the square of 128 px that a matrix cuts out, without aliasing."""
    scale = float(look[0, 0])
    if scale > 1:
        size = (max(1, round(gray.shape[1] / scale)), max(1, round(gray.shape[0] / scale)))
        gray = np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), np.uint8)
    top, left = ((_LOOK - n) // 2 for n in gray.shape)
    canvas = np.zeros((_LOOK, _LOOK), np.uint8)
    canvas[top : top + gray.shape[0], left : left + gray.shape[1]] = gray
    return canvas
