"""Connections that break, or go dead, while the outlet at the other end lives on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pylsl
import pytest

from acquire.lsl.clock import local_clock
from acquire.lsl.inlet import Inlet
from acquire.lsl.origin import DEVICE
from acquire.lsl.streams import FoundStream
from acquire.pump import discovery, pump
from acquire.pump.discovery import Discovery
from acquire.pump.live_stream import LiveStream
from acquire.pump.pump import Pump
from acquire.pump.selection import Selection
from acquire.pump.stream_watch import StreamWatch
from acquire.rig.file import Expect
from acquire.take.disk import DiskWatch
from acquire.take.take import Take
from acquire.take.videos import TakeVideos
from acquire.take.xdf_recorder import XdfRecorder
from recordings.xdf.file import XdfFile
from tests.acquire.program import unique, wait_for
from tests.acquire.sources import Source, Sources

NAME = unique("discovery")


class Connected:
    """A pump and a discovery of their own on one outlet."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.pump = Pump(self.report, lambda take, error: None, lambda: None)
        selection = Selection(predicates=(f"name='{NAME}'",))
        self.discovery = Discovery(selection, dict, self.pump, self.report)
        self.pump.start()
        self.discovery.start()

    def report(
        self, source: str, level: str, code: str, text: str, take: int | None = None
    ) -> None:
        assert source == NAME
        self.events.append(code)

    @property
    def stream(self) -> LiveStream:
        (stream,) = self.pump.streams
        return stream

    def close(self) -> None:
        self.discovery.close()
        self.pump.close()


@pytest.fixture
def source() -> Iterator[Sources]:
    with Sources(Source(NAME)) as sources:
        yield sources


@pytest.fixture
def connected(source: Sources, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connected]:
    monkeypatch.setattr(discovery, "FORGOTTEN_S", 0.5)
    monkeypatch.setattr(discovery, "RENEW_S", 1.0)
    connected = Connected()
    try:
        wait_for(lambda: connected.pump.streams and connected.stream.watch.last_arrival > 0)
        yield connected
    finally:
        connected.close()


def test_an_outlet_that_lives_on_is_connected_again(connected: Connected) -> None:
    first = connected.stream.inlet
    assert first is not None
    first.lost = True  # what a reset connection leaves
    wait_for(lambda: connected.stream.inlet not in (first, None))
    wait_for(lambda: connected.events == ["stream-lost", "stream-back"])
    again = connected.stream.watch.last_arrival
    wait_for(lambda: connected.stream.watch.last_arrival > again)


def test_a_connection_is_seen_with_all_that_belongs_to_it(
    connected: Connected, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was there first, with the watch and the clock of the connection that had gone."""
    seen: list[Inlet | None] = []

    class Watch(StreamWatch):
        def __init__(self, found: FoundStream, now: float) -> None:
            seen.append(connected.stream.inlet)
            super().__init__(found, now)

    monkeypatch.setattr(pump, "StreamWatch", Watch)
    assert connected.stream.inlet is not None
    connected.stream.inlet.lost = True
    wait_for(lambda: "stream-back" in connected.events)
    assert seen == [None]
    assert isinstance(connected.stream.watch, Watch)


def test_a_connection_that_gives_nothing_is_made_anew(
    connected: Connected, source: Sources
) -> None:
    source.ask("halt")
    first = connected.stream.inlet
    wait_for(lambda: connected.stream.inlet is not first)
    silent_since = connected.stream.watch.last_arrival  # it is silent as before
    assert local_clock() - silent_since >= discovery.RENEW_S
    source.tell("resume")
    wait_for(lambda: connected.stream.watch.last_arrival > silent_since)
    wait_for(lambda: connected.stream.inlet is not None)
    assert "stream-lost" not in connected.events


def test_what_is_silent_and_hangs_holds_up_no_stream_that_comes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A computer that sleeps, with ten streams: one after the other they took a minute, again."""
    monkeypatch.setattr(discovery, "RENEW_S", 1.0)
    monkeypatch.setattr(discovery, "REST_S", 1.0)
    goes_on, opened = threading.Event(), Inlet.open
    tried: list[str] = []

    def open_(self: Inlet, timeout_s: float) -> str:
        if self.stream.key.type == "Hung" and len(tried) >= 10:
            goes_on.wait(300)
            raise RuntimeError("timed out")
        tried.append(self.stream.uid)
        return opened(self, timeout_s)

    monkeypatch.setattr(Inlet, "open", open_)
    hung = [Source(NAME, type="Hung", source_id=f"hung{k}") for k in range(10)]
    connected = Connected()
    pump = connected.pump
    try:
        with Sources(*hung) as sleeping:
            wait_for(lambda: sum(s.watch.samples > 0 for s in pump.streams) == 10, what="all ten")
            sleeping.ask("halt")
            wait_for(lambda: all(s.watch.is_silent for s in pump.streams), what="silence")
            with Sources(Source(NAME, source_id="good")):
                wait_for(
                    lambda: any(s.found.key.source_id == "good" for s in pump.data_streams), 50.0
                )
                assert not goes_on.is_set(), "the others still hang"
                goes_on.set()
    finally:
        goes_on.set()
        connected.close()


@pytest.mark.parametrize("asked", [True, False])
def test_a_stream_that_comes_while_nothing_is_missing_is_connected_soon(asked: bool) -> None:
    """A script makes its outlet, says `update` and `start`, and marks: it lost up to 10 s."""
    connected = Connected()
    pump = connected.pump
    try:
        with Sources(Source(NAME, source_id="amp")):
            wait_for(lambda: len(pump.data_streams) == 1, what="the first")
            wait_for(lambda: not connected.discovery._is_busy(), what="rest")
            with Sources(Source(NAME, rate_hz=0.0, source_id="script")):
                if asked:
                    connected.discovery.update()
                    assert len(pump.data_streams) == 2
                else:
                    wait_for(lambda: len(pump.data_streams) == 2, 5.0, "the second")
    finally:
        connected.close()


def outlet(source_id: str, *labels: str) -> pylsl.StreamOutlet:
    """Make an outlet of that many channels, which are labelled."""
    info = pylsl.StreamInfo(NAME, "EEG", len(labels), 250, "float32", source_id)
    channels = info.desc().append_child("channels")
    for label in labels:
        channels.append_child("channel").append_child_value("label", label)
    return pylsl.StreamOutlet(info)


def test_a_program_that_is_back_before_its_end_was_heard_is_one_stream(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A player that was killed on a busy computer: its frames were in two streams."""
    monkeypatch.setattr(discovery, "ALIKE_S", 60.0)
    connected = Connected()
    pump = connected.pump
    try:
        before = outlet("player", "frame")
        wait_for(lambda: len(pump.data_streams) == 1, what="the first")
        again = outlet("player", "frame")
        wait_for(lambda: connected.discovery.waiting == 1, what="the second, which is like it")
        assert [s.found.uid for s in pump.streams] == [before.get_info().uid()]
        del before
        wait_for(lambda: connected.events == ["stream-lost", "stream-back"], what="its return")
        assert [s.found.uid for s in pump.streams] == [again.get_info().uid()]
    finally:
        connected.close()


def test_two_outlets_that_are_alike_and_live_are_two_streams(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(discovery, "ALIKE_S", 1.0)
    connected = Connected()
    pump = connected.pump
    try:
        alike = [outlet("amp", "Fz")]
        wait_for(lambda: len(pump.data_streams) == 1, what="the first")
        alike.append(outlet("amp", "Fz"))
        wait_for(lambda: len(pump.data_streams) == 2, what="the second")
        assert connected.events == ["duplicate-source"]
    finally:
        connected.close()
    del alike


def headers_of(pump: Pump, path: Path) -> list[str]:
    """Begin a recording, and give the headers that it has."""
    recorder = XdfRecorder(XdfFile(path, 0))
    disk = DiskWatch(local_clock(), 1 << 30)
    take = Take(1, recorder, TakeVideos(None), disk, None, None)
    pump.open(take)
    pump.drop(take)
    recorder.finish()
    return [stream.xml for stream in recorder.streams.values()]


def test_an_outlet_that_comes_back_with_other_channels_gets_a_header_of_its_own(
    tmp_path: Path,
) -> None:
    """An amplifier's program, started again with another montage of as many electrodes."""
    connected = Connected()
    pump = connected.pump
    try:
        for number, labels in enumerate((("Fz", "Cz"), ("Oz", "Pz"), ("Oz", "Pz")), 1):
            amplifier = outlet("amp", *labels)
            wait_for(lambda: any(s.inlet for s in pump.streams), what="connection")
            (header,) = headers_of(pump, tmp_path / f"{number}.xdf")
            assert all(f"<label>{label}</label>" in header for label in labels)
            assert amplifier.get_info().uid() in header
            del amplifier
            wait_for(lambda: not any(s.inlet for s in pump.streams), what="its end")
    finally:
        connected.close()
    lost = "stream-lost"
    assert connected.events == [lost, "stream-changed", lost, "stream-back", lost]


def test_a_program_with_another_source_id_at_each_start_is_no_stream_that_is_missing(
    tmp_path: Path,
) -> None:
    connected = Connected()
    pump = connected.pump
    try:
        for number in range(3):
            script = outlet(unique("script"), "code")
            wait_for(lambda: any(s.inlet for s in pump.streams), what="connection")
            (header,) = headers_of(pump, tmp_path / f"{number}.xdf")
            assert script.get_info().uid() in header
            del script
            wait_for(lambda: not any(s.inlet for s in pump.streams), what="its end")
        gone = headers_of(pump, tmp_path / "gone.xdf")
    finally:
        connected.close()
    assert len(gone) == 1  # nothing has come in its place: it is missed


def test_one_of_two_outlets_of_a_name_that_is_gone_is_missed_all_the_same(tmp_path: Path) -> None:
    connected = Connected()
    pump = connected.pump
    try:
        first, second = outlet("left", "Fz"), outlet("right", "Fz")
        wait_for(lambda: sum(s.inlet is not None for s in pump.streams) == 2, what="both")
        del second
        wait_for(lambda: sum(s.inlet is not None for s in pump.streams) == 1, what="its end")
        assert len(headers_of(pump, tmp_path / "one.xdf")) == 2
    finally:
        connected.close()
    del first


@pytest.mark.parametrize(
    ("selection", "more"),
    [
        (Selection(), False),
        (Selection(may_be_empty=True), False),
        (Selection(("type='EEG'",)), True),
        (Selection(expect=(Expect(name="gaze"),)), True),
        (Selection(everything=True), True),
    ],
)
def test_more_than_a_rigs_own_streams_may_come_only_where_it_was_asked_for(
    selection: Selection, more: bool
) -> None:
    assert selection.is_open_ended is more


def test_a_device_of_several_streams_is_missed_once_and_the_recorder_by_name() -> None:
    own = {"1": "amp", "2": DEVICE, "3": DEVICE, "4": "amp"}
    pump = Pump(lambda *told: None, lambda take, error: None, lambda: None)
    found = Discovery(Selection(may_be_empty=True), lambda: own, pump, lambda *told: None)
    assert [(m.code, m.text) for m in found.missing()] == [
        ("not-connected", "the streams of device amp are not connected yet"),
        ("not-connected", "the recorder's own streams are not connected yet"),
    ]


def test_who_has_ended_asks_the_network_no_more() -> None:
    """A resolver that is kept would go on, and use up the ports that outlets are asked at."""
    me = psutil.Process()
    before = len(me.net_connections("udp"))
    pump = Pump(lambda *told: None, lambda take, error: None, lambda: None)
    found = Discovery(Selection(("type='none'",)), dict, pump, lambda *told: None)
    found.start()
    wait_for(lambda: len(me.net_connections("udp")) > before)
    found.close()
    wait_for(lambda: len(me.net_connections("udp")) <= before)
    assert found.seen() == []
