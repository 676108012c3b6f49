"""Where the regions of a face are, from landmarks or, roughly, from the box around the face.

All motion is measured in a crop of `CROP` pixels, four times as wide as the inner corners of the
eyes are apart, these on a level line. So a pixel of the crop is the same share of any face.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np

from recordings.arrays import F64Array
from recordings.video.face_box import Box

Region = Literal["inner-brow", "outer-brow", "lower-lid", "nose", "mouth-corner", "lip"]
Side = Literal["left", "right"]
"""The person's."""
REGIONS: Final[tuple[Region, ...]] = get_args(Region)
SIDES: Final[tuple[Side, ...]] = get_args(Side)
PLACES: Final = tuple(f"{region}-{side}" for region in REGIONS for side in SIDES)
"""The twelve traces, in their order."""

CROP: Final = 256
EYES_APART: Final = CROP / 4
"""Inner corners of the eyes, px of the crop."""
EYE_LINE: Final = 80.0
"""How far from the upper edge the inner corners lie, px of the crop."""

_INNER_CORNERS: Final = {"right": 133, "left": 362}
_OUTER_CORNERS: Final = {"right": 33, "left": 263}
_LANDMARKS: Final[Mapping[Region, Mapping[Side, tuple[int, ...]]]] = {
    "inner-brow": {"right": (107, 55, 66, 65), "left": (336, 285, 296, 295)},
    "outer-brow": {"right": (105, 52, 63, 53), "left": (334, 282, 293, 283)},
    "lower-lid": {"right": (145, 23), "left": (374, 253)},
    "nose": {"right": (48, 98), "left": (278, 327)},
    "mouth-corner": {"right": (61,), "left": (291,)},
    "lip": {"right": (84, 181), "left": (314, 405)},
}
"""Numbers in the mesh of 468 points."""
_FOREHEAD, _CHIN = 10, 152

# Of a face of ordinary proportions, px of the crop from the middle between the inner corners of
# the eyes; for the side at the right of the picture.
_ORDINARY: Final[Mapping[Region, tuple[tuple[float, float], ...]]] = {
    "inner-brow": ((38.0, -40.0),),
    "outer-brow": ((82.0, -40.0),),
    "lower-lid": ((57.0, 12.0),),
    "nose": ((28.0, 76.0),),
    "mouth-corner": ((45.0, 129.0),),
    "lip": ((17.0, 145.0),),
}
_ORDINARY_EYE: Final = 57.0
# Of the box around a face from forehead to chin (`recordings.video.face_box`).
_BOX_EYES: Final = (0.5, 0.385)
_BOX_EYES_APART: Final = 0.205  # of the width


@dataclass(frozen=True, slots=True)
class Face:
    """A face in a picture.

    `eyes`: inner corners, that at the left of the picture first, px of the picture, shape (2, 2).
    `places`: points of each of `PLACES`, px of the crop. `eye_centres`: px of the crop, (2, 2).
    """

    eyes: F64Array
    places: tuple[F64Array, ...]
    eye_centres: F64Array

    @property
    def to_picture(self) -> F64Array:
        """The matrix (2, 3) from px of the crop to px of the picture."""
        return crop_matrix(self.eyes)


def crop_matrix(eyes: F64Array) -> F64Array:
    """Return the matrix (2, 3) from px of the crop to px of the picture: turn, scale and shift."""
    across = (eyes[1] - eyes[0]) / EYES_APART
    turn = np.array([[across[0], -across[1]], [across[1], across[0]]])
    shift = eyes.mean(axis=0) - turn @ (CROP / 2, EYE_LINE)
    return np.hstack([turn, shift[:, None]])


def apply(matrix: F64Array, points: F64Array) -> F64Array:
    """Map points, shape (n, 2), by a matrix (2, 3)."""
    return np.asarray(points @ matrix[:, :2].T + matrix[:, 2])


def inverse(matrix: F64Array) -> F64Array:
    """Return the matrix (2, 3) that undoes one."""
    back = np.linalg.inv(matrix[:, :2])
    return np.hstack([back, (-back @ matrix[:, 2])[:, None]])


def chained(outer: F64Array, inner: F64Array) -> F64Array:
    """Return the matrix (2, 3) that maps by `inner`, then by `outer`."""
    turn = outer[:, :2] @ inner[:, :2]
    return np.hstack([turn, (outer[:, :2] @ inner[:, 2] + outer[:, 2])[:, None]])


def face_of_landmarks(points: F64Array) -> Face:
    """Return the face of 468 landmarks, px of the picture, shape (468, 2 or 3)."""
    flat = points[:, :2]
    eyes = flat[[_INNER_CORNERS["right"], _INNER_CORNERS["left"]]]
    back = inverse(crop_matrix(eyes))
    places = tuple(
        apply(back, flat[list(_LANDMARKS[region][side])]) for region in REGIONS for side in SIDES
    )
    pairs = [(_INNER_CORNERS[side], _OUTER_CORNERS[side]) for side in ("right", "left")]
    centres = np.array([flat[list(pair)].mean(axis=0) for pair in pairs])
    return Face(eyes, places, apply(back, centres))


def face_of_box(box: Box) -> Face:
    """Return the face in a box, as if it were upright and of ordinary proportions."""
    left, top, width, height = box
    middle = np.array([left + _BOX_EYES[0] * width, top + _BOX_EYES[1] * height])
    half = np.array([_BOX_EYES_APART * width / 2, 0.0])
    origin = np.array([CROP / 2, EYE_LINE])
    places = tuple(
        origin + np.array(_ORDINARY[region]) * (1 if side == "left" else -1, 1)
        for region in REGIONS
        for side in SIDES
    )
    centres = origin + np.array([[-_ORDINARY_EYE, 0.0], [_ORDINARY_EYE, 0.0]])
    return Face(np.array([middle - half, middle + half]), places, centres)


def head_angles(points: F64Array) -> tuple[float, float, float]:
    """Return turn, nod and lean of the head in degrees, from landmarks of shape (468, 3).

    0 where it looks at the camera upright; positive: to the person's left, up, and towards the
    person's left shoulder. The depth of landmarks is estimated, and so are turn and nod.
    """
    across = points[_OUTER_CORNERS["left"]] - points[_OUTER_CORNERS["right"]]
    down = points[_CHIN] - points[_FOREHEAD]
    across = across / np.linalg.norm(across)
    forward = np.cross(across, down)
    forward = forward / np.linalg.norm(forward)  # away from the camera where it looks there
    turn = np.degrees(np.arctan2(-forward[0], forward[2]))
    nod = np.degrees(np.arcsin(np.clip(forward[1], -1, 1)))
    lean = np.degrees(np.arctan2(across[1], across[0]))
    return float(turn), float(nod), float(lean)
