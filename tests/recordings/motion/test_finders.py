"""A face found by its box: the eyes where they are, whatever size the cascade thought it had."""

from __future__ import annotations

import numpy as np
import pytest

from devices.simulation.textured_face import TexturedFace, poses
from devices.simulation.world import World
from recordings.motion.anatomy import apply, inverse
from recordings.motion.finders import ByBox
from tests.recordings.motion.faces import known_face

pytest.importorskip("skimage")


@pytest.mark.parametrize("seed", range(1, 7))
def test_the_eyes_of_a_drifting_head_are_found(seed: int) -> None:
    (pose,) = poses(World(seed), np.array([5000.0]))
    gray = TexturedFace(640, 480, "Mono8", seed).image(pose._replace(lid=0.0), 0).copy()
    seen = ByBox().find(gray)
    assert seen is not None
    assert np.isnan(seen.angles).all()
    true = known_face(640, 480).eyes.mean(axis=0) + 1.05 * np.array([pose.x, pose.y])
    away = apply(inverse(seen.face.to_picture), true[None])[0] - (128, 80)
    assert np.abs(away).max() < 8
    apart = float(np.ptp(seen.face.eyes[:, 0]))
    assert apart == pytest.approx(67.2, rel=0.15)


def test_where_there_is_no_face_none_is_found() -> None:
    assert ByBox().find(np.full((240, 320), 90, np.uint8)) is None
