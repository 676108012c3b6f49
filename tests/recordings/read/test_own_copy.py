"""How far a camera's files go, by the node's own copy of their rows."""

from pathlib import Path

import numpy as np
import pytest

from recordings.arrays import F64Array
from recordings.errors import RecordingError
from recordings.read.own_copy import stored_until
from recordings.stream_kinds import INDEX_CHANNELS, Fate
from recordings.xdf import chunks
from tests.recordings.xdf_samples import header_xml, write


def rows(*values: tuple[int, Fate]) -> F64Array:
    data = np.full((len(values), len(INDEX_CHANNELS)), np.nan)
    data[:, 0] = [index for index, _ in values]
    data[:, 5] = [fate.code for _, fate in values]
    data[:, 6] = 1
    return data


def own_copy(folder: Path, data: F64Array) -> Path:
    width = len(INDEX_CHANNELS)
    xml = header_xml("face", "VideoFrames", width, 100, "double64", labels=INDEX_CHANNELS)
    stamps = np.asarray(50.0 + 0.01 * np.arange(len(data)), np.float64)
    # No footer: its process died.
    parts = [chunks.stream_header(1, xml), chunks.samples(1, stamps, data)]
    return write(folder / "face.copy.xdf", parts)


def test_frames_before_a_stop_in_each_file(tmp_path: Path) -> None:
    stored, lost = Fate.STORED, Fate.DEVICE_LOST
    first = [(0, stored), (1, stored), (-1, lost), (2, stored)]  # 50.00 … 50.03
    path = own_copy(tmp_path, rows(*first, (0, stored), (0, stored), (1, stored)))
    assert stored_until(path, "face", 60.0) == (3, 1, 2)
    assert stored_until(path, "face", 50.01) == (2, 0, 0)
    assert stored_until(path, "face", 50.05) == (3, 1, 1)
    assert stored_until(path, "face", 49.0) == (0, 0, 0)


def test_what_is_no_copy_of_it(tmp_path: Path) -> None:
    path = own_copy(tmp_path, rows())
    with pytest.raises(RecordingError, match="no rows of a camera 'side'"):
        stored_until(path, "side", 1.0)
    (tmp_path / "other.xdf").write_bytes(b"nonsense")
    with pytest.raises(RecordingError, match="not an XDF file"):
        stored_until(tmp_path / "other.xdf", "face", 1.0)
