"""Flow against a field that is known: a textured picture, warped by it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from recordings.arrays import F64Array, U8Array
from recordings.errors import RecordingError
from recordings.features import event_flow
from recordings.features.flow import CROP_PX, dense_flow, onset_apex, square_crop, strain

YS, XS = np.mgrid[0:CROP_PX, 0:CROP_PX].astype(np.float64)


def texture() -> F64Array:
    rng = np.random.default_rng(1)
    layers = [cv2.GaussianBlur(rng.normal(size=XS.shape), (0, 0), s) for s in (1.5, 3, 6)]
    whole = sum(layer / layer.std() for layer in layers)
    return np.asarray((whole - whole.min()) / np.ptp(whole))


def field(far: float) -> tuple[F64Array, F64Array]:
    """A bell of skin 30 px wide that moves right and down."""
    bell = far * np.exp(-((XS - 128) ** 2 + (YS - 140) ** 2) / (2 * 30**2))
    return 0.8 * bell, 0.6 * bell


def warped(picture: F64Array, right: F64Array, down: F64Array) -> F64Array:
    """Move each pixel by the field that stands where it was: the way back is found by steps."""
    back_x, back_y = right.copy(), down.copy()
    for _ in range(30):
        at = (YS - back_y, XS - back_x)
        back_x, back_y = (map_coordinates(f, at, order=3, mode="nearest") for f in (right, down))
    return np.asarray(map_coordinates(picture, (YS - back_y, XS - back_x), order=5, mode="reflect"))


def as_bytes(picture: F64Array) -> U8Array:
    return np.asarray((np.clip(picture, 0, 1) * 255).round(), np.uint8)


@pytest.mark.parametrize("far", [0.3, 0.5, 1.0, 1.5, 2.0])
def test_flow_is_that_of_the_field_within_a_tenth_of_a_pixel(far: float) -> None:
    picture = texture()
    right, down = field(far)
    then, now = as_bytes(picture), as_bytes(warped(picture, right, down))
    found = dense_flow(then, now)
    error = np.hypot(found[..., 0] - right, found[..., 1] - down)[8:-8, 8:-8]
    assert error.max() <= 0.1

    small = onset_apex(then, now, 28)
    assert small.shape == (3, 28, 28)
    expected = [cv2.resize(m, (28, 28), interpolation=cv2.INTER_AREA) for m in (right, down)]
    assert np.abs(small[:2, 1:-1, 1:-1] - np.array(expected)[:, 1:-1, 1:-1]).max() <= 0.1
    full = onset_apex(then, now, CROP_PX)
    assert full.shape == (3, CROP_PX, CROP_PX)
    true = strain(np.stack([right, down], axis=-1))
    # The bell's edge is strained, not its middle and not what is far from it.
    assert np.corrcoef(full[2, 8:-8, 8:-8].ravel(), true[8:-8, 8:-8].ravel())[0, 1] > 0.7


def test_strain_is_none_where_all_moves_or_turns_alike() -> None:
    shifted = np.broadcast_to([3.0, -2.0], (40, 40, 2))
    assert strain(np.asarray(shifted)).max() == 0
    ys, xs = np.mgrid[0:40, 0:40].astype(np.float64)
    turned = 0.01 * np.stack([-ys, xs], axis=-1)
    assert strain(turned).max() == pytest.approx(0, abs=1e-12)
    stretched = np.stack([0.02 * xs, 0 * ys], axis=-1)
    assert strain(stretched) == pytest.approx(0.02)
    sheared = np.stack([0.02 * ys, 0 * xs], axis=-1)
    assert strain(sheared) == pytest.approx(0.02 / 2**0.5)


def test_a_crop_is_the_square_around_the_box() -> None:
    picture = np.zeros((480, 640), np.uint8)
    picture[100:300, 200:400] = 200
    whole = square_crop(picture, (200, 100, 200, 200))
    assert whole.shape == (CROP_PX, CROP_PX)
    assert whole[2:-2, 2:-2].min() == 200
    wide = square_crop(picture, (200, 150, 200, 100))
    assert wide[2:-2, 2:-2].min() == 200
    beyond = square_crop(picture, (-100, -100, 300, 300))
    assert beyond.shape == (CROP_PX, CROP_PX)


class Film:
    """A camera of two pictures, at 1 s and at 2 s; a third is never asked for."""

    name = "face"
    entry = SimpleNamespace(pixel_format="Mono8")

    def __init__(self, *pictures: U8Array) -> None:
        self._pictures = dict(zip((1.0, 2.0), pictures, strict=True))

    def at(self, time: float) -> U8Array:
        return self._pictures[time]


def test_the_flow_of_an_event_goes_from_onset_to_apex_of_its_own_camera(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    picture = texture()
    then, now = (as_bytes(np.roll(picture, by, axis=1)) for by in (0, 2))
    asked: list[U8Array] = []

    def found(gray: U8Array) -> tuple[int, int, int, int]:
        asked.append(gray)
        return 0, 0, CROP_PX, CROP_PX

    monkeypatch.setattr(event_flow, "find_face", found)
    camera: Any = Film(then, now)
    about = {"camera": "face", "onset_time": 1.0, "apex_time": 2.0}
    flow = event_flow.event_flow(camera, about, CROP_PX)
    assert flow is not None
    assert np.median(flow[0]) == pytest.approx(2.0, abs=0.1)
    assert np.median(flow[1]) == pytest.approx(0.0, abs=0.1)
    (looked_at,) = asked
    assert (looked_at == then).all(), "the face is where it was at the onset"
    for unknown in ({"onset_time": None}, {"apex_time": None}, {"camera": "side"}):
        assert event_flow.event_flow(camera, about | unknown, 28) is None
    with pytest.raises(RecordingError, match="flow is of events"):
        event_flow.event_flow(camera, {"trial": 1}, 28)
    event_flow.check_size("face", CROP_PX)
    with pytest.raises(RecordingError, match="at most 256 pixels"):
        event_flow.check_size("face", CROP_PX + 1)
