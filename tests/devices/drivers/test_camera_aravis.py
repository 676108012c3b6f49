"""`camera-aravis` and a GigE Vision camera on loopback, with lost packets and power cuts."""

from __future__ import annotations

import contextlib
import itertools
import json
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from devices.base import DeviceError, DeviceLost, Frame
from devices.camera import aravis_api
from devices.drivers.camera_aravis import RECEIVE_BYTES, AravisCamera, AravisSettings
from tests.acquire.program import wait_for
from tests.devices.contract import check
from tests.devices.fake_gige import ADDRESS, PROGRAM, FakeGige, Monotonic, fake_gige

if reason := AravisCamera.unavailable():
    pytest.skip(reason, allow_module_level=True)


@pytest.fixture(scope="module")
def one_camera() -> Iterator[FakeGige]:
    with fake_gige() as camera:
        yield camera


@pytest.fixture
def gige(one_camera: FakeGige) -> Iterator[FakeGige]:
    """Give a camera as it comes out of the box."""
    one_camera.start()
    yield one_camera
    one_camera.kill()


@pytest.fixture
def lossy(one_camera: FakeGige) -> Iterator[FakeGige]:
    """Give a camera on a line that loses 3 packets of 1000: many frames of 188 packets miss one."""
    one_camera.start("--gvsp-lost-ratio", "3")
    yield one_camera
    one_camera.kill()


@pytest.fixture
def cameras() -> Iterator[list[AravisCamera]]:
    """Hold what `make` made, and close it."""
    made: list[AravisCamera] = []
    yield made
    for camera in made:
        camera.close()


def make(made: list[AravisCamera], **settings: Any) -> AravisCamera:
    values = {"name": "face", "camera": ADDRESS} | settings
    camera = AravisCamera(AravisSettings.model_validate(values), Monotonic())
    made.append(camera)
    return camera


def pictures(camera: AravisCamera) -> Iterator[Frame]:
    return (item for item in camera.read() if isinstance(item, Frame))


def frames(camera: AravisCamera, count: int) -> list[Frame]:
    return list(itertools.islice(pictures(camera), count))


def test_it_keeps_the_contract(gige: FakeGige) -> None:
    check(AravisCamera, {"name": "a", "camera": ADDRESS}, seconds=1.0, clock=Monotonic())


def test_it_takes_what_it_is_asked_for_and_says_what_it_took(
    gige: FakeGige, cameras: list[AravisCamera]
) -> None:
    (spec,) = make(
        cameras,
        width=640,
        height=480,
        rate_hz=200,
        exposure_us=1234.5,
        pixel_format="BayerRG8",
        nodes={"GainRaw": 7, "TriggerMode": "Off"},
        packet_size=1400,
        packet_delay_ns=0,
    ).open()
    assert (spec.width, spec.height, spec.pixel_format) == (640, 480, "BayerRG8")
    assert spec.rate_hz == 200
    assert (spec.manufacturer, spec.model) == ("Aravis", "Fake")
    assert spec.desc["exposure_us"] == "1234"
    assert spec.desc["camera_timestamp"] == "exposure-start"


def test_a_value_that_the_camera_rounds_is_told(
    gige: FakeGige, cameras: list[AravisCamera], caplog: pytest.LogCaptureFixture
) -> None:
    camera = make(cameras, exposure_us=123.4)
    (spec,) = camera.open()
    note = "exposure_us: asked for 123.4, the camera took 123"
    assert spec.desc["rounded_by_camera"] == note
    assert caplog.messages == [f"face: {note}"]
    assert frames(camera, 1)[0].exposure_us == 123


def test_frames_are_numbered_beyond_65535_and_timed_by_the_camera(
    gige: FakeGige, cameras: list[AravisCamera]
) -> None:
    """The fake camera begins at 65401, so that its 16-bit block ids wrap at once."""
    camera = make(cameras, rate_hz=250, exposure_us=2000, width=64, height=32)
    camera.open()
    found = []
    for frame in camera.read():
        if not isinstance(frame, Frame):
            continue
        if frame.fault is None:  # a busy machine may lose packets even here
            assert frame.image is not None
            assert frame.image.shape == (32, 64)
            assert frame.image.any()
        found.append(frame)
        if frame.device_frame > 65_600:
            break
    first = found[0].device_frame
    assert first < 65_536
    assert sum(1 + frame.lost for frame in found) == found[-1].device_frame - first + 1
    own = [frame.device_time for frame in found if frame.device_time is not None]
    assert len(own) == len(found)
    assert all(a < b for a, b in itertools.pairwise(own))
    # The fake camera is not exact, and a frame may wait on a busy machine; but of a hundred some
    # arrive at once, and their stamps and their arrival tell the same story.
    waits = [frame.time - time for frame, time in zip(found, own, strict=True)]
    assert min(waits[:100]) == pytest.approx(min(waits[100:]), abs=0.25)


@contextlib.contextmanager
def connections() -> Iterator[None]:
    """Begin TCP connections on loopback all the time; nobody takes them."""
    done = threading.Event()

    def knock(address: tuple[str, int]) -> None:
        while not done.wait(0.0005):
            with socket.socket() as caller:
                caller.connect_ex(address)

    with socket.socket() as taken:
        taken.bind((ADDRESS, 0))
        thread = threading.Thread(target=knock, args=(taken.getsockname(),))
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()


def test_what_others_send_is_no_frame(gige: FakeGige, cameras: list[AravisCamera]) -> None:
    """As root, Aravis would listen to all of it for a moment, and hear nothing else for seconds."""
    with connections():
        for _ in range(5):
            gige.start()
            camera = make(cameras, width=64, height=32)
            camera.open()
            first = next(frame for frame in frames(camera, 10) if frame.fault is None)
            assert 65_400 < first.device_frame < 65_500
            camera.close()


def test_packets_that_nobody_fetched_yet_have_room(
    gige: FakeGige, cameras: list[AravisCamera]
) -> None:
    """A picture comes at once, and its packets take more room than it has bytes."""
    if int(Path("/proc/sys/net/core/rmem_max").read_text()) < RECEIVE_BYTES:
        pytest.skip("this system gives a socket less room (net.core.rmem_max)")
    camera = make(cameras, width=512, height=512, rate_hz=25)
    camera.open()
    found = frames(camera, 30)[1:]  # the room is made when the first packet has come
    assert sum(frame.fault is None for frame in found) > len(found) / 2


@pytest.mark.parametrize(
    ("pixel_format", "shape"),
    [("Mono8", (32, 64)), ("Mono16", (32, 128)), ("RGB8", (32, 64, 3)), ("BayerGB8", (32, 64))],
)
def test_formats(
    pixel_format: str, shape: tuple[int, ...], gige: FakeGige, cameras: list[AravisCamera]
) -> None:
    camera = make(cameras, width=64, height=32, pixel_format=pixel_format)
    assert camera.open()[0].pixel_format == pixel_format
    for frame in camera.read():
        if isinstance(frame, Frame) and frame.fault is None:  # the first may have come in pieces
            assert frame.image is not None
            assert frame.image.shape == shape
            return


def test_a_frame_with_lost_packets_has_a_fault_and_delays_no_other(
    lossy: FakeGige, cameras: list[AravisCamera]
) -> None:
    camera = make(cameras, rate_hz=50)
    camera.open()
    found = frames(camera, 100)
    broken = [frame for frame in found if frame.fault is not None]
    assert 0 < len(broken) < len(found)
    assert {frame.fault for frame in broken} <= set(aravis_api.FAULTS.values())
    assert all(frame.image is None for frame in broken)
    assert all(frame.image is not None for frame in found if frame.fault is None)
    # Of every frame some packet comes; on a busy machine the line may drop a whole one: counted.
    counted = [frame.device_frame - 1 - frame.lost for frame in found[1:]]
    assert counted == [frame.device_frame for frame in found[:-1]]
    own = [frame.device_time for frame in found if frame.device_time is not None]
    assert len(own) == len(found)
    assert all(a < b for a, b in itertools.pairwise(own))


def test_after_a_power_cut_the_same_camera_goes_on(
    gige: FakeGige, cameras: list[AravisCamera]
) -> None:
    camera = make(cameras, exposure_us=500)
    before = camera.open()
    assert camera.command("exposure", {"exposure_us": 700}) == {"exposure_us": 700.0}
    last = frames(camera, 3)[-1]
    gige.kill()
    with pytest.raises(DeviceLost, match=r"sent no frame for 2 s; check its power"):
        frames(camera, 1000)
    camera.close()
    with pytest.raises(DeviceError, match="is not open at the moment"):
        camera.command("exposure", {"exposure_us": 700})
    with pytest.raises(DeviceError, match="connect"):
        camera.open()
    gige.start()
    assert camera.open() == before
    first = frames(camera, 1)[0]
    assert last.device_frame < first.device_frame < last.device_frame + 1000
    assert first.exposure_us == 700


def test_a_camera_that_was_away_for_a_moment_only_is_lost_too(
    gige: FakeGige, cameras: list[AravisCamera]
) -> None:
    """It forgot its settings and who controls it."""
    camera = make(cameras)
    camera.open()
    frames(camera, 1)
    gige.kill()
    gige.start()
    with pytest.raises(DeviceLost, match="check its power"):
        frames(camera, 1000)
    camera.close()
    camera.open()
    assert frames(camera, 1)


def test_a_picture_of_another_size_is_an_incomplete_frame(
    gige: FakeGige, cameras: list[AravisCamera]
) -> None:
    """As many bytes in other lines were recorded as a picture."""
    camera = make(cameras, width=64, height=32)
    camera.open()
    assert frames(camera, 2)
    assert camera._nodes is not None
    camera._nodes.set("Width", 32)
    camera._nodes.set("Height", 64)
    faults = (frame.fault for frame in itertools.islice(pictures(camera), 200))
    assert "32 x 64 pixels, not 64 x 32" in faults


def test_a_trigger_starts_the_frames(gige: FakeGige, cameras: list[AravisCamera]) -> None:
    nodes = {"TriggerMode": "On", "TriggerSource": "Software"}
    camera = make(cameras, rate_hz=5, nodes=nodes, width=64, height=32)
    (spec,) = camera.open()
    assert spec.rate_hz == 5
    reader = camera.read()
    # Pieces of what the fake camera was sending before may come; without their head, no picture.
    came = [next(reader) for _ in range(25)]
    assert not any(frame.image is not None for frame in came if isinstance(frame, Frame)), (
        "more than 2 s without a trigger are no loss"
    )
    assert camera._nodes is not None
    camera._nodes.set("TriggerSoftware", True)
    wait_for(lambda: next(reader), what="the frame of the trigger")
    camera.close()
    with pytest.raises(DeviceError, match="set to wait for a trigger, and the rig does not say so"):
        make(cameras).open()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"width": 5000},
            r"width = 5000 is out of range; the camera takes 1 to 2048 in steps of 1",
        ),
        ({"rate_hz": 1e6}, r"rate_hz = 1000000 is out of range; the camera takes 0.1 to 1000"),
        ({"exposure_us": 1}, r"exposure_us = 1 is out of range; the camera takes 10 to 10000000"),
        ({"pixel_format": "Mono9"}, r"'Mono9' is not offered; use Mono8 or Mono16"),
        ({"gain_db": 3}, r"no node Gain or GainAbs; set its own node in `nodes`: .*GainRaw"),
        (
            {"nodes": {"ExposureTimeAb": 9}},
            r"no node 'ExposureTimeAb'; did you mean ExposureTimeAbs",
        ),
        ({"nodes": {"GainRaw": "high"}}, r"nodes.GainRaw = 'high' does not fit .* takes a number"),
        ({"nodes": {"GainRaw": 1.5}}, r"nodes.GainRaw = 1.5 does not fit"),
        ({"nodes": {"GainRaw": True}}, r"nodes.GainRaw = True does not fit"),
        ({"nodes": {"SensorWidth": 9}}, r"node SensorWidth: .* read only"),
        ({"nodes": {"TriggerSoftware": 3}}, r"is a command; `TriggerSoftware = true` runs it"),
        ({"nodes": {"TriggerMode": "On"}}, r"rate_hz is missing"),
        ({"packet_size": 100_000}, r"packet_size = 100000 was set, but the camera has"),
    ],
)
def test_what_cannot_be_had_is_an_error_with_the_remedy(
    settings: dict[str, Any], message: str, gige: FakeGige, cameras: list[AravisCamera]
) -> None:
    with pytest.raises(DeviceError, match=message) as caught:
        make(cameras, **settings).open()
    assert type(caught.value) is DeviceError
    assert str(caught.value).startswith("face")
    assert "\n" not in str(caught.value)


def test_an_absent_camera(one_camera: FakeGige, cameras: list[AravisCamera]) -> None:
    with pytest.raises(DeviceError, match=r"127\.0\.0\.1.*check power and cable") as caught:
        make(cameras).open()
    assert not isinstance(caught.value, DeviceLost)


def test_a_camera_that_another_program_holds(gige: FakeGige, cameras: list[AravisCamera]) -> None:
    code = (
        "import sys; from tests.devices.drivers.test_camera_aravis import make\n"
        "camera = make([])\n"
        "print(camera.open(), flush=True); sys.stdin.read(); camera.close()"
    )
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline()
        with pytest.raises(DeviceError, match="another program controls it; close that program"):
            make(cameras).open()
        other.communicate()
    make(cameras).open()


def test_commands_answer_what_is_true_now(gige: FakeGige, cameras: list[AravisCamera]) -> None:
    camera = make(cameras)
    camera.open()
    assert camera.command("exposure", {"exposure_us": 333.7}) == {"exposure_us": 333.0}
    assert frames(camera, 1)[0].exposure_us == 333
    with pytest.raises(DeviceError, match="out of range; the camera takes 10 to"):
        camera.command("exposure", {"exposure_us": 1})
    with pytest.raises(DeviceError, match="exposure_us = 'x' is not a number"):
        camera.command("exposure", {"exposure_us": "x"})
    for name, args in (("zoom", {}), ("exposure", {"us": 3}), ("gain", {})):
        with pytest.raises(DeviceError, match=r"unknown command .* knows: exposure, with"):
            camera.command(name, args)


IN_OWN_NETWORK = """
import json, subprocess, sys
from devices.base import DeviceError
from devices.drivers.camera_aravis import RECEIVE_BYTES, AravisCamera, AravisSettings
from tests.devices.fake_gige import FakeGige, Monotonic
gige = FakeGige()
told = {"none": len(AravisCamera.found())}
gige.start("-s", "SN7")
told["found"] = [(one.id, one.description, one.snippet) for one in AravisCamera.found()]
for wanted in (None, "SN7", "SN8", 1):
    camera = AravisCamera(AravisSettings(name="a", camera=wanted), Monotonic())
    try:
        camera.open()
        told[str(wanted)] = ""
    except DeviceError as error:
        told[str(wanted)] = str(error)
    camera.close()
gige.kill()
print(json.dumps(told))
"""


def test_discovery_by_index_serial_and_name() -> None:
    """In a network of its own: discovery asks on every interface, and tests stay on loopback."""
    if shutil.which(PROGRAM) is None:
        pytest.skip(f"there is no {PROGRAM} here; it is in Debian's package aravis-tools")
    inside = 'ip link set lo up && exec "$0" -c "$1"'
    command = ["unshare", "-rn", "sh", "-c", inside, sys.executable, IN_OWN_NETWORK]
    if shutil.which("unshare") is None or subprocess.run([*command[:2], "true"]).returncode:
        pytest.skip("network namespaces cannot be made here")
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["none"] == 0
    ((camera_id, description, snippet),) = told["found"]
    assert camera_id == "Aravis-Fake-SN7"
    assert description == "Aravis Fake, serial SN7, GigEVision 127.0.0.1"
    assert 'driver = "camera-aravis"' in snippet
    assert 'camera = "Aravis-Fake-SN7"' in snippet
    assert [told[key] for key in ("None", "SN7")] == [""] * 2
    assert told["SN8"] == "a: no camera 'SN8'; there are: " + (
        "'Aravis-Fake-SN7' (Fake, serial SN7, 127.0.0.1)"
    )
    assert "no camera 1; there are" in told["1"]


def test_without_the_library_the_remedy_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(aravis_api._SONAMES, aravis_api._platform(), ("libnone.so",) * 3)
    aravis_api.load.cache_clear()
    reason = AravisCamera.unavailable()
    assert reason is not None
    assert "apt install libaravis-0.8-0" in reason
    assert AravisCamera.found() == ()
