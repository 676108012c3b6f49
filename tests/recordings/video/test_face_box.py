"""Finding the face: a photograph, the drawn face, and pictures without one."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from recordings.errors import RecordingError
from recordings.video.face_box import Box, find_face, skin_box, steady_box
from recordings.video.pixel_formats import Picture
from tests.recordings.drawn_faces import (
    Landmarks,
    drawn,
    drawn_aside,
    drawn_landmarks,
    hide_the_detector,
)

skimage_data = pytest.importorskip("skimage.data")


# Of scikit-image's astronaut, 512×512, seen by a person.
ASTRONAUT = Landmarks((202, 100), (246, 102), (224, 80), (224, 178))


def gray(picture: Picture) -> Picture:
    return np.asarray(picture @ np.array([0.299, 0.587, 0.114])).round().astype(np.uint8)


def holds(box: Box | None, landmarks: Landmarks) -> bool:
    if box is None:
        return False
    left, top, width, height = box
    return all(left <= x <= left + width and top <= y <= top + height for x, y in landmarks)


@pytest.mark.parametrize("colour", [True, False])
def test_a_real_face_is_found_from_forehead_to_chin(colour: bool) -> None:
    picture = skimage_data.astronaut()
    box = find_face(picture if colour else gray(picture))
    assert holds(box, ASTRONAUT)
    assert box is not None
    assert 90 < box[2] < 140  # the face with its ears is 100 px wide
    assert 110 < box[3] < 180


def test_a_bare_forehead_is_in_the_box(sample_data: Path) -> None:
    with av.open(str(sample_data / "single_face.mp4")) as container:
        picture = next(container.decode(video=0)).to_ndarray(format="rgb24")
    # Seen by a person, as the astronaut's.
    landmarks = Landmarks((260, 170), (330, 167), (298, 82), (298, 304))
    assert holds(find_face(picture), landmarks)
    assert holds(find_face(gray(picture)), landmarks)


@pytest.mark.parametrize("size", [(640, 480), (2048, 1088)])
@pytest.mark.parametrize("pixel_format", ["Mono8", "BayerRG8"])
@pytest.mark.parametrize(("lid", "smile"), [(0, 0), (1, 0), (0, 1)])
def test_the_drawn_face_is_found(
    size: tuple[int, int], pixel_format: str, lid: float, smile: float
) -> None:
    width, height = size
    picture = drawn(width, height, pixel_format, lid, smile)
    box = find_face(picture)
    assert holds(box, drawn_landmarks(width, height)), box
    assert box is not None
    left, _, w, _ = box
    assert 0 < left < left + w < width
    assert 0.5 < w / height < 0.95  # with its ears it is 0.6 of the height wide


def test_no_face_is_found_where_there_is_none() -> None:
    rng = np.random.default_rng(5)
    pictures = {
        "noise": rng.integers(0, 256, (480, 640), np.uint8),
        "colour noise": rng.integers(0, 256, (480, 640, 3), np.uint8),
        "flat": np.full((480, 640), 128, np.uint8),
        "black": np.zeros((1088, 2048, 3), np.uint8),
        "tiny": np.full((16, 16), 128, np.uint8),
        "cup": skimage_data.coffee(),
        "bricks": skimage_data.brick(),
        "upside down": drawn(640, 480, "Mono8")[::-1],
    }
    assert {name: find_face(p) for name, p in pictures.items()} == dict.fromkeys(pictures)


def test_of_two_faces_the_larger_and_more_central_one_is_taken() -> None:
    picture = drawn_aside(960, 480, 180, left=0)
    box = find_face(picture)
    assert box is not None
    assert box[0] + box[2] < 240
    picture[:, 400:880] = drawn(480, 480, "Mono8")
    box = find_face(picture)
    shifted = [(x + 400, y) for x, y in drawn_landmarks(480, 480)]
    assert holds(box, Landmarks(*shifted)), box


def test_one_box_for_several_pictures_leaves_an_outlier_out() -> None:
    face = drawn(640, 480, "Mono8")
    aside, alone = np.roll(face, 120, axis=1), find_face(face)
    box = steady_box([face, face, face, aside, np.zeros_like(face)])
    assert alone is not None
    left, top, width, height = alone
    x, y = round(0.15 * width), round(0.15 * height)
    assert box == (left - x, top - y, width + 2 * x, height + 2 * y)
    assert steady_box([np.zeros_like(face)]) is None


def test_skin_is_what_is_left_without_the_detector(monkeypatch: pytest.MonkeyPatch) -> None:
    colour = drawn(640, 480, "BayerRG8")
    found = steady_box([colour])
    hide_the_detector(monkeypatch)
    box = steady_box([colour])
    assert holds(box, drawn_landmarks(640, 480))
    assert box != found
    with pytest.raises(RecordingError, match=r"pip install 'unisono\[face\]'"):
        steady_box([drawn(640, 480, "Mono8")])


def test_skin_is_what_is_left_where_the_detector_finds_nothing() -> None:
    turned = np.ascontiguousarray(drawn(640, 480, "BayerRG8")[::-1])
    assert find_face(turned) is None
    skin = skin_box(turned)
    assert skin is not None
    box = steady_box([turned])
    assert box is not None
    assert box[2] == skin[2] + 2 * round(0.15 * skin[2])
