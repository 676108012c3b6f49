"""The preview is a small true picture of the newest frame, and costs nothing until asked for."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import cv2
import numpy as np
import pytest

from acquire.camera.preview import MAX_WIDTH, PreviewTap
from devices.arrays import Array
from recordings.video.pixel_formats import pixel_format


def preview_of(image: Array, name: str, width: int, height: int):  # type: ignore[no-untyped-def]
    tap = PreviewTap(pixel_format(name), width, height)
    taken = []
    asker = threading.Thread(target=lambda: taken.append(tap.take(10.0)))
    asker.start()
    while asker.is_alive():
        tap.offer(image, 12.5, 7)
    asker.join()
    return taken[0]


def decoded(jpeg: bytes) -> Array:
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_UNCHANGED)
    assert picture is not None
    return np.asarray(picture)


def test_gray_is_shrunk_and_told() -> None:
    image = np.tile(np.linspace(0, 255, 1280).astype(np.uint8), (1024, 1))
    preview = preview_of(image, "Mono8", 1280, 1024)
    picture = decoded(preview.jpeg)
    assert picture.shape == (512, 640)
    assert picture.shape[1] <= MAX_WIDTH
    assert np.abs(picture.astype(int) - image[::2, ::2]).max() < 6
    assert (preview.stamp, preview.device_frame) == (12.5, 7)


@pytest.mark.parametrize("pattern", ["RG", "GR", "GB", "BG"])
def test_a_mosaic_shows_its_colours(pattern: str) -> None:
    second = {"RG": "GB", "GR": "BG", "GB": "RG", "BG": "GR"}[pattern]
    level = {"R": 200, "G": 120, "B": 40}
    cell = np.array([[level[c] for c in pattern], [level[c] for c in second]], np.uint8)
    preview = preview_of(np.tile(cell, (120, 160)), f"Bayer{pattern}8", 320, 240)
    blue, green, red = decoded(preview.jpeg).reshape(-1, 3).mean(axis=0)
    assert (red, green, blue) == pytest.approx((200, 120, 40), abs=4)


def test_twelve_bits_are_shown_as_eight() -> None:
    preview = preview_of(np.full((64, 64), 2048, np.uint16), "Mono12", 64, 64)
    assert decoded(preview.jpeg).mean() == pytest.approx(128, abs=2)


def test_what_is_burnt_out_is_told() -> None:
    image = np.zeros((100, 100), np.uint8)
    image[:25] = 255
    assert preview_of(image, "Mono8", 100, 100).saturated == pytest.approx(0.25)


def test_a_sharp_picture_has_more_focus_than_a_blurred_one() -> None:
    sharp = np.random.default_rng(1).integers(0, 255, (256, 256), dtype=np.uint8)
    blurred = np.asarray(cv2.GaussianBlur(sharp, (9, 9), 2.0))
    assert preview_of(sharp, "Mono8", 256, 256).focus > 10 * (
        preview_of(blurred, "Mono8", 256, 256).focus
    )


def test_nothing_is_copied_unless_somebody_asks() -> None:
    tap = PreviewTap(pixel_format("Mono8"), 8, 8)
    tap.offer(np.zeros((8, 8), np.uint8), 1.0, 1)
    assert tap.take(0.0) is None


_ONE_PREVIEW = """
import os, threading
before = dict(os.environ)
import numpy as np
from acquire.camera.preview import PreviewTap
from recordings.video.pixel_formats import pixel_format

tap = PreviewTap(pixel_format("Mono8"), 8, 8)
asker = threading.Thread(target=tap.take, args=(10.0,))
asker.start()
while asker.is_alive():
    tap.offer(np.zeros((8, 8), np.uint8), 1.0, 1)
changed = {name for name in before | dict(os.environ) if before.get(name) != os.environ.get(name)}
print(*(name for name in changed if not name.startswith("OPENCV_VIDEOIO_")))
"""


def test_opencv_does_not_point_qt_to_files_of_its_own() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _ONE_PREVIEW],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"QT_QPA_FONTDIR": "mine"},
    )
    assert done.stdout.strip() == ""
