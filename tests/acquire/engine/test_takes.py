"""One recording is one object: what goes wrong with one costs neither the engine nor the next."""

from __future__ import annotations

import errno
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from acquire.engine import beginnings
from acquire.engine.engine import Engine
from acquire.engine.status import Phase
from acquire.errors import ControlError
from acquire.lsl.clock import local_clock
from acquire.pump.selection import Selection
from acquire.rig.file import no_rig, parse_rig
from acquire.take.folder import Labels
from recordings.errors import RecordingError
from recordings.manifest import Manifest, State
from recordings.manifest_entries import Event
from tests.acquire.program import TIMEOUT_S, load, unique, wait_for
from tests.acquire.sources import Source, Sources

LABELS = Labels(participant="01")


class Stage:
    """An engine on one stream, and what it says."""

    def __init__(self) -> None:
        self.name = unique("takes")
        self.events: list[Event] = []
        self.failures = 0
        self.engine = Engine(
            no_rig(),
            Selection((f"name='{self.name}'",)),
            None,
            on_event=self.events.append,
            on_failure=self._fail,
        )

    def _fail(self) -> None:
        self.failures += 1

    def codes(self) -> list[str]:
        return [event.code for event in self.events]

    def samples(self) -> int:
        take = self.engine.takes.running
        assert take is not None
        streams = {s.found.key.name: s.samples for s in take.xdf.streams.values()}
        return streams[self.name]


@pytest.fixture
def stage() -> Iterator[Stage]:
    stage = Stage()
    with Sources(Source(stage.name, rate_hz=500.0)), stage.engine:
        stage.engine.open(30.0)
        yield stage


def manifest_of(folder: Path) -> Manifest:
    return Manifest.load(folder)


def test_a_stop_answers_before_the_files_are_hashed(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It read a terabyte of raw video first; everybody waited for a quarter of an hour."""
    may_hash = threading.Event()

    def slow(*arguments: Any) -> Any:
        may_hash.wait(TIMEOUT_S)
        return hashed_files(*arguments)

    from recordings.manifest_entries import hashed_files

    monkeypatch.setattr("acquire.take.folder.hashed_files", slow)
    engine = stage.engine
    engine.start(tmp_path, LABELS)
    wait_for(lambda: stage.samples() > 100)
    folder = engine.stop().path
    assert manifest_of(folder).state is State.COMPLETE
    assert manifest_of(folder).hashing
    engine.start(tmp_path, LABELS)  # and another one begins meanwhile
    second = engine.stop().path
    may_hash.set()
    for path in (folder, second):
        wait_for(lambda path=path: not manifest_of(path).hashing)  # type: ignore[misc]
        assert all(file.sha256 for file in manifest_of(path).files)


def test_an_answer_is_of_the_recording_that_has_its_marker(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that came after a stop, or before a start, was in a table, and in no recording."""
    may_close = threading.Event()

    def slow(*arguments: Any) -> Any:
        may_close.wait(TIMEOUT_S)
        return conclude(*arguments)

    from acquire.take.closing import conclude

    monkeypatch.setattr("acquire.engine.closings.conclude", slow)
    engine, takes = stage.engine, stage.engine.takes
    engine.start(tmp_path, LABELS)
    engine.split(tmp_path, LABELS)
    stopping = threading.Thread(target=engine.stop)
    stopping.start()
    try:
        wait_for(lambda: takes.running is None)
        first, second = takes.open
        one, other = first.interval, second.interval
        assert takes.folders_at(one.start - 0.001) == []
        assert takes.folders_at(one.start) == takes.folders_at(one.stop) == [first.path]
        assert takes.folders_at(other.start) == takes.folders_at(other.stop) == [second.path]
        assert takes.folders_at(other.stop + 0.001) == []
    finally:
        may_close.set()
        stopping.join()


def test_hashing_rests_while_anything_records(stage: Stage, tmp_path: Path) -> None:
    engine = stage.engine
    engine.start(tmp_path, LABELS)
    wait_for(lambda: stage.samples() > 100)
    closing, _ = engine.split(tmp_path, LABELS)
    folder = closing.result(TIMEOUT_S).path
    wait_for(lambda: stage.samples() > 300)
    assert manifest_of(folder).hashing
    engine.stop()
    wait_for(lambda: not manifest_of(folder).hashing)


def test_a_split_is_two_sessions_that_name_each_other(stage: Stage, tmp_path: Path) -> None:
    engine = stage.engine
    engine.start(tmp_path, LABELS)
    wait_for(lambda: stage.samples() > 100)
    closing, lsl_split = engine.split(tmp_path, LABELS)
    first = closing.result(TIMEOUT_S)
    wait_for(lambda: stage.samples() > 100)
    second = engine.stop()
    before, after = manifest_of(first.path), manifest_of(second.path)
    assert (before.continued_in, after.continues) == (second.path.name, first.path.name)
    assert after.lsl_start == lsl_split
    assert before.lsl_stop is not None
    assert 0 < lsl_split - before.lsl_stop < 1e-6


def test_what_fails_of_the_first_is_not_the_seconds(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a split its failure and its alarms counted for the second."""
    failed = threading.Event()

    def late(*arguments: Any) -> Any:
        failed.wait(TIMEOUT_S)
        return conclude(*arguments)

    from acquire.take.closing import conclude

    monkeypatch.setattr("acquire.engine.closings.conclude", late)
    engine = stage.engine
    engine.start(tmp_path, LABELS)
    wait_for(lambda: stage.samples() > 100)
    first = engine.takes.running
    assert first is not None
    closing, _ = engine.split(tmp_path, LABELS)
    engine.takes.failed(first, RecordingError("the first one's disk has failed"))
    failed.set()
    outcome = closing.result(TIMEOUT_S)
    assert (outcome.state, outcome.alarms) == (State.FAILED, 1)
    assert stage.failures == 0, "it must not stop the one that runs"
    wait_for(lambda: stage.samples() > 100)
    second = engine.stop()
    assert (second.state, second.alarms, second.error) == (State.COMPLETE, 0, None)
    assert "recording-failed" not in [e.code for e in manifest_of(second.path).events]
    assert "recording-failed" in [e.code for e in manifest_of(outcome.path).events]


def test_an_alarm_of_the_closing_counts_for_the_take_that_is_closed(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = stage.engine
    engine.start(tmp_path, LABELS)
    wait_for(lambda: stage.samples() > 100)
    take = engine.takes.running
    assert take is not None

    def break_(*_: object) -> None:
        raise OSError(5, "the disk is gone")

    monkeypatch.setattr(type(take.folder), "closed", break_)
    outcome = engine.stop()
    assert outcome.alarms == 1
    assert "write-failed" in stage.codes()
    assert engine.phase is Phase.IDLE


def test_the_forecast_of_the_second_is_by_its_own_rate(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It divided new bytes by the time since the first start: 305 minutes where 5 were left."""
    settle_s = 1.5
    monkeypatch.setattr("acquire.take.disk.SETTLE_S", settle_s)
    engine = stage.engine
    engine.start(tmp_path, LABELS)
    first = engine.takes.running
    assert first is not None
    wait_for(lambda: local_clock() > first.interval.start + 4 * settle_s)
    wait_for(lambda: first.disk.forecast.minutes is not None)
    before = first.disk.forecast.bytes_per_s
    engine.split(tmp_path, LABELS)
    wait_for(lambda: engine.forecast is not None and engine.forecast.minutes is not None)
    # Divided by the time since the first start it would be a quarter, as soon as it is known.
    assert engine.forecast is not None
    assert engine.forecast.bytes_per_s > 0.5 * before
    engine.stop()


@contextmanager
def no_inhibitor() -> Iterator[None]:
    raise OSError(2, "no such program", "systemd-inhibit")
    yield


def test_a_start_that_fails_leaves_nothing_behind(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It left a recording that nobody could stop, and a traceback."""
    engine = stage.engine
    with monkeypatch.context() as patch:
        patch.setattr(beginnings, "kept_awake", no_inhibitor)
        with pytest.raises(RecordingError, match="cannot be begun"):
            engine.start(tmp_path, LABELS)
    assert engine.phase is Phase.IDLE
    assert not engine.takes.open
    (folder,) = tmp_path.glob("*/*/*/*run-01")
    assert manifest_of(folder).state is State.FAILED
    engine.start(tmp_path, LABELS)
    wait_for(lambda: stage.samples() > 100)
    outcome = engine.stop()
    assert outcome.state is State.COMPLETE
    assert outcome.path.name.endswith("run-02")


def test_a_split_that_fails_leaves_the_first_running(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = stage.engine
    engine.start(tmp_path, LABELS)
    first = engine.takes.running

    def refuse(*_: object, **__: object) -> None:
        raise OSError(30, "read-only file system")

    with monkeypatch.context() as patch:
        patch.setattr(engine._pump, "open", refuse)
        with pytest.raises(RecordingError, match="read-only"):
            engine.split(tmp_path, LABELS)
    assert engine.takes.open == [first]
    wait_for(lambda: stage.samples() > 100)
    assert engine.stop().state is State.COMPLETE


def test_a_fourth_open_take_is_refused(stage: Stage, tmp_path: Path) -> None:
    engine = stage.engine
    engine.start(tmp_path, LABELS)
    with engine.takes._lock:  # two that are being closed, and take their time
        mine = engine.takes.open
        engine.takes.open = [*mine, *mine, *mine]
    with pytest.raises(ControlError, match=r"are open, 3 at most"):
        engine.split(tmp_path, LABELS)
    with engine.takes._lock:
        engine.takes.open = mine
    engine.stop()


def test_an_opening_that_fails_is_not_going_on_for_ever() -> None:
    engine = Engine(no_rig(), Selection((f"name='{unique('nobody')}'",)), None)
    with engine:
        with pytest.raises(ControlError, match="no stream matches"):
            engine.open(0.2)
        assert engine.phase is Phase.IDLE


def test_a_marker_that_comes_after_the_drain_is_said_with_its_text(
    stage: Stage, tmp_path: Path
) -> None:
    import pylsl

    name = unique("late")
    info = pylsl.StreamInfo(name, "Markers", 1, 0, "string", name)
    outlet = pylsl.StreamOutlet(info)
    engine = Engine(no_rig(), Selection((f"name='{name}'",)), None, on_event=stage.events.append)
    with engine:
        engine.open(30.0)
        wait_for(outlet.have_consumers)
        engine.start(tmp_path, LABELS)
        stamp = pylsl.local_clock()
        outlet.push_sample(["on time"], stamp)
        wait_for(lambda: pylsl.local_clock() > stamp + 0.3)
        engine.stop()
        outlet.push_sample(["too late"], stamp + 0.1)
        wait_for(lambda: "marker-late" in stage.codes())
    (event,) = [event for event in stage.events if event.code == "marker-late"]
    assert "'too late'" in event.text


def test_a_recording_has_signs_of_life(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("acquire.engine.take_watch.BEAT_S", 0.3)
    stage.engine.start(tmp_path, LABELS)
    (file,) = tmp_path.rglob("recording.xdf")
    wait_for(lambda: file.read_bytes().count(b'"heartbeat"') >= 2, what="signs of life")
    folder = stage.engine.stop().path
    texts = load(folder / "recording.xdf")["unisono-events"].strings
    beats = [json.loads(text) for text in texts if '"heartbeat"' in text]
    assert len(beats) >= 2
    assert all(f"{folder.name}: recording for" in beat["text"] for beat in beats)
    assert "heartbeat" not in [event.code for event in manifest_of(folder).events]
    assert "heartbeat" not in stage.codes()


TWINS = """
[rig]
name = "twins"
[[device]]
name = "eeg"
driver = "simulated-eeg"
channels = 2
rate_hz = 100
"""


def test_two_engines_with_one_rig_have_streams_that_are_told_apart(tmp_path: Path) -> None:
    rig = parse_rig(TWINS)
    with Engine(rig, Selection(), None) as one, Engine(rig, Selection(), None) as other:
        one.open(TIMEOUT_S)
        other.open(TIMEOUT_S)
        (first,) = [s.found.key for s in one._pump.data_streams]
        (second,) = [s.found.key for s in other._pump.data_streams]
        assert first.name == second.name
        assert first.source_id != second.source_id
        before = {s.found.uid for s in one._pump.data_streams}
        assert one.devices.stop("eeg")
        assert one.devices.start("eeg")
        wait_for(lambda: {s.found.uid for s in one._pump.data_streams} - before)
        (again,) = [s.found.key for s in one._pump.data_streams]
        assert again == first, "liblsl's own recovery finds a device that was started anew"


def test_a_manifest_that_the_disk_refuses_at_the_end_is_a_failure_with_its_remedy(
    tmp_path: Path, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder was made read-only under a recording: its files go on, its end cannot be told."""
    stage.engine.start(tmp_path, LABELS)
    wait_for(lambda: stage.samples() > 0)
    save = Manifest.save

    def refuse(self: Manifest, folder: Path) -> None:
        raise OSError(errno.EROFS, "Read-only file system", str(folder / "session.json.part"))

    monkeypatch.setattr(Manifest, "save", refuse)
    outcome = stage.engine.stop()
    monkeypatch.setattr(Manifest, "save", save)
    assert outcome.state is State.FAILED
    assert outcome.error is not None
    assert outcome.error.startswith("session.json: Read-only file system; all")
    assert outcome.error.endswith(f"unisono repair {outcome.path}")
    told = [event.text for event in stage.events if event.code == "write-failed"]
    assert told == [outcome.error]
    assert not any("Errno" in event.text for event in stage.events)
    assert Manifest.load(outcome.path).state is State.RECORDING
    stage.engine.start(tmp_path, LABELS)  # the next one is begun all the same
    assert stage.engine.stop().state is State.COMPLETE
