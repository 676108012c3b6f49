"""The stream watch raises each alarm once, and says when it is over."""

from __future__ import annotations

import numpy as np
import pytest

from acquire.lsl.streams import FoundStream, StreamKey
from acquire.pump.stream_watch import Alarm, StreamWatch
from acquire.take.exact_stamps import LostSamples, are_numbers
from devices.arrays import F64Array


def stream(rate_hz: float = 100.0) -> FoundStream:
    key = StreamKey("gaze", "Gaze", "g1", "lab")
    return FoundStream(key, "uid", 2, rate_hz, "float32", None)


def codes(alarms: list[Alarm]) -> list[str]:
    return [alarm.code for alarm in alarms]


def arrived(watch: StreamWatch, now: float, stamps: F64Array, offset: float | None) -> list[Alarm]:
    """Let one pull come, and be judged at once."""
    return watch.note(now, stamps) + watch.judge(offset)


def play(watch: StreamWatch, rate_hz: float, seconds: float, start: float = 0.0) -> list[str]:
    """Let samples of `rate_hz` arrive four times a second."""
    raised: list[str] = []
    size = 0.25
    for k in range(int(seconds / size)):
        first = start + k * size
        stamps = first + np.arange(round(size * rate_hz)) / rate_hz
        raised += codes(arrived(watch, first + size, stamps, 0.0))
        raised += codes(watch.tick(first + size, 0))
        watch.measured_offset(first + size)
    return raised


def test_a_good_stream_raises_nothing() -> None:
    watch = StreamWatch(stream(), 0.0)
    assert play(watch, 100, 60) == []
    assert watch.effective_rate == pytest.approx(100, rel=0.01)


def test_a_rate_three_percent_low_is_told_once() -> None:
    watch = StreamWatch(stream(100), 0.0)
    stamps = np.arange(6000) / 97
    raised: list[str] = []
    for k in range(0, 6000, 25):
        raised += codes(arrived(watch, stamps[k + 24], stamps[k : k + 25], 0.0))
    assert raised == ["rate-off"]


def test_silence_is_told_after_two_seconds_and_its_end_too() -> None:
    watch = StreamWatch(stream(), 0.0)
    play(watch, 100, 5)
    assert codes(watch.tick(6.9, 0)) == []
    assert codes(watch.tick(7.1, 0)) == ["silent"]
    assert codes(watch.tick(8.9, 0)) == []
    assert watch.is_silent
    assert "silent for 4 s" in watch.troubles["silent"], "as long as it was when it was told"
    back = arrived(watch, 9.0, np.array([9.0]), 0.0)
    assert "silent-over" in codes(back)


def test_markers_may_be_silent() -> None:
    assert codes(StreamWatch(stream(0.0), 0.0).tick(10.0, 0)) == []


def test_stamps_that_go_back_are_told_each_time() -> None:
    watch = StreamWatch(stream(), 0.0)
    arrived(watch, 1.0, np.array([0.99, 1.0]), 0.0)
    assert codes(arrived(watch, 1.0, np.array([0.5, 0.51]), 0.0)) == ["stamps-back"]
    assert codes(arrived(watch, 1.0, np.array([0.2, 0.21]), 0.0)) == ["stamps-back"]


def test_chunks_that_overlap_by_milliseconds_are_jitter() -> None:
    watch = StreamWatch(stream(), 0.0)
    arrived(watch, 1.0, np.array([0.99, 1.0]), 0.0)
    assert arrived(watch, 1.0, np.array([0.97, 0.98]), 0.0) == []


def test_stamps_of_another_epoch_are_told_with_the_distance() -> None:
    watch = StreamWatch(stream(), 0.0)
    (alarm,) = arrived(watch, 10.0, np.array([1_700_000_000.0]), 0.0)
    assert alarm.code == "stamps-far"
    assert "1699999990.0 s" in alarm.text
    remote = StreamWatch(stream(), 0.0)
    assert arrived(remote, 9.0, np.array([5009.0]), None) == []  # nobody knows its clock yet
    assert arrived(remote, 10.0, np.array([5010.0]), -5000.0) == []


def test_no_clock_offset_for_fifteen_seconds_is_told() -> None:
    watch = StreamWatch(stream(0.0), 0.0)
    watch.measured_offset(3.0)
    assert codes(watch.tick(17.9, 0)) == []
    assert codes(watch.tick(18.1, 0)) == ["no-offset"]


def test_a_backlog_is_told_once_it_lasts() -> None:
    watch = StreamWatch(stream(), 0.0)
    arrived(watch, 0.1, np.array([0.1]), 0.0)
    raised = [codes(watch.tick(0.2 + k / 10, 500)) for k in range(5)]
    assert raised == [[], [], ["backlog"], [], []]


def test_stamps_that_are_no_numbers_are_told_once_and_spoil_nothing() -> None:
    watch = StreamWatch(stream(), 0.0)
    raised: list[str] = []
    for k in range(120):
        stamps = k * 0.25 + np.arange(25) / 100
        stamps[[0, 7, 24]] = np.nan
        raised += codes(arrived(watch, (k + 1) * 0.25, stamps, 0.0))
    raised += codes(arrived(watch, 31.0, np.full(3, np.nan), 0.0))
    assert raised == ["stamps-nan"]
    assert watch.samples == 120 * 25 + 3
    assert watch.effective_rate == pytest.approx(100, rel=0.01)


def test_stamps_that_are_never_in_order_do_not_drown_the_other_alarms() -> None:
    watch = StreamWatch(stream(0.0), 0.0)
    told = [
        alarm.text
        for k in range(4 * 120)  # two minutes, two stamps the wrong way round in every pull
        for alarm in arrived(watch, k / 4, np.array([k / 4, k / 4 - 0.01]), 0.0)
    ]
    assert 5 <= len(told) <= 15
    assert "restarted" in told[0]
    assert "check how its program makes its stamps" in told[4]


def test_what_comes_and_goes_all_the_time_is_not_told_all_the_time() -> None:
    """Every fifth stamp was far off: an alarm at every pull, until the manifest took no more."""
    watch = StreamWatch(stream(), 0.0)
    told = []
    for k in range(2 * 60):
        stamps = np.array([k / 2, k / 2 if k % 2 else 1e300])
        told += [a.text for a in arrived(watch, k / 2, stamps, 0.0) if a.code == "stamps-far"]
    assert len(told) <= 12
    assert "not told again" in told[9]
    assert max(map(len, told)) < 250
    assert "+1e+300 s" in told[0]
    later = arrived(watch, 300.0, np.array([1.0]), 0.0)
    assert "stamps-far" in codes(later)


@pytest.mark.filterwarnings("error")
def test_infinite_stamps_of_both_signs_are_no_numbers() -> None:
    watch = StreamWatch(stream(), 0.0)
    stamps = np.array([0.0, np.inf, -np.inf, 0.01])
    assert codes(arrived(watch, 0.1, stamps, 0.0)) == ["stamps-nan"]
    assert not are_numbers(stamps)
    assert are_numbers(stamps[[0, 3]])


def test_a_late_stream_is_said_to_be_late_not_lost() -> None:
    watch = StreamWatch(stream(), 0.0)
    assert codes(watch.tick(0.5, 0, late_s=0.9)) == []
    (alarm,) = watch.tick(0.5, 0, late_s=1.5)
    assert (alarm.code, "late 1.5 s" in alarm.text) == ("late", True)
    assert codes(watch.tick(1.0, 0, late_s=2.5)) == []
    assert "late 2.5 s" in watch.troubles["late"]
    assert codes(watch.tick(1.5, 0, late_s=0.7)) == []
    assert codes(watch.tick(2.0, 0, late_s=0.1)) == ["late-over"]
    assert watch.troubles == {}


def test_what_was_counted_as_lost_and_came_is_told() -> None:
    watch = StreamWatch(stream(), 0.0)
    assert watch.counted([LostSamples(1.0, 136)]) == []
    (alarm,) = watch.counted([LostSamples(1.0, -100), LostSamples(2.0, -36)])
    assert (alarm.level, alarm.code) == ("info", "loss-taken-back")
    assert "136 samples" in alarm.text
