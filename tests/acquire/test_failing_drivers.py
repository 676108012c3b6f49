"""A driver that fails harms its own device alone."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self

import numpy as np
import pytest

from acquire.cli.main import main
from acquire.engine.status import Phase
from acquire.errors import ControlError
from recordings.manifest import Manifest, State
from recordings.manifest_entries import Event
from recordings.stream_kinds import INDEX_CHANNELS, Fate
from recordings.video.reader import count_packets
from recordings.xdf.reader import read_xdf
from tests.acquire.program import Result, Unisono, alive, load, unisono, wait_for, write_rig

FATE = INDEX_CHANNELS.index("fate")

DRIVER = '''
import sys
from pathlib import Path
import numpy as np
from devices.base import Channel, Chunk, Device, DeviceError, Settings, StreamSpec

class Driver(Device):
    """A driver of the lab's own: 100 Hz, and something happens once there is a file."""

    Settings = Settings
    summary = "made in a test"

    def __init__(self, settings, clock):
        self.name, self.clock, self.happened = settings.name, clock, False

    def open(self):
        {on_open}
        return (StreamSpec(self.name, "Test", (Channel("a"), Channel("b")), 100.0, "float32"),)

    def read(self):
        start, k = self.clock.now(), 0
        while True:
            self.clock.sleep_until(start + k / 100)
            yield Chunk(self.name, np.array([start + k / 100]), np.full((1, 2), k, np.float32))
            k += 1
            if Path({trigger!r}).exists() and not self.happened:
                self.happened = True
                {on_read}

    def close(self):
        {on_close}
'''
TRIGGER = "now"
FAULTS = {
    "good": {},
    "raises": {"on_read": "raise RuntimeError('the cable\\n  is out')"},
    "misshapen": {
        "on_read": "yield Chunk(self.name, np.array([self.clock.now()]), np.zeros((1, 3)))"
    },
    "mistaken": {"on_read": "yield Chunk('other', np.array([self.clock.now()]), np.zeros((1, 2)))"},
    "ends": {"on_read": "return"},
    "exits": {"on_read": "sys.exit(3)"},
    "refuses": {"on_read": "raise DeviceError('the battery is empty; charge it')"},
    "hangs": {"on_close": "time.sleep(1000)"},
}
FOUL = {
    "miscounts": {
        "on_read": "yield Chunk(self.name, np.ones(1), np.ones((1, 2)), lost=float('inf'))"
    },
    "unspeakable": {"on_read": "raise RuntimeError('port \\ud800')"},
}
"""What got past the device itself: the one failed the session, the other silenced its device."""
FAILING = ("mistaken", "refuses")
BREAKING = ("raises", "misshapen", "ends", "exits")


def write_drivers(folder: Path, drivers: dict[str, dict[str, str]]) -> Path:
    """Write drivers, and a rig with a device of each, named as its driver."""
    (folder / "drivers").mkdir()
    trigger = str(folder / TRIGGER)
    text = '[rig]\ndriver_dir = "drivers"\n'
    for name, fault in drivers.items():
        parts = {"on_open": "pass", "on_read": "pass", "on_close": "pass"} | fault
        (folder / "drivers" / f"{name}.py").write_text(DRIVER.format(**parts, trigger=trigger))
        text += f'[[device]]\nname = "{name}"\ndriver = "{name}"\n'
    return write_rig(folder, text)


def counted(folder: Path) -> list[str]:
    """Name the streams of which a second is in the file."""
    with read_xdf(next(folder.rglob("recording.xdf"))) as recording:
        return [stream.name for stream in recording.streams if len(stream) >= 100]


def again(file: Path, name: str) -> bool:
    """Whether half a second of a device is in the file after it began to count anew."""
    with read_xdf(file) as recording:
        (stream,) = (stream for stream in recording.streams if stream.name == name)
        numbers = np.asarray(stream.data)[:, 0]
    return bool((np.flatnonzero(np.diff(numbers) < 0) < len(numbers) - 50).any())


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    folder = tmp_path_factory.mktemp("drivers")
    rig = write_drivers(folder, FAULTS)
    with Unisono(
        *("record", rig, "--data-dir", folder, "--participant", "01", "--json", "--no-report"),
        *("--wait", "60"),  # nine processes start at once
        folder=folder,
    ) as program:
        program.wait_for_line()
        processes = program.tree()
        wait_for(lambda: set(FAULTS) <= set(counted(folder)))
        (folder / TRIGGER).touch()
        wait_for(lambda: program.stderr.count("\nerror: ") >= len(FAILING) + len(BREAKING))
        file = next(folder.rglob("recording.xdf"))
        wait_for(lambda: all(again(file, name) for name in BREAKING))
        program.say("stop\n")
        ended = program.wait()  # though a driver hangs in close
        assert not alive(processes)
    return ended


def test_the_recording_is_complete_and_the_exit_code_tells(result: Result) -> None:
    assert result.code == result.json["exit"] == 1
    manifest = Manifest.load(result.session)
    assert manifest.state is State.COMPLETE
    assert all(f.sha256 for f in manifest.files)


def test_the_others_are_recorded_to_the_end(result: Result) -> None:
    streams = load(result.session / "recording.xdf")
    assert set(streams) == {*FAULTS, "unisono-events"}
    manifest = Manifest.load(result.session)
    assert manifest.lsl_stop
    for name in ("good", "hangs"):
        stream = streams[name]
        np.testing.assert_array_equal(np.diff(stream.data[:, 0]), 1)
        assert manifest.lsl_stop - stream.stamps[-1] < 0.5, "it ended before the others"
        assert stream.footer_count == len(stream.stamps)


@pytest.mark.parametrize("name", FAILING + BREAKING)
def test_what_came_before_the_failure_is_there(name: str, result: Result) -> None:
    stream = load(result.session / "recording.xdf")[name]
    assert len(stream.stamps) >= 100
    steps = np.diff(stream.data[:, 0])
    assert ((steps == 1) | (steps < -90)).all(), "it may count anew, and once at most"
    assert (steps < 0).sum() == (name in BREAKING)
    assert stream.footer_count == len(stream.stamps)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("raises", ["RuntimeError", "the cable is out", "opening it again"]),
        ("misshapen", ["(1, 3)", "(1, 2)"]),
        ("ends", ["read() ended"]),
        ("exits", ["SystemExit: 3"]),
        ("mistaken", ["'other'", "open() never named"]),
        ("refuses", ["the battery is empty; charge it"]),
    ],
)
def test_the_event_says_what_happened(name: str, words: list[str], result: Result) -> None:
    events = [e for e in Manifest.load(result.session).events if e.source == name]
    code = "device-failed" if name in FAILING else "device-broke"
    (failure,) = [e for e in events if e.code == code]
    assert ("device-back" in {e.code for e in events}) == (name in BREAKING)
    assert failure.level == "error"
    assert failure.text.startswith(f"{name}: ")
    for word in words:
        assert word in failure.text
    assert f"error: {failure.text}" in result.stderr.splitlines()


def test_what_a_driver_says_or_counts_is_its_own_fault_alone(tmp_path: Path) -> None:
    rig = write_drivers(tmp_path, {"good": {}, **FOUL})
    with Unisono(
        *("record", rig, "--data-dir", tmp_path, "--participant", "01", "--json", "--no-report"),
        *("--wait", "60"),
        folder=tmp_path,
    ) as program:
        program.wait_for_line()
        wait_for(lambda: {"good", *FOUL} <= set(counted(tmp_path)))
        (tmp_path / TRIGGER).touch()
        wait_for(lambda: program.stderr.count("opening it again") >= len(FOUL))
        program.say("stop\n")
        result = program.wait()
    assert result.code == 1
    manifest = Manifest.load(result.session)
    assert manifest.state is State.COMPLETE
    assert all(s.samples >= 100 for s in manifest.streams if s.device in ("good", *FOUL))
    broke = {e.source: e.text for e in manifest.events if e.code == "device-broke"}
    assert "lost = inf" in broke["miscounts"]
    assert "RuntimeError: port" in broke["unspeakable"]
    assert "Traceback" not in result.stderr


def test_a_good_driver_is_not_mentioned(result: Result) -> None:
    events = Manifest.load(result.session).events
    assert [e.code for e in events if e.source in ("good", "hangs")] == []


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("raise RuntimeError('no such port')", ["RuntimeError: no such port"]),
        ("raise DeviceError('port 7: not there; plug it in')", ["port 7: not there; plug it in"]),
    ],
)
def test_a_driver_that_cannot_open_is_named(fault: str, words: list[str], tmp_path: Path) -> None:
    rig = write_drivers(tmp_path, {"good": {}, "bad": {"on_open": fault}})
    result = unisono(
        *("record", rig, "--data-dir", tmp_path, "--participant", "01", "--wait", "30"),
        folder=tmp_path,
    )
    assert result.code == 2
    assert result.error.startswith("error: ")
    assert "bad: " in result.error
    for word in words:
        assert word in result.error
    assert result.stderr.splitlines() == [result.error]
    assert not list(tmp_path.rglob("session.json"))


def test_why_a_device_stays_away_is_told_though_it_is_tried_again(tmp_path: Path) -> None:
    """`device bad is stalled` was all that was ever said of it."""
    rig = write_drivers(tmp_path, {"good": {}, "bad": {}})
    (tmp_path / TRIGGER).touch()
    driver = tmp_path / "drivers" / "bad.py"
    text = driver.read_text().replace("start, k = ", "raise RuntimeError('no light'); start, k = ")
    driver.write_text(text)
    result = unisono(
        *("record", rig, "--data-dir", tmp_path, "--participant", "01", "--wait", "15"),
        folder=tmp_path,
    )
    assert result.code == 2
    assert "error: bad: RuntimeError: no light; opening it again" in result.stderr
    assert "device bad is stalled (bad: RuntimeError: no light" in result.error


class FailsFirst:
    """An engine whose opening fails before its event of that comes: they are of two threads."""

    status = SimpleNamespace(phase=Phase.FAILED)

    def __init__(self, *_: Any, on_event: Callable[[Event], None], **__: Any) -> None:
        self._on_event = on_event

    def __enter__(self) -> Self:
        return self

    def open(self, *_: Any, **__: Any) -> None:
        raise ControlError("bad: no such port")

    def __exit__(self, *_: object) -> None:
        told = {"code": "device-failed", "text": "bad: no such port"}
        self._on_event(Event(time=0.0, source="bad", level="error", **told))


@pytest.mark.parametrize("command", ["record", "run"])
def test_an_error_of_opening_is_said_once_whenever_its_event_comes(
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(f"acquire.cli.live.{command}.Engine", FailsFirst)
    rig = write_drivers(tmp_path, {"bad": {}})
    arguments = {
        "record": ["record", rig, "--data-dir", tmp_path, "--participant", "01"],
        "run": ["run", rig],
    }[command]
    monkeypatch.setattr(sys, "argv", ["unisono", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert capsys.readouterr().err.splitlines() == ["error: bad: no such port"]


def test_two_devices_with_a_stream_of_one_name_are_refused(tmp_path: Path) -> None:
    two = """return tuple(
            StreamSpec(n, "Test", (Channel("a"), Channel("b")), 100.0, "float32")
            for n in (self.name, "shared")
        )"""
    rig = write_drivers(tmp_path, {"one": {"on_open": two}, "two": {"on_open": two}})
    result = unisono(
        *("record", rig, "--data-dir", tmp_path, "--participant", "01", "--seconds", "1"),
        folder=tmp_path,
    )
    assert result.code == 2, result.stderr
    assert "shared" in result.error
    assert "one" in result.error
    assert "two" in result.error
    assert not list(tmp_path.rglob("session.json"))


def test_missing_devices_may_be_allowed(tmp_path: Path) -> None:
    rig = write_drivers(tmp_path, {"good": {}, "bad": {"on_open": "raise RuntimeError('no')"}})
    result = unisono(
        *("record", rig, "--data-dir", tmp_path, "--participant", "01", "--seconds", "1"),
        *("--allow-missing", "--wait", "600", "--json", "--no-report"),  # nobody waits for it
        folder=tmp_path,
    )
    assert result.code == 1, result.stderr
    assert sorted(result.stderr.splitlines()) == ["error: bad: RuntimeError: no", "recording"]
    events = Manifest.load(result.session).events
    assert [e.code for e in events if e.source == "bad"] == ["device-failed"]
    assert {s["name"] for s in result.json["streams"]} == {"good", "unisono-events"}


CAMERA = """
from pathlib import Path
from devices.drivers.simulated_camera import SimulatedCamera

class Broken(SimulatedCamera):
    def read(self):
        for frame in super().read():
            if Path({trigger!r}).exists():
                raise RuntimeError("the sensor is too hot")
            yield frame
"""
CAMERA_RIG = """
[rig]
driver_dir = "drivers"

[[device]]
name = "face"
driver = "broken"
width = 320
height = 64
rate_hz = 100
"""


def test_the_video_of_a_camera_that_fails_is_closed_and_listed(tmp_path: Path) -> None:
    (tmp_path / "drivers").mkdir()
    (tmp_path / "drivers" / "broken.py").write_text(CAMERA.format(trigger=str(tmp_path / TRIGGER)))
    rig = write_rig(tmp_path, CAMERA_RIG)
    with Unisono(
        *("record", rig, "--data-dir", tmp_path, "--participant", "01", "--json", "--no-report"),
        folder=tmp_path,
    ) as program:
        program.wait_for_line()
        wait_for(lambda: "face" in counted(tmp_path))
        (tmp_path / TRIGGER).touch()
        wait_for(lambda: "too hot" in program.stderr)
        result = program.stop()
    assert result.code == 1, result.stderr
    manifest = Manifest.load(result.session)
    assert manifest.state is State.COMPLETE
    (video,) = manifest.videos
    (entry,) = [f for f in manifest.files if f.path == "face.nut"]
    content = (result.session / "face.nut").read_bytes()
    assert entry.sha256 == hashlib.sha256(content).hexdigest()
    rows = load(result.session / "recording.xdf")["face"].data
    stored = int((rows[:, FATE] == Fate.STORED.code).sum())
    assert stored == video.frames == count_packets(result.session / "face.nut") >= 100
