"""The simulated camera: numbered frames, a patch lit with the world, a face that moves."""

from __future__ import annotations

import itertools
import time

import numpy as np
import pytest
from pydantic import ValidationError

from devices.arrays import U8Array
from devices.base import DeviceError, Frame, VideoSpec
from devices.drivers.simulated_camera import CameraSettings, SimulatedCamera
from devices.simulation.face import Face
from devices.simulation.faults import Faults
from devices.simulation.world import World
from tests.devices.clock import FakeClock


def make(clock: FakeClock, **changes: object) -> SimulatedCamera:
    values = {"name": "face", "width": 320, "height": 200, "rate_hz": 150} | changes
    return SimulatedCamera(CameraSettings.model_validate(values), clock)


def frames_with_images(
    camera: SimulatedCamera, clock: FakeClock, seconds: float
) -> list[tuple[Frame, U8Array]]:
    camera.open()
    found, end = [], clock.now() + seconds
    for item in camera.read():
        if item is not None:
            assert item.image is not None
            found.append((item, item.image.copy()))
        if clock.now() >= end:
            break
    return found


def strip_number(image: U8Array) -> int:
    """Read the strip as its documentation says, every pixel of every cell."""
    cells = image[:8, :256].reshape(8, 32, 8).transpose(1, 0, 2).reshape(32, 64)
    assert (cells == cells[:, :1]).all()
    assert set(np.unique(cells)) <= {0, 255}
    return int("".join("1" if cell else "0" for cell in cells[:, 0]), 2)


@pytest.mark.parametrize("pixel_format", ["Mono8", "BayerRG8"])
def test_the_strip_is_the_device_frame_number(pixel_format: str, clock: FakeClock) -> None:
    camera = make(clock, pixel_format=pixel_format, faults={"drop_probability": 0.1})
    found = frames_with_images(camera, clock, 10.0)
    at = 0
    for frame, image in found:
        assert strip_number(image) == frame.device_frame == at + frame.lost
        at = frame.device_frame + 1
    assert at == pytest.approx(1500, abs=3)


def test_the_textured_look_has_strip_and_patch_too(clock: FakeClock) -> None:
    found = frames_with_images(make(clock, look="textured"), clock, 6.0)
    assert [strip_number(image) for _, image in found] == [f.device_frame for f, _ in found]
    lit = World(1).lit_at(np.array([frame.time for frame, _ in found])).tolist()
    assert [bool(image[:64, -64:].min()) for _, image in found] == lit
    assert any(lit)


def test_big_numbers_fill_the_strip(clock: FakeClock) -> None:
    camera = make(clock)
    camera.open()
    for number in (0, 1, 0x80000001, 0xFFFFFFFF, 0x12345678, 0):
        assert strip_number(camera._image(number)) == number


def test_the_patch_follows_the_photodiode(clock: FakeClock) -> None:
    found = frames_with_images(make(clock, faults={"drift_ppm": 100}), clock, 30.0)
    lit = 0
    for frame, image in found:
        assert frame.device_time is not None
        patch = image[:64, -64:]
        expected = World(1).lit_at(np.array([frame.device_time / 1.0001]))[0]
        assert (patch == (255 if expected else 0)).all()
        lit += expected
    assert lit > 20


def test_the_eyes_close_in_a_blink_and_the_mouth_moves(clock: FakeClock) -> None:
    found = frames_with_images(make(clock), clock, 60.0)
    times = np.array([frame.time for frame, _ in found])
    eyes = np.array([image[70:110, 100:220].mean() for _, image in found])
    mouth = np.array([image[130:160, 100:220].mean() for _, image in found])
    for blink in World(1).times("blink", times[0] + 1, times[-1] - 1):
        i = np.abs(times - blink).argmin()
        assert abs(eyes[i] - eyes[i - 30]) > 0.5
    for m in World(1).movements(times[0] + 5, times[-1] - 5):
        if m.intensity > 0.6:
            i, j = np.abs(times - m.apex).argmin(), np.abs(times - m.onset).argmin() - 3
            assert abs(mouth[i] - mouth[j]) > 1.0


def test_bayer_pixels_follow_the_pattern(clock: FakeClock) -> None:
    """The backdrop, bottom left, is green: both green planes are brighter than red and blue."""
    (_, image), *_ = frames_with_images(make(clock, pixel_format="BayerRG8"), clock, 0.1)
    red, g1, g2, blue = (
        image[y:, :40][100::2, x::2].mean() for y, x in itertools.product((0, 1), (0, 1))
    )
    assert red == pytest.approx(70, abs=1)
    assert g1 == pytest.approx(150, abs=1)
    assert g2 == pytest.approx(150, abs=1)
    assert blue == pytest.approx(80, abs=1)


def test_frames_carry_arrival_device_time_and_exposure(clock: FakeClock) -> None:
    faults = Faults(latency_ms=4, jitter_ms=2, clock_offset_s=10, drift_ppm=-50)
    for frame, _ in frames_with_images(make(clock, faults=faults), clock, 3.0):
        assert frame.device_time is not None
        true = (frame.device_time - 10) / (1 - 50e-6)
        assert 0.004 - 1e-9 <= frame.time - true <= 0.004 + 0.020 + 1e-9
        assert frame.exposure_us == 5000
        assert true == pytest.approx(1000 + frame.device_frame / 150 / (1 - 50e-6), abs=1e-8)


def test_the_exposure_fits_in_a_frame_and_can_be_changed(clock: FakeClock) -> None:
    camera = make(clock, rate_hz=500)
    assert next(iter(frames_with_images(camera, clock, 0.1)))[0].exposure_us == 1600
    assert camera.command("exposure", {"exposure_us": 900}) == {"exposure_us": 900.0}
    assert next(iter(frames_with_images(camera, clock, 0.1)))[0].exposure_us == 900
    with pytest.raises(DeviceError, match=r"exposure_us = 2500 is out of range.*at most 2000"):
        camera.command("exposure", {"exposure_us": 2500})
    with pytest.raises(DeviceError, match="unknown command 'zoom'"):
        camera.command("zoom", {})
    with pytest.raises(DeviceError, match="exposure_us = 3000 is out of range"):
        make(clock, rate_hz=500, exposure_us=3000).open()


def test_a_late_reader_loses_old_frames_and_they_are_counted(clock: FakeClock) -> None:
    camera = make(clock)
    camera.open()
    reader = (frame for frame in camera.read() if frame is not None)
    first = [next(reader) for _ in range(10)]
    clock.time += 5.0
    late = next(reader)
    assert late.lost == pytest.approx(750, abs=5)
    assert late.device_frame == first[-1].device_frame + 1 + late.lost


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"width": 318}, "318 is too narrow: .*256 px.*64 px.*at least 320"),
        ({"height": 62}, "62 is too low: .*at least 64"),
        ({"width": 641}, "multiple of 2"),
        ({"rate_hz": 0}, "rate_hz"),
        ({"pixel_format": "Mono12p"}, "pixel_format"),
    ],
)
def test_impossible_frames_are_refused(
    wrong: dict[str, object], reason: str, clock: FakeClock
) -> None:
    with pytest.raises(ValidationError, match=reason):
        make(clock, **wrong)


def test_the_spec_tells_where_strip_and_patch_are(clock: FakeClock) -> None:
    (spec,) = make(clock, pixel_format="BayerRG8").open()
    assert isinstance(spec, VideoSpec)
    assert spec.desc["strip"] == "32 cells of 8x8 px, top left, one row, MSB first"
    assert spec.desc["patch"] == "64x64 px, top right"


def test_two_cameras_in_one_process_do_not_share_images(clock: FakeClock) -> None:
    a, b = make(clock), make(clock, name="side")
    a.open()
    b.open()
    image = a._image(7)
    b._image(9)
    assert strip_number(image) == 7


def test_full_size_images_are_soon_drawn_and_small_enough(clock: FakeClock) -> None:
    camera = make(clock, width=2048, height=1088, pixel_format="BayerRG8")
    begun = time.process_time()
    camera.open()
    assert time.process_time() - begun < 1.5
    assert isinstance(camera._face, Face)
    size = sum(image.nbytes for images in camera._face._images.values() for image in images)
    assert size < 100e6
    big = make(clock, width=8192, height=4096)
    big.open()
    assert isinstance(big._face, Face)
    assert sum(i.nbytes for images in big._face._images.values() for i in images) < 100e6
