"""`camera-genicam` and Viky, the GenTL producer that comes with the package `genicam`."""

from __future__ import annotations

import itertools
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from devices.base import DeviceError, DeviceLost, Frame, Notice
from devices.camera import gentl
from devices.drivers.camera_genicam import GenicamCamera, GenicamCameraSettings
from tests.devices.contract import check
from tests.devices.fake_gige import Monotonic

if reason := GenicamCamera.unavailable():
    pytest.skip(reason, allow_module_level=True)

import genicam

VIKY = Path(genicam.__file__).parent / "viky.cti"
if not VIKY.is_file():
    pytest.skip(f"{VIKY} is missing: genicam is older than 1.6", allow_module_level=True)
SLOW_HZ = 20  # so that a busy computer loses no frame in between
PLAIN: dict[str, Any] = {"name": "face", "cti": VIKY, "pixel_format": "Mono8"}


@pytest.fixture(autouse=True)
def _sigint_stays_with_pytest() -> Iterator[None]:
    """Harvesters takes SIGINT when it is used in the main thread; in a device process it is not."""
    ours = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, ours)


@pytest.fixture
def cameras() -> Iterator[list[GenicamCamera]]:
    """Hold what `make` made, and close it: a producer serves one at a time in a process."""
    made: list[GenicamCamera] = []
    yield made
    for camera in made:
        camera.close()


def make(made: list[GenicamCamera], **settings: Any) -> GenicamCamera:
    camera = GenicamCamera(GenicamCameraSettings.model_validate(PLAIN | settings), Monotonic())
    made.append(camera)
    return camera


def pictures(camera: GenicamCamera) -> Iterator[Frame]:
    return (item for item in camera.read() if isinstance(item, Frame))


def frames(camera: GenicamCamera, count: int) -> list[Frame]:
    return list(itertools.islice(pictures(camera), count))


def test_a_producer_without_time_stamps_is_told_once_and_described(
    cameras: list[GenicamCamera], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Frames had the times of their arrival, and nobody was told."""
    camera = make(cameras, rate_hz=100)
    (spec,) = camera.open()
    assert spec.time_source == "arrival"
    items = [item for item in itertools.islice(camera.read(), 30) if item is not None]
    (notice,) = [item for item in items if isinstance(item, Notice)]
    assert (notice.level, notice.code) == ("warning", "stamps-of-arrival")
    assert "`chunk_timestamp`" in notice.text
    assert isinstance(items[0], Frame), "the first frame, which was looked at, is read"
    camera.close()
    monkeypatch.setattr(GenicamCamera, "_stamp_ns", lambda *_: time.monotonic_ns())
    other = make(cameras, rate_hz=100)
    (spec,) = other.open()
    assert spec.time_source == ""
    assert not [item for item in itertools.islice(other.read(), 30) if isinstance(item, Notice)]


def test_it_keeps_the_contract() -> None:
    check(GenicamCamera, PLAIN, seconds=1.0, clock=Monotonic())


def test_it_takes_what_it_is_asked_for(cameras: list[GenicamCamera]) -> None:
    nodes = {"BouncingBallSize": 33}
    camera = make(cameras, width=320, height=200, rate_hz=100, nodes=nodes, camera="1")
    (spec,) = camera.open()
    assert (spec.width, spec.height, spec.pixel_format, spec.rate_hz) == (320, 200, "Mono8", 100)
    assert (spec.manufacturer, spec.model) == ("Machine Vision Games Ltd.", "Viky")
    assert spec.desc["camera_id"] == "VikyTL_DEV_green"
    assert camera._nodes is not None
    assert camera._nodes.get("BouncingBallSize") == 33


def test_frames_are_numbered_and_have_pictures(cameras: list[GenicamCamera]) -> None:
    camera = make(cameras, rate_hz=100)
    camera.open()
    begun = Monotonic().now()
    shapes, found, times = set(), [], []
    for frame in itertools.islice(pictures(camera), 30):
        assert frame.image is not None
        assert frame.image.any()
        shapes.add(frame.image.shape)
        found.append(frame)
        times.append(frame.time)
        assert frame.device_time is None, "Viky has no clock: arrival is all there is"
    assert shapes == {(400, 400)}
    assert all(b.device_frame - a.device_frame == 1 + b.lost for a, b in itertools.pairwise(found))
    arrivals = [begun, *times, Monotonic().now()]
    assert arrivals == sorted(arrivals), "by this clock"


def test_a_slow_reader_loses_frames_and_they_are_counted(cameras: list[GenicamCamera]) -> None:
    camera = make(cameras, rate_hz=200, buffers=4)
    camera.open()
    reader = pictures(camera)
    found = [next(reader)]
    clock = Monotonic()
    clock.sleep_until(clock.now() + 0.3)  # 60 frames into 4 buffers
    while not any(frame.lost for frame in found[1:]):
        found.append(next(reader))
        assert len(found) < 50
    gap = found[-1]
    assert gap.lost > 10
    assert gap.device_frame == found[-2].device_frame + 1 + gap.lost


def test_incomplete_buffers_become_frames_with_a_fault(cameras: list[GenicamCamera]) -> None:
    """Viky sends none: the event that Harvesters raises for one is raised by hand."""
    camera = make(cameras, rate_hz=SLOW_HZ)
    camera.open()
    reader = pictures(camera)
    before = next(reader)
    acquirer = camera._acquirer
    acquirer._emit_callbacks(acquirer.Events.INCOMPLETE_BUFFER)
    camera._fetch().queue()  # its picture is what got lost
    broken, whole = next(reader), next(reader)
    assert (broken.device_frame, broken.fault, broken.image) == (
        before.device_frame + 1,
        "incomplete",
        None,
    )
    assert (whole.device_frame, whole.fault, whole.lost) == (before.device_frame + 2, None, 0)


def test_chunks_are_switched_on_and_read(cameras: list[GenicamCamera]) -> None:
    """Viky's chunk counts the bounces of a ball; it stands in for the exposure."""
    camera = make(cameras, rate_hz=200, chunk_exposure="ChunkNrBounces")
    camera.open()
    assert camera._nodes is not None
    assert camera._nodes.get("ChunkModeActive") is True
    assert all(isinstance(frame.exposure_us, int) for frame in frames(camera, 20))


def test_a_frame_without_its_chunk_is_one_incomplete_frame(
    cameras: list[GenicamCamera], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ended the camera for good. Viky leaves none out: one reading is made to fail."""
    camera = make(cameras, rate_hz=SLOW_HZ, chunk_exposure="ChunkNrBounces")
    camera.open()
    reader = pictures(camera)
    before = next(reader)
    nodes, fails = camera._nodes, iter([True])
    assert nodes is not None
    read = nodes.get

    def get(name: str) -> Any:
        if next(fails, False):
            raise DeviceError(f"face: node {name}: Node is not readable.")
        return read(name)

    monkeypatch.setattr(nodes, "get", get)
    broken, whole = next(reader), next(reader)
    assert broken.image is None
    assert broken.fault == "face: node ChunkNrBounces: Node is not readable."
    first = before.device_frame
    assert [broken.device_frame, whole.device_frame] == [first + 1, first + 2]
    assert (whole.fault, whole.lost) == (None, 0)


def test_a_producer_without_numbers_is_told_once_and_its_frames_are_counted(
    cameras: list[GenicamCamera], monkeypatch: pytest.MonkeyPatch
) -> None:
    """GenTL lets a producer have none: each frame was an error of the driver. Viky has them."""
    from genicam.gentl import NotImplementedException
    from harvesters.core import Buffer

    def none(buffer: Any) -> int:
        raise NotImplementedException("no such information")

    monkeypatch.setattr(Buffer, "frame_id", property(none), raising=False)
    camera = make(cameras, rate_hz=100)
    camera.open()
    items = [item for item in itertools.islice(camera.read(), 30) if item is not None]
    codes = [item.code for item in items if isinstance(item, Notice)]
    assert codes.count("frames-unnumbered") == 1
    found = [item for item in items if isinstance(item, Frame)]
    assert [frame.device_frame for frame in found] == list(range(1, len(found) + 1))
    assert not any(frame.fault for frame in found)


def test_a_picture_of_another_size_is_an_incomplete_frame(cameras: list[GenicamCamera]) -> None:
    """As many bytes in other lines were recorded as a picture. Viky keeps its size."""
    camera = make(cameras, rate_hz=100)
    camera.open()
    camera._maker.size = (200, 800)
    found = [*frames(camera, 1), *camera.held_back()]
    assert {frame.fault for frame in found} == {"400 x 400 pixels, not 200 x 800"}
    assert all(frame.image is None for frame in found)


@pytest.mark.parametrize("error", [ValueError("buffer is smaller"), KeyError(0x1234)])
def test_a_frame_that_describes_itself_wrongly_costs_itself(
    error: Exception, cameras: list[GenicamCamera], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The driver broke, and its buffer was gone for ever: Harvesters raises these for one."""
    from harvesters.core import Buffer

    camera = make(cameras, rate_hz=100, buffers=4)
    camera.open()
    build, fails = Buffer._build_payload, itertools.cycle([False, True])

    def odd(**parts: Any) -> Any:
        if next(fails):
            raise error
        return build(**parts)

    monkeypatch.setattr(Buffer, "_build_payload", staticmethod(odd))
    found = frames(camera, 41)  # far more than there are buffers
    assert sum(frame.fault == "incomplete" for frame in found) >= 10
    numbers = [frame.device_frame for frame in found]
    assert numbers == sorted(set(numbers))


def test_a_producer_that_fails_in_the_middle(
    cameras: list[GenicamCamera], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Viky cannot be unplugged: the call that then fails is made to fail as GenTL says."""
    from genicam.gentl import InvalidHandleException

    camera = make(cameras)
    before = camera.open()
    first = frames(camera, 3)[-1]

    def gone(timeout: float, is_raw: bool) -> None:
        raise InvalidHandleException("the device\nis gone")

    monkeypatch.setattr(camera._acquirer, "try_fetch", gone)
    with pytest.raises(DeviceLost, match=r"is gone \(the device is gone\); check its power"):
        frames(camera, 1)
    camera.close()
    assert camera.open() == before
    assert frames(camera, 1)[0].device_frame > first.device_frame


def test_a_camera_that_falls_silent_is_lost(cameras: list[GenicamCamera]) -> None:
    camera = make(cameras)
    camera.open()
    frames(camera, 1)
    camera._acquirer.stop()
    camera._silence_s = 0.3
    with pytest.raises(DeviceLost, match=r"sent no frame for 0\.3 s; check its power"):
        frames(camera, 100)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"width": 5000}, r"width = 5000 is out of range; the camera takes 100 to 800 in steps"),
        ({"rate_hz": 333}, r"rate_hz = 333 is out of range; the camera takes 1 to 200"),
        ({"pixel_format": "Mono12"}, r"'Mono12' is not offered; use Mono8 or RGBa8"),
        ({"pixel_format": "RGBa8"}, r"RGBa8 cannot be recorded; set pixel_format to Mono"),
        ({"exposure_us": 100}, r"no node ExposureTime or ExposureTimeAbs; leave it out"),
        ({"nodes": {"BouncingBallSiz": 3}}, r"no node 'BouncingBallSiz'; did you mean Bounc"),
        ({"nodes": {"BouncingBallSize": 41}}, r"41 is out of range; the camera takes 1 to 40"),
        ({"nodes": {"PayloadSize": 4}}, r"node PayloadSize: Node is not writable"),
        ({"chunk_frame_id": "ChunkFrameID"}, r"'FrameID' is not offered; use NrBounces"),
        ({"camera": "7"}, r"no camera '7'; there are: 'VikyTL_DEV_red' \(serial 0\)"),
        ({"camera": 3}, r"no camera 3; there are"),
        ({"camera": "Viky"}, r"'Viky' is meant by 3; use an id of 'VikyTL_DEV_red'"),
        ({"cti": "/no/such.cti"}, r"there is no file .*such\.cti; install the camera vendor's"),
        ({"cti": __file__}, r"is no GenTL producer: .*; install the camera vendor's software"),
        ({"cti": None}, r"no GenTL producer: `cti` is not set, and no GENICAM_GENTL64_PATH"),
    ],
)
def test_what_cannot_be_had_is_an_error_with_the_remedy(
    settings: dict[str, Any],
    message: str,
    cameras: list[GenicamCamera],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(gentl.VARIABLE, raising=False)
    with pytest.raises(DeviceError, match=message) as caught:
        make(cameras, **settings).open()
    assert type(caught.value) is DeviceError
    assert str(caught.value).startswith("face: ")
    assert "\n" not in str(caught.value)


def test_a_library_that_is_no_producer_does_not_crash_us(cameras: list[GenicamCamera]) -> None:
    library = next(VIKY.parent.glob("libLog_*.so"), None)
    if library is None:
        pytest.skip("this platform's genicam brings no library to try")
    with pytest.raises(DeviceError, match="the library has none of GenTL's functions"):
        make(cameras, cti=library).open()


def test_a_camera_that_is_held_already(cameras: list[GenicamCamera]) -> None:
    first, second = make(cameras), make(cameras)
    first.open()
    assert first._cameras is not None
    (info, *_) = first._cameras._harvester.device_info_list
    second._cameras = first._cameras
    try:
        with pytest.raises(DeviceError, match=r"is held by another program .*; close that program"):
            second._acquire(info)
    finally:
        second._cameras = None


def test_commands(cameras: list[GenicamCamera]) -> None:
    camera = make(cameras)
    with pytest.raises(DeviceError, match="is not open at the moment"):
        camera.command("exposure", {"exposure_us": 100})
    camera.open()
    with pytest.raises(DeviceError, match="no node ExposureTime"):
        camera.command("exposure", {"exposure_us": 100})
    with pytest.raises(DeviceError, match="unknown command 'zoom'"):
        camera.command("zoom", {})


def test_discovery(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "broken.cti").write_text("not a library")
    monkeypatch.setenv(gentl.VARIABLE, str(tmp_path))
    assert GenicamCamera.found() == ()
    monkeypatch.setenv(gentl.VARIABLE, f"{tmp_path}:{VIKY.parent}")
    found = GenicamCamera.found()
    assert [one.id for one in found] == [f"VikyTL_DEV_{c}" for c in ("red", "green", "blue")]
    assert found[0].description == "Machine Vision Games Ltd. Viky 0 Custom"
    assert 'camera = "VikyTL_DEV_red"' in found[0].snippet


def test_without_harvesters_the_remedy_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "harvesters.core", None)
    reason = GenicamCamera.unavailable()
    assert reason is not None
    assert "pip install unisono[genicam]" in reason
    assert GenicamCamera.found() == ()
