"""`biopac` against a stand-in for AcqKnowledge: discovery, control, data towards us."""

from __future__ import annotations

import contextlib
import io
import socket
import threading
import time
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import hypothesis
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.arrays import F32Array
from devices.base import Channel, Chunk, Device, DeviceError, DeviceLost, Notice
from devices.drivers.biopac import Biopac
from devices.network.biopac.columns import Columns
from devices.network.biopac.control import discover
from devices.network.biopac.ndt import NdtChannel, groups_of
from devices.simulation.servers.biopac_server import BiopacServer
from devices.simulation.servers.serving import Packet, Signals
from tests.devices.contract import check_data, check_settings
from tests.devices.network.server import Playing, scripted
from tests.devices.wire import RealClock, read_until, samples
from tests.ports import free_port

PATIENCE_S = 30.0  # of somebody who waits: what is given up is given up long before
LABELS = ("ECG - ECG100C", "RSP", "EDA, X", "Pulse")
SIGNALS = Signals(tuple(Channel(x) for x in LABELS), 500.0, None)


@pytest.fixture
def devices() -> Iterator[list[Device]]:
    made: list[Device] = []
    yield made
    for one in made:
        one.close()


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[BiopacServer]:
    more = getattr(request, "param", {})
    played = Playing(BiopacServer(SIGNALS, "127.0.0.1", **more))
    assert isinstance(played.server, BiopacServer)
    yield played.server
    played.close()


def opened(made: list[Device], **settings: Any) -> Biopac:
    settings = {"name": "bio", "host": "127.0.0.1", "wait_s": 10.0, **settings}
    one = Biopac(Biopac.Settings(**settings), RealClock())
    made.append(one)
    return one


def column(found: list[Chunk], stream: str, index: int) -> list[int]:
    rows = [chunk.data[:, index] for chunk in found if chunk.stream == stream]
    return np.concatenate(rows).round().astype(int).tolist() if rows else []


@pytest.mark.parametrize("mode", ["single", "multiple"])
def test_channels_come_whole(server: BiopacServer, devices: list[Device], mode: str) -> None:
    one = opened(devices, port=server.port, mode=mode, units={"ECG - ECG100C": "millivolts"})
    (spec,) = one.open()
    assert (spec.name, spec.rate_hz) == ("bio", 500.0)
    kinds = [(c.label, c.unit, c.kind) for c in spec.channels]
    assert kinds == [
        ("ECG - ECG100C", "millivolts", "ECG"),
        ("RSP", "", "RSP"),
        ("EDA, X", "", "EDA"),
        ("Pulse", "", "PPG"),
    ]
    found = read_until(one, lambda found: samples(found) >= 300)
    numbers = column(found, "bio", 0)
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert column(found, "bio", 1) == [-n for n in numbers]
    own = np.concatenate([c.device_times for c in found])
    assert np.allclose(np.diff(own), 1 / 500)


@pytest.mark.parametrize("mode", ["single", "multiple"])
@pytest.mark.parametrize("server", [{"dividers": (1, 4, 4, 2)}], indirect=True)
def test_each_rate_is_a_stream(server: BiopacServer, devices: list[Device], mode: str) -> None:
    one = opened(devices, port=server.port, mode=mode)
    specs = one.open()
    assert [(s.name, s.rate_hz, len(s.channels)) for s in specs] == [
        ("bio", 500.0, 1),
        ("bio-by2", 250.0, 1),
        ("bio-by4", 125.0, 2),
    ]
    found = read_until(one, lambda found: len(column(found, "bio-by4", 0)) >= 60)
    fast, slow = column(found, "bio", 0), column(found, "bio-by4", 0)
    assert np.diff(fast).tolist() == [1] * (len(fast) - 1)
    assert np.diff(slow).tolist() == [-4] * (len(slow) - 1)
    assert -slow[0] == fast[0]
    own = np.concatenate([c.device_times for c in found if c.stream == "bio-by4"])
    assert np.allclose(np.diff(own), 4 / 500)


def test_the_control_port_is_found_at_the_address_given(devices: list[Device]) -> None:
    port = free_port(udp=True)
    played = Playing(BiopacServer(SIGNALS, "127.0.0.1", discovery_port=port))
    try:
        one = opened(devices, discovery_port=port)
        one.open()
        assert samples(read_until(one, lambda found: samples(found) >= 100)) >= 100
    finally:
        played.close()


def test_nobody_answers_the_question(devices: list[Device]) -> None:
    one = opened(devices, discovery_port=free_port(udp=True), wait_s=0.4)
    with pytest.raises(DeviceError, match=r"no AcqKnowledge answers at 127\.0\.0\.1 .*Networking"):
        one.open()


def test_the_end_of_an_acquisition_is_a_loss_and_the_next_one_is_recorded(
    server: BiopacServer, devices: list[Device]
) -> None:
    one = opened(devices, port=server.port)
    first = one.open()
    read_until(one, lambda found: samples(found) >= 50)
    server.stop()
    with pytest.raises(DeviceLost, match="its acquisition has ended"):
        read_until(one, lambda _: False)
    one.close()
    assert one.open() == first
    assert samples(read_until(one, lambda found: samples(found) >= 50)) >= 50


def test_a_running_acquisition_is_left_alone(server: BiopacServer, devices: list[Device]) -> None:
    server.acq_toggleAcquisition()
    one = opened(devices, port=server.port)
    with pytest.raises(DeviceError, match=r"an acquisition is running .*: stop it there"):
        one.open()
    one.close()
    assert server.running


def test_who_is_not_to_start_it_waits_for_the_operator(
    server: BiopacServer, devices: list[Device]
) -> None:
    one = opened(devices, port=server.port, start=False, silent_s=0.3)
    one.open()
    reading = one.read()
    for _ in range(8):
        assert next(reading) is None
    assert one.resting
    server.acq_toggleAcquisition()
    assert any(isinstance(item, Chunk) for item, _ in zip(reading, range(200), strict=False))
    assert not one.resting
    reading.close()
    one.close()
    assert server.running  # we have not started it: it is not ours to stop


def test_a_dialog_does_not_hold_us(server: BiopacServer, devices: list[Device]) -> None:
    server.dialog = threading.Event()
    one = opened(devices, port=server.port, wait_s=2.0)
    with pytest.raises(DeviceError, match=r"toggleAcquisition for 2 s: does a dialog wait"):
        one.open()
    server.dialog.set()


def test_silence_is_noticed(server: BiopacServer, devices: list[Device]) -> None:
    one = opened(devices, port=server.port, silent_s=0.3)
    one.open()
    server.silent = True  # it records on and sends nothing
    told: list[Notice] = []
    for item in one.read():
        if isinstance(item, Notice):
            told.append(item)
            break
    assert told[0].code == "amplifier-silent"
    assert "though it records" in told[0].text
    server.silent = False  # it goes on, through the connection that was kept
    assert samples(read_until(one, lambda found: samples(found) > 20)) > 20


def test_a_channel_that_stays_away_is_named_and_holds_nobody_for_ever(
    server: BiopacServer, devices: list[Device]
) -> None:
    one = opened(devices, port=server.port, mode="multiple", silent_s=1.0)
    one.open()
    with server._lock:  # as a connection that hangs: nothing more comes, and it stays open
        hanging = server._links.pop(1)
    with hanging, pytest.raises(DeviceLost, match="nothing more of 'RSP': its connection hangs"):
        read_until(one, lambda _: False)
    one.open()  # from the start on, with a connection for each
    assert samples(read_until(one, lambda found: samples(found) > 20)) > 20


class Pieces(BiopacServer):
    """Sends what the test says, cut where it says; then ends the acquisition."""

    def turn(self, packet: Packet | None) -> None:
        pass

    def bytes_of(self, rows: F32Array) -> dict[int, bytes]:
        """What each connection carries of these rows."""
        with self._lock:
            if -1 in self._links:
                return {-1: self._interleaved(rows)}
            number = np.arange(len(rows))
            return {
                c: self._encoded(rows[number % self._dividers[c] == 0, c], c) for c in self._links
            }

    def send(self, place: int, piece: bytes) -> None:
        """Send a piece by itself."""
        link = self._links[place]
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        link.sendall(piece)


@contextlib.contextmanager
def pieces(dividers: tuple[int, ...]) -> Iterator[Pieces]:
    channels = tuple(Channel(label) for label in "ABCD"[: len(dividers)])
    server = Pieces(Signals(channels, 500.0, None), "127.0.0.1", dividers=dividers)
    try:
        yield server
    finally:
        server.close()


def all_that_came(one: Biopac, send: Callable[[], None]) -> list[Chunk]:
    """Read while a thread sends, until the acquisition has ended."""
    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    found: list[Chunk] = []
    with pytest.raises(DeviceLost, match="its acquisition has ended"):
        found.extend(item for item in one.read() if isinstance(item, Chunk))
    thread.join()
    return found


def compare(one: Biopac, found: list[Chunk], rows: F32Array) -> None:
    """Each group's rows are those that were sent, at their own times."""
    number = np.arange(len(rows))
    for group in one._groups:
        kept = number % group.divider == 0
        mine = [c for c in found if c.stream == one._name_of(group)]
        assert np.array_equal(
            np.concatenate([c.data for c in mine]), rows[kept][:, list(group.columns)]
        )
        own = np.concatenate([c.device_times for c in mine if c.device_times is not None])
        assert own == pytest.approx(number[kept] / 500)


@hypothesis.settings(max_examples=25, deadline=None)
@given(
    mode=st.sampled_from(["single", "multiple"]),
    dividers=st.sampled_from([(1,), (1, 1, 1, 1), (1, 4, 4, 2), (2, 3), (5, 7, 1), (1, 50)]),
    count=st.integers(1, 120),
    most=st.sampled_from([1, 3, 5, 17, 300]),  # bytes a piece
    seed=st.integers(0, 1 << 30),
)
def test_no_sample_is_lost_or_moved_however_it_is_cut(
    mode: str, dividers: tuple[int, ...], count: int, most: int, seed: int
) -> None:
    """A byte at a time, cuts amid samples, connections in any order, and an end right behind."""
    rng = Random(seed)
    rows = np.arange(count * len(dividers), dtype=np.float32).reshape(count, len(dividers))
    with (
        pieces(dividers) as server,
        contextlib.closing(opened([], port=server.port, mode=mode)) as one,
    ):
        one.open()

        def send() -> None:
            left = server.bytes_of(rows)
            while left:
                place = rng.choice(sorted(left))
                size = rng.randint(1, most)
                server.send(place, left[place][:size])
                left[place] = left[place][size:]
                if not left[place]:
                    del left[place]
            server.stop()

        compare(one, all_that_came(one, send), rows)


def test_connections_that_come_in_bulk_one_after_the_other_do_not_hang(
    devices: list[Device],
) -> None:
    """After a stall there was more of one at once than the others might be behind."""
    rows = np.arange(6000 * 3, dtype=np.float32).reshape(6000, 3)  # 12 s
    with pieces((1, 1, 1)) as server:
        one = opened(devices, port=server.port, mode="multiple", silent_s=2.0)
        one.open()

        def send() -> None:
            for place, data in server.bytes_of(rows).items():
                server.send(place, data)
            server.stop()

        compare(one, all_that_came(one, send), rows)


def test_a_slow_channel_whose_neighbour_comes_later_does_not_hang() -> None:
    channels = [NdtChannel("calc", index, label, 5000) for index, label in enumerate("AB")]
    both = Columns(channels, groups_of(channels), most=2500, silent_s=5)
    for k in range(10):  # a sample in 10 s
        assert list(both.add(0, np.ones(1, np.float32), 10.0 * k)) == []
        assert len(list(both.add(1, np.ones(1, np.float32), 10.0 * k + 0.01))) == 1
    assert list(both.add(0, np.ones(1, np.float32), 100.0)) == []
    with pytest.raises(DeviceLost, match="nothing more of 'B'"):
        list(both.add(0, np.ones(1, np.float32), 110.0))


def test_silence_after_the_end_of_an_acquisition_is_a_loss(
    server: BiopacServer, devices: list[Device]
) -> None:
    one = opened(devices, port=server.port, silent_s=0.3)
    one.open()
    server.silent = True
    assert one._control is not None
    one._control.call("toggleAcquisition")
    with pytest.raises(DeviceLost, match="its acquisition has ended"):
        read_until(one, lambda _: False)


def test_a_stranger_is_not_let_in(
    server: BiopacServer, devices: list[Device], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = opened(devices, port=server.port, start=False)
    one.open()
    monkeypatch.setattr("devices.network.doors.addresses_of", lambda host: {"192.0.2.1"})
    assert one._doors is not None
    address = one._doors.here, one._doors.ports[0]
    with socket.create_connection(address) as first, socket.create_connection(address):
        first.sendall(np.zeros(4000, "<f4").tobytes())
        items = [item for item, _ in zip(one.read(), range(8), strict=False)]
    assert not any(isinstance(item, Chunk) for item in items)
    (told,) = [item for item in items if isinstance(item, Notice)]  # once, however often it comes
    assert told.code == "stranger-refused"
    assert "write that address as `host`" in told.text


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 5\r\n\r\nhello",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"",
    ],
)
def test_another_program_is_named(devices: list[Device], said: bytes) -> None:
    with scripted(([said], False), ([said], False), ([said], False)) as other:
        one = opened(devices, port=other.port, wait_s=1.0)
        with pytest.raises(DeviceError, match=f"{other.port}|getMPUnitType"):
            one.open()


@pytest.mark.parametrize(
    ("begin", "piece", "pause_s", "wait_s", "said"),
    [
        (b"", b" ", 0.05, 0.5, r"has not answered getMPUnitType for 0\.5 s"),
        (b"", b"<a>" * 1000, 0.0, 20.0, "answers getMPUnitType with more than 4 MB"),
        (b"<value><string>", b"a" * 65536, 0.0, 20.0, "answers getMPUnitType with more than 4 MB"),
    ],
)
def test_an_answer_without_end_does_not_hold_us(
    devices: list[Device], begin: bytes, piece: bytes, pause_s: float, wait_s: float, said: str
) -> None:
    """Each wait for a byte had its own time-out: an answer that trickled held a call for ever.

    One that poured was held in memory: a long text in five seconds 860 MB.
    """
    hung_up = threading.Event()

    def pieces() -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 99999999999\r\n\r\n"
        yield begin
        while not hung_up.wait(pause_s):
            yield piece

    with scripted((pieces(), True)) as other:
        one = opened(devices, port=other.port, wait_s=wait_s)
        begun = time.monotonic()
        with pytest.raises(DeviceError, match=said):
            one.open()
        assert time.monotonic() - begun < PATIENCE_S
        hung_up.set()


def test_an_order_whose_answer_is_lost_is_not_given_twice(
    server: BiopacServer, devices: list[Device]
) -> None:
    """The library asks again where a connection is closed: the second toggle stopped the first."""
    toggles = 0
    answering = server._rpc.RequestHandlerClass

    class Losing(answering):  # type: ignore[misc, valid-type]
        def do_POST(self) -> None:  # noqa: N802 - the library's name
            if b"toggle" in self.rfile.peek():
                nonlocal toggles
                toggles += 1
                self.wfile = io.BytesIO()  # the connection ends without an answer
            super().do_POST()

    server._rpc.RequestHandlerClass = Losing
    one = opened(devices, port=server.port)
    one.open()
    assert samples(read_until(one, lambda found: samples(found) >= 50)) >= 50
    assert toggles == 1


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("DataType", {"type": "double", "endian": "little"}),
        ("DataType", {"type": "float", "endian": "big"}),
        ("DataDeliveryEnabled", False),
        ("SingleConnectionModePort", 15020),
        ("DataConnectionMethod", "multiple"),
        ("TransportType", "udp"),
    ],
)
def test_a_setting_that_is_not_taken_is_told(
    server: BiopacServer, devices: list[Device], question: str, answer: Any
) -> None:
    """Nothing frames the samples: of another type or order they are garbage that looks sound."""
    server._rpc.register_function(lambda *of: answer, f"acq.get{question}")
    one = opened(devices, port=server.port)
    with pytest.raises(DeviceError, match=rf"was asked for {question} .* and keeps"):
        one.open()
    assert not server.running


@pytest.mark.parametrize("changed", ["divider", "channel", "rate"])
def test_a_set_up_that_is_changed_before_the_operator_starts_is_no_garbage(
    devices: list[Device], changed: str
) -> None:
    channels = [Channel(label) for label in "ABC"]
    played = Playing(BiopacServer(Signals(tuple(channels), 500.0, None), "127.0.0.1"))
    server = played.server
    assert isinstance(server, BiopacServer)
    try:
        one = opened(devices, port=server.port, start=False)
        one.open()
        reading = one.read()
        assert next(reading) is None
        if changed == "divider":
            server._dividers[1] = 4
        elif changed == "channel":
            server._rpc.register_function(
                lambda kind: [0, 2] if kind == "analog" else [], "acq.getEnabledChannels"
            )
        else:
            server._rpc.register_function(lambda: 1000.0, "acq.getSamplingRate")
        server.acq_toggleAcquisition()
        with pytest.raises(DeviceLost, match="were changed before the start"):
            assert not any(isinstance(item, Chunk) for item in reading)
        with pytest.raises(DeviceError, match="stop it there"):
            one.open()
    finally:
        played.close()


def test_who_waits_is_told_of_a_start_that_is_sent_nowhere(
    server: BiopacServer, devices: list[Device]
) -> None:
    """A template that is loaded resets where the data go: it recorded, and nobody said a word."""
    one = opened(devices, port=server.port, start=False, silent_s=0.3)
    one.open()
    server._single_port = free_port()
    server.acq_toggleAcquisition()
    with pytest.raises(DeviceLost, match=r"records and has not connected to .*firewall"):
        read_until(one, lambda _: False)


def test_who_waits_asks_anew_where_the_program_was_closed(devices: list[Device]) -> None:
    played = Playing(BiopacServer(SIGNALS, "127.0.0.1"))
    one = opened(devices, port=played.server.port, start=False, silent_s=0.3)
    try:
        one.open()
    finally:
        played.close()
    with pytest.raises(DeviceLost, match="refuses the connection"):
        read_until(one, lambda _: False)


def test_samples_far_apart_are_no_silence(devices: list[Device]) -> None:
    slow = Signals((Channel("Temperature"),), 500.0, None)
    played = Playing(BiopacServer(slow, "127.0.0.1", dividers=(250,)))
    try:
        one = opened(devices, port=played.server.port, silent_s=0.1)
        (spec,) = one.open()
        assert spec.rate_hz == 2.0
        found = [item for item, _ in zip(one.read(), range(60), strict=False)]
        assert any(isinstance(item, Chunk) for item in found)
        assert not any(isinstance(item, Notice) for item in found)
    finally:
        played.close()


@pytest.mark.parametrize(
    ("call", "answer", "said"),
    [
        ("getDownsamplingDivider", 0, "the divider of 'ECG - ECG100C' is not understood"),
        ("getDownsamplingDivider", -4, "the divider of 'ECG - ECG100C' is not understood"),
        ("getEnabledChannels", [-1], "analog channels is not understood"),
        ("getAcquisitionInProgress", None, "says that its acquisition is None"),
        ("getSamplingRate", "1" * 4000, r"says that it samples '1{39} times"),
    ],
)
def test_an_answer_that_cannot_be_is_told(
    server: BiopacServer, devices: list[Device], call: str, answer: Any, said: str
) -> None:
    server._rpc.register_function(lambda *of: answer, f"acq.{call}")
    one = opened(devices, port=server.port)
    with pytest.raises(DeviceError, match=said):
        one.open()
    assert not server.running


def test_a_channel_that_is_named_twice_is_one(server: BiopacServer, devices: list[Device]) -> None:
    server._rpc.register_function(
        lambda kind: [0, 1, 1, 0] if kind == "analog" else [], "acq.getEnabledChannels"
    )
    one = opened(devices, port=server.port)
    (spec,) = one.open()
    assert [channel.label for channel in spec.channels] == ["ECG - ECG100C", "RSP"]


@pytest.mark.parametrize("host", ["a..b", "ä" * 70, "x" * 64 + ".org"])
def test_what_no_computer_can_be_called_is_refused_in_the_rig(host: str) -> None:
    with pytest.raises(ValueError, match="no computer can be called"):
        Biopac.Settings(name="bio", host=host)


class Answering:
    """Answers the question where AcqKnowledge is, with what it is given and when."""

    def __init__(self, *answers: tuple[float, bytes]) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        self._answers = answers
        self._threads = [threading.Thread(target=self._serve)]
        self._threads[0].start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                asked, whom = self._socket.recvfrom(100)
                if asked != b"AcqP Client":
                    return
                for wait_s, answer in self._answers:
                    timer = threading.Timer(wait_s, self._socket.sendto, (answer, whom))
                    self._threads.append(timer)
                    timer.start()

    def close(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", ("127.0.0.1", self.port))
        for thread in self._threads:
            thread.join()
        self._socket.close()


def test_others_who_answer_sooner_hide_nobody() -> None:
    """Four datagrams of anybody's were the end of the search, within a millisecond."""
    answering = Answering(*[(0.0, b"hello")] * 5, (0.2, b"AcqP Server Port:4242\r\n\0"))
    try:
        assert discover("127.0.0.1", 3.0, answering.port) == ("127.0.0.1", 4242)
    finally:
        answering.close()


def test_two_programs_that_answer_are_not_chosen_from_by_chance() -> None:
    answering = Answering(*((0.0, b"AcqP Server Port:%d" % port) for port in (4242, 4242, 4243)))
    try:
        with pytest.raises(
            DeviceError, match=r"port 4242 and 127\.0\.0\.1 port 4243; write the one"
        ):
            discover("127.0.0.1", 3.0, answering.port)
    finally:
        answering.close()


def test_of_two_computers_that_answer_a_broadcast_the_host_is_meant(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    both = {("192.0.2.1", 4242), ("192.0.2.2", 4242)}
    monkeypatch.setattr("devices.network.biopac.control._answers", lambda *_: iter(both))
    assert discover("192.0.2.255", 1.0, host="192.0.2.2") == ("192.0.2.2", 4242)
    with pytest.raises(DeviceError, match="several AcqKnowledge answer"):
        discover("192.0.2.255", 1.0, host="192.0.2.255")


def test_channels_without_number_are_refused_before_each_is_asked_about(
    server: BiopacServer, devices: list[Device]
) -> None:
    asked: list[Any] = []
    server._rpc.register_function(lambda kind: list(range(5000)), "acq.getEnabledChannels")
    server._rpc.register_function(asked.append, "acq.getChannelLabel")
    one = opened(devices, port=server.port)
    with pytest.raises(DeviceError, match="names 15,000 channels; 256 are read"):
        one.open()
    assert not asked


def test_the_contract_is_kept(server: BiopacServer, devices: list[Device]) -> None:
    check_settings(Biopac, {"name": "bio", "host": "127.0.0.1"})
    one = opened(devices, port=server.port)
    for _ in range(2):
        check_data(one, one.open(), RealClock(), {}, 0.4)
        one.close()
        one.close()
