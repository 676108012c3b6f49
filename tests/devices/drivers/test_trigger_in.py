"""Trigger inputs, and the parallel port as far as that goes without one."""

from __future__ import annotations

import ctypes
import errno
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.base import Chunk, DeviceError, DeviceLost
from devices.drivers.trigger_in_parallel import TriggerInParallel
from devices.drivers.trigger_in_serial import TriggerInSerial
from devices.drivers.trigger_out_parallel import TriggerOutParallel
from devices.marker_codes import code_of, codes_in, label
from devices.serial.ports import Port
from devices.triggers import parallel_port
from devices.triggers.cedrus import KeyReports
from devices.triggers.parallel_port import status_code
from devices.triggers.trigger_in import Debouncer
from tests.devices.clock import FakeClock
from tests.devices.contract import check_settings, check_specs
from tests.devices.wire import RealClock, Wire, read_until, samples, wire


@pytest.fixture
def line() -> Iterator[Wire]:
    with wire() as made:
        yield made


def box(line: Wire, **changes: Any) -> TriggerInSerial:
    settings = {"name": "in", "port": line.path} | changes
    return TriggerInSerial(TriggerInSerial.Settings(**settings), RealClock())


def codes(found: list[Chunk]) -> list[int]:
    return [int(c.data[0, 0]) for c in found if c.stream == "in-codes"]


def markers(found: list[Chunk]) -> list[tuple[int, str]]:
    texts = [json.loads(c.data[0, 0]) for c in found if c.stream == "in-markers"]
    return [(text["code"], text["label"]) for text in texts]


def test_contract(line: Wire) -> None:
    check_settings(TriggerInSerial, {"name": "in", "port": line.path})
    device = box(line)
    device.close()
    specs = device.open()
    check_specs(specs, "in")
    device.close()
    device.close()
    assert device.open() == specs
    device.close()


def test_every_byte_is_a_code_and_unknown_ones_are_reported(line: Wire) -> None:
    device = box(line, codes={"100": "clip end", "101": "sad 1"})
    line.send(b"\x63")  # before the opening: not ours
    device.open()
    line.send(bytes([101, 0, 101, 0, 77, 0, 100]))
    found = read_until(device, lambda f: samples(f) >= 11)
    device.close()
    assert codes(found) == [101, 0, 101, 0, 77, 0, 100]
    assert markers(found) == [(101, "sad 1"), (101, "sad 1"), (77, "unknown"), (100, "clip end")]
    assert device.command("status", {}) == {"unknown": {77: 1}}


def test_a_box_that_is_unplugged_is_lost_and_waited_for() -> None:
    with wire() as line:
        device = box(line)
        device.open()
        line.unplug()
        with pytest.raises(DeviceLost):
            read_until(device, lambda f: False)
        with pytest.raises(DeviceError):
            device.open()
        device.close()


def test_the_lines_of_the_port(line: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    device = box(line, style="lines", debounce_ms=2)
    with pytest.raises(DeviceError):
        device.open()  # a pseudo-terminal has no such lines
    device.close()
    states = iter([0, 0, 1, 5, 5, 5, 5, 5, 5, 5, 5, 5, 0, 8, 0])
    now = [0]

    def lines(port: Port) -> tuple[bool, ...]:
        now[0] = next(states, 0)
        return tuple(bool(now[0] >> bit & 1) for bit in range(4))

    monkeypatch.setattr(Port, "lines", lines)
    device.open()
    found = read_until(device, lambda f: codes(f)[-1:] == [0])
    device.close()
    assert codes(found) == [5, 0], "1 on the way to 5, and 8, did not hold"


def short(port: int, key: int, pressed: bool) -> bytes:
    return bytes([ord("k"), port | pressed << 4 | (key % 8) << 5]) + b"\x10\x27\x00\x00"


def long(port: int, key: int, pressed: bool) -> bytes:
    return bytes([ord("o"), port, key, ord("1" if pressed else "0")]) + b"\x10\x27\x00\x00\x00"


@pytest.mark.parametrize("report", [short, long])
def test_the_keys_of_a_cedrus_pad(report: Any, line: Wire) -> None:
    device = box(line, style="cedrus", codes={"8": "right", "1": "left"})
    device.open()
    pressed = [(0, 1, True), (0, 8, True), (0, 1, False), (0, 8, False), (1, 3, True)]
    data = b"_xid0" + b"".join(report(*key) for key in pressed)
    line.send(data[:11])
    line.send(data[11:])
    found = read_until(device, lambda f: samples(f) >= 7)
    device.close()
    assert codes(found) == [1, 8, 0, 13]
    assert markers(found) == [(1, "left"), (8, "right"), (13, "unknown")]
    assert device.command("status", {})["skipped_bytes"] == 5


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 8), st.booleans())), st.data())
def test_reports_do_not_depend_on_how_they_come(
    keys: list[tuple[int, int, bool]], data: st.DataObject
) -> None:
    sent = b"".join(data.draw(st.sampled_from([short, long]))(*key) for key in keys)
    reports, found, at = KeyReports(), [], 0
    while at < len(sent):
        size = data.draw(st.integers(1, 10))
        found += reports.feed(sent[at : at + size])
        at += size
    assert [(r.port, r.key, r.pressed) for r in found] == keys
    assert {r.timer_ms for r in found} <= {10_000}
    assert reports.skipped == 0


@given(st.binary(max_size=200))
def test_any_bytes_may_come_from_a_pad(data: bytes) -> None:
    reports = KeyReports()
    found = reports.feed(data)
    assert reports.skipped + 6 * len(found) <= len(data)
    assert all(0 < report.code < 100 for report in found)


def test_a_report_that_lost_a_byte_costs_no_other() -> None:
    """The release of the key was taken for the end of its press: it stayed down."""
    press, release = bytes([ord("k"), 0x30, 1, 2, 3, 4]), bytes([ord("k"), 0x20, 5, 6, 7, 8])
    reports = KeyReports()
    assert reports.feed(press[:-1]) == []
    assert reports.feed(b"") == []  # nothing for 0.1 s
    (found,) = reports.feed(release)
    assert (found.key, found.pressed) == (1, False)
    assert reports.skipped == 5


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 3)), max_size=30))
def test_only_what_holds_counts_and_it_is_stamped_where_it_began(
    runs: list[tuple[int, int]],
) -> None:
    """Runs of (ticks, state), a tick is 1 ms; a state counts from its fourth tick on."""
    debouncer = Debouncer(0.0025)
    found: list[tuple[float, int]] = []
    tick, expected, state = 0, [], 0
    merged: list[tuple[int, int]] = []
    for length, code in runs:
        if merged and merged[-1][1] == code:
            merged[-1] = (merged[-1][0] + length, code)
        else:
            merged.append((length, code))
    for length, code in merged:
        if length > 3 and code != state:
            expected.append((tick, code))
            state = code
        for _ in range(length):
            found += debouncer.feed(tick / 1000, code)
            tick += 1
    assert [(round(t * 1000), code) for t, code in found] == expected


# The parallel port.


def test_status_lines_to_a_code() -> None:
    assert status_code(0x80) == 0, "Busy reads 1 while its line is low"
    assert status_code(0x00) == 16
    assert [status_code(0x80 | 1 << bit) for bit in (3, 4, 5, 6)] == [1, 2, 4, 8]
    assert status_code(0x87) == 0, "the lower three bits are no lines"


class Lines:
    """Stands for the port: what was written, and what is to be read."""

    def __init__(self) -> None:
        self.written: list[int] = []
        self.register = 0
        self.closed = 0
        self.gone = False

    def write(self, data: int) -> None:
        self.written.append(data)

    def check(self) -> None:
        if self.gone:
            raise DeviceLost("the parallel port has gone")

    def read_data(self) -> int:
        return self.register

    def read_status(self) -> int:
        return self.register

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Lines:
    made = Lines()
    monkeypatch.setattr(parallel_port, "open_port", lambda address, reading=False: made)
    return made


def test_codes_go_to_the_data_lines(lines: Lines) -> None:
    settings = TriggerOutParallel.Settings(name="out", pulse_ms=5)
    device = TriggerOutParallel(settings, RealClock())
    check_specs(device.open(), "out")
    device.command("test", {"code": 129})
    read_until(device, lambda f: len(lines.written) >= 3)
    device.close()
    assert lines.written == [0, 129, 0, 0]
    assert lines.closed == 1


def test_an_output_that_is_gone_is_said_though_nothing_is_sent(lines: Lines) -> None:
    device = TriggerOutParallel(TriggerOutParallel.Settings(name="out"), RealClock())
    device.open()
    reading = device.read()
    assert [next(reading) for _ in range(5)] == [None] * 5
    lines.gone = True
    with pytest.raises(DeviceLost, match="has gone"):
        list(reading)
    device.close()


@pytest.mark.skipif(sys.platform == "win32", reason="ppdev is Linux's")
def test_a_card_that_was_taken_out_has_no_file_any_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fcntl.ioctl", lambda *arguments: 0)  # a handle that still answers
    (tmp_path / "parport0").write_text("")
    port = parallel_port.open_port(str(tmp_path / "parport0"))
    port.check()
    (tmp_path / "parport0").unlink()
    with pytest.raises(DeviceLost, match="parport0 has gone"):
        port.check()
    port.close()


class Dll:
    """InpOut32's functions over three registers."""

    def __init__(self) -> None:
        self.registers = {0x378: 0xFF, 0x379: 0x7F, 0x37A: 0xCC}

    def IsInpOutDriverOpen(self) -> int:  # noqa: N802 - the DLL's name for it
        return 1

    def Inp32(self, address: int) -> int:  # noqa: N802
        return self.registers.get(address, 0xFF)

    def Out32(self, address: int, value: int) -> None:  # noqa: N802
        if address in self.registers:
            self.registers[address] = value


def test_an_address_where_nobody_answers_is_no_port(monkeypatch: pytest.MonkeyPatch) -> None:
    dll = Dll()
    monkeypatch.setattr(ctypes, "WinDLL", lambda name: dll, raising=False)
    port = parallel_port._Inpout("0x378", reading=False)
    port.write(0xFF)
    port.check()
    dll.registers.clear()
    with pytest.raises(DeviceLost, match="no parallel port answers at 0x378"):
        port.check()


@pytest.mark.parametrize(("register", "raw", "code"), [("data", 200, 200), ("status", 0xC8, 9)])
def test_codes_come_from_the_lines(lines: Lines, register: str, raw: int, code: int) -> None:
    clock = FakeClock()
    settings = TriggerInParallel.Settings.model_validate({"name": "in", "lines": register})
    device = TriggerInParallel(settings, clock)
    check_specs(device.open(), "in")
    lines.register = 0x80 if register == "status" else 0
    found: list[Chunk] = []
    for item in device.read():
        if isinstance(item, Chunk):
            found.append(item)
        elif clock.now() > 1000.5:
            lines.register = raw
        if codes(found):
            break
    device.close()
    assert codes(found) == [code]
    assert found[0].times[0] <= clock.now() - 0.001


def test_a_computer_without_a_port_says_so(tmp_path: Path) -> None:
    if any(Path("/dev").glob("parport*")):
        pytest.skip("this computer has one")
    assert "modprobe" in (parallel_port.unavailable() or "")
    with pytest.raises(DeviceError, match="no parallel port /dev/parport7"):
        parallel_port.open_port("/dev/parport7")
    (tmp_path / "file").write_text("")
    with pytest.raises(DeviceError, match="is no parallel port"):
        parallel_port.open_port(str(tmp_path / "file"))
    denied = OSError(errno.EACCES, os.strerror(errno.EACCES))
    assert "usermod -aG lp" in parallel_port._explain(denied, "/dev/parport0")


# Codes in markers.


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (101, 101), (101.0, 101), ("101", 101), (b"101", 101), ('{"code": 7, "x": 1}', 7),
        ('{"code": null}', None), ("onset", None), (1.5, None), ("", None), (True, None),
        ('{"event": "onset"}', None), ("[1]", None), (float("nan"), None), ("1e400", None),
    ],
)  # fmt: skip
def test_codes_of_markers(value: Any, code: int | None) -> None:
    assert code_of(value) == code


def test_codes_in_a_chunk() -> None:
    assert list(codes_in(np.array([[1.0], [0.0], [3.0]]))) == [(0, 1), (2, 3)]
    assert label(5, {}) == "5"
    assert label(5, {6: "x"}) == "unknown"
