"""`serial-lines` and `serial-packets` over real pseudo-terminals."""

from __future__ import annotations

import contextlib
import errno
import itertools
import json
import os
import socket
import threading
import time
import tomllib
from collections.abc import Iterator
from typing import Any, cast

import numpy as np
import pytest
from pydantic import ValidationError

from devices.base import Chunk, Device, DeviceError, DeviceLost
from devices.drivers.serial_lines import SerialLines
from devices.drivers.serial_packets import SerialPackets
from devices.registry import find
from devices.serial import ports
from devices.serial.ports import PortInfo, choose, explain
from tests.devices.clock import FakeClock
from tests.devices.contract import check_data, check_settings, check_specs
from tests.devices.network.server import scripted
from tests.devices.serial.test_serial_parsers import FORMAT, SYNC, frame
from tests.devices.wire import RealClock, Wire, read_until, samples, wire

LINES: dict[str, Any] = {
    "name": "gsr",
    "baud": 115200,
    "rate_hz": 100,
    "columns": [
        {"label": "EDA", "unit": "microsiemens"},
        {"label": "PPG", "unit": "a.u.", "scale": 0.001},
    ],
}
PACKETS: dict[str, Any] = FORMAT | {"name": "bands", "baud": 921600, "rate_hz": 1000}


@pytest.fixture
def line() -> Iterator[Wire]:
    with wire() as made:
        yield made


def lines(line: Wire, **changes: Any) -> SerialLines:
    return SerialLines(SerialLines.Settings(**LINES, port=line.path, **changes), RealClock())


def packets(line: Wire, **changes: Any) -> SerialPackets:
    settings = SerialPackets.Settings(**(PACKETS | changes), port=line.path)
    return SerialPackets(settings, RealClock())


def numbered(start: int = 0) -> Iterator[bytes]:
    return (f"{k},{1000 * k}\r\n".encode() for k in itertools.count(start))


def column(found: list[Chunk], index: int = 0) -> list[float]:
    return cast("list[float]", np.concatenate([c.data[:, index] for c in found]).tolist())


def test_both_keep_the_contract(line: Wire) -> None:
    line.play(numbered(), 0.01)
    settings = LINES | {"port": line.path}
    check_settings(SerialLines, settings)
    check_settings(SerialPackets, PACKETS | {"port": line.path})
    clock = RealClock()
    device = SerialLines(SerialLines.Settings(**settings), clock)
    device.close()
    for _ in range(2):
        specs = device.open()
        check_specs(specs, "gsr")
        check_data(device, specs, cast("Any", clock), {}, 0.5)
        device.close()
        device.close()


def test_lines_are_read_scaled_and_described(line: Wire) -> None:
    device = lines(line)
    (spec,) = device.open()
    assert [(c.label, c.unit, c.kind) for c in spec.channels] == [
        ("EDA", "microsiemens", "EDA"),
        ("PPG", "a.u.", "PPG"),
    ]
    assert (spec.rate_hz, spec.type, spec.dtype) == (100, "Physio", "float64")
    line.send(b"half a line\n")
    line.play(itertools.islice(numbered(), 50), 0.01)
    found = read_until(device, lambda f: samples(f) >= 50)
    device.close()
    assert column(found) == list(range(50))
    assert column(found, 1) == list(range(50))
    assert sum(c.lost for c in found) == 0


def test_stamps_from_arrivals_keep_the_pace_of_the_sensor(line: Wire) -> None:
    """Bytes come in bursts, up to 12 ms late; by a clock that this test moves, not the computer."""
    clock = FakeClock()
    device = SerialLines(SerialLines.Settings(**LINES, port=line.path), clock)
    device.open()
    rng = np.random.default_rng(1)
    late = rng.uniform(0, 0.012, 100)
    reading = device.read()
    found: list[Chunk] = []
    sent = clock.time + 0.01 * np.arange(100)
    for piece, arrival in zip(numbered(), np.maximum.accumulate(sent + late), strict=False):
        clock.time = max(clock.time, float(arrival))
        line.send(piece)
        while (item := next(reading)) is not None:  # which says that the burst was read
            found.append(item)
    device.close()
    assert samples(found) >= 99
    times = np.concatenate([c.times for c in found])
    assert np.polyfit(np.arange(len(times)), times, 1)[0] == pytest.approx(0.01, rel=0.02)


def test_noise_and_cut_lines_are_counted(line: Wire) -> None:
    device = lines(line)
    device.open()
    good = list(itertools.islice(numbered(), 60))
    good[20] = good[20][:3] + b"\x00\xff" + good[20][3:]
    good[40] = good[40][:4]  # runs into the next one: one line that is none for two
    line.play([b"\n", *good], 0.004)
    found = read_until(device, lambda f: samples(f) >= 57)
    device.close()
    assert [c.lost for c in found if c.lost] == [1, 1]
    assert device.command("status", {}) == {"lines": 57, "malformed": 2}


def test_packets_with_counter_gaps_noise_and_bad_checksums(line: Wire) -> None:
    device = packets(line)
    device.open()
    frames = [frame(k, k) for k in range(600)]
    frames[100] = b""  # never sent
    frames[200] = frames[200][:-1] + bytes([frames[200][-1] ^ 1])
    frames[300] = b"\xa5\x5agarbage" + frames[300]
    frames[400] = frames[400][:4]  # bytes lost on the line
    line.play([frame(9, 9)[4:], *frames], 0.001)
    found = read_until(device, lambda f: samples(f) >= 597)
    device.close()
    missing = {100, 200, 400}
    assert column(found) == [k * 0.5 for k in range(600) if k not in missing]
    assert [c.lost for c in found if c.lost] == [1, 1, 1]
    times = np.concatenate([c.device_times for c in found if c.device_times is not None])
    assert times[-1] - times[0] == pytest.approx(0.599)
    status = device.command("status", {})
    assert status["frames"] == 597
    assert status["wrong_checksums"] >= 1


def test_eight_channels_at_2_khz_arrive_whole() -> None:
    with wire(baud=921600) as line:
        eight_channels(line)


def eight_channels(line: Wire) -> None:
    fields = [{"name": f"c{i}", "type": "u16"} for i in range(8)]
    counter = {"name": "n", "type": "u16", "role": "counter"}
    device = packets(line, rate_hz=2000, fields=[counter, *fields], checksum=None)
    device.open()
    word = np.arange(2000, dtype="<u2")[:, None].repeat(9, axis=1)
    stream = [bytes(SYNC) + w.tobytes() for w in word]
    bursts = [b"".join(stream[k : k + 8]) for k in range(0, 2000, 8)]
    line.play(bursts, 0.004)
    found = read_until(device, lambda f: samples(f) >= 1998)
    device.close()
    assert sum(c.lost for c in found) == 0
    assert column(found, 7)[:1998] == list(range(1998))


def test_start_and_stop_commands_are_sent(line: Wire) -> None:
    device = lines(line, start=["go\n", [0xC3, 0xFD]], stop=[0xFF], command_pause_s=0.01)
    device.open()
    assert line.received() == b"go\n\xc3\xfd"
    device.close()
    assert line.received() == b"\xff"


def test_a_pulled_plug_is_a_lost_device_and_the_next_opening_waits_for_it() -> None:
    with wire() as line:
        device = lines(line)
        device.open()
        line.play(itertools.islice(numbered(), 20), 0.002).join()
        read_until(device, lambda f: samples(f) >= 10)
        line.unplug()
        with pytest.raises(DeviceLost, match="has gone"):
            list(device.read())
        with pytest.raises(DeviceError):
            device.open()
        device.close()


def test_after_a_reopen_the_specs_are_the_same_and_the_clock_begins_anew(line: Wire) -> None:
    device = packets(line)
    specs = device.open()
    line.play((frame(k, k) for k in range(100)), 0.001).join()
    first = read_until(device, lambda f: samples(f) >= 90)
    device.close()
    assert device.open() == specs
    line.play((frame(k + 50, k) for k in range(100)), 0.001)
    again = read_until(device, lambda f: samples(f) >= 90)
    device.close()
    assert first[-1].device_times is not None
    assert again[0].device_times is not None
    assert again[0].device_times[0] < first[-1].device_times[-1]
    assert again[0].lost == 0


@pytest.mark.parametrize("make", [lines, packets])
def test_garbage_alone_ends_in_an_error_that_names_the_baud_rate(line: Wire, make: Any) -> None:
    device = make(line, give_up_s=0.3)
    device.open()
    rng = np.random.default_rng(1)
    line.play((rng.bytes(20) for _ in range(500)), 0.01)
    with pytest.raises(DeviceError, match=r"baud: no valid .* check `baud`") as caught:
        read_until(device, lambda f: False)
    assert not isinstance(caught.value, DeviceLost)
    device.close()


def test_other_columns_than_described_are_named(line: Wire) -> None:
    device = lines(line, give_up_s=0.2)
    device.open()
    line.play((b"1,2,3\n" for _ in range(500)), 0.01)
    with pytest.raises(DeviceError, match=r"expected 2 numbers .* got 3"):
        read_until(device, lambda f: False)
    device.close()


def test_a_silent_port_is_silent_not_an_error(line: Wire) -> None:
    device = lines(line, give_up_s=0.1)
    device.open()
    start = time.monotonic()
    for item in device.read():
        assert item is None
        if time.monotonic() - start > 0.5:
            break
    device.close()


def test_json_lines_with_a_device_clock(line: Wire) -> None:
    columns = [
        {"label": "t", "role": "time", "unit": "milliseconds", "key": "ms"},
        {"label": "BVP", "key": "ppg"},
    ]
    device = SerialLines(
        SerialLines.Settings(**(LINES | {"columns": columns, "format": "json", "port": line.path})),
        RealClock(),
    )
    device.open()
    line.play((json.dumps({"ms": 10 * k, "ppg": k}).encode() + b"\n" for k in range(30)), 0.01)
    found = read_until(device, lambda f: samples(f) >= 30)
    device.close()
    times = np.concatenate([c.device_times for c in found if c.device_times is not None])
    assert np.diff(times) == pytest.approx([0.01] * 29)


# Opening.


TIMED = [{"label": "t", "role": "time"}, {"label": "v"}]


def opens(path: str) -> None:
    device: Device = SerialLines(SerialLines.Settings(**LINES, port=path), RealClock())
    try:
        device.open()
    finally:
        device.close()


def test_a_port_that_is_not_there_lists_those_that_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        ports, "present", lambda: [PortInfo("/dev/ttyX9", "Box", 0x2341, 0x43, "A5")]
    )
    for port in ("/dev/no-such-port", "1234:5678", "serial=XYZ"):
        with pytest.raises(DeviceError, match=r"no port .*ttyX9 \(Box, 2341:0043, serial=A5\)"):
            opens(port)


def test_a_port_that_is_taken(line: Wire) -> None:
    first = lines(line)
    first.open()
    with pytest.raises(DeviceError, match="taken by another program"):
        opens(line.path)
    first.close()
    opens(line.path)


def test_what_is_no_port(tmp_path: Any) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DeviceError, match=r"not a serial port.*name one of them"):
        opens(str(tmp_path / "file"))


def test_no_permission_names_the_group() -> None:
    error = OSError(errno.EACCES, os.strerror(errno.EACCES))
    assert "usermod -aG dialout" in explain(error, "/dev/ttyUSB0")


def test_ports_by_usb_numbers_and_by_serial_number() -> None:
    there = [
        PortInfo("/dev/a", "", 0x2341, 0x43, "S1"),
        PortInfo("/dev/b", "", 0x0403, 0x6001, "S2"),
        PortInfo("/dev/c", "", 0x0403, 0x6001, "S3"),
        PortInfo("/dev/d"),
    ]
    assert choose("2341:0043", there) == "/dev/a"
    assert choose("serial=S3", there) == "/dev/c"
    assert choose("/dev/d", ()) == "/dev/d"
    with pytest.raises(DeviceError, match="2 ports are '0403:6001'"):
        choose("0403:6001", there)


def test_two_adapters_of_one_serial_number_are_named_by_path() -> None:
    """`serial=` was the remedy for a `serial=` that two have."""
    two = [ports.PortInfo(f"/dev/ttyUSB{n}", "box", 0x0403, 0x6001, "A1") for n in (0, 1)]
    for port in ("serial=A1", "0403:6001"):
        with pytest.raises(DeviceError, match=r"2 ports are .*; name one by its path") as told:
            ports.choose(port, two)
        assert "by serial=" not in str(told.value)


def test_a_port_is_a_port_and_a_trigger_box_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    there = [
        PortInfo("/dev/a", "Uno\n[rig]", 0x2341, 0x43, "S1"),
        PortInfo("/dev/b", "", 0x1103, 0x21),
    ]
    monkeypatch.setattr(ports, "present", lambda: there)
    sensor, trigger = SerialLines.found()
    assert tomllib.loads(sensor.snippet) == {}, "nothing is known of what hangs on it"
    assert "nothing known behind it" in sensor.snippet
    assert "Uno" in sensor.description
    # As somebody completes it.
    _, _, *lines = sensor.snippet.splitlines()
    for text, driver in (
        ("\n".join(line.removeprefix("# ") for line in lines), "serial-lines"),
        (trigger.snippet, "trigger-out-serial"),
    ):
        (device,) = tomllib.loads(text)["device"]
        assert device.pop("driver") == driver
        find(driver).Settings.model_validate(device)


def test_a_time_column_without_a_unit_is_refused() -> None:
    with pytest.raises(ValueError, match="unit '' is no time"):
        SerialLines.Settings(**(LINES | {"port": "x", "columns": TIMED}))


# A port at another computer.


@contextlib.contextmanager
def converter(speaks_rfc2217: bool) -> Iterator[tuple[str, Wire]]:
    """A converter that gives a real line to whoever connects, by pyserial's own side of it."""
    import serial
    import serial.rfc2217

    with wire() as line, socket.create_server(("127.0.0.1", 0)) as door:
        lines = dict.fromkeys(("cts", "dsr", "cd", "ri", "dtr", "rts", "break_condition"), False)
        # A pseudo-terminal has no control lines.
        port = type("Line", (serial.Serial,), lines)(line.path, timeout=0.02)
        ended = threading.Event()

        def serve() -> None:
            link, _ = door.accept()
            link.settimeout(0.02)
            with link, link.makefile("wb", 0) as answers, contextlib.suppress(OSError):
                manager = (
                    serial.rfc2217.PortManager(cast("Any", port), cast("Any", answers))
                    if speaks_rfc2217
                    else None
                )
                while not ended.is_set():
                    with contextlib.suppress(TimeoutError):
                        came = link.recv(4096)
                        if manager is not None:
                            came = b"".join(manager.filter(came))
                        port.write(came)
                    if data := port.read(port.in_waiting or 1):
                        link.sendall(b"".join(manager.escape(data)) if manager else data)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        scheme = "rfc2217" if speaks_rfc2217 else "socket"
        yield f"{scheme}://127.0.0.1:{door.getsockname()[1]}", line
        ended.set()
        thread.join(60)
        port.close()


@pytest.mark.parametrize("speaks_rfc2217", [False, True])
def test_a_port_of_another_computer(speaks_rfc2217: bool) -> None:
    with converter(speaks_rfc2217) as (url, line):
        settings = SerialLines.Settings(**LINES, port=url, start=(b"go\n",))
        device = SerialLines(settings, RealClock())
        device.open()
        line.play(numbered(), 0.002)
        found = read_until(device, lambda found: samples(found) >= 200)
        assert b"go\n" in line.received()
        device.close()
    numbers = column(found)
    assert np.diff(numbers).tolist() == [1] * (len(numbers) - 1)


def test_the_end_of_a_socket_loses_no_byte_before_it() -> None:
    is_open = threading.Event()

    def pieces() -> Iterator[bytes]:
        is_open.wait(60)
        yield b"0,0\n" + b"".join(itertools.islice(numbered(), 500))

    with scripted((pieces(), False)) as server:
        settings = SerialLines.Settings(**LINES, port=f"socket://127.0.0.1:{server.port}")
        device = SerialLines(settings, RealClock())
        device.open()
        is_open.set()
        found: list[Chunk] = []
        with pytest.raises(DeviceLost, match="has gone"):
            found.extend(item for item in device.read() if isinstance(item, Chunk))
        device.close()
    assert column(found) == list(range(500))


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("loop://", "there are socket:// and rfc2217://"),
        ("spy:///dev/null", "there are socket:// and rfc2217://"),
        ("socket://127.0.0.1:9", "cannot be opened .*is the other side on"),
        ("socket://127.0.0.1", "write socket://host:port"),
    ],
)
def test_a_url_that_is_none_is_named(url: str, said: str) -> None:
    with pytest.raises(DeviceError, match=said):
        SerialLines(SerialLines.Settings(**LINES, port=url), RealClock()).open()


def test_a_socket_has_no_control_lines() -> None:
    with scripted(([], True)) as server:
        port = ports.Port(f"socket://127.0.0.1:{server.port}", baud=9600)
        with pytest.raises(DeviceError, match="has no control lines; use rfc2217://"):
            port.lines()
        port.close()


def test_a_scale_of_0_is_refused_with_the_rig() -> None:
    """It made every value 0."""
    column = {"label": "EDA", "scale": 0}
    with pytest.raises(ValidationError, match="0 makes every value 0"):
        SerialLines.Settings.model_validate({**LINES, "port": "x", "columns": [column]})
    field = {"name": "EDA", "type": "u16", "scale": 0}
    with pytest.raises(ValidationError, match="0 makes every value 0"):
        SerialPackets.Settings.model_validate({**PACKETS, "port": "x", "fields": [field]})
