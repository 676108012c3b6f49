"""A serial sensor, a photodiode on one of its columns and a trigger box, in one session."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pylsl
import pytest

from recordings.xdf.reader import read_xdf
from tests.acquire.program import (
    Loaded,
    Result,
    Unisono,
    events_of,
    load,
    unique,
    wait_for,
    write_rig,
)
from tests.devices.wire import Wire, wire

PROTOCOL = unique("protocol")
RATE_HZ = 100
AWAY = 50
"""Lines that the sensor counts while its cable is out."""

RIG = """
[[device]]
name = "sensor"
driver = "serial-lines"
port = "{folder}/sensor"
rate_hz = 100
columns = [{{ label = "n", role = "counter" }}, {{ label = "EDA" }}, {{ label = "light" }}]
[[device]]
name = "diode"
driver = "photodiode"
source = "sensor"
channel = "light"
threshold = 0.5
hysteresis = 0.2
[[device]]
name = "blind"
driver = "photodiode"
source = "sensor"
channel = "lihgt"
[[device]]
name = "box"
driver = "trigger-out-serial"
port = "{folder}/box"
source = "{protocol}"
codes = {{ 100 = "clip end" }}
"""


def lines(start: int) -> Iterator[bytes]:
    """One line a sample: a number, a ramp, and light in every second half second."""
    for n in itertools.count(start):
        yield f"{n},{n % 1000},{n // 50 % 2}\n".encode()


def remembered(pieces: Iterator[bytes], sent: list[bytes]) -> Iterator[bytes]:
    """Keep what has been sent."""
    for piece in pieces:
        sent.append(piece)
        yield piece


def plug_in(folder: Path, name: str, line: Wire) -> None:
    """Put the far end where the rig expects it, as udev does."""
    link = folder / name
    link.unlink(missing_ok=True)
    link.symlink_to(line.path)


def samples(file: Path) -> int:
    """Count the sensor's samples, while the file is being written."""
    with read_xdf(file) as recording:
        return len(next(stream for stream in recording.streams if stream.name == "sensor"))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Result:
    folder = tmp_path_factory.mktemp("serial")
    rig = write_rig(folder, RIG.format(folder=folder, protocol=PROTOCOL))
    outlet = pylsl.StreamOutlet(pylsl.StreamInfo(PROTOCOL, "Markers", 1, 0.0, "string", PROTOCOL))
    with wire() as box, wire() as before, wire() as after:
        plug_in(folder, "box", box)
        plug_in(folder, "sensor", before)
        sent: list[bytes] = []
        before.play(remembered(lines(0), sent), 1 / RATE_HZ)
        arguments = ("--participant", "01", "--data-dir", folder, "--no-report", "--json")
        with Unisono("record", rig, *arguments, folder=folder) as program:
            program.wait_for_line()
            wait_for(outlet.have_consumers)
            for code in (100, 42, 42):
                outlet.push_sample([json.dumps({"event": "onset", "code": code})])
            file = next(folder.rglob("recording.xdf"))
            wait_for(lambda: samples(file) > RATE_HZ)
            (folder / "sensor").unlink()
            before.unplug()
            wait_for(lambda: "trying to open it again" in program.stderr)
            plug_in(folder, "sensor", after)
            after.play(lines(len(sent) + AWAY), 1 / RATE_HZ)
            wait_for(lambda: b"device-back" in file.read_bytes())
            back = samples(file)
            wait_for(lambda: samples(file) > back + RATE_HZ)
            result = program.stop()
    del outlet
    return result


def texts(run: Result, source: str, code: str) -> list[str]:
    return [e["text"] for e in events_of(run.session) if (e["source"], e["code"]) == (source, code)]


@pytest.fixture(scope="module")
def streams(run: Result) -> dict[str, Loaded]:
    return load(run.session / "recording.xdf")


def test_a_sensor_plugged_in_again_goes_on(run: Result, streams: dict[str, Loaded]) -> None:
    sensor = streams["sensor"]
    steps = np.diff(sensor.data[:, 0])
    ramp = np.where(steps < 0, steps + 1000, steps)
    (gap,) = np.flatnonzero(ramp > 1)
    assert ramp[gap] >= AWAY
    (entry,) = (s for s in run.json["streams"] if s["name"] == "sensor")
    away = sensor.stamps[gap + 1] - sensor.stamps[gap]
    assert entry["lost"] == pytest.approx(away * RATE_HZ - 1, abs=1)
    assert len(texts(run, "sensor", "device-lost")) == len(texts(run, "sensor", "device-back")) == 1


def test_a_code_without_a_name_goes_out_and_is_told_once(
    run: Result, streams: dict[str, Loaded]
) -> None:
    assert streams["box"].data[:, 0].tolist() == [100, 42, 42]
    (text,) = texts(run, "box", "unknown-code")
    assert "code 42 is not in `codes`" in text


def test_a_photodiode_finds_its_channel_by_label(run: Result, streams: dict[str, Loaded]) -> None:
    sensor, diode = streams["sensor"], streams["diode"]
    rises = sensor.stamps[1:][np.diff(sensor.data[:, 1]) > 0]
    onsets = [
        stamp
        for stamp, text in zip(diode.stamps, diode.strings, strict=True)
        # What lit up before is not there, nor what did in the drain, which is for markers alone.
        if "flash_on" in text and sensor.stamps[0] + 0.1 < stamp < sensor.stamps[-1]
    ]
    assert onsets
    near = np.abs(np.array(onsets)[:, None] - rises[None, :]).min(axis=1)
    assert near.max() < 0.1, "another rise, half a second away"
    (text,) = texts(run, "blind", "not-taken")
    assert "no channel 'lihgt' in sensor; its labels are: EDA, light" in text
