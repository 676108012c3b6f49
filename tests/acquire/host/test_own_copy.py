"""The own copy of a take: what was pushed for it, row by row, whatever the disk does."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pylsl
import pytest

from acquire.host import own_copy
from acquire.host.own_copy import OwnCopies
from acquire.lsl.clock import local_clock
from acquire.lsl.outlet import Outlet
from acquire.processes.device_link import DeviceLink
from acquire.processes.messages import ArmVideo, HostEvent, Loss, Open, StartVideo, StopVideo
from acquire.rig.video import VideoOptions
from devices.base import Channel, StreamSpec
from recordings.layout import free_bytes
from recordings.manifest_entries import Level
from recordings.read.own_copy import cut_of, stored_until
from recordings.stream_kinds import INDEX_CHANNELS, Fate
from recordings.video.reader import count_packets
from recordings.xdf.reader import read_xdf
from recordings.xdf.stream import XdfStream
from tests.acquire.program import TIMEOUT_S, unique, wait_for

TAKE = INDEX_CHANNELS.index("take")
AHEAD_S = 6.0
LATE_S = 1.0  # between a stamp and its arrival, on a busy computer
TWO_STREAMS = """
import numpy as np
from devices.base import Channel, Chunk, Device, Settings, StreamSpec

class Driver(Device):
    Settings = Settings
    summary = "made in a test"

    def __init__(self, settings, clock):
        self.name, self.clock = settings.name, clock

    def open(self):
        labels = (Channel("a", "microvolts"), Channel("b"))
        return (
            StreamSpec(f"{self.name}-amp", "EEG", labels, 500.0, "int16", desc={"cap": "ä<1>"}),
            StreamSpec(f"{self.name}-key", "Markers", (Channel("key"),), 0.0, "string"),
        )

    def read(self):
        start, sent = self.clock.now(), 0
        data, one = np.zeros((25, 2), np.int16), np.array([["down"]], object)
        while True:
            self.clock.sleep_until(start + (sent + 25) / 500)
            data[:, 0] = np.arange(sent, sent + 25) % 30_000
            data[:, 1] = -data[:, 0]
            yield Chunk(f"{self.name}-amp", start + np.arange(sent, sent + 25) / 500, data)
            sent += 25
            one[0, 0] = f"key {sent} é"
            yield Chunk(f"{self.name}-key", np.array([self.clock.now()]), one)

    def close(self):
        pass
"""


@dataclass
class Wire:
    """What comes over the network of one stream."""

    inlet: pylsl.StreamInlet
    stamps: list[float] = field(default_factory=list)
    rows: list[list[Any]] = field(default_factory=list)

    def pull(self) -> int:
        rows, stamps = self.inlet.pull_chunk(0.0, 100_000)
        self.rows += rows or []
        self.stamps += stamps or []
        return len(self.stamps)


class Device:
    """A device process, its events, and inlets of all its streams."""

    def __init__(self, driver: str, folder: Path | None, **settings: Any) -> None:
        self.name = unique("dev")
        self.events: list[HostEvent] = []

        def lose(name: str, loss: Loss) -> None: ...

        self.link = DeviceLink(self.name, driver, lambda _, e: self.events.append(e), lose)
        body = Open(driver, {"name": self.name, **settings}, folder, None, VideoOptions())
        self.link.start(body, None)
        assert self.link.wait_open(TIMEOUT_S), self.link.snapshot.error
        opened = self.link.snapshot.opened
        assert opened is not None
        self.wires: Mapping[str, Wire] = {
            name: Wire(_inlet(uid)) for name, uid in opened.uids.items()
        }
        for wire in self.wires.values():
            wait_for(wire.pull)

    def record(self, seconds: float, *numbers: int, to: Path, videos: Sequence[str] = ()) -> float:
        """Record takes that go on in each other; give the LSL time of the first start.

        All is ordered ahead: which take a sample is in then depends on its stamp alone.
        """
        for number in numbers:
            paths = {stream: to / f"{stream}-{number}" for stream in videos}
            self.link.request(ArmVideo(number, paths, copy=to / f"{number}.copy.xdf"), TIMEOUT_S)
        start = local_clock() + AHEAD_S
        ends = [start + place * seconds for place in range(len(numbers) + 1)]
        stopped = []
        for place, number in enumerate(numbers):
            begin = float(np.nextafter(ends[place], np.inf)) if place else start
            self.link.request(StartVideo(number, begin))
            stopped.append(self.link.ask(StopVideo(number, ends[place + 1])))
        assert local_clock() < start, "this machine stood still"
        for answer in stopped:
            answer.result(TIMEOUT_S)
        return start

    def stored(self) -> int:
        """Count the frames that are stored by now, as its status says."""
        host = self.link.snapshot.host
        return host.fates.get(self.name, {}).get(Fate.STORED, 0) if host is not None else 0

    def pull_past(self, time_: float) -> None:
        for wire in self.wires.values():
            wait_for(lambda wire=wire: wire.pull() and wire.stamps[-1] > time_)  # type: ignore[misc]

    def close(self) -> None:
        for wire in self.wires.values():
            wire.inlet.close_stream()
        self.link.close(10)


def _inlet(uid: str) -> pylsl.StreamInlet:
    (info,) = pylsl.resolve_byprop("uid", uid, 1, TIMEOUT_S)
    inlet = pylsl.StreamInlet(info, 60, recover=False)
    inlet.open_stream(TIMEOUT_S)
    return inlet


@pytest.fixture
def camera() -> Iterator[Device]:
    device = Device("simulated-camera", None, width=320, height=64, rate_hz=100.0)
    yield device
    device.close()


@pytest.fixture
def amplifier(tmp_path: Path) -> Iterator[Device]:
    (tmp_path / "two_streams.py").write_text(TWO_STREAMS)
    device = Device("two-streams", tmp_path)
    yield device
    device.close()


def assert_is(stream: XdfStream, stamps: Sequence[float], rows: Sequence[Sequence[Any]]) -> None:
    assert stream.stamps.tolist() == list(stamps)
    if stream.is_text:
        assert stream.strings == [list(row) for row in rows]
    else:
        np.testing.assert_array_equal(stream.data, np.array(rows))  # NaN equals NaN
    assert stream.footer is not None
    assert stream.footer.count == len(stamps)


def test_rows_of_a_camera(camera: Device, tmp_path: Path) -> None:
    name = camera.name
    start = camera.record(0.6, 3, 4, to=tmp_path, videos=[name])
    camera.pull_past(start + 1.4)
    wire, stored = camera.wires[name], 0
    for number in (3, 4):
        mine = [k for k, row in enumerate(wire.rows) if row[TAKE] == number]
        assert mine
        with read_xdf(tmp_path / f"{number}.copy.xdf", strict=True) as copy:
            assert not copy.damage
            (stream,) = copy.streams
            assert_is(stream, [wire.stamps[k] for k in mine], [wire.rows[k] for k in mine])
            stored += int((stream.data[:, 0] >= 0).sum())
            info = wire.inlet.info()
            assert (stream.info.uid, stream.info.source_id) == (info.uid(), info.source_id())
            assert stream.info.text("desc/width") == "320"
            assert stream.info.labels == INDEX_CHANNELS
    packets = sum(count_packets(p) for p in tmp_path.glob(f"{name}-*"))
    assert packets == stored


def test_signals_and_texts(amplifier: Device, tmp_path: Path) -> None:
    start = amplifier.record(0.7, 1, 2, to=tmp_path)
    middle, stop = start + 0.7, start + 1.4
    amplifier.pull_past(stop + 0.5)
    signal_, keys = amplifier.wires.values()
    spans = {1: (start, middle), 2: (np.nextafter(middle, np.inf), stop)}
    texts: list[str] = []
    for number, (first, last) in spans.items():
        with read_xdf(tmp_path / f"{number}.copy.xdf", strict=True) as copy:
            amp, key = copy.streams
            inside = [k for k, stamp in enumerate(signal_.stamps) if first <= stamp <= last]
            assert_is(amp, [signal_.stamps[k] for k in inside], [signal_.rows[k] for k in inside])
            assert amp.data.dtype == np.int16
            assert amp.info.text("desc/cap") == "ä<1>"
            texts += [row[0] for row in key.strings]
    # Texts belong by their stamps at a split, and by their arrival at the ends.
    whole = [row[0] for row in keys.rows]
    first, last = whole.index(texts[0]), whole.index(texts[-1])
    assert texts == whole[first : last + 1]
    assert keys.stamps[first - 1] < start < keys.stamps[first] + LATE_S
    assert keys.stamps[last] <= stop + own_copy.DRAIN_S
    assert stop - LATE_S < keys.stamps[last + 1], "the first that is left out"


def test_a_stop_heard_late_says_where_to_cut(camera: Device, tmp_path: Path) -> None:
    """Over a cable that was cut; not where the next take goes on there."""
    for number in (1, 2):
        paths = {camera.name: tmp_path / f"video-{number}"}
        camera.link.request(ArmVideo(number, paths, copy=tmp_path / f"{number}.copy.xdf"))
    start = local_clock()
    camera.link.request(StartVideo(1, start))
    middle, stop = start + 0.2, start + 0.5
    wait_for(lambda: local_clock() > stop + own_copy.CUT_S and camera.stored() > 200)
    camera.link.request(StartVideo(2, float(np.nextafter(middle, np.inf))))
    summaries = []
    for number, end in ((1, middle), (2, stop)):
        summaries += camera.link.request(StopVideo(number, end), TIMEOUT_S)
    assert cut_of(tmp_path / "1.copy.xdf") is None
    assert cut_of(tmp_path / "2.copy.xdf") == stop
    assert stored_until(tmp_path / "1.copy.xdf", camera.name, np.inf) == (summaries[0].frames,)
    # Each frame is in one of the two, by what its row names: here all in the first.
    assert summaries[0].frames > 200
    assert stored_until(tmp_path / "2.copy.xdf", camera.name, stop) in ((), (0,))


def test_without_a_path_nothing_is_copied(amplifier: Device, tmp_path: Path) -> None:
    amplifier.link.request(ArmVideo(1, {}))
    amplifier.link.request(StartVideo(1, local_clock()))
    assert amplifier.link.request(StopVideo(1, local_clock() + 0.02), TIMEOUT_S) == []
    assert not list(tmp_path.rglob("*.xdf"))


def test_killed_it_keeps_what_it_had(camera: Device, tmp_path: Path) -> None:
    path = tmp_path / "1.copy.xdf"
    camera.link.request(ArmVideo(1, {camera.name: tmp_path / "video"}, copy=path))
    start = local_clock()
    camera.link.request(StartVideo(1, start))

    def rows_until() -> tuple[int, float]:
        with read_xdf(path) as copy:
            stamps = copy.streams[0].stamps if copy.streams else np.empty(0)
        return len(stamps), float(stamps[-1]) if len(stamps) else 0.0

    wait_for(lambda: rows_until()[0] > 80)
    camera.wires[camera.name].pull()
    came = camera.wires[camera.name].stamps[-1]
    wait_for(lambda: rows_until()[1] >= came, what="what has come is in it, while it goes on")
    os.kill(camera.link._process.pid, signal.SIGKILL)
    wait_for(lambda: not camera.link.alive)
    with read_xdf(path) as copy:
        (stream,) = copy.streams
        assert stream.footer is None
        assert np.all(np.diff(stream.data[:, 1]) == 1)  # device frames: none in between is missing
        assert stream.stamps[-1] >= came


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    (folder := tmp_path / "small").mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1300k", "tmpfs", folder],
        check=False,
        capture_output=True,
    )
    if made.returncode:
        pytest.skip(f"no small disk can be mounted here: {made.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_full_disk_ends_the_copy_alone(camera: Device, tmp_path: Path, small_disk: Path) -> None:
    copy = small_disk / "1.copy.xdf"
    camera.link.request(ArmVideo(1, {camera.name: tmp_path / "video"}, copy=copy))
    (small_disk / "filler").write_bytes(bytes(free_bytes(small_disk) - 20_000))
    camera.link.request(StartVideo(1, local_clock()))
    wait_for(lambda: any(e.code == "copy-failed" for e in camera.events))
    event = next(e for e in camera.events if e.code == "copy-failed")
    assert event.level == "warning"
    assert event.take == 1
    assert "full" in event.text
    began = len(camera.wires[camera.name].stamps)
    wait_for(lambda: camera.wires[camera.name].pull() > began + 50)  # it goes on
    (summary,) = camera.link.request(StopVideo(1, local_clock()), TIMEOUT_S)
    assert summary.error is None
    assert count_packets(summary.path) == summary.frames > 50
    with read_xdf(copy, strict=True) as recording:
        assert not recording.damage
        assert recording.streams[0].footer is not None
    assert sum(e.code == "copy-failed" for e in camera.events) == 1


def test_a_file_that_is_there_is_left_alone(camera: Device, tmp_path: Path) -> None:
    (path := tmp_path / "1.copy.xdf").write_text("mine")
    camera.link.request(ArmVideo(1, {camera.name: tmp_path / "video"}, copy=path))
    wait_for(lambda: any(e.code == "copy-failed" for e in camera.events))
    camera.link.request(StartVideo(1, local_clock()))
    assert camera.link.request(StopVideo(1, local_clock() + 0.3), TIMEOUT_S)[0].error is None
    assert path.read_text() == "mine"


def test_what_a_slow_disk_leaves_out_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[Level, str, str, int | None]] = []
    spec = StreamSpec(unique("amp"), "EEG", (Channel("a"),), 1000.0, "float32")
    outlet = Outlet(spec, "dev")
    copies = OwnCopies(lambda *event: told.append(event))
    copies.tap([outlet])
    # The disk stands still: the first write waits until it is let go on.
    within, held, write = threading.Event(), threading.Event(), own_copy.OwnCopies._write

    def slow(self: OwnCopies, *arguments: Any) -> None:
        within.set()
        assert held.wait(TIMEOUT_S)
        write(self, *arguments)

    monkeypatch.setattr(own_copy.OwnCopies, "_write", slow)
    monkeypatch.setattr(own_copy, "MOST_BYTES", 100 * (8 + 4 + 256))
    copies.arm(1, tmp_path / "1.copy.xdf")
    assert within.wait(TIMEOUT_S), "the writer is within its write, with nothing to write"
    start = local_clock()
    copies.start(1, start)
    values = np.arange(130, dtype=np.float32)[:, None]
    longest = 0.0
    for k in range(130):
        before = time.perf_counter()
        outlet.push(np.array([start + k * 1e-4]), values[k : k + 1])
        longest = max(longest, time.perf_counter() - before)
    assert longest < TIMEOUT_S / 10, "who pushes never waits for the disk"
    videos: Future[Any] = Future()
    videos.set_result("its videos")
    done = copies.stop(1, start + 1.0, videos)
    held.set()
    assert done.result(TIMEOUT_S) is videos.result()
    copies.close()
    outlet.close()
    with read_xdf(tmp_path / "1.copy.xdf", strict=True) as copy:
        assert copy.streams[0].data[:, 0].tolist() == list(range(100))
    ((level, code, text, take),) = told
    assert (level, code, take) == ("warning", "copy-incomplete", 1)
    assert "30 samples are not in it" in text
