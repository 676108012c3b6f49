"""Curry, SCAN and Recorder against their stand-ins: data, markers, losses, and every bad end."""

from __future__ import annotations

import contextlib
import math
import socket
import struct
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from devices.base import Channel, Chunk, Device, DeviceError, DeviceLost, Notice
from devices.drivers.biosemi import Biosemi
from devices.drivers.brain_products_rda import BrainProductsRda
from devices.drivers.curry import Curry
from devices.drivers.neuracle import Neuracle
from devices.drivers.scan import Scan
from devices.network.client import Description, Mark, Samples
from devices.network.description import checked
from devices.network.framing import WireError
from devices.network.sample_count import SampleCount
from devices.simulation.servers.curry_server import CurryConversation
from devices.simulation.servers.rda_server import RdaConversation
from devices.simulation.servers.scan_server import ScanConversation
from devices.simulation.servers.serving import Conversation
from devices.simulation.servers.unframed_servers import BiosemiConversation, NeuracleConversation
from tests.devices.contract import check_data, check_settings
from tests.devices.network.server import RATE_HZ, Playing, numbered, playing, scripted, signals
from tests.devices.network.server import opened as opened_at
from tests.devices.wire import RealClock, read_until, samples

PATIENCE_S = 30.0  # of somebody who waits: what is given up is given up long before
Make = Callable[[], Conversation]
COUNTING = [
    pytest.param(BrainProductsRda, lambda: RdaConversation(signals()), id="rda"),
    pytest.param(Curry, lambda: CurryConversation(signals()), id="curry"),
]
ALL = [
    *COUNTING,
    pytest.param(Scan, lambda: ScanConversation(signals()), id="scan"),
    pytest.param(Biosemi, lambda: BiosemiConversation(signals()), id="biosemi"),
    pytest.param(Neuracle, lambda: NeuracleConversation(signals()), id="neuracle"),
]
CONFIGURED = {
    Biosemi: {"channels": 3, "rate_hz": RATE_HZ, "labels": ("Fp1", "Cz", "VEOG")},
    Neuracle: {"channels": 3, "rate_hz": RATE_HZ, "labels": ("Fp1", "Cz", "VEOG")},
}
"""What the rig file has to say, where the server does not."""


@pytest.fixture
def device() -> Iterator[list[Device]]:
    made: list[Device] = []
    yield made
    for one in made:
        one.close()


def opened(driver: Any, port: int, **more: Any) -> Any:
    return opened_at(driver, port, **{**CONFIGURED.get(driver, {}), **more})


def connect(made: list[Device], driver: Any, played: Playing, **more: Any) -> Any:
    one = opened(driver, played.server.port, **more)
    made.append(one)
    return one


def of(found: list[Chunk], stream: str) -> list[Chunk]:
    return [chunk for chunk in found if chunk.stream == stream]


def numbers(found: list[Chunk]) -> np.ndarray[Any, Any]:
    """Give the sample numbers that are in the first column."""
    return np.concatenate([c.data[:, 0] for c in of(found, "amp")]).round().astype(int)


def signal_samples(count: int) -> Callable[[list[Chunk]], bool]:
    return lambda found: samples(of(found, "amp")) >= count


@pytest.mark.parametrize(("driver", "make"), ALL)
def test_signals_come_whole_with_labels_units_and_device_times(
    driver: Any, make: Make, device: list[Device]
) -> None:
    with playing(make) as played:
        one = connect(device, driver, played)
        spec, markers, *_ = one.open()
        found = read_until(one, signal_samples(300))
    assert (spec.name, markers.name) == ("amp", "amp-markers")
    assert (spec.rate_hz, spec.dtype, spec.type) == (RATE_HZ, "float32", "EEG")
    channels = [(c.label, c.unit, c.kind) for c in spec.channels]
    assert channels[:3] == [
        ("Fp1", "microvolts", "EEG"),
        ("Cz", "microvolts", "EEG"),
        ("VEOG", "microvolts", "EOG"),
    ]
    assert channels[3:] in ([], [("Trigger", "", "Trigger")])
    seen = numbers(found)
    assert (np.diff(seen) == 1).all()
    own = np.concatenate([c.device_times for c in of(found, "amp")])
    assert np.allclose(np.diff(own), 1 / RATE_HZ)
    rows = np.concatenate([c.data for c in of(found, "amp")])
    assert np.allclose(rows[:, 1], -rows[:, 0], atol=0.03)
    assert not any(c.lost for c in found)


@pytest.mark.parametrize(("driver", "make"), ALL)
def test_markers_lie_on_their_samples(driver: Any, make: Make, device: list[Device]) -> None:
    with playing(make) as played:
        one = connect(device, driver, played)
        one.open()
        found = read_until(one, lambda found: len(of(found, "amp-markers")) >= 3)
    marks = of(found, "amp-markers")
    texts = [chunk.data[0, 0] for chunk in marks]
    codes = [int(text.removeprefix("S")) for text in texts]
    assert codes == list(range(codes[0], codes[0] + len(codes)))
    seen, own = numbers(found), np.concatenate([c.device_times for c in of(found, "amp")])
    for code, mark in zip(codes, marks, strict=True):
        assert mark.device_times is not None
        at = int(np.searchsorted(seen, 100 * (code - 1) + 50))
        assert own[at] == pytest.approx(mark.device_times[0], abs=1e-9)


@pytest.mark.parametrize(("driver", "make"), COUNTING)
def test_what_the_counter_misses_is_lost_exactly(
    driver: Any, make: Make, device: list[Device]
) -> None:
    with playing(make) as played:
        one = connect(device, driver, played)
        spec, *_ = one.open()
        assert spec.counts_losses
        before = read_until(one, signal_samples(100))
        played.skip = 7
        wanted = samples(of(before, "amp")) + 200
        found = before + read_until(one, lambda new: samples(of(before + new, "amp")) >= wanted)
    assert sum(c.lost for c in found) == 70
    assert np.diff(numbers(found)).max() == 71
    own = np.concatenate([c.device_times for c in of(found, "amp")])
    assert np.diff(own).max() == pytest.approx(71 / RATE_HZ)


@pytest.mark.parametrize(("driver", "make"), COUNTING)
def test_what_passes_between_two_connections_is_lost_exactly(
    driver: Any, make: Make, device: list[Device]
) -> None:
    shared = make()  # the amplifier goes on while nobody is connected
    with playing(lambda: shared) as played:
        one = connect(device, driver, played)
        one.open()
        before = read_until(one, signal_samples(100))
        played.cut = True
        with pytest.raises(DeviceLost, match="closed"):
            read_until(one, lambda _: False)
        one.close()
        played.skip = 5
        one.open()
        after = read_until(one, signal_samples(100))
    gap = numbers(after)[0] - numbers(before)[-1] - 1
    assert gap >= 50
    assert after[0].lost == gap
    assert not any(c.lost for c in after[1:])


@pytest.mark.parametrize(("driver", "make"), ALL)
def test_silence_is_noticed_and_opened_again(driver: Any, make: Make, device: list[Device]) -> None:
    with playing(make) as played:
        one = connect(device, driver, played, silent_s=1.0)
        one.open()
        read_until(one, signal_samples(50))
        played.hold.set()
        with pytest.raises(DeviceLost, match=r"has sent nothing for \d\.\d s; in "):
            read_until(one, lambda _: False)
        played.hold.clear()
        one.open()
        assert samples(of(read_until(one, signal_samples(50)), "amp")) >= 50


@pytest.mark.parametrize(("driver", "make"), ALL)
def test_a_driver_keeps_the_contract(driver: Any, make: Make, device: list[Device]) -> None:
    with playing(make) as played:
        check_settings(driver, {"name": "amp", "host": "127.0.0.1", **CONFIGURED.get(driver, {})})
        one = connect(device, driver, played)
        for _ in range(2):
            check_data(one, one.open(), RealClock(), {}, 0.4)
            one.close()
            one.close()


# What comes in odd pieces, from a server that says exactly this.


def speech(make: Make, packets: int = 20, requests: bytes = b"") -> bytes:
    """Return all that a server says: greeting, answers, and some packets."""
    talk = make()
    said = talk.greet() + (talk.hear(requests) if requests else b"")
    return said + b"".join(talk.send(numbered(10 * i, 10)) for i in range(packets))


def curry_request(code: int) -> bytes:
    return struct.pack(">4sHHIII", b"CTRL", 2, code, 0, 0, 0)


REQUESTS = {
    "rda": b"",
    "biosemi": b"",
    "neuracle": b"",
    "curry": b"".join(map(curry_request, (1, 6, 3, 8))),
    "scan": b"".join(
        struct.pack(">4shhi", b"CTRL", *pair, 0) for pair in ((3, 1), (3, 5), (2, 1), (3, 3))
    ),
}
SPOKEN = [pytest.param(*p.values, REQUESTS[str(p.id)], id=str(p.id)) for p in ALL]


@pytest.mark.parametrize(("driver", "make", "requests"), SPOKEN)
@pytest.mark.parametrize("size", [1, 7, 1 << 20])
def test_any_pieces_give_the_same(
    driver: Any, make: Make, requests: bytes, size: int, device: list[Device]
) -> None:
    said = speech(make, requests=requests)
    pieces = [said[i : i + size] for i in range(0, len(said), size)]
    with scripted((pieces, True)) as server:
        one = opened(driver, server.port)
        device.append(one)
        one.open()
        found = read_until(one, signal_samples(200))
    assert (numbers(found) == np.arange(200)).all()
    assert not any(c.lost for c in found)


@pytest.mark.parametrize(("driver", "make", "requests"), SPOKEN)
def test_a_close_in_mid_packet_loses_the_half_and_says_so(
    driver: Any, make: Make, requests: bytes, device: list[Device]
) -> None:
    said = speech(make, requests=requests)
    with scripted(([said[:-5]], False)) as server:
        one = opened(driver, server.port)
        device.append(one)
        one.open()
        found: list[Chunk] = []
        with pytest.raises(DeviceLost, match="has closed the connection"):
            found.extend(item for item in one.read() if isinstance(item, Chunk))
    assert 190 <= samples(of(found, "amp")) < 200


@pytest.mark.parametrize(("driver", "make", "requests"), SPOKEN)
def test_another_program_is_named(
    driver: Any, make: Make, requests: bytes, device: list[Device]
) -> None:
    page = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    with scripted(([page], True)) as server:
        one = opened(driver, server.port)
        with pytest.raises(
            DeviceError, match=rf"port {server.port}: .*is it another program's port"
        ):
            one.open()
        one.close()


@pytest.mark.parametrize(("driver", "make", "requests"), SPOKEN)
def test_who_says_nothing_is_given_up(
    driver: Any, make: Make, requests: bytes, device: list[Device]
) -> None:
    with scripted(([], True)) as server:
        one = opened(driver, server.port, connect_s=0.3)
        begun = time.monotonic()
        with pytest.raises(DeviceError, match="does not say what it records"):
            one.open()
        assert time.monotonic() - begun < PATIENCE_S
        one.close()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a full queue refuses")
@pytest.mark.parametrize("driver", [BrainProductsRda, Curry, Scan, Biosemi, Neuracle])
def test_a_host_that_does_not_answer(driver: Any) -> None:
    with contextlib.ExitStack() as stack:
        door = stack.enter_context(socket.socket())
        door.bind(("127.0.0.1", 0))
        door.listen(0)  # one may wait, and nobody is let in: further ones get no answer at all
        for _ in range(3):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(door.getsockname())
        begun = time.monotonic()
        with pytest.raises(DeviceError, match=r"does not answer; is that computer on"):
            opened(driver, door.getsockname()[1], connect_s=0.5).open()
        assert time.monotonic() - begun < PATIENCE_S


@pytest.mark.parametrize("driver", [BrainProductsRda, Curry, Scan, Biosemi, Neuracle])
def test_a_port_where_nobody_listens(driver: Any) -> None:
    with scripted() as server:
        port = server.port
    with pytest.raises(DeviceError, match=f"port {port} refuses the connection: nothing listens"):
        opened(driver, port).open()


@pytest.mark.parametrize(("driver", "make"), COUNTING)
def test_a_repeated_packet_is_taken_once(driver: Any, make: Make, device: list[Device]) -> None:
    talk = make()
    requests = REQUESTS["curry"] if driver is Curry else b""
    said = [talk.greet() + talk.hear(requests)]
    said += [talk.send(numbered(10 * i, 10)) for i in range(20)]
    said = [*said[:8], said[6], said[7], *said[8:]]
    with scripted((said, True)) as server:
        one = opened(driver, server.port)
        device.append(one)
        one.open()
        found = read_until(one, signal_samples(200))
    assert (numbers(found) == np.arange(200)).all()
    assert not any(c.lost for c in found)


@pytest.mark.parametrize(
    ("driver", "make"),
    [
        pytest.param(
            BrainProductsRda,
            lambda: RdaConversation(signals(), first_block=(1 << 32) - 5),
            id="rda",
        ),
        pytest.param(Curry, lambda: CurryConversation(signals(), first=(1 << 32) - 55), id="curry"),
    ],
)
def test_a_counter_that_wraps_loses_nothing(driver: Any, make: Make, device: list[Device]) -> None:
    with playing(make) as played:
        one = connect(device, driver, played)
        one.open()
        found = read_until(one, signal_samples(200))
    own = np.concatenate([c.device_times for c in of(found, "amp")])
    assert np.allclose(np.diff(own), 1 / RATE_HZ)
    assert not any(c.lost for c in found)


@pytest.mark.parametrize(("driver", "make", "requests"), SPOKEN[:3])  # the others do not tell
def test_other_channels_after_a_reconnect_are_other_streams(
    driver: Any, make: Make, requests: bytes, device: list[Device]
) -> None:
    kind: Any = type(make())
    said = [speech(lambda n=n: kind(signals(n)), 0, requests) for n in (4, 6)]  # type: ignore[misc]
    with scripted(([said[0]], True), ([said[1]], True)) as server:
        one = opened(driver, server.port)
        device.append(one)
        first = one.open()
        one.close()
        second = one.open()  # the host compares, and says that the device must be restarted
    assert len(second[0].channels) - len(first[0].channels) == 2


def test_sixteen_bits_are_scaled(device: list[Device]) -> None:
    with playing(lambda: RdaConversation(signals(), int16=True)) as played:
        one = connect(device, BrainProductsRda, played)
        one.open()
        found = read_until(one, signal_samples(200))
    assert (np.diff(numbers(found)) == 1).all()


def test_curry_gives_impedances_as_a_stream_and_goes_on(device: list[Device]) -> None:
    with playing(lambda: CurryConversation(signals())) as played:
        one = connect(device, Curry, played)
        assert [spec.name for spec in one.open()] == ["amp", "amp-markers", "amp-impedance"]
        read_until(one, signal_samples(50))
        one.command("impedance", {"on": True})
        found = read_until(one, lambda found: len(of(found, "amp-impedance")) >= 3)
        assert (of(found, "amp-impedance")[0].data == 5.0).all()
        assert one.command("impedance", {"on": False})["impedance_kohm"]["Cz"] == 5.0
        read_until(one, signal_samples(50))


def test_curry_is_asked_to_connect_an_amplifier_where_it_lets_programs(
    device: list[Device],
) -> None:
    with playing(lambda: CurryConversation(signals(), connected=False)) as played:
        one = connect(device, Curry, played)
        one.open()
        assert (np.diff(numbers(read_until(one, signal_samples(50)))) == 1).all()
    refusing = CurryConversation(signals(), connected=False, controls=False)
    said = "no amplifier is connected: switch it on there"
    with playing(lambda: refusing) as played, pytest.raises(DeviceError, match=said):
        connect(device, Curry, played).open()


def test_what_a_protocol_does_not_give_is_named(device: list[Device]) -> None:
    with playing(lambda: RdaConversation(signals())) as played:
        one = connect(device, BrainProductsRda, played)
        one.open()
        with pytest.raises(DeviceError, match="gives no impedances; measure them in"):
            one.command("impedance", {"on": True})


def test_an_amplifier_that_was_stopped_is_told_and_may_begin_again(device: list[Device]) -> None:
    start, stop = (struct.pack(">4sHHIII", b"CTRL", 1, r, 0, 0, 0) for r in (1, 2))
    talk = CurryConversation(signals())
    said = [talk.hear(REQUESTS["curry"])]
    said += [talk.send(numbered(10 * i, 10)) for i in range(10)]
    said += [stop, start, talk.hear(curry_request(6) + curry_request(3))]
    again = CurryConversation(signals())
    again.hear(REQUESTS["curry"])
    said += [again.send(numbered(10 * i, 10)) for i in range(10)]
    with scripted((said, True)) as server:
        one = opened(Curry, server.port)
        device.append(one)
        one.open()
        items: list[Any] = []
        for item in one.read():
            items.append(item)
            if samples(of([x for x in items if isinstance(x, Chunk)], "amp")) == 200:
                break
    notices = [item.code for item in items if isinstance(item, Notice)]
    chunks = [item for item in items if isinstance(item, Chunk)]
    assert notices == ["amplifier-stopped"]
    assert (numbers(chunks) == [*range(100), *range(100)]).all()
    assert not any(c.lost for c in chunks)


@pytest.mark.parametrize(
    ("driver", "said"),
    [
        (Biosemi, "the status word jumps: ActiView sends other channels than `channels` says"),
        (Neuracle, "the last channel is no trigger"),
    ],
)
def test_a_wrong_number_of_channels_is_named(driver: Any, said: str, device: list[Device]) -> None:
    conversation = {Biosemi: BiosemiConversation, Neuracle: NeuracleConversation}[driver]
    talk = conversation(signals(6))
    pieces = [talk.send(numbered(500 + 10 * i, 10, 6)) for i in range(40)]
    with scripted((pieces, True)) as server:
        one = opened(driver, server.port, channels=3)
        device.append(one)

        def live() -> None:  # it may show in the first rows, or later
            one.open()
            read_until(one, lambda _: False)

        with pytest.raises(DeviceError, match=said):
            live()


def test_negative_values_keep_their_sign(device: list[Device]) -> None:
    talk = BiosemiConversation(signals())
    with scripted(([talk.send(numbered(0, 100))], True)) as server:
        one = opened(Biosemi, server.port)
        device.append(one)
        one.open()
        found = read_until(one, signal_samples(100))
    assert found[0].data[:, 1].tolist() == [-float(n) for n in range(100)]


def rda_amplifier() -> BrainProductsRda:
    amplifier = BrainProductsRda(BrainProductsRda.Settings(name="a", host="x"), RealClock())
    amplifier._description = Description((Channel("Cz", "microvolts", "EEG"),), 250.0, "")
    amplifier._count = SampleCount(250.0)
    return amplifier


@pytest.mark.parametrize(("place", "near"), [(1005, True), (900, True), (2**32 - 1, False)])
def test_a_marker_of_a_spoilt_place_has_the_time_of_its_arrival(place: int, near: bool) -> None:
    """It was stamped months ahead."""
    amplifier = rda_amplifier()
    list(amplifier._told(Samples(np.zeros((10, 1), np.float32), 1000), 50.0))
    *notices, chunk = amplifier._told(Mark("S  1", place), 50.0)
    assert isinstance(chunk, Chunk)
    if near:
        assert not notices
        assert chunk.device_times == pytest.approx([place / 250])
    else:
        (notice,) = notices
        assert isinstance(notice, Notice)
        assert notice.code == "marker-misplaced"
        assert chunk.device_times is None
        assert chunk.times.tolist() == [50.0]


@pytest.mark.parametrize("rate_hz", [1e-294, 0.0, -5.0, math.nan, 2e6])
def test_a_rate_that_no_recorder_takes_is_refused(rate_hz: float) -> None:
    with pytest.raises(WireError, match=r"samples .* times a second"):
        checked(Description((Channel("Cz"),), rate_hz, ""))
