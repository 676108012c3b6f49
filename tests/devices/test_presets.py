"""The rig snippets of docs/sensors.md, tried on bytes as their devices send them."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from devices.base import Chunk
from devices.registry import find
from tests.devices.serial.test_serial_parsers import bitalino_frame
from tests.devices.wire import RealClock, read_until, samples, wire

DOCS = Path(__file__).parents[2] / "docs"


def snippets() -> dict[str, dict[str, Any]]:
    text = (DOCS / "sensors.md").read_text(encoding="utf-8")
    tables = [tomllib.loads(t) for t in re.findall(r"```toml\n(.*?)```", text, re.S)]
    return {device["name"]: device for table in tables for device in table["device"]}


@pytest.mark.parametrize("name", snippets())
def test_every_snippet_is_accepted(name: str) -> None:
    settings = dict(snippets()[name])
    driver = find(settings.pop("driver"))
    driver.Settings.model_validate(settings)


def play(name: str, count: int, stream: list[bytes], sent: bytes = b"") -> list[Chunk]:
    settings = dict(snippets()[name])
    driver = find(settings.pop("driver"))
    with wire() as line:
        device = driver(driver.Settings.model_validate(settings | {"port": line.path}), RealClock())
        (spec,) = device.open()
        line.play(stream, 1 / settings["rate_hz"])
        found = read_until(device, lambda f: samples(f) >= count)
        device.close()
        assert line.received() == sent
    assert found[0].data.shape[1] == len(spec.channels)  # type: ignore[union-attr]
    return found


def column(found: list[Chunk], index: int) -> list[float]:
    return [float(x) for chunk in found for x in chunk.data[:, index]]


def test_bitalino() -> None:
    analog = [[k % 1024, 1023 - k % 1024, 512, k % 7, k % 64, 63] for k in range(300)]
    frames = [bitalino_frame(k % 16, k % 16, a) for k, a in enumerate(analog)]
    # From the notes on the protocol, by hand: seq 0, all inputs 0, A1 = 0x155, the rest 0.
    assert bitalino_frame(0, 0, [0x155, 0, 0, 0, 0, 0])[:7] == bytes.fromhex("00 00 00 00 00 54 05")
    del frames[150:153]
    found = play("bitalino", 297, frames, sent=b"\xc3\xfd\xff")
    assert column(found, 4) == [float(k) for k in range(300) if not 150 <= k < 153]
    assert set(column(found, 9)) == {63.0}
    assert [chunk.lost for chunk in found if chunk.lost] == [3]
    times = np.concatenate([c.device_times for c in found if c.device_times is not None])
    assert times[-1] - times[0] == pytest.approx(0.299)


def test_arduino() -> None:
    top = 1 << 32
    ticks = [(top - 500_000 + 5000 * k) % top for k in range(200)]
    stream = [b"3,4\r\n", *(f"{t},{k},1023\r\n".encode() for k, t in enumerate(ticks))]
    found = play("arduino", 200, stream)
    assert column(found, 0) == pytest.approx([k * 5 / 1024 for k in range(200)])
    assert sum(chunk.lost for chunk in found) == 0
    times = np.concatenate([c.device_times for c in found if c.device_times is not None])
    assert np.diff(times) == pytest.approx([0.005] * 199)


def test_the_sketch_sends_what_the_snippet_expects() -> None:
    sketch = (DOCS / "unisono_analog" / "unisono_analog.ino").read_text(encoding="utf-8")
    snippet = snippets()["arduino"]
    assert f"Serial.begin({snippet['baud']})" in sketch
    assert f"PERIOD_US = {round(1e6 / snippet['rate_hz'])};" in sketch
    assert sketch.count("Serial.print(',')") == len(snippet["columns"]) - 1


def test_skin_conductance_and_pulse() -> None:
    stream = [b"0\n", *(b"%.3f,%d\n" % (4 + k / 1000, 500 + k) for k in range(60)), b"4.0\n"]
    found = play("gsr", 60, stream)
    assert column(found, 0) == pytest.approx([4 + k / 1000 for k in range(60)])
    assert column(found, 1) == pytest.approx([(500 + k) / 1000 for k in range(60)])
