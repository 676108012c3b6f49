"""Traces of a face that moves as it is told."""

from __future__ import annotations

import numpy as np
import pytest

from devices.simulation import textured_face, world
from devices.simulation.textured_face import Pose, poses
from devices.simulation.world import Region, Side, World
from recordings.arrays import F64Array
from recordings.motion import tracing
from recordings.motion.anatomy import PLACES, REGIONS, SIDES
from recordings.motion.tracing import COLUMNS, Tracer
from tests.recordings.motion.faces import Knowing, known_face, movement, textured

REST = Pose(0.0, 0.0, 0.0, 0.0, 0.0, ())


def test_regions_are_those_that_are_simulated() -> None:
    assert REGIONS == world.REGIONS
    assert SIDES == world.SIDES


def sizes(rows: F64Array) -> F64Array:
    """Distance of each place from where it was, shape (n, places)."""
    return np.hypot(rows[:, 0 : 2 * len(PLACES) : 2], rows[:, 1 : 2 * len(PLACES) : 2])


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("region", REGIONS)
def test_a_place_moves_as_far_as_the_skin_and_no_other_as_far(region: Region, side: Side) -> None:
    face = textured()
    shares = np.r_[np.zeros(3), np.linspace(0, 1, 6), 1.0, 1.0]
    made = [REST._replace(moving=((movement(region, side, 2.0), share),)) for share in shares]
    rows = Tracer(Knowing(known_face())).trace(face.image(p, n) for n, p in enumerate(made))
    far = sizes(rows)[-2:].mean(axis=0)
    own = PLACES.index(f"{region}-{side}")
    assert 1.0 < far[own] < 2.0  # the flow smooths: of a place so small it sees two thirds
    assert np.delete(far, own).max() < 0.65 * far[own]


def test_a_head_that_only_drifts_leaves_the_traces_flat() -> None:
    face, still = textured(), World(8)
    made = [p._replace(lid=0.0, moving=()) for p in poses(still, 50 + np.arange(90) / 30)]
    rows = Tracer(Knowing(known_face())).trace(
        face.image(p, n) for n, p in enumerate([REST, *made])
    )
    middle = rows[:, [COLUMNS.index("head-x"), COLUMNS.index("head-y")]]
    assert np.ptp(middle, axis=0).max() > 2.0
    assert np.percentile(sizes(rows), 95) < 0.35


def test_a_trace_goes_on_where_its_reference_is_renewed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracing, "RENEWED", 4)
    face = textured()
    shares = [0, 0, 0, 0.5, 1, 1, 1, 1, 1, 1, 1, 0.5, 0, 0, 0]
    lip = movement("mouth-corner", "left", 3.0)
    made = [REST._replace(moving=((lip, share),)) for share in shares]
    rows = Tracer(Knowing(known_face())).trace(face.image(p, n) for n, p in enumerate(made))
    far = sizes(rows)[:, PLACES.index("mouth-corner-left")]
    assert far[5:11].min() > 1.6
    assert np.ptp(far[5:11]) < 0.4
    assert far[-2:].max() < 0.7


def test_eyes_that_shut_lose_their_contrast() -> None:
    face = textured()
    lids = [0, 0, 0, 0.5, 1, 1, 0.5, 0, 0]
    made = [REST._replace(lid=float(lid)) for lid in lids]
    rows = Tracer(Knowing(known_face())).trace(face.image(p, n) for n, p in enumerate(made))
    eyes = rows[:, COLUMNS.index("eyes")]
    assert eyes[4:6].max() < 0.5 * eyes[:3].min()
    assert eyes[7:].min() > 0.95 * eyes[:3].min()


def test_without_a_face_nothing_is_measured_and_it_is_searched_again() -> None:
    face, finder = textured(), Knowing(None)
    image = face.image(REST, 0).copy()
    rows = Tracer(finder).trace([image] * 40)
    assert np.isnan(rows).all()
    assert finder.asked == 3
    assert np.isnan(Tracer(finder).trace([])).size == 0


def test_a_face_that_is_lost_is_searched_and_the_trace_goes_on() -> None:
    face, finder = textured(), Knowing(known_face())
    image = face.image(REST, 0).copy()
    noise = np.random.default_rng(0).integers(0, 255, image.shape, np.uint8)
    rows = Tracer(finder).trace([image, image, noise, image, image])
    assert np.isnan(rows[2]).all()
    assert np.isfinite(rows[[0, 1, 3, 4], 0]).all()
    assert finder.asked == 2


@pytest.mark.parametrize("level", [0, 100])
def test_a_dark_or_an_even_picture_is_no_face_that_stands_still(level: int) -> None:
    face, finder = textured(), Knowing(known_face())
    image = face.image(REST, 0).copy()
    even = np.full_like(image, level)
    rows = Tracer(finder).trace([image, image, even, even, image])
    assert np.isnan(rows[[2, 3]]).all()
    assert np.isfinite(rows[[0, 1, 4], 0]).all()


@pytest.mark.parametrize("light", [0.5, 0.1])
def test_a_face_in_little_light_is_followed(light: float) -> None:
    face, finder = textured(), Knowing(known_face())
    image = face.image(REST, 0).copy()
    noise = np.random.default_rng(0).normal(0, 2, image.shape)
    dim = np.clip(light * image + noise, 0, 255).astype(np.uint8)
    assert np.isfinite(Tracer(finder).trace([dim, dim])[:, 0]).all()


def test_every_place_of_the_simulation_lies_in_the_crop() -> None:
    for points in known_face().places:
        assert (points > 10).all()
        assert (points < 246).all()
    assert set(textured_face.PLACES) == set(REGIONS)
