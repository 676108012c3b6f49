"""Which stream is what, by what its header says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from recordings import open_session
from recordings.check.examination import check
from recordings.repair.session import repair
from recordings.stream_kinds import INDEX_CHANNELS, Fate, is_index_stream, is_marker_stream
from tests.recordings.simulated_session import Plan, make_session


@pytest.mark.parametrize(
    ("type_", "dtype", "labels", "is_index"),
    [
        ("VideoFrames", "float64", INDEX_CHANNELS, True),
        ("VideoFrames", "float64", (*INDEX_CHANNELS, "take"), True),
        ("VideoFrames", "float64", INDEX_CHANNELS[:5], False),
        ("VideoFrames", "float64", ("take", *INDEX_CHANNELS), False),
        ("VideoFrames", "float32", ("1", "2", "3", "4", "5", "6"), False),
        ("VideoFrames", "string", INDEX_CHANNELS, False),
        ("EEG", "float64", INDEX_CHANNELS, False),
    ],
)
def test_an_index_stream_begins_with_the_known_channels(
    type_: str, dtype: str, labels: tuple[str, ...], is_index: bool
) -> None:
    assert is_index_stream(type_, dtype, labels) is is_index


@pytest.mark.parametrize(
    ("type_", "dtype", "rate_hz", "is_markers"),
    [
        ("Markers", "string", 0.0, True),
        ("Gaze", "string", 60.0, True),
        ("Markers", "int32", 0.0, True),
        ("stim", "int8", 0.0, True),
        ("Trigger", "int32", 0.0, True),
        ("Stimulus", "float32", 0.0, True),
        ("Markers", "float32", 0.0, True),
        ("Markers", "int32", 500.0, False),
        ("EEG", "int32", 0.0, False),
    ],
)
def test_markers_are_strings_or_numbers_without_a_rate(
    type_: str, dtype: str, rate_hz: float, is_markers: bool
) -> None:
    assert is_marker_stream(type_, dtype, rate_hz) is is_markers


def test_an_index_stream_with_a_further_channel_reads_as_one_without(tmp_path: Path) -> None:
    more = Plan(seconds=4.0, lost_frames=(50, 51), index_channels=(*INDEX_CHANNELS, "take"))
    plain = Plan(seconds=4.0, lost_frames=(50, 51))
    reports = []
    for name, plan in (("more", more), ("plain", plain)):
        folder = make_session(tmp_path / name, plan)
        with open_session(folder) as session:
            face = session.cameras["face"]
            assert len(face) == 396
            assert np.isnan(face.column("exposure_us")).all()
        repair(folder, tmp_path / f"{name}-repaired")
        with open_session(tmp_path / f"{name}-repaired") as session:
            assert session.manifest is not None
            assert session.manifest.videos[0].fates[Fate.DEVICE_LOST] == 2
        reports.append(check(folder))
    assert reports[0].cameras == reports[1].cameras
    assert reports[0].cameras[0].lost == 2
