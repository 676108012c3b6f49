"""The textured face: the same for everyone, moved where and as far as the world says."""

from __future__ import annotations

import itertools

import cv2
import numpy as np
import pytest

from devices.arrays import U8Array
from devices.simulation.head_drawing import EYE
from devices.simulation.textured_face import (
    CROP_PX,
    DRIFT_PX,
    PLACES,
    Pose,
    TexturedFace,
    place_of,
    poses,
)
from devices.simulation.world import AMPLITUDES_PX, REGIONS, SIDES, Movement, Region, Side, World

WIDTH, HEIGHT = 640, 480
REST = Pose(0.0, 0.0, 0.0, 0.0, 0.0, ())


@pytest.fixture(scope="module")
def face() -> TexturedFace:
    return TexturedFace(WIDTH, HEIGHT, "Mono8", key=5)


def movement(region: Region, side: Side, amplitude_px: float) -> Movement:
    return Movement(0.0, 0.2, 0.4, 1.0, region, side, amplitude_px)


def shift(
    then: U8Array,
    now: U8Array,
    place: tuple[float, float],
    way: tuple[float, float],
    reach: int = 5,
) -> float:
    """Tell how far what lies around a place has gone along a way, px: the best of many tries."""
    was, became = (cv2.GaussianBlur(picture, (0, 0), 1.2) for picture in (then, now))  # less noise
    rows, columns = around(place, reach)
    ys, xs = np.mgrid[rows, columns].astype(np.float32)
    tried = np.arange(-5, 5.01, 0.05)
    misses = []
    for far in tried:
        x, y = (xs - np.float32(far * way[0])), (ys - np.float32(far * way[1]))
        there = cv2.remap(was, x, y, cv2.INTER_LINEAR)
        misses.append(float(((became[rows, columns].astype(float) - there) ** 2).mean()))
    return float(tried[int(np.argmin(misses))])


def around(place: tuple[float, float], reach: int = 6) -> tuple[slice, slice]:
    x, y = round(WIDTH / 2 + place[0] * HEIGHT), round((0.52 + place[1]) * HEIGHT)
    return slice(y - reach, y + reach), slice(x - reach, x + reach)


@pytest.mark.parametrize("pixel_format", ["Mono8", "BayerRG8"])
def test_a_frame_depends_on_seed_time_and_number_alone(pixel_format: str) -> None:
    times = 1e5 + np.arange(40) / 20
    one = TexturedFace(320, 240, pixel_format, key=9)
    shots = one.shots(World(4), times)
    there = [shot(n).copy() for n, shot in enumerate(shots)]
    other = TexturedFace(320, 240, pixel_format, key=9)
    for n in (33, 5, 39, 0, 17):
        (alone,) = other.shots(World(4), times[n : n + 1])
        assert (alone(n) == there[n]).all()
    assert any((a != b).any() for a, b in itertools.pairwise(there))
    another = TexturedFace(320, 240, pixel_format, key=9).shots(World(5), times[:1])[0](0)
    assert (another != there[0]).any()


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("region", REGIONS)
def test_a_movement_goes_as_far_as_it_says_and_no_other_place_moves(
    face: TexturedFace, region: Region, side: Side
) -> None:
    rest = face.image(REST, 0).copy()
    place, way = place_of(region, side)
    for amplitude in AMPLITUDES_PX:
        moved = face.image(REST._replace(moving=((movement(region, side, amplitude), 1.0),)), 1)
        far = amplitude * CROP_PX * HEIGHT
        assert shift(rest, moved, place, way) == pytest.approx(far, rel=0.15)
        other, _ = place_of(region, "left" if side == "right" else "right")
        if region not in ("lip", "nose"):  # whose sides are near each other
            assert abs(shift(rest, moved, other, way)) < 0.15
    assert (face.image(REST, 0) == rest).all()


def test_half_a_pixel_is_half_a_pixel(face: TexturedFace) -> None:
    rest = face.image(REST, 0).copy()
    moved = face.image(REST._replace(x=0.5), 1)
    far = shift(rest, moved, (0.1, 0.08), (1.0, 0.0), 20)
    assert far == pytest.approx(0.5 * CROP_PX * HEIGHT, abs=0.1)
    assert abs(shift(rest, moved, (0.1, 0.08), (0.0, 1.0), 20)) < 0.2


def test_the_head_stays_within_its_drift_and_uses_it() -> None:
    found = poses(World(3), np.arange(0, 300, 0.1))
    for way in ([p.x for p in found], [p.y for p in found]):
        assert max(map(abs, way)) <= DRIFT_PX
        assert max(way) - min(way) > DRIFT_PX


def test_the_lids_cover_the_eyes_and_nothing_else(face: TexturedFace) -> None:
    rest = face.image(REST, 0).copy()
    shut = face.image(REST._replace(lid=1.0), 0).copy()
    changed = np.abs(shut.astype(int) - rest) > 2
    for side in (-1, 1):
        assert changed[around((side * EYE[0], EYE[1]), 8)].mean() > 0.5
        changed[around((side * EYE[0], EYE[1]), 30)] = False
    assert not changed.any()
    assert (face.image(REST, 0) == rest).all()


def test_a_pose_holds_the_movement_of_the_world_and_its_blink() -> None:
    world = World(2)
    (m, *_) = world.movements(100, 108)
    (pose,) = poses(world, np.array([m.apex]))
    ((moving, share),) = pose.moving
    assert moving == m
    assert share == pytest.approx(1.0)
    (blink, *_) = world.times("blink", 100, 110)
    (pose,) = poses(world, np.array([blink]))
    assert pose.lid == pytest.approx(1.0)


def test_bayer_planes_show_the_colours_of_their_place() -> None:
    image = TexturedFace(WIDTH, HEIGHT, "BayerRG8", key=5).image(REST, 0)
    forehead = image[around((0.0, -0.25), 10)]
    red, green, also_green, blue = (forehead[y::2, x::2].mean() for y in (0, 1) for x in (0, 1))
    assert red > green + 20 > blue + 30
    assert green == pytest.approx(also_green, abs=3)
    gray = TexturedFace(WIDTH, HEIGHT, "Mono8", key=5).image(REST, 0)
    middle = gray[around((0.0, -0.25), 10)].mean()
    assert middle == pytest.approx(0.299 * red + 0.587 * green + 0.114 * blue, abs=3)


@pytest.mark.parametrize("size", [(320, 64), (320, 1024), (2048, 1088), (16_384, 64)])
def test_any_size_can_be_filmed(size: tuple[int, int]) -> None:
    image = TexturedFace(*size, "Mono8", key=1).image(REST._replace(x=DRIFT_PX, lean=0.03), 3)
    assert image.shape == size[::-1]


def test_all_regions_are_on_the_face() -> None:
    for region in PLACES:
        (x, y), _ = place_of(region, "left")
        assert (x / 0.29) ** 2 + (y / 0.38) ** 2 < 0.8
