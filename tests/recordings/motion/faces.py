"""A textured face whose regions are known, and what finds it without looking."""

from __future__ import annotations

import math

import numpy as np

from devices.simulation.head_drawing import EYE, EYE_SIZE
from devices.simulation.textured_face import TexturedFace, place_of
from devices.simulation.world import Movement, Region, Side
from recordings.arrays import F64Array, U8Array
from recordings.motion.anatomy import REGIONS, SIDES, Face, apply, crop_matrix, inverse
from recordings.motion.tracing import Seen

WIDTH, HEIGHT = 320, 240


def known_face(width: int = WIDTH, height: int = HEIGHT) -> Face:
    """Where everything is, in a head at rest."""
    s = min(width, height)
    middle = np.array([width / 2, 0.52 * height])

    def there(*places: tuple[float, float]) -> F64Array:
        return np.asarray(middle + s * np.array(places))

    inner = EYE[0] - EYE_SIZE[0]
    eyes = there((-inner, EYE[1]), (inner, EYE[1]))
    back = inverse(crop_matrix(eyes))
    places = tuple(
        apply(back, there(place_of(region, side)[0])) for region in REGIONS for side in SIDES
    )
    return Face(eyes, places, apply(back, there((-EYE[0], EYE[1]), EYE)))


class Knowing:
    """A `Finder` that is told."""

    name = "told"

    def __init__(self, face: Face | None) -> None:
        self.face, self.asked = face, 0

    def find(self, gray: U8Array) -> Seen | None:
        self.asked += 1
        return None if self.face is None else Seen(self.face, (0.0, 0.0, 0.0))

    def angles(self, gray: U8Array) -> tuple[float, float, float]:
        return (math.nan, math.nan, math.nan)


def movement(region: Region, side: Side, amplitude_px: float) -> Movement:
    return Movement(0.0, 0.5, 1.0, 1.0, region, side, amplitude_px)


def textured(key: int = 5) -> TexturedFace:
    return TexturedFace(WIDTH, HEIGHT, "Mono8", key)
