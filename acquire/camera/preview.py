"""A small picture of the newest frame, and how well it is exposed and focused."""

from __future__ import annotations

import threading

import numpy as np

from acquire.processes.messages import Preview
from devices.arrays import Array, U8Array
from devices.camera.opencv_capture import import_cv2
from recordings.video.pixel_formats import PixelFormat, as_bytes, to_picture

MAX_WIDTH = 640
CROP = 256
"""Focus is judged on the middle of the picture at full resolution, so many pixels square."""
SATURATED = 250
QUALITY = 80


class PreviewTap:
    """Takes a copy of the newest frame when somebody asks, and costs nothing otherwise."""

    def __init__(self, fmt: PixelFormat, width: int, height: int) -> None:
        self._format, self._width, self._height = fmt, width, height
        self._wanted = threading.Event()
        self._there = threading.Event()
        self._copy: tuple[U8Array, float, int] | None = None

    def offer(self, image: Array, stamp: float, device_frame: int) -> None:
        """Look at a frame, in the capture thread: one copy of its bytes, if it is wanted."""
        if self._wanted.is_set():
            self._wanted.clear()
            frame = as_bytes(image, self._format, self._width, self._height).copy()
            self._copy = (frame, stamp, device_frame)
            self._there.set()

    def take(self, timeout_s: float) -> Preview | None:
        """Make a preview of the next frame, in the caller's thread; None where none comes."""
        self._there.clear()
        self._wanted.set()
        if not self._there.wait(timeout_s) or self._copy is None:
            return None
        frame, stamp, device_frame = self._copy
        picture = to_picture(frame, self._format, self._width, self._height)
        return _make(picture, self._format, stamp, device_frame)


def _make(picture: Array, fmt: PixelFormat, stamp: float, device_frame: int) -> Preview:
    small = _shrunk(_eight_bit(picture, fmt), fmt)
    return Preview(
        jpeg=_jpeg(small),
        stamp=stamp,
        device_frame=device_frame,
        saturated=float(np.mean(small >= SATURATED)),
        focus=_focus(_eight_bit(_middle(picture), fmt)),
    )


def _eight_bit(picture: Array, fmt: PixelFormat) -> U8Array:
    eight: U8Array = (
        picture if picture.dtype == np.uint8 else (picture >> (fmt.bits - 8)).astype("u1")
    )
    return eight


def _shrunk(picture: U8Array, fmt: PixelFormat) -> U8Array:
    """Take every k-th pixel; of a mosaic every k-th 2×2 cell, as red, green and blue."""
    step = -(-picture.shape[1] // MAX_WIDTH)
    if not fmt.pattern:
        return picture[::step, ::step]
    step = 2 * -(-picture.shape[1] // (2 * MAX_WIDTH))
    # The pattern names the cell row by row; of its two greens the second one is as good.
    cells = {c: picture[i // 2 :: step, i % 2 :: step] for i, c in enumerate(fmt.pattern)}
    rows = min(c.shape[0] for c in cells.values())
    columns = min(c.shape[1] for c in cells.values())
    return np.stack([cells[c][:rows, :columns] for c in "RGB"], axis=-1)


def _middle(picture: Array) -> Array:
    height, width = picture.shape[:2]
    top, left = max(0, (height - CROP) // 2), max(0, (width - CROP) // 2)
    return picture[top : top + CROP, left : left + CROP]


def _focus(crop: U8Array) -> float:
    gray = crop.astype(np.float32)
    if gray.ndim == 3:
        gray = gray.mean(axis=2)
    laplacian = (
        gray[:-2, 1:-1] + gray[2:, 1:-1] + gray[1:-1, :-2] + gray[1:-1, 2:] - 4 * gray[1:-1, 1:-1]
    )
    return float(laplacian.var())


def _jpeg(picture: U8Array) -> bytes:
    cv2 = import_cv2()
    bgr = picture[..., ::-1] if picture.ndim == 3 else picture
    done, data = cv2.imencode(
        ".jpg", np.ascontiguousarray(bgr), [cv2.IMWRITE_JPEG_QUALITY, QUALITY]
    )
    return bytes(data) if done else b""
