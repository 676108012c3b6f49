"""Flow and strain of a face from the onset of a coded event to its apex, out of the pictures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np

from recordings.arrays import F64Array, U8Array
from recordings.errors import RecordingError
from recordings.export.video import to_rgb
from recordings.features.flow import CROP_PX, onset_apex, square_crop
from recordings.read.camera import Camera
from recordings.video.face_box import find_face
from recordings.video.pixel_formats import Picture

MAPS = ("u", "v", "strain")
"""What a flow is made of: px of the crop right, px down, and the strain's size."""


def event_flow(camera: Camera, about: Mapping[str, Any], size: int) -> F64Array | None:
    """Return u, v and strain of an event, shape (3, size, size).

    None where its onset or apex was not coded, it is another camera's, or no face is found.

    Args:
        camera: whose pictures they are.
        about: of the window of the event: `camera`, `onset_time` and `apex_time`, LSL s.
        size: of the maps, px; `recordings.features.flow.CROP_PX` at most.

    Raises:
        RecordingError: the window is no event's.
    """
    if "apex_time" not in about:
        raise RecordingError(f"{camera.name}: flow is of events; ask for windows='event'")
    onset, apex = about["onset_time"], about["apex_time"]
    if onset is None or apex is None or about["camera"] != camera.name:
        return None
    fmt = camera.entry.pixel_format
    first, second = (as_gray(camera.at(float(time)), fmt) for time in (onset, apex))
    if (box := find_face(first)) is None:
        return None
    return onset_apex(square_crop(first, box), square_crop(second, box), size)


def as_gray(picture: Picture, pixel_format: str) -> U8Array:
    """Return a picture in this form as gray, uint8, shape (height, width)."""
    image = to_rgb(picture, pixel_format)
    return image if image.ndim == 2 else np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))


def check_size(name: str, size: int) -> None:
    """Refuse maps that are larger than the crop that they are made of.

    Raises:
        RecordingError: they are.
    """
    if size > CROP_PX:
        raise RecordingError(f"{name}: flow{size}: flow has at most {CROP_PX} pixels")
