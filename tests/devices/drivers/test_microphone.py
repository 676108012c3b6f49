"""Microphones: what PortAudio tells becomes numbered blocks with times, and counted losses."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from devices.base import Chunk, DeviceError, DeviceLost, Frame, Notice
from devices.drivers.microphone import Microphone
from devices.sound.block_counter import SETTLE_S, BlockCounter, Heard
from tests.devices.clock import FakeClock

RATE_HZ, BLOCK = 48_000, 480
BLOCK_S = BLOCK / RATE_HZ
ZERO_S = 7e5
"""What PortAudio's clock reads when the LSL clock reads 0."""


class PortAudioError(Exception):
    pass


class FakePortAudio:
    """Stands in for `sounddevice`: hands over the blocks that a test gives it."""

    PortAudioError = PortAudioError

    def __init__(self, *inputs: str) -> None:
        self.inputs = inputs
        self.begun = 0
        self.refuses = ""
        self.active = True
        self.callback: Callable[..., None]
        self.options: dict[str, Any] = {}

    def query_devices(self) -> list[dict[str, Any]]:
        rate = {"default_samplerate": 44100.0}
        found = [{"name": name, "max_input_channels": 2} | rate for name in self.inputs]
        return [{"name": "speakers", "max_input_channels": 0} | rate, *found]

    def _terminate(self) -> None:
        if not self.begun:
            raise PortAudioError("PortAudio not initialized")

    def _initialize(self) -> None:
        self.begun += 1

    def InputStream(self, **options: Any) -> FakePortAudio:  # noqa: N802 - sounddevice's name
        if self.refuses:
            raise PortAudioError(self.refuses)
        self.options, self.callback, self.active = options, options["callback"], True
        return self

    def start(self) -> None:
        pass

    def close(self, ignore_errors: bool) -> None:
        self.active = False

    def hand_over(self, adc: float, now: float, *, overflow: bool = False) -> None:
        times = SimpleNamespace(inputBufferAdcTime=adc, currentTime=now)
        flags = SimpleNamespace(input_overflow=overflow)
        self.callback(np.zeros((BLOCK, 1), np.int16), BLOCK, times, flags)


@pytest.fixture
def portaudio(monkeypatch: pytest.MonkeyPatch) -> FakePortAudio:
    fake = FakePortAudio("USB microphone", "Line in")
    monkeypatch.setattr(Microphone, "portaudio", staticmethod(lambda: fake))
    return fake


def opened(clock: FakeClock, **settings: Any) -> Microphone:
    microphone = Microphone(Microphone.Settings(name="voice", block=BLOCK, **settings), clock)
    microphone.open()
    return microphone


def items(microphone: Microphone, count: int) -> Iterator[Any]:
    reading = microphone.read()
    return (next(reading) for _ in range(count))


def heard(at: float, **more: Any) -> Heard:
    """A block whose first sample was at LSL time `at`, handed over 20 ms after its end."""
    now = at + BLOCK_S + 0.020
    given = {"adc": ZERO_S + at, "now": ZERO_S + now, "lsl": now, "overflow": False} | more
    return Heard(np.zeros((BLOCK, 1), np.int16), **given)


def settled() -> BlockCounter:
    """Past the start-up, the next block due at LSL time 2."""
    counter = BlockCounter(BLOCK_S)
    counter.began()
    for number in range(200):
        placed = counter.place(heard(number * BLOCK_S))
        assert (placed.number, placed.lost) == (number, 0)
    return counter


def test_a_block_is_where_the_converter_had_it() -> None:
    placed = settled().place(heard(200 * BLOCK_S))
    assert placed.time == pytest.approx(200 * BLOCK_S)
    assert placed.device_time == pytest.approx(ZERO_S + 200 * BLOCK_S)


def test_a_gap_in_the_times_is_counted_in_blocks() -> None:
    counter = settled()
    counter.place(heard(205 * BLOCK_S))  # alone it may just be stamped late
    placed = counter.place(heard(206 * BLOCK_S))
    assert (placed.number, placed.lost) == (206, 5)
    assert counter.place(heard(207 * BLOCK_S)).lost == 0


def test_a_block_that_is_stamped_late_is_no_loss() -> None:
    """PulseAudio stamped one 11 ms late while much else ran, and a block was told as lost."""
    counter = settled()
    for number in range(200, 400):
        late = {210: 0.6, 300: 0.7, 303: 5.0, 304: 0.0}.get(number, 0.0)
        assert counter.place(heard((number + late) * BLOCK_S)).lost == 0
    counter.place(heard(400.8 * BLOCK_S))
    assert counter.place(heard(401.6 * BLOCK_S)).lost == 1  # half of a block at least, in both
    assert counter.place(heard(402.6 * BLOCK_S)).lost == 0


def test_an_overflow_is_a_loss_even_where_the_times_do_not_show_it() -> None:
    assert settled().place(heard(200 * BLOCK_S, overflow=True)).lost == 1
    assert settled().place(heard(203 * BLOCK_S, overflow=True)).lost == 3


def test_start_up_is_no_loss() -> None:
    counter = BlockCounter(BLOCK_S)
    counter.began()
    counter.place(heard(0.0))
    assert counter.place(heard(0.7, overflow=True)).lost == 0
    assert counter.place(heard(SETTLE_S + 0.2, overflow=True)).lost > 0


def test_what_passed_while_it_was_away_is_lost() -> None:
    counter = settled()
    counter.began()
    assert counter.place(heard(5.0)).lost == 300
    assert counter.place(heard(5.0 + BLOCK_S)).number == 501


def test_where_no_time_is_said_samples_are_counted() -> None:
    counter = BlockCounter(BLOCK_S)
    counter.began()
    first = counter.place(heard(0.0, adc=0.0))
    assert isinstance(first.notice, Notice)
    assert first.notice.code == "times-counted"
    second = counter.place(heard(BLOCK_S, adc=0.0))
    assert second.notice is None
    assert second.device_time - first.device_time == pytest.approx(BLOCK_S)
    assert second.time == pytest.approx(BLOCK_S + 0.020)


def test_a_time_to_come_is_none() -> None:
    """So it was under WASAPI: PortAudio added the latency where it should have taken it off."""
    counter = BlockCounter(BLOCK_S)
    counter.began()
    first = counter.place(heard(0.0, adc=ZERO_S + 1.0))
    assert first.notice is not None
    assert first.time == pytest.approx(0.020)


@pytest.mark.parametrize("adc", [0.0, math.nan, ZERO_S + 9.0])
def test_a_block_without_a_time_among_others_is_the_next_one(adc: float) -> None:
    counter = settled()
    placed = counter.place(heard(200 * BLOCK_S, adc=adc))
    assert (placed.number, placed.lost, placed.notice) == (200, 0, None)
    assert placed.time == pytest.approx(200 * BLOCK_S)
    assert placed.device_time == pytest.approx(ZERO_S + 200 * BLOCK_S)
    assert counter.place(heard(201 * BLOCK_S)).lost == 0


def test_uneven_times_of_short_blocks_are_no_loss() -> None:
    counter = BlockCounter(64 / RATE_HZ)
    counter.began()
    rng = np.random.default_rng(0)
    for number in range(5000):
        at = number * 64 / RATE_HZ + rng.uniform(-0.0015, 0.0015)
        assert counter.place(heard(at)).lost == 0


@pytest.mark.parametrize(("blocks", "flagged"), [(4, True), (4, False), (100, False)])
def test_a_loss_that_the_count_hides_is_counted_once_within_two_seconds(
    blocks: int, flagged: bool
) -> None:
    """By a clock that drifts, among blocks that are late, and none for a stall that is made up."""
    counter, rng, pace = BlockCounter(BLOCK_S), np.random.default_rng(0), 1.0002
    counter.began()
    lost, late, said = 0, [], -math.inf
    for number in range(20_000):
        missing = blocks if number >= 10_000 else 0
        at = (number + missing) * BLOCK_S * pace
        stalled = max(0.0, 1.5 - (number - 5000) * BLOCK_S) if number >= 5000 else 0.0
        said = max(said, at + BLOCK_S + 0.02 + stalled + rng.exponential(0.002))
        placed = counter.place(heard(at, adc=0.0, lsl=said, overflow=flagged and number == 10_000))
        lost += placed.lost
        late.append(at - placed.number * BLOCK_S * pace)
    assert lost == blocks
    settled_again = 10_000 + round(2 / BLOCK_S)
    assert np.abs(late[:10_000]).max() < 1e-9
    assert np.abs(late[settled_again:]).max() < 1e-9


def test_a_block_is_a_frame_and_a_level(portaudio: FakePortAudio) -> None:
    clock = FakeClock()
    microphone = opened(clock, device="usb")
    assert portaudio.options["device"] == 1
    portaudio.hand_over(ZERO_S, ZERO_S + 0.03)
    frame, level = items(microphone, 2)
    assert isinstance(frame, Frame)
    assert isinstance(level, Chunk)
    assert frame.image is not None
    assert (frame.stream, frame.image.shape) == ("voice-sound", (BLOCK, 1))
    assert frame.time == pytest.approx(clock.now() - 0.03)
    assert level.device_times is not None
    assert level.device_times[0] - ZERO_S == pytest.approx(BLOCK_S / 2)
    microphone.close()


def test_blocks_that_nobody_fetches_are_counted(portaudio: FakePortAudio) -> None:
    microphone = opened(FakeClock())
    most = microphone._came.maxsize
    for number in range(most + 7):
        portaudio.hand_over(ZERO_S + number * BLOCK_S, ZERO_S + number * BLOCK_S + 0.03)
    assert sum(item.lost for item in items(microphone, 2 * most) if isinstance(item, Frame)) == 0
    portaudio.hand_over(ZERO_S + (most + 7) * BLOCK_S, ZERO_S + (most + 7) * BLOCK_S + 0.03)
    frame = next(items(microphone, 1))
    assert frame.lost == 7
    microphone.close()


def test_an_input_that_stops_is_lost(portaudio: FakePortAudio) -> None:
    microphone = opened(FakeClock())
    portaudio.active = False
    with pytest.raises(DeviceLost, match="the sound input has stopped"):
        next(items(microphone, 1))
    microphone.close()


@pytest.mark.parametrize(
    ("device", "words"),
    [("i", "names more than one: USB microphone, Line in"), ("camera", "is not there: USB")],
)
def test_a_name_that_is_no_input_is_refused(
    portaudio: FakePortAudio, device: str, words: str
) -> None:
    with pytest.raises(DeviceError, match=words):
        opened(FakeClock(), device=device)


def test_an_input_that_every_sound_system_of_windows_has_is_one(portaudio: FakePortAudio) -> None:
    """The oldest of them cuts its name, and sounddevice takes a name that two have for neither."""
    long = "Microphone (USB PnP Audio Device)"
    portaudio.inputs = (long[:31], "Line in", long, "Line in", long, "Line in")
    for device, number in (("usb", 3), (long, 3), (long[:31], 1), ("line", 2)):
        opened(FakeClock(), device=device).close()
        assert portaudio.options["device"] == number
    assert [one.id for one in Microphone.found()] == ["microphone:Line in", f"microphone:{long}"]


def test_what_was_plugged_in_meanwhile_is_found_when_it_is_opened_again(
    portaudio: FakePortAudio,
) -> None:
    """PortAudio looks once, when it begins."""
    begun = []
    microphone = opened(FakeClock(), device="USB")
    for _ in range(2):
        begun.append(portaudio.begun)
        microphone.open()
    assert [*begun, portaudio.begun] == [0, 1, 2]
    microphone.close()


def test_without_an_input_there_is_a_remedy(portaudio: FakePortAudio) -> None:
    portaudio.inputs = ()
    with pytest.raises(DeviceError, match="no sound input; plug in a microphone"):
        opened(FakeClock())


def test_what_portaudio_refuses_is_named(portaudio: FakePortAudio) -> None:
    portaudio.refuses = "Invalid sample rate"
    with pytest.raises(DeviceError) as caught:
        opened(FakeClock(), device="USB microphone")
    assert "USB microphone: Invalid sample rate (asked for 1 channels at 48000 Hz" in str(
        caught.value
    )
    assert "it has 2, at 44100 Hz); set `channels` and `sample_rate_hz`" in str(caught.value)


def test_inputs_can_be_pasted_into_a_rig(portaudio: FakePortAudio) -> None:
    portaudio.inputs = ('A "quoted" \\ name',)
    (found,) = Microphone.found()
    assert 'device = "A \\"quoted\\" \\\\ name"' in found.snippet


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    assert "pip install 'unisono[audio]'" in (Microphone.unavailable() or "")
    assert not Microphone.found()


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> Any:
        raise DeviceError("PortAudio cannot be used")

    monkeypatch.setattr(Microphone, "portaudio", staticmethod(missing))
    assert "PortAudio cannot be used" in (Microphone.unavailable() or "")
