"""A session that simulated devices make, looked at while it is recorded and after."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from gui.review.camera_tile import CameraTile
from gui.review.window import ReviewWindow
from recordings.manifest import MANIFEST_NAME, Manifest, State
from tests.acquire.program import Unisono, unique, write_rig
from tests.gui.review.reviewing import review
from tests.gui.review.walking import settle
from tests.gui.windows import wait_until
from tests.recordings.strip_session import number_in

RIG = """\
[rig]
name = "review"

[[device]]
name = "{eeg}"
driver = "simulated-eeg"
channels = 4
rate_hz = 250

[[device]]
name = "{face}"
driver = "simulated-camera"
width = 320
height = 240
rate_hz = 50
faults = {{ drop_probability = 0.03 }}
"""


def _session(folder: Path) -> Path | None:
    found = sorted(folder.rglob(MANIFEST_NAME))
    if not found or Manifest.load(found[0].parent).state is not State.RECORDING:
        return None
    xdf = found[0].parent / "recording.xdf"
    return found[0].parent if xdf.exists() and xdf.stat().st_size > 200_000 else None


def _is_known(tile: CameraTile) -> bool:
    shown = tile.area.shown
    return shown.is_current or (bool(shown.text) and "being read" not in shown.text)


def _compare(window: ReviewWindow, count: int) -> int:
    """Look at some rows; the number in the picture is the device frame that is shown."""
    rng = np.random.default_rng(1)
    rows = window.stage.playhead.rows
    pictures = 0
    for at in rng.choice(len(rows), count).tolist():
        window.go_to(float(rows.times[at]))
        tile = window.stage.tiles[window.stage.main]
        wait_until(partial(_is_known, tile), what="the picture, or why there is none")
        shown = tile.area.shown
        if shown.is_current and shown.picture is not None:
            assert number_in(shown.picture) == window.position.device
            assert shown.number == window.position.stored
            pictures += 1
        else:
            assert window.position.stored is None or "refresh" in shown.text
    return pictures


@pytest.mark.usefixtures("qapp")
def test_while_it_is_recorded_and_after(tmp_path: Path) -> None:
    rig = write_rig(tmp_path, RIG.format(eeg=unique("eeg"), face=unique("face")))
    options = ("--data-dir", tmp_path / "data", "--no-report", "--participant", "01")
    with Unisono("record", rig, *options, folder=tmp_path) as program:
        wait_until(lambda: _session(tmp_path / "data"), what="a recording that grows")
        folder = _session(tmp_path / "data")
        assert folder is not None
        with review(folder) as window:
            assert window.session.is_recording
            before = len(window.stage.playhead.rows)
            assert _compare(window, 20) > 0

            def has_grown() -> bool:
                window.refresh()
                return len(window.stage.playhead.rows) > before + 25

            wait_until(has_grown, what="frames that came since")
            assert _compare(window, 20) > 0
            program.stop()
            window.refresh()
            assert not window.session.is_recording
            settle(window)
            assert _compare(window, 20) > 10
