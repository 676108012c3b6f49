"""One turn of the pump: what one stream trips over costs no other stream a sample."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from acquire.lsl.clock import local_clock
from acquire.lsl.inlet import Inlet
from acquire.lsl.streams import FoundStream, StreamKey
from acquire.processes.messages import Interval
from acquire.pump.live_stream import LiveStream
from acquire.pump.pump import Pump
from acquire.pump.stream_watch import StreamWatch
from acquire.take.loss_counter import LossCounter
from devices.arrays import Array, F64Array
from tests.acquire.program import load
from tests.acquire.takes import made_take

PULL = 64


class CannedInlet(Inlet):
    """Gives the chunks it was made with, one a pull, out of one buffer as the real one does."""

    def __init__(self, stream: FoundStream, chunks: list[F64Array]) -> None:
        self.stream, self.lost, self._chunks, self._given = stream, False, chunks, 0
        self._data = np.empty((PULL, 1), np.float64)

    def pull(self) -> tuple[F64Array, Array] | None:
        if not self._chunks:
            return None
        stamps = self._chunks.pop(0)
        self._data[: len(stamps), 0] = self._given + np.arange(len(stamps))
        self._given += len(stamps)
        return stamps, self._data[: len(stamps)]

    def new_overflows(self) -> int:
        return 0

    @property
    def full_pull(self) -> int:
        return PULL

    def backlog(self) -> int:
        return sum(len(chunk) for chunk in self._chunks)

    def offset(self) -> None:
        return None

    def close(self) -> None: ...


class Stage:
    """A pump without threads, and the file that it writes."""

    def __init__(self, path: Path) -> None:
        self.told: list[str] = []
        self.pump = Pump(self.tell, lambda take, error: None, lambda: None)
        self.take = made_take(path)
        self.take.interval = Interval(0.0)
        self.pump.open(self.take)

    def tell(self, source: str, level: str, code: str, text: str, take: int | None = None) -> None:
        self.told.append(f"{source} {code} {text}")

    def add(self, name: str, *chunks: F64Array, rate_hz: float = 100.0) -> LiveStream:
        key = StreamKey(name, "EEG", name, "lab")
        found = FoundStream(key, name, 1, rate_hz, "float64", None)
        xml = (
            f"<?xml version='1.0'?><info><name>{name}</name><type>EEG</type><channel_count>1"
            f"</channel_count><nominal_srate>{rate_hz:g}</nominal_srate><channel_format>double64"
            "</channel_format><desc/></info>"
        )
        watch = StreamWatch(found, local_clock())
        stream = LiveStream(found, xml, None, CannedInlet(found, list(chunks)), watch)
        self.take.xdf.add(stream, found, xml, None)
        self.pump.streams.append(stream)
        return stream

    def turn(self) -> None:
        turn, streams = self.pump._turn, self.pump.streams
        self.pump._tell(turn.take(streams) + turn.judge(streams))

    def finish(self) -> dict[str, Any]:
        self.take.xdf.finish()
        return load(self.take.xdf.file.path)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path / "turn.xdf")


@pytest.mark.parametrize("step", ["note", "judge"])
def test_a_stream_that_trips_the_watch_spoils_neither_itself_nor_the_file(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    now = local_clock()
    chunks = [now + np.arange(k * PULL, (k + 1) * PULL) / 1e4 for k in range(4)]
    good = stage.add("good", *chunks)
    bad = stage.add("bad", *chunks)
    late = stage.add("late", *chunks)

    def trip(*arguments: object) -> Any:
        raise ZeroDivisionError("never seen before")

    monkeypatch.setattr(bad.watch, step, trip)
    for _ in range(6):
        stage.turn()
    found = stage.finish()
    for stream in (good, bad, late):
        samples = found[stream.name].data[:, 0]
        assert samples.tolist() == list(range(4 * PULL))
    internal = [text for text in stage.told if "never seen before" in text]
    assert len(internal) == 1
    assert "please report this" in internal[0]


def test_what_is_lost_right_before_the_end_of_a_take_is_counted_in_it(stage: Stage) -> None:
    stamps = local_clock() + np.delete(np.arange(PULL), np.s_[50:60]) / 100
    stream = stage.add("eeg", stamps)
    stream.losses = LossCounter(100.0)
    stage.take.interval = Interval(0.0, stamps[-1])
    stage.take.drained.set()
    stage.pump.let_go(stage.take)
    recorded = stage.take.xdf.of(stream)
    assert recorded is not None
    assert (recorded.samples, recorded.lost) == (PULL - 10, 10)


def test_a_clock_that_is_set_back_loses_nothing_of_what_came_after_the_start(stage: Stage) -> None:
    """By its stamps what comes then is from before the start; it came after it all the same."""
    now = local_clock()
    stage.take.interval = Interval(now - 0.05)
    first = now + np.arange(-10, 10) / 100
    jump = now + np.arange(10, 20) / 100
    jump[:5] -= 100  # in the middle of a pull, and back
    stream = stage.add("eeg", first, jump, now - 3 + np.arange(20, 30) / 100)
    for _ in range(3):
        stage.turn()
    samples = stage.finish()[stream.name].data[:, 0]
    assert samples.tolist() == list(range(5, 40))


def test_a_device_that_is_away_as_a_recording_begins_has_lost_what_it_missed(stage: Stage) -> None:
    """A split while its process was being started again hid the gap between the two sessions."""
    start = local_clock()
    stage.take.interval = Interval(start)
    stream = stage.add("eeg", start + 1.2 + np.arange(10) / 100)
    recorded = stage.take.xdf.of(stream)
    assert recorded is not None
    assert stream.losses is None  # as of one of the rig's own: it says itself what it lost
    stream.was_away = True
    stage.turn()
    stage.finish()
    assert recorded.lost == pytest.approx(120, abs=2)
    assert recorded.gaps[0].lost == recorded.lost


def test_a_connection_that_is_made_anew_has_lost_what_did_not_come(stage: Stage) -> None:
    """A cable was out without either end being told: the stream had 0 lost."""
    start = local_clock() - 3.0
    stage.take.interval = Interval(start)
    stream = stage.add("eeg", start + np.arange(50) / 100)
    stage.turn()
    recorded = stage.take.xdf.of(stream)
    assert recorded is not None
    stage.pump.renew(stream, CannedInlet(stream.found, [start + 2 + np.arange(50) / 100]))
    stage.turn()
    stage.finish()
    assert (recorded.lost, stream.lost) == (150, 150)
    assert recorded.gaps[0].lost == 150


def test_nobody_waits_for_streams_of_what_has_died(stage: Stage) -> None:
    """Every device that was to come back waited 10 s for a process that was gone again."""
    asked = iter([True, True, False])
    stage.pump.wait_connected({"uid-of-the-dead"}, 1e9, lambda: next(asked))
    assert next(asked, None) is None


def test_a_burst_that_is_here_at_the_stop_is_recorded_whole(stage: Stage) -> None:
    """What of it was not pulled yet went to no recording: 10,000 samples of 50,000."""
    now = local_clock()
    stage.take.interval = Interval(now - 2.0, now - 0.5)  # its usual drain is over
    stream = stage.add("mouse", *[np.full(50, now - 0.6)] * 3, rate_hz=0.0)
    for _ in range(3):
        stage.pump._distributor.look_for_drained([stream], now)
        assert not stage.take.drained.is_set()
        stage.turn()
    stage.pump._distributor.look_for_drained([stream], now)
    assert stage.take.drained.is_set()
    assert len(stage.finish()[stream.name].stamps) == 150


def test_samples_that_come_too_late_are_counted_not_listed(stage: Stage) -> None:
    """One line of alarm for each 64 of them: thousands."""
    now = local_clock()
    stage.take.interval = Interval(now - 2.0, now - 0.5)
    stage.pump._distributor.drop(stage.take)
    stream = stage.add("mouse", *[np.full(64, now - 0.6)] * 200, rate_hz=0.0)
    while stream.inlet is not None and stream.inlet.backlog():
        stage.turn()
    late = [text for text in stage.told if "samples-late" in text]
    assert len(late) == 4
    assert "mouse: 64 samples came after the end" in late[0]
    assert "mouse: 10,048 samples" in late[-1]
