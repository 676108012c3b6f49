"""Pictures of windows: of any pixel format, and read by several processes."""

from __future__ import annotations

import multiprocessing
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from recordings import load_study
from recordings.dataset.study import Study
from recordings.features.event_flow import as_gray
from tests.recordings.strip_session import Film, make_session

FORMATS = ("Mono8", "Mono10", "Mono12", "Mono16", "BayerRG8", "BayerGB12")


@pytest.mark.parametrize("name", FORMATS)
def test_pictures_of_every_format_are_as_bright_as_they_were(name: str, tmp_path: Path) -> None:
    made = make_session(tmp_path, Film(frames=40, pixel_format=name, noise=False), seconds=1.0)
    with load_study(tmp_path, signals={"face": "gray8"}, length_s=0.3) as study:
        bottom = study[0]["face"][:, 4:]  # the number is above
    assert made.films["face"].stored.all()
    assert bottom.min() >= 84
    assert bottom.max() <= 86  # a third of white


def test_a_mosaic_is_no_pattern_of_its_colours() -> None:
    mosaic = np.tile(np.array([[40, 200], [200, 90]], np.uint8), (8, 8))
    assert np.ptp(as_gray(mosaic, "BayerRG8")[4:-4, 4:-4].astype(int)) <= 1


def _differing(study: Study, expected: list[bytes], seed: int, told: multiprocessing.Queue) -> None:  # type: ignore[type-arg]
    numbers = np.random.default_rng(seed).integers(0, len(study), 60).tolist()
    try:
        told.put(sum(study[n]["face"].tobytes() != expected[n] for n in numbers))
    except BaseException as error:
        told.put(repr(error))
        raise


@pytest.mark.skipif(sys.platform == "win32", reason="nothing is forked there")
def test_processes_that_are_forked_read_pictures_of_their_own(tmp_path: Path) -> None:
    make_session(tmp_path, Film(frames=800, size=(272, 256)), seconds=8.0)
    with load_study(tmp_path, signals={"face": "gray32"}, length_s=0.1) as study:
        expected = [item["face"].tobytes() for item in study]  # the video is open now
        assert len(set(expected)) == len(expected)
        context = multiprocessing.get_context("fork")
        told = context.Queue()
        processes = [
            context.Process(target=_differing, args=(study, expected, seed, told))
            for seed in range(3)
        ]
        with warnings.catch_warnings():
            # Python 3.12 warns of any fork with threads, which may hang: here it does not.
            warnings.simplefilter("ignore", DeprecationWarning)
            for process in processes:
                process.start()
        try:
            assert [told.get(timeout=60) for _ in processes] == [0, 0, 0]
        finally:
            for process in processes:
                process.join(10)
                process.kill()
