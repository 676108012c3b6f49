"""`shimmer3` against a stand-in at the far end of its line."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from devices.base import Channel, Device, DeviceError, DeviceLost
from devices.drivers import shimmer3
from devices.drivers.shimmer3 import Shimmer3
from devices.serial import shimmer_words as words
from devices.simulation.servers.serving import Conversation, Packet, Signals
from devices.simulation.servers.shimmer_unit import ShimmerConversation
from tests.devices.contract import check_data, check_settings, check_specs
from tests.devices.network.server import playing, scripted
from tests.devices.wire import RealClock, read_until, samples

UNIT = Signals((Channel("EDA", "", "EDA"), Channel("PPG", "", "PPG")), 500.0, None)
SETTINGS = {"name": "shimmer", "port": "socket://127.0.0.1:1"}


class Unit(ShimmerConversation):
    """A unit whose conductance is what the test says."""

    def __init__(self, microsiemens: float = 4.0, first_ticks: int = 0) -> None:
        super().__init__(UNIT, first_ticks)
        self.microsiemens = microsiemens

    def send(self, packet: Packet) -> bytes:
        rows = np.zeros((len(packet.rows), 2), np.float32)
        rows[:, 0], rows[:, 1] = self.microsiemens, 1.0
        return super().send(Packet(packet.first, rows))


@pytest.fixture
def devices() -> Iterator[list[Device]]:
    made: list[Device] = []
    yield made
    for one in made:
        one.close()


def shimmer(devices: list[Device], port: int, **settings: object) -> Shimmer3:
    one = Shimmer3(
        Shimmer3.Settings(name="shimmer", port=f"socket://127.0.0.1:{port}", **settings),  # type: ignore[arg-type]
        RealClock(),
    )
    devices.append(one)
    return one


def test_conductance_and_pulse_come_in_units(devices: list[Device]) -> None:
    check_settings(Shimmer3, SETTINGS)
    with playing(Unit) as played:
        one = shimmer(devices, played.server.port)
        (spec,) = one.open()
        check_specs([spec], "shimmer")
        assert (spec.rate_hz, spec.counts_losses, spec.model) == (
            128.0,
            True,
            "Shimmer3, firmware 0.16.7",
        )
        assert [(c.label, c.unit, c.kind) for c in spec.channels] == [
            ("PPG", "millivolts", "PPG"),
            ("GSR", "microsiemens", "EDA"),
        ]
        found = read_until(one, lambda found: samples(found) > 100)
        one.close()
        check_data(one, one.open(), RealClock(), {}, 0.4)
    data = np.concatenate([c.data for c in found])
    assert data[:, 0] == pytest.approx(1000.0, abs=1)
    assert data[:, 1] == pytest.approx(4.0, rel=0.01)
    own = np.concatenate([c.device_times for c in found if c.device_times is not None])
    assert np.diff(own) == pytest.approx(1 / 128)
    assert sum(c.lost for c in found) == 0


class OlderUnit(Unit):
    """One that says nothing to a command that its firmware does not know."""

    def hear(self, data: bytes) -> bytes:
        return b"" if data == words.NO_STATUS_ACK else super().hear(data)


def test_a_unit_of_older_firmware_is_read(
    devices: list[Device], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was called silent, for one command that it does not need."""
    monkeypatch.setattr(shimmer3, "ANSWER_S", 0.5)
    with playing(OlderUnit) as played:
        one = shimmer(devices, played.server.port)
        one.open()
        assert read_until(one, lambda found: samples(found) > 10)


@pytest.mark.parametrize("microsiemens", [0.5, 2.0, 8.0, 30.0])
def test_each_range_of_conductance(microsiemens: float) -> None:
    unit = Unit(microsiemens)
    unit.hear(words.sensors_mask(["gsr"]) + words.START)
    parser = words.ShimmerParser()
    list(parser.feed(unit.hear(words.INQUIRY)))
    heard = list(parser.feed(unit.send(Packet(0, np.zeros((500, 2), np.float32)))))
    raw = np.array([h.values[0] for h in heard if isinstance(h, words.Sample)])
    assert words.in_units(words.FIELDS[0x1C], raw) == pytest.approx(microsiemens, rel=0.02)


def test_what_is_missing_is_counted_across_the_end_of_the_count(devices: list[Device]) -> None:
    late = words.TICKS_WRAP - 20 * 256
    with playing(lambda: Unit(first_ticks=late)) as played:
        one = shimmer(devices, played.server.port)
        one.open()
        read_until(one, lambda found: samples(found) > 60)
        played.skip = 25  # packets of 10 rows: half a second, 64 samples
        found = read_until(one, lambda found: any(c.lost for c in found))
        found += read_until(one, lambda found: samples(found) > 20)
    assert sum(c.lost for c in found) == pytest.approx(64, abs=1)
    ends = [c.device_times for c in found if c.device_times is not None]
    lost = next(n for n, c in enumerate(found) if c.lost)
    if lost:
        assert ends[lost][0] - ends[lost - 1][-1] == pytest.approx(
            (found[lost].lost + 1) / 128, abs=1e-9
        )
    assert all(a[-1] < b[0] for a, b in pairwise(ends))


def test_who_does_not_answer_is_named_with_a_remedy(devices: list[Device]) -> None:
    with (
        scripted(([], True)) as far,
        pytest.raises(DeviceError, match=r"no answer .* LogAndStream"),
    ):
        shimmer(devices, far.port).open()


def test_a_unit_that_falls_silent_is_lost(devices: list[Device]) -> None:
    with playing(Unit) as played:
        one = shimmer(devices, played.server.port, silent_s=1.0)
        one.open()
        read_until(one, lambda found: samples(found) > 10)
        played.hold.set()
        with pytest.raises(DeviceLost, match="see its battery"):
            read_until(one, lambda _: False)


class Odd(Conversation):
    """Names a channel that nobody knows."""

    def hear(self, data: bytes) -> bytes:
        answers = {1: b"\x02\x00\x01\0\0\0\0\x01\x01\x77", 0x2E: b"\x2f\x03\0\0\0\x10\x07"}
        return b"\xff" + answers.get(data[0], b"")

    def send(self, packet: Packet) -> bytes:
        return b""


def test_a_channel_of_unknown_width_is_refused_by_its_number(devices: list[Device]) -> None:
    with playing(Odd) as played, pytest.raises(DeviceError, match=r"0x77; leave their sensors out"):
        shimmer(devices, played.server.port).open()


def stream(count: int) -> tuple[words.ShimmerParser, bytes]:
    """A parser that knows the channels, and what a unit then sends."""
    unit, parser = Unit(), words.ShimmerParser()
    unit.hear(words.sensors_mask(["gsr", "ppg", "exg1", "gyroscope"]) + words.START)
    list(parser.feed(unit.hear(words.INQUIRY)))
    rows = np.zeros((count * 8, 2), np.float32)
    return parser, unit.send(Packet(0, rows))


@given(cuts=st.lists(st.integers(0, 900), max_size=12), status=st.booleans())
@example(cuts=[5 * 21 + n for n in range(1, 4)], status=True)
def test_pieces_and_unasked_status_change_nothing(cuts: list[int], status: bool) -> None:
    parser, whole = stream(20)
    size = 4 + sum(f.bytes for f in parser.fields)
    if status:  # between two packets
        whole = whole[: 5 * size] + b"\xff\x8a\x71\x10" + whole[5 * size :]
    edges = [0, *sorted(min(c, len(whole)) for c in cuts), len(whole)]
    heard = [h for a, b in pairwise(edges) for h in parser.feed(whole[a:b])]
    found = [h for h in heard if isinstance(h, words.Sample)]
    assert len(found) == len(stream(20)[1]) // size
    assert parser.skipped == 0


@pytest.mark.parametrize("wrong", [b"\xff\xff\x7f", b"\x00\x00\x80", b"\x00\x00\x10"])
def test_a_first_packet_with_a_wrong_time_costs_no_other(wrong: bytes) -> None:
    """All that followed was taken for nothing, until the unit was given up as silent."""
    parser, whole = stream(20)
    size = 4 + sum(f.bytes for f in parser.fields)
    heard = list(parser.feed(whole[:1] + wrong + whole[4:size]))
    heard += parser.feed(whole[size:])
    good = list(stream(20)[0].feed(whole))
    assert [h for h in heard if isinstance(h, words.Sample)][-15:] == good[-15:]
    assert parser.skipped > 0


@given(st.binary(max_size=400))
def test_whatever_comes_is_skipped_and_counted(junk: bytes) -> None:
    parser, whole = stream(40)
    try:
        list(parser.feed(junk))
        heard = list(parser.feed(whole))
    except words.UnknownChannel:
        return
    known = [h for h in heard if isinstance(h, words.Sample)]
    assert all(len(h.values) == len(parser.fields) for h in known)
