"""Replay of what was stamped far away: nobody waits for years, and it is said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from acquire.host.replay import Replay
from acquire.processes.messages import OVER
from devices.base import Chunk, Notice
from tests.devices.clock import FakeClock
from tests.recordings.bare_files import START, Sent, bare, eeg, texts


def play(path: Path, **settings: object) -> tuple[float, dict[str, int], list[str]]:
    """Run to the end: seconds that it took, samples of each stream, what was said."""
    clock = FakeClock()
    device = Replay(Replay.Settings.model_validate({"name": "old", "path": path} | settings), clock)
    device.open()
    begun, counts, said = clock.now(), dict[str, int](), list[str]()
    for item in device.read():
        if isinstance(item, Notice) and item.code == OVER:
            break
        if isinstance(item, Notice):
            said.append(item.text)
        elif isinstance(item, Chunk):
            counts[item.stream] = counts.get(item.stream, 0) + len(item.times)
        assert clock.now() - begun < 7200, "it waits for ever"
    device.close()
    return clock.now() - begun, counts, said


@pytest.mark.parametrize("unix", ["Mk", "EEG"])
def test_a_stream_of_another_clock_is_left_out_and_told(tmp_path: Path, unix: str) -> None:
    far = {unix: 1.7e9}
    marks = texts("Mk", ["a", "b"], [START + 1 + far.get("Mk", 0), START + 2 + far.get("Mk", 0)])
    signal = eeg(4.0, times=START + far.get("EEG", 0) + np.arange(1000) / 250)
    path = bare(tmp_path / "a.xdf", signal, marks)
    took, counts, said = play(path)
    assert (counts, round(took)) == ({"EEG": 1000}, 5)
    (note,) = said
    assert note.startswith("Mk: all its stamps lie 54 years from the other streams")
    for name in ("Mk", "Mk (Markers)", "#2", "Mk (Markers) #2"):
        assert play(path, streams=(name,))[1:] == ({"Mk": 2}, []), name


def test_silences_of_days_are_cut_in_all_streams_alike(tmp_path: Path) -> None:
    times = START + np.arange(1000) / 250
    times[500:] += 200_000
    marks = texts("Mk", ["a", "b"], [float(times[250]), float(times[750])])
    took, counts, said = play(bare(tmp_path / "a.xdf", eeg(4.0, times=times), marks))
    assert counts == {"EEG": 1000, "Mk": 2}
    assert took < 10
    assert said == ["no stream has a sample for 2 days: cut to a second each"]


def test_one_stamp_far_away_delays_nothing(tmp_path: Path) -> None:
    times = START + np.arange(1000) / 250
    times[500] += 200_000
    took, counts, said = play(bare(tmp_path / "a.xdf", eeg(4.0, times=times)))
    assert (counts, took < 6) == ({"EEG": 1000}, True)
    assert said[0].startswith("EEG: 1 of 1000 stamps cannot be true, the first of sample 500")


def test_streams_of_one_name_are_played_by_names_that_say_which(tmp_path: Path) -> None:
    def one(name: str, type_: str, count: int) -> Sent:
        return Sent(name, type_, 50.0, np.ones((count, 1), np.float32))

    long = "N" * 300
    streams = [one("Muse", "EEG", 50), one("Muse", "ACC", 40), one("Muse", "ACC", 30)]
    path = bare(tmp_path / "a.xdf", *streams, one("x", "EEG", 20), one(long, "A", 9))
    counts = play(path)[1]
    assert counts == {
        "Muse (EEG)": 50, "Muse (ACC) #2": 40, "Muse (ACC) #3": 30, "x": 20, "N" * 256: 9,
    }  # fmt: skip
    two = bare(tmp_path / "b.xdf", one(long, "A", 9), one(long, "B", 8))
    assert sorted(play(two)[1].values()) == [8, 9]
