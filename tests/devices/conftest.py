"""Fixtures of the device tests."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from tests.devices.clock import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a lossless film of 10 gray frames, 64×48, 25 a second; frame k is all 20·k."""
    path = tmp_path_factory.mktemp("film") / "ten.mkv"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "gray"
        for k in range(10):
            image = np.full((48, 64), 20 * k, np.uint8)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="gray")))
        out.mux(stream.encode(None))
    return path
