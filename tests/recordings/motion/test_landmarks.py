"""Landmarks of a real face, where the models are: on the sample video, by either engine."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import av
import cv2
import numpy as np
import pytest
from platformdirs import user_data_path

from recordings.arrays import F64Array, U8Array
from recordings.errors import RecordingError
from recordings.motion import landmarks
from recordings.motion.anatomy import apply, face_of_landmarks, head_angles, inverse
from recordings.motion.finders import ByLandmarks
from recordings.motion.landmarks import Landmarker
from recordings.motion.models import Models, find_models

CORNERS = {33: "eye", 133: "eye", 362: "eye", 263: "eye", 61: "mouth", 291: "mouth"}
# Set by hand in pictures six times enlarged: frame, then x, y of those corners; NaN = not set.
_UNSET = (np.nan, np.nan)
BY_HAND = {
    0: (
        (242.5, 169.8),
        (274.8, 173.2),
        (316.5, 169.5),
        (347.8, 166.5),
        (274.5, 252.0),
        (326.5, 250.3),
    ),
    17: (_UNSET, _UNSET, _UNSET, _UNSET, (268.7, 242.0), (322.8, 238.7)),
    35: (
        (237.8, 160.3),
        (271.7, 161.5),
        (311.7, 159.8),
        (344.2, 157.0),
        (262.3, 227.8),
        (332.2, 226.2),
    ),
    71: (
        (242.8, 163.3),
        (276.8, 164.2),
        (316.5, 162.5),
        (349.8, 160.7),
        (272.0, 239.0),
        (329.5, 235.5),
    ),
}
WITHIN = 0.03
"""Of the face's width."""


@pytest.fixture(scope="module")
def models() -> Models:
    found = find_models(user_data_path("unisono", appauthor=False) / "models")
    if found is None:
        pytest.skip("no models: unisono motion --get-models")
    return found


@pytest.fixture
def pictures(sample_data: Path) -> dict[int, U8Array]:
    with av.open(str(sample_data / "single_face.mp4")) as container:
        every = [image.to_ndarray(format="gray") for image in container.decode(video=0)]
    return {number: np.asarray(every[number], np.uint8) for number in BY_HAND}


@pytest.mark.needs_data
def test_corners_are_where_a_person_sees_them(models: Models, pictures: dict[int, U8Array]) -> None:
    finder, landmarker = ByLandmarks(models), Landmarker(models)
    shares: list[float] = []
    for number, by_hand in BY_HAND.items():
        points = landmarker.find(pictures[number])
        assert points is not None
        points = landmarker.settle(pictures[number], points)
        assert points is not None
        width = float(np.ptp(points[:, 0]))
        away = np.hypot(*(points[list(CORNERS), :2] - np.array(by_hand)).T)
        shares += (away / width).tolist()
        seen = finder.find(pictures[number])
        assert seen is not None
        assert np.abs(seen.angles).max() < 15
    known = np.sort([share for share in shares if np.isfinite(share)])
    assert len(known) == 20
    assert known[-1] < WITHIN
    assert np.median(known) < 0.012


@pytest.mark.needs_data
def test_a_picture_without_a_face_has_none(models: Models, pictures: dict[int, U8Array]) -> None:
    landmarker = Landmarker(models)
    noise = np.random.default_rng(0).integers(0, 255, (360, 640), np.uint8)
    for picture in (np.zeros((360, 640), np.uint8), noise, pictures[0][:, :200].copy()):
        assert landmarker.find(picture) is None


def test_the_engine_that_keeps_all_outputs_is_asked_for_where_there_are_two(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[tuple[Any, ...]] = []

    def read(*arguments: Any) -> None:
        asked.append(arguments)

    four = SimpleNamespace(readNetFromTFLite=read)
    five = SimpleNamespace(readNetFromTFLite=read, ENGINE_CLASSIC=1)
    for dnn in (four, five):
        monkeypatch.setattr(cv2, "dnn", dnn)
        landmarks._network("mesh.tflite")
    assert asked == [("mesh.tflite",), ("mesh.tflite", 1)]


def test_a_file_that_is_no_network_is_said_in_a_line(tmp_path: Path) -> None:
    path = tmp_path / "x.tflite"
    path.write_bytes(b"nothing")
    with pytest.raises(RecordingError, match=r"OpenCV .* cannot run the models"):
        Landmarker(Models(path, path))


def mesh(turn: float = 0.0, lean: float = 0.0) -> F64Array:
    """A flat face of four landmarks that matter, turned about the vertical and leaning."""
    points = np.zeros((468, 3))
    points[[33, 133, 362, 263], 0] = (-50, -20, 20, 50)
    points[[10, 152], 1] = (-60, 90)
    a, b = np.radians(turn), np.radians(lean)
    about_y = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    about_z = np.array([[np.cos(b), -np.sin(b), 0], [np.sin(b), np.cos(b), 0], [0, 0, 1]])
    return np.asarray(points @ (about_z @ about_y).T + 200)


def test_angles_are_those_of_the_head() -> None:
    assert head_angles(mesh()) == pytest.approx((0, 0, 0), abs=1e-6)
    turn, nod, lean = head_angles(mesh(turn=20))
    assert abs(turn) == pytest.approx(20)
    assert [nod, lean] == pytest.approx([0, 0], abs=1e-6)
    assert head_angles(mesh(lean=10))[2] == pytest.approx(10)


def test_the_crop_has_the_eyes_level_and_a_quarter_apart() -> None:
    face = face_of_landmarks(mesh(lean=25))
    eyes = apply(inverse(face.to_picture), face.eyes)
    assert eyes[0] == pytest.approx((96, 80))
    assert eyes[1] == pytest.approx((160, 80))
