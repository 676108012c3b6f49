"""Frame numbers and times of GenICam cameras, without a camera."""

from __future__ import annotations

import numpy as np
import pytest

from devices.arrays import U8Array
from devices.base import DeviceError, Frame
from devices.camera.genicam_frames import HOLD_S, FrameMaker, FrameNumbers, line_bytes
from devices.camera.genicam_nodes import Configured, GenicamSettings

IMAGE: U8Array = np.zeros((2, 4), np.uint8)


def configured(**changes: object) -> Configured:
    values: dict[str, object] = {
        "width": 4,
        "height": 2,
        "pixel_format": "Mono8",
        "rate_hz": 100.0,
        "exposure_us": 2000.0,
        "gain_db": None,
        "notes": (),
    }
    return Configured(**(values | changes))  # type: ignore[arg-type]


def maker(at: str = "exposure-start", *, wraps: bool = True) -> FrameMaker:
    made = FrameMaker(GenicamSettings.model_validate({"name": "face", "timestamp_at": at}))
    made.start(configured(), wraps=wraps)
    return made


def whole(made: FrameMaker, frame_id: int, stamp_s: float, arrival: float = 0.0) -> list[Frame]:
    return made.whole(frame_id, round(stamp_s * 1e9), arrival, IMAGE)


@pytest.mark.parametrize(
    ("ids", "numbers", "lost"),
    [
        ([7, 8, 9], [7, 8, 9], [0, 0, 0]),
        ([7, 10], [7, 10], [0, 2]),
        ([65534, 65535, 1, 2], [65534, 65535, 65536, 65537], [0, 0, 0, 0]),
        ([65530, 4], [65530, 65539], [0, 8]),
        ([65535, 65536, 65540], [65535, 65536, 65540], [0, 0, 3]),
        ([60_000, 5, 6], [60_000, 65_540, 65_541], [0, 5539, 0]),
        ([40_000, 100, 101], [40_000, 65_635, 65_636], [0, 25_634, 0]),
        ([10_000, 0, 1], [10_000, 10_001, 10_002], [0, 0, 0]),
    ],
)
def test_block_ids_of_16_bits(ids: list[int], numbers: list[int], lost: list[int]) -> None:
    counter = FrameNumbers()
    counter.restart(wraps=True)
    assert [counter.take(one) for one in ids] == list(zip(numbers, lost, strict=True))


def test_ids_that_never_wrap() -> None:
    counter = FrameNumbers()
    counter.restart(wraps=False)
    assert [counter.take(one) for one in (65_534, 65_535, 65_536, 65_539)][-1] == (65_539, 2)
    assert counter.take(0) == (65_540, 0), "the camera counts anew"
    assert counter.take(2) == (65_542, 1)


@pytest.mark.parametrize("bits", [16, 32, 64])
def test_what_is_missing_over_the_end_of_the_bits_is_counted(bits: int) -> None:
    """It was called a camera that counts anew, and nothing lost."""
    counter = FrameNumbers()
    counter.restart(wraps=False)
    ids = (2**bits - 9, 2**bits - 8, 2**bits - 6, 2, 3)
    taken = [counter.take(one) for one in ids]
    assert [lost for _, lost in taken] == [0, 0, 1, 7, 0]
    assert np.diff([float(number) for number, _ in taken]).tolist() == [1, 2, 8, 1]


def test_numbers_go_on_after_the_camera_was_away() -> None:
    counter = FrameNumbers()
    counter.restart(wraps=True)
    assert counter.take(500) == (500, 0)
    counter.restart(wraps=True)
    assert counter.take(1) == (501, 0)
    assert counter.take(3) == (503, 1)


def test_a_broken_frame_may_show_the_id_of_an_older_one() -> None:
    counter = FrameNumbers()
    counter.restart(wraps=True)
    counter.take(65_534)
    assert counter.take_broken(65_528) == (65_535, 0)
    assert counter.take_broken(65_529) == (65_536, 0)
    assert counter.take(2) == (65_537, 0)
    assert counter.take_broken(65_531) == (65_538, 0), "from before the wrap"
    assert counter.take_broken(5) == (65_540, 1), "its own id"


@pytest.mark.parametrize(
    ("at", "middle"),
    [("exposure-start", 50.001), ("exposure-middle", 50.0), ("exposure-end", 49.999)],
)
def test_the_time_is_the_middle_of_the_exposure(at: str, middle: float) -> None:
    (frame,) = whole(maker(at), 1, 50.0, arrival=7.0)
    assert frame.device_time == pytest.approx(middle, abs=1e-9)
    assert frame.time == 7.0
    assert frame.exposure_us == 2000


def test_a_camera_without_a_clock() -> None:
    made = maker()
    (frame,) = made.whole(1, 0, 7.0, IMAGE)
    assert (frame.device_time, frame.time) == (None, 6.999)
    whole(made, 2, 50.0)
    (frame,) = made.whole(3, 50_000_000_000, 8.0, IMAGE)
    assert frame.device_time is None, "a stamp that does not rise tells nothing"


def test_a_clock_that_was_set_back_is_the_clock_from_then_on() -> None:
    """All further frames had the times of their arrival, in silence."""
    made = maker()
    whole(made, 1, 50.0)
    assert made.notice() is None
    times = []
    for k in range(2, 10):
        if k == 7:
            made.broken(6, 7.0, "x")
        found = whole(made, k, 1.0 + k / 100) if k != 6 else []
        times += [frame.device_time for frame in found]
    assert times[:3] == [None] * 3
    assert times[3:] == pytest.approx([1.051 + k / 100 for k in range(5)])
    notice = made.notice()
    assert notice is not None
    assert notice.code == "stamps-of-arrival"
    assert made.notice() is None, "once"


def test_a_stamp_that_stands_still_is_never_a_clock() -> None:
    made = maker()
    frames = [frame for k in range(20) for frame in whole(made, k + 1, 50.0)]
    assert [frame.device_time is None for frame in frames] == [False, *[True] * 19]


def test_broken_frames_wait_for_a_whole_one_and_stand_between() -> None:
    made = maker()
    whole(made, 1, 50.0, arrival=7.0)
    assert made.broken(2, 7.1, "packets are missing") == []
    assert made.broken(4, 7.1, "packets are missing") == []
    found = whole(made, 5, 50.08, arrival=7.1)
    assert [frame.device_frame for frame in found] == [2, 4, 5]
    assert [frame.lost for frame in found] == [0, 1, 0]
    assert [frame.device_time for frame in found] == pytest.approx([50.021, 50.061, 50.081])
    assert [frame.fault for frame in found] == ["packets are missing"] * 2 + [None]
    assert [frame.time for frame in found] == pytest.approx([7.1] * 3)


def test_broken_frames_at_the_start_stand_at_the_nominal_rate() -> None:
    made = maker()
    made.broken(1, 7.1, "x")
    first, second = whole(made, 2, 50.0, arrival=7.1)
    assert first.device_time == pytest.approx(49.991)
    assert second.device_time == pytest.approx(50.001)


def test_broken_frames_are_told_when_no_whole_one_comes() -> None:
    made = maker()
    whole(made, 1, 50.0)
    made.broken(2, 7.0, "x")
    assert made.overdue(7.0 + HOLD_S / 2) == []
    (late,) = made.overdue(7.01 + HOLD_S)
    assert (late.device_frame, late.device_time) == (2, None)
    assert made.overdue(99.0) == made.rest() == []
    many = [frame for k in range(200) for frame in made.broken(3 + k, 8.0 + k / 100, "x")]
    assert len(many) + len(made.rest()) == 200
    assert len(many) >= 100


@pytest.mark.parametrize(
    ("pixel_format", "width", "expected"),
    [("Mono8", 5, 5), ("Mono12", 4, 8), ("BayerRG10p", 8, 10), ("Mono12p", 4, 6), ("RGB8", 4, 12)],
)
def test_line_bytes(pixel_format: str, width: int, expected: int) -> None:
    assert line_bytes("face", pixel_format, width) == expected


@pytest.mark.parametrize("pixel_format", ["YUV422_8", "Mono12Packed", "BayerRG8p", "Mono14"])
def test_formats_that_cannot_be_recorded(pixel_format: str) -> None:
    with pytest.raises(DeviceError, match="cannot be recorded; set pixel_format to Mono"):
        line_bytes("face", pixel_format, 4)
