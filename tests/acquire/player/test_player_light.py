"""What a photodiode sees is what the markers say, within a millisecond.

The light sensor learns of each flash from the player's swap log over UDP, not from the markers; the
driver `photodiode` finds the edges in its signal, and the recorder brings both into one file.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from recordings.check.examination import check
from tests.acquire.player_programs import PROTOCOL
from tests.acquire.program import Result, load, unisono, write_rig
from tests.ports import free_port

FRAME_S = 1 / 60
"""How well the clocks agree is measured by a benchmark; a busy computer has them off by more."""
RIG = """
[[device]]
name = "light"
driver = "simulated-photodiode"
port = {port}
lag_ms = {lag_ms}
[[device]]
name = "diode"
driver = "photodiode"
source = "light"
channel = "light"
threshold = 1.5
hysteresis = 0.5
"""


def run(folder: Path, how: str, lag_ms: float = 0.0) -> Result:
    file = folder / "short.toml"
    file.write_text(PROTOCOL)
    rig = write_rig(folder, RIG.format(port=free_port(udp=True), lag_ms=lag_ms))
    return unisono(
        *("record", rig, "--protocol", file, "--simulate", how, "--participant", "03"),
        *("--data-dir", folder / "data", "--no-report", "--json"),
        folder=folder,
    )


def edges_and_onsets(result: Result) -> tuple[np.ndarray, np.ndarray]:
    assert result.code in (0, 1), result.stderr  # 1: there may be no audio device
    streams = load(result.session / "recording.xdf")
    markers = streams["protocol"]
    texts = [json.loads(text) for text in markers.strings]
    onset = np.array([text["event"] == "onset" for text in texts])
    return np.asarray(streams["diode"].stamps), np.asarray(markers.stamps)[onset]


@pytest.fixture
def _offscreen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", os.environ.get("QT_QPA_PLATFORM", "offscreen"))


@pytest.mark.usefixtures("_offscreen")
@pytest.mark.parametrize("how", ["--headless", pytest.param("--windowed", marks=pytest.mark.soak)])
def test_every_onset_is_a_flash_of_the_same_frame(tmp_path: Path, how: str) -> None:
    result = run(tmp_path, how)
    edges, onsets = edges_and_onsets(result)
    assert len(edges) == len(onsets) == 10
    assert np.abs(edges - onsets).max() < FRAME_S / 2
    (timing,) = check(result.session).stimulus
    assert (timing.light_due, timing.light_events, timing.light_extra) == (10, 10, 0)


@pytest.mark.soak  # test_screen_calibration sees it, too
def test_a_screen_that_is_late_is_seen(tmp_path: Path) -> None:
    edges, onsets = edges_and_onsets(run(tmp_path, "--headless", lag_ms=25.0))
    assert len(edges) == len(onsets)
    assert np.median(edges - onsets) == pytest.approx(0.025, abs=FRAME_S / 2)
