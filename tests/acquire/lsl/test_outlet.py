"""What an outlet announces is what the reader of a recording finds."""

from __future__ import annotations

import pytest

from acquire.lsl.outlet import make_outlet
from devices.base import Channel, StreamSpec
from recordings.xdf.header import StreamInfo
from tests.acquire.program import unique


@pytest.mark.parametrize("latency_s", [None, 0.061])
def test_a_known_latency_is_read_again(latency_s: float | None) -> None:
    name = unique("amp")
    spec = StreamSpec(name, "EEG", (Channel("Cz"),), 250.0, "float32", latency_s=latency_s)
    outlet = make_outlet(spec, "amp")
    info = StreamInfo(outlet.get_info().as_xml().encode())
    del outlet
    assert (info.name, info.latency_s) == (name, latency_s)
