"""`gazepoint` against a stand-in for Gazepoint Control."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.base import Chunk, Device, DeviceError, Notice
from devices.drivers.gazepoint import Gazepoint
from devices.network.client import Message
from devices.network.framing import WireError
from devices.network.open_gaze import OpenGazeClient
from devices.simulation.servers.gaze_server import GazeConversation
from tests.devices.contract import check_data, check_settings
from tests.devices.network.server import numbered, opened, playing, scripted, signals
from tests.devices.wire import RealClock, read_until, samples

SET = b"".join(
    f'<SET ID="ENABLE_SEND_{name}" STATE="1" />\r\n'.encode() for name in ("COUNTER", "DATA")
)


@pytest.fixture
def devices() -> Iterator[list[Device]]:
    made: list[Device] = []
    yield made
    for one in made:
        one.close()


def speech(packets: int) -> list[bytes]:
    talk = GazeConversation(signals())
    return [talk.hear(SET), *(talk.send(numbered(10 * i, 10)) for i in range(packets))]


def test_gaze_pupils_and_markers_come(devices: list[Device]) -> None:
    check_settings(Gazepoint, {"name": "amp", "host": "127.0.0.1"})
    with playing(lambda: GazeConversation(signals())) as played:
        one = opened(Gazepoint, played.server.port, rate_hz=500)
        devices.append(one)
        for _ in range(2):
            check_data(one, one.open(), RealClock(), {}, 0.4)
            one.close()
        spec, markers = one.open()
        found = read_until(one, lambda found: any(c.stream == "amp-markers" for c in found))
    assert (spec.type, spec.counts_losses, markers.name) == ("Gaze", True, "amp-markers")
    assert [c.label for c in spec.channels][:2] == ["Gaze X", "Gaze Y"]
    gaze = np.concatenate([c.data for c in found if c.stream == "amp"])
    assert ((gaze[:, :2] >= 0) & (gaze[:, :2] <= 1)).all()
    assert gaze[:, 3] == pytest.approx(3.1)


def test_missing_records_are_lost_and_missing_values_no_numbers(devices: list[Device]) -> None:
    said = speech(5)
    del said[3]
    said[4:] = [b'<NACK ID="X" />\r\n<REC CNT="50" TIME="1" BPOGX="0.25" />\r\n']
    with scripted((said, True)) as server:
        one = opened(Gazepoint, server.port)
        devices.append(one)
        one.open()
        items = []
        for item in one.read():
            items.append(item)
            if isinstance(item, Chunk) and item.lost and len(items) > 30:
                break
        chunks = [i for i in items if isinstance(i, Chunk) and i.stream == "amp"]
    assert [c.lost for c in chunks if c.lost] == [10, 10]
    assert samples(chunks) == 31
    last = chunks[-1].data[0]
    assert last[0] == 0.25
    assert np.isnan(last[1:]).all()
    assert [i.code for i in items if isinstance(i, Notice)] == ["not-granted"]


def test_another_program_is_named(devices: list[Device]) -> None:
    for said in (b"SSH-2.0-OpenSSH_9.2\r\n", b"<REC TIME='1' />\r\n", b"x" * 70_000):
        with scripted(([said], True)) as server:
            one = opened(Gazepoint, server.port)
            devices.append(one)
            with pytest.raises(DeviceError, match="is it another program's port"):
                one.open()


@given(data=st.binary(max_size=300))
def test_any_bytes_are_refused_in_words(data: bytes) -> None:
    with contextlib.suppress(WireError):
        assert all(isinstance(m, Message) for m in OpenGazeClient(60.0).receive(data + b"\n"))


@given(cuts=st.lists(st.integers(0, 4000), max_size=20))
def test_cuts_change_nothing(cuts: list[int]) -> None:
    said = b"".join(speech(4))
    expected = [repr(m) for m in OpenGazeClient(60.0).receive(said)]
    edges = [0, *sorted(c for c in cuts if c < len(said)), len(said)]
    client = OpenGazeClient(60.0)
    pieces = [said[a:b] for a, b in zip(edges, [*edges[1:], len(said)], strict=True)]
    assert [repr(m) for piece in pieces for m in client.receive(piece)] == expected
