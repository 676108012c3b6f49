"""Pictures of windows: of any pixel format, and read by several processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from recordings import load_study
from recordings.features.event_flow import as_gray
from tests.recordings.strip_session import Film, make_session

ROOT = Path(__file__).parents[3]
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


@pytest.mark.skipif(sys.platform == "win32", reason="nothing is forked there")
def test_processes_that_are_forked_read_pictures_of_their_own(tmp_path: Path) -> None:
    make_session(tmp_path, Film(frames=800, size=(272, 256)), seconds=8.0)
    order = [sys.executable, "-m", "tests.recordings.dataset.forking", str(tmp_path)]
    done = subprocess.run(order, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("[0, 0, 0]\n", "", 0)
