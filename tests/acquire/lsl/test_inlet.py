"""What an outlet sent before it went is not lost."""

from __future__ import annotations

import threading

import numpy as np
import pylsl
import pytest

from acquire.lsl.inlet import Inlet
from acquire.lsl.streams import Resolver
from tests.acquire.program import TIMEOUT_S, unique, wait_for


@pytest.mark.parametrize(("format", "sent"), [("string", "the end"), ("int32", 7)])
def test_a_marker_and_then_its_script_ends(format: str, sent: str | int) -> None:
    name = unique("script")
    info = pylsl.StreamInfo(name, "Markers", 1, pylsl.IRREGULAR_RATE, format, name)
    outlet = pylsl.StreamOutlet(info)
    with_name = Resolver(f"name='{name}'")
    wait_for(with_name.found)
    inlet = Inlet(with_name.found()[0])
    inlet.open(TIMEOUT_S)
    wait_for(outlet.have_consumers)
    stamps = [1000.0 + k for k in range(3)]
    for stamp in stamps:
        outlet.push_sample([sent], stamp)
    prompt = inlet._prompt
    assert prompt is not None
    wait_for(lambda: prompt.waiting() == 3)  # what liblsl itself still holds goes with the outlet
    del outlet
    wait_for(lambda: "prompt" not in {thread.name for thread in threading.enumerate()})
    got, rows = inlet.pull() or (np.empty(0), np.empty(0))
    assert got.tolist() == stamps
    expected = sent.encode() if isinstance(sent, str) else sent
    assert rows.tolist() == [[expected]] * 3
    assert not inlet.lost
    assert inlet.pull() is None
    assert inlet.lost
    inlet.close()
    with_name.pause()
