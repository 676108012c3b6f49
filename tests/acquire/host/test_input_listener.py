"""What a device hears: real outlets, real inlets, in this process and in a device process."""

from __future__ import annotations

import os
import threading
import time
import tty
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pylsl
import pytest

from acquire.host import input_listener
from acquire.host.input_listener import Listener, Tell, Wish, codes_to
from acquire.lsl.origin import origin_of, source_id_of
from acquire.processes.device_link import DeviceLink
from acquire.processes.messages import DeviceState, HostEvent, Open
from acquire.rig.video import VideoOptions
from devices.base import Chunk, DeviceError, StreamQuery
from tests.acquire.program import wait_for


def markers(name: str, source: str = "s") -> pylsl.StreamOutlet:
    info = pylsl.StreamInfo(name, "Markers", 1, 0.0, "string", source)
    return pylsl.StreamOutlet(info)


class Ear:
    """Keeps what it was given."""

    def __init__(self) -> None:
        self.chunks: list[Chunk] = []

    def take(self, chunk: Chunk) -> None:
        self.chunks.append(chunk)

    @property
    def texts(self) -> list[Any]:
        return [value for chunk in self.chunks for value in chunk.data[:, 0].tolist()]


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
def listening() -> Iterator[Callable[..., Listener]]:
    made: list[Listener] = []

    def listen(*wishes: Wish, tell: Tell = print, **more: Any) -> Listener:
        made.append(Listener(wishes, tell, **more))
        made[-1].start()
        return made[-1]

    yield listen
    for listener in made:
        listener.close()
    wait_for(lambda: not [t for t in threading.enumerate() if t.name == "listening"])


def test_markers_come_with_their_stamps(ear: Ear, listening: Callable[..., Listener]) -> None:
    outlet, other = markers("protocol"), markers("other")
    listener = listening(Wish(StreamQuery(name="protocol"), ear.take))
    wait_for(lambda: listener.connected == ["protocol"] and outlet.have_consumers())
    stamp = pylsl.local_clock() - 1.0
    outlet.push_sample(["hello"], stamp)
    other.push_sample(["not for us"])
    outlet.push_sample(["again"], stamp + 0.5)
    wait_for(lambda: len(ear.texts) == 2)
    assert ear.texts == ["hello", "again"]
    times = np.concatenate([chunk.times for chunk in ear.chunks])
    # Corrected by an offset, which a busy computer measures to some milliseconds.
    assert times == pytest.approx([stamp, stamp + 0.5], abs=0.1)


def test_a_signal_comes_whole(ear: Ear, listening: Callable[..., Listener]) -> None:
    outlet = pylsl.StreamOutlet(pylsl.StreamInfo("diode", "Analog", 3, 1000.0, "float32", "d"))
    listener = listening(Wish(StreamQuery(type="Analog"), ear.take))
    wait_for(lambda: listener.connected == ["diode"] and outlet.have_consumers())
    start = pylsl.local_clock()
    for k in range(0, 1000, 50):
        rows = np.arange(k, k + 50, dtype=np.float32)[:, None] + np.arange(3, dtype=np.float32)
        outlet.push_chunk(rows, (start + np.arange(k, k + 50) / 1000).tolist())
    wait_for(lambda: len(ear.texts) == 1000)
    assert ear.texts == list(range(1000))
    assert {chunk.data.shape[1] for chunk in ear.chunks} == {3}
    assert max(len(chunk.times) for chunk in ear.chunks) > 1


def test_a_stream_that_comes_back_is_heard_again(
    ear: Ear, listening: Callable[..., Listener]
) -> None:
    outlets = [markers("protocol")]
    listener = listening(Wish(StreamQuery(name="protocol"), ear.take))
    wait_for(lambda: outlets[0].have_consumers() and bool(listener.connected))
    outlets[0].push_sample(["gone"])
    wait_for(lambda: ear.texts == ["gone"])  # liblsl crashes where an outlet ends amid a question
    outlets.clear()
    wait_for(lambda: not listener.connected)
    again = markers("protocol")
    wait_for(lambda: again.have_consumers() and bool(listener.connected))
    again.push_sample(["back"])
    wait_for(lambda: ear.texts == ["gone", "back"])


def test_a_stream_that_is_not_there_is_told_and_when_it_has_come(
    ear: Ear, listening: Callable[..., Listener], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A trigger box with a mistaken source sent nothing all session long, and nobody was told."""
    monkeypatch.setattr(input_listener, "MISSED_S", 0.1)
    told: list[tuple[str, str]] = []
    query = StreamQuery(name="protocl")
    wishes = Wish(query, ear.take), Wish(query, ear.take)  # as of two cameras of one gate
    player = Wish(StreamQuery(name="protocol"), ear.take)  # comes with a protocol alone
    listening(player, *wishes, tell=lambda level, code, text: told.append((level, code)))
    wait_for(lambda: told)
    outlet = markers("protocl")
    wait_for(lambda: outlet.have_consumers() and len(told) > 1)
    assert told == [("warning", "input-missing"), ("info", "input-found")]


def test_own_streams_are_left_out(ear: Ear, listening: Callable[..., Listener]) -> None:
    own, other = markers("mine", "a"), markers("theirs", "b")
    uid = own.get_info().uid()
    listener = listening(Wish(StreamQuery(type="Markers"), ear.take), own=lambda: [uid])
    wait_for(lambda: listener.connected == ["theirs"] and other.have_consumers())
    assert not own.have_consumers()


def test_another_engines_stream_is_heard_until_there_is_one_of_ours(
    ear: Ear, listening: Callable[..., Listener]
) -> None:
    ours = origin_of("lab", "1")
    theirs = markers("protocol", source_id_of(origin_of("lab", "2"), "protocol", "protocol"))
    listening(Wish(StreamQuery(name="protocol"), ear.take), origin=ours)
    wait_for(theirs.have_consumers)
    theirs.push_sample(["theirs"])
    wait_for(lambda: ear.texts == ["theirs"])
    source_id = source_id_of(ours, "protocol", "protocol")
    outlets = [markers("protocol", source_id)]
    wait_for(outlets[0].have_consumers)
    theirs.push_sample(["not for us"])
    outlets[0].push_sample(["ours"])
    wait_for(lambda: "ours" in ear.texts)
    outlets.clear()  # ours is being started anew: theirs must not stand in for it
    theirs.push_sample(["not for us either"])
    outlets.append(markers("protocol", source_id))
    wait_for(outlets[0].have_consumers)
    outlets[0].push_sample(["ours again"])
    wait_for(lambda: "ours again" in ear.texts)
    assert ear.texts == ["theirs", "ours", "ours again"]


def test_an_error_in_take_is_said_once_and_ends_nothing(
    ear: Ear, listening: Callable[..., Listener]
) -> None:
    said: list[str] = []

    def fail(chunk: Chunk) -> None:
        raise DeviceError("no code fits")

    outlet = markers("protocol")
    query = StreamQuery(name="protocol")
    listener = listening(
        Wish(query, fail), Wish(query, ear.take), tell=lambda level, code, text: said.append(text)
    )
    wait_for(lambda: outlet.have_consumers() and bool(listener.connected))
    for text in "abc":
        outlet.push_sample([text])
    wait_for(lambda: ear.texts == ["a", "b", "c"])
    assert said == ["cannot take what protocol sends: no code fits"]


def test_codes_for_a_gate() -> None:
    got: list[tuple[float, int]] = []
    take = codes_to(lambda time_, code: got.append((time_, code)))
    texts = np.array([['{"code": 101}'], ["x"], ["0"], ["100"]], dtype=object)
    take(Chunk("protocol", np.array([1.0, 2.0, 3.0, 4.0]), texts))
    assert got == [(1.0, 101), (4.0, 100)]


def test_nobody_wants_anything() -> None:
    listener = Listener((), print)
    listener.start()
    listener.close()
    assert listener.connected == []


def test_a_trigger_box_in_a_device_process_hears_the_protocol() -> None:
    events: list[HostEvent] = []
    master, slave = os.openpty()
    tty.setraw(slave)
    settings = {"name": "box", "port": os.ttyname(slave), "source": "protocol", "pulse_ms": 5}
    outlet = markers("protocol")
    process = DeviceLink("box", "trigger-out-serial", lambda _, e: events.append(e), print)
    process.start(Open("trigger-out-serial", settings, None, None, VideoOptions("auto")), None)
    try:
        wait_for(lambda: process.snapshot.runs and outlet.have_consumers())
        assert os.read(master, 1) == b"\x00"
        outlet.push_sample(['{"event": "onset", "code": 101}'])
        assert os.read(master, 1) == b"\x65"
        assert os.read(master, 1) == b"\x00"
        assert process.command("test", {"code": 7})["code"] == 7
        assert os.read(master, 1) == b"\x07"
        wait_for(
            lambda: bool(process.snapshot.host and process.snapshot.host.samples.get("box") == 2)
        )
        # Between markers it is silent, which is no stall.
        time.sleep(2.5)
        assert process.snapshot.state is DeviceState.RUNNING
        assert not [event for event in events if event.level != "info"]
    finally:
        process.close(5.0)
        os.close(master)
        os.close(slave)
