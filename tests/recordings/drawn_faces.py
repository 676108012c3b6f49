"""Faces to be found: the simulated camera's, with the places of what is in it."""

from __future__ import annotations

import sys
from typing import NamedTuple

import numpy as np
import pytest

from devices.simulation.face import Face
from recordings.export.video import to_rgb
from recordings.video import face_box
from recordings.video.pixel_formats import Picture


class Landmarks(NamedTuple):
    """Places in a picture, (x, y) in pixels."""

    left_eye: tuple[float, float]
    right_eye: tuple[float, float]
    forehead: tuple[float, float]
    chin: tuple[float, float]


def drawn(width: int, height: int, pixel_format: str, lid: float = 0, smile: float = 0) -> Picture:
    """Draw the face in the middle, gray or RGB."""
    face = Face(width, height, pixel_format, key=1)
    return to_rgb(face.image(face.look(lid, smile), 0), pixel_format)


def drawn_landmarks(width: int, height: int) -> Landmarks:
    """See `devices.simulation.face`: in shares of the shorter side `s`, around the middle."""
    s, x, y = min(width, height), width / 2, 0.52 * height
    eyes, up = y - 0.08 * s, 0.38 * s
    return Landmarks((x - 0.12 * s, eyes), (x + 0.12 * s, eyes), (x, y - up), (x, y + up))


def drawn_aside(width: int, height: int, size: int, left: int) -> Picture:
    """Draw a gray face `size` pixels high, in a picture of the backdrop, so far from its left."""
    face = drawn(size, size, "Mono8")
    picture = np.full((height, width), face[0, 0], np.uint8)
    top = (height - size) // 2
    picture[top : top + size, left : left + size] = face
    return picture


def hide_the_detector(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do as if scikit-image was not installed."""
    for name in ("skimage", "skimage.data", "skimage.feature"):
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setattr(face_box, "_detector", face_box._detector.__wrapped__)
    assert not face_box.can_find_faces()
