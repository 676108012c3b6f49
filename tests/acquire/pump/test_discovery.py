"""Connections that break, or go dead, while the outlet at the other end lives on."""

from __future__ import annotations

from collections.abc import Iterator

import psutil
import pytest

from acquire.lsl.clock import local_clock
from acquire.lsl.inlet import Inlet
from acquire.lsl.streams import FoundStream
from acquire.pump import discovery, pump
from acquire.pump.discovery import Discovery
from acquire.pump.live_stream import DEVICE, LiveStream
from acquire.pump.pump import Pump
from acquire.pump.selection import Selection
from acquire.pump.stream_watch import StreamWatch
from acquire.rig.file import Expect
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
