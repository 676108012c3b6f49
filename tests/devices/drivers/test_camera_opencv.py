"""`camera-opencv` and a network camera on loopback: there is no webcam where tests run."""

from __future__ import annotations

import contextlib
import itertools
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from devices.base import ARRIVAL, DeviceError, DeviceLost, Frame, Notice
from devices.camera import opencv_capture, opencv_sources
from devices.camera.opencv_capture import WAITING, import_cv2
from devices.camera.opencv_configurator import OpencvSettings, exposure_units, exposure_us
from devices.drivers import camera_opencv
from devices.drivers.camera_opencv import OpencvCamera
from tests.devices.contract import check
from tests.devices.fake_gige import Monotonic, wait_until
from tests.ports import free_port

if reason := OpencvCamera.unavailable():
    pytest.skip(reason, allow_module_level=True)

# Sends 50 pictures a second over TCP, each all of one gray that rises; ends with the connection.
SENDER = """
import sys, time, av, numpy as np
out = av.open(f"tcp://127.0.0.1:{sys.argv[1]}?listen=1&listen_timeout=30000", "w", format="nut")
stream = out.add_stream("rawvideo", rate=50)
stream.width, stream.height, stream.pix_fmt = 96, 64, "bgr24"
start = time.monotonic()
for k in range(10**6):
    image = np.full((64, 96, 3), (10, k % 200, 30), np.uint8)
    out.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
    time.sleep(max(0.0, start + k / 50 - time.monotonic()))
"""


class Sender:
    """A network camera."""

    def __init__(self) -> None:
        self.port = free_port()
        self.address = f"tcp://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Wait for one connection."""
        self.stop()
        command = [sys.executable, "-c", SENDER, str(self.port)]
        self._process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        wait_until(self._listens, 60, "the sender listens")

    def _listens(self) -> bool:
        """Look, without a connection: it takes only one."""
        local = f"0100007F:{self.port:04X}"
        lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
        return any(line.split()[1] == local and line.split()[3] == "0A" for line in lines)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@pytest.fixture
def sender() -> Iterator[Sender]:
    if sys.platform != "linux":
        pytest.skip("looks for listeners in /proc")
    one = Sender()
    one.start()
    yield one
    one.stop()


@pytest.fixture
def cameras() -> Iterator[list[OpencvCamera]]:
    made: list[OpencvCamera] = []
    yield made
    for camera in made:
        camera.close()


def make(made: list[OpencvCamera], camera: object, **settings: Any) -> OpencvCamera:
    values = {"name": "face", "camera": camera} | settings
    made.append(OpencvCamera(OpencvSettings.model_validate(values), Monotonic()))
    return made[-1]


def frames(camera: OpencvCamera, count: int) -> list[Frame]:
    found = (item for item in camera.read() if isinstance(item, Frame))
    return list(itertools.islice(found, count))


def test_a_live_source_is_numbered_and_timed(sender: Sender, cameras: list[OpencvCamera]) -> None:
    camera = make(cameras, sender.address, width=96, height=64, rate_hz=50)
    (spec,) = camera.open()
    assert (spec.width, spec.height, spec.pixel_format, spec.rate_hz) == (96, 64, "RGB8", 50)
    assert spec.desc == {"backend": "FFMPEG"}
    found = frames(camera, 50)
    # A busy machine may drop pictures: then the numbers say so, and agree with the pictures.
    numbers = np.array([f.device_frame for f in found])
    steps = np.diff(numbers, prepend=0)
    assert steps.tolist() == [1 + f.lost for f in found]
    grays = []
    for frame in found:
        assert frame.image is not None
        assert frame.image.shape == (64, 96, 3)
        assert (frame.image[..., 0] == 30).all(), "red comes first"
        assert (frame.image[..., 2] == 10).all()
        grays.append(int(frame.image[0, 0, 1]))
    assert np.diff(grays).tolist() == steps[1:].tolist()
    own = [(f.device_frame, f.device_time) for f in found if f.device_time is not None]
    assert len(own) >= 49, "the first stamp may be 0, which could also mean none"
    number, time = np.array(own).T
    assert np.diff(time) == pytest.approx(np.diff(number) / 50, abs=1e-3)


class FakeCapture:
    """A `cv2.VideoCapture` that gives what a test says; None is a grab that fails."""

    def __init__(self, pictures: list[Any]) -> None:
        self._pictures = iter(pictures)
        self._newest: Any = None

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's names
        return True

    def getBackendName(self) -> str:  # noqa: N802
        return "V4L2"

    def get(self, prop: int) -> float:
        return 100.0 if prop == CAP_PROP_FPS else 0.0

    def set(self, prop: int, value: float) -> bool:
        return True

    def grab(self) -> bool:
        time.sleep(0.002)
        self._newest = next(self._pictures, None)
        return self._newest is not None

    def retrieve(self) -> tuple[bool, Any]:
        if isinstance(self._newest, Exception):
            raise self._newest
        return self._newest is not SPOILT, None if self._newest is SPOILT else self._newest

    def release(self) -> None:
        pass


CAP_PROP_FPS = 5
SPOILT = "a picture that cannot be decoded"
GRAY = np.full((64, 96, 3), 7, np.uint8)


def fake(monkeypatch: pytest.MonkeyPatch, pictures: list[Any]) -> None:
    """Have OpenCV open a camera that gives these, to a reader that may be late."""
    monkeypatch.setattr(opencv_capture, "WAITING", 1000)
    monkeypatch.setattr(import_cv2(), "VideoCapture", lambda *_: FakeCapture(pictures))


@pytest.mark.parametrize("spoilt", [None, SPOILT, ValueError("no JPEG"), np.zeros((4, 4, 2), "u1")])
def test_a_spoilt_picture_is_incomplete_and_the_camera_goes_on(
    spoilt: Any, cameras: list[OpencvCamera], monkeypatch: pytest.MonkeyPatch
) -> None:
    fake(monkeypatch, [GRAY, GRAY, spoilt, GRAY, spoilt, spoilt, *[GRAY] * 50])
    camera = make(cameras, 0)
    camera.open()
    found = frames(camera, 8)
    assert [f.image is None for f in found] == [False, False, True, False, True, True, False, False]
    assert [f.fault for f in found if f.image is None] == ["the picture could not be decoded"] * 3
    assert [f.device_frame for f in found] == list(range(1, 9))
    assert sum(f.lost for f in found) == 0
    assert (np.diff([f.time for f in found]) > 0).all()


def until_it_ends(camera: OpencvCamera) -> list[Frame]:
    found: list[Frame] = []
    with pytest.raises(DeviceLost):
        found.extend(item for item in camera.read() if isinstance(item, Frame))
    return found


def test_spoilt_pictures_are_counted_though_no_good_one_follows(
    cameras: list[OpencvCamera], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where OpenCV does not tell them from an end, the time that they took does."""
    fake(monkeypatch, [GRAY, *[None] * 200, *[GRAY] * 50])
    monkeypatch.setattr(opencv_capture, "WAITING", 8)
    monkeypatch.setattr(opencv_capture, "TIMEOUT_S", 0.5)
    camera = make(cameras, 0)
    camera.open()
    found = until_it_ends(camera)
    assert [f.image is None for f in found] == [False] + [True] * (len(found) - 1)
    assert len(found) > 20
    assert [f.device_frame for f in found] == list(range(1, len(found) + 1))


def test_what_was_dropped_before_the_end_is_counted(
    cameras: list[OpencvCamera], monkeypatch: pytest.MonkeyPatch
) -> None:
    over = threading.Event()

    class Ending(FakeCapture):
        def grab(self) -> bool:  # fails at once, as at the end of a source
            self._newest = next(self._pictures, None)
            if self._newest is None:
                over.set()
            return self._newest is not None

    monkeypatch.setattr(opencv_capture, "TIMEOUT_S", 0.3)
    monkeypatch.setattr(import_cv2(), "VideoCapture", lambda *_: Ending([GRAY] * 100))
    camera = make(cameras, 0)
    camera.open()
    wait_until(over.is_set, 60, "all pictures have come, and nobody has fetched them")
    found = until_it_ends(camera)
    assert sum(1 + f.lost for f in found) == 100 == found[-1].device_frame


def test_a_size_that_changes_is_seen_and_said(
    cameras: list[OpencvCamera], monkeypatch: pytest.MonkeyPatch
) -> None:
    wide = np.zeros((80, 128, 3), np.uint8)
    fake(monkeypatch, [GRAY, wide, wide, GRAY, wide.transpose(1, 0, 2), *[GRAY] * 50])
    camera = make(cameras, 0)
    (spec,) = camera.open()
    assert (spec.width, spec.height) == (96, 64)
    found = list(itertools.islice((item for item in camera.read() if item is not None), 10))
    told = [item for item in found if isinstance(item, Notice)]
    assert [n.code for n in told] == ["size-changed", "size-as-before"] * 2
    assert told[0].level == "warning"
    assert "128x80" in told[0].text
    assert "96x64" in told[0].text
    stored = [item.image is not None for item in found if isinstance(item, Frame)]
    assert stored == [True, False, False, True, False, True]


# A web camera: JPEG after JPEG over HTTP, some of which are cut off.
@pytest.mark.parametrize(
    "spoilt",
    [{7}, {0}, {0, 1, 2}, {18, 19}, set(range(7, 207))],
    ids=["one", "the first", "the first three", "the last two", "200 in a row, for 2 s and more"],
)
def test_corrupt_jpegs_of_a_network_camera_are_counted(
    spoilt: set[int], cameras: list[OpencvCamera], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opencv_capture, "WAITING", 1000)
    monkeypatch.setattr(opencv_capture, "TIMEOUT_S", 1)  # they last longer than a silence may
    cv2 = import_cv2()
    pictures = [
        cv2.imencode(".jpg", np.full((64, 96, 3), k % 200, np.uint8))[1].tobytes()
        for k in range(max(20, max(spoilt) + 1))
    ]
    for k in spoilt:
        pictures[k] = pictures[k][: len(pictures[k]) // 3]
    with network_camera(pictures) as address:
        camera = make(cameras, address, rate_hz=25)
        camera.open()
        found: list[Frame] = []
        with pytest.raises(DeviceLost, match="and the network"):
            found.extend(f for f in camera.read() if isinstance(f, Frame))
    assert sum(f.lost for f in found) == 0
    assert {f.device_frame - 1 for f in found if f.image is None} == spoilt
    assert [f.device_frame for f in found] == list(range(1, len(pictures) + 1))


def test_a_last_picture_that_ffmpeg_may_keep_is_told(
    cameras: list[OpencvCamera], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a length FFmpeg gives a picture when the next one begins; the last one, never."""
    monkeypatch.setattr(opencv_capture, "TIMEOUT_S", 1)
    picture = import_cv2().imencode(".jpg", GRAY)[1].tobytes()
    with network_camera([picture] * 5, lengths=False) as address:
        camera = make(cameras, address, rate_hz=25)
        camera.open()
        found: list[Any] = []
        with pytest.raises(DeviceLost):
            found.extend(item for item in camera.read() if item is not None)
    assert sum(isinstance(item, Frame) for item in found) >= 4
    assert found[-1].code == "last-picture"


def test_pictures_over_http_have_the_time_of_their_arrival(
    cameras: list[OpencvCamera], monkeypatch: pytest.MonkeyPatch
) -> None:
    """FFmpeg says that they are 25 a second: those of 50 could not be said to be so, nor timed."""
    monkeypatch.setattr(opencv_capture, "TIMEOUT_S", 1)
    picture = import_cv2().imencode(".jpg", GRAY)[1].tobytes()
    with network_camera([picture] * 20) as address:
        camera = make(cameras, address, rate_hz=50)
        (spec,) = camera.open()
        found: list[Frame] = []
        with pytest.raises(DeviceLost):
            found.extend(item for item in camera.read() if isinstance(item, Frame))
    assert (spec.rate_hz, spec.time_source) == (50.0, ARRIVAL)
    assert found
    assert all(frame.device_time is None for frame in found)


def test_a_network_camera_that_says_nothing_is_not_to_be_unplugged(
    cameras: list[OpencvCamera], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(camera_opencv, "OPEN_S", 3.0)
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}/v.mjpg"
        with pytest.raises(DeviceError, match="switched on, that its address, port") as told:
            make(cameras, address).open()
    assert "plug it in" not in str(told.value)


@contextlib.contextmanager
def network_camera(pictures: list[bytes], *, lengths: bool = True) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=send_pictures, args=(server, pictures, lengths))
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/v.mjpg"
        thread.join()


def send_pictures(server: socket.socket, pictures: list[bytes], lengths: bool) -> None:
    peer, _ = server.accept()
    with peer:
        peer.recv(4096)
        head = b"HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=p\r\n\r\n"
        peer.sendall(head)
        for picture in pictures:
            length = b"Content-Length: %d\r\n" % len(picture) if lengths else b""
            part = b"--p\r\nContent-Type: image/jpeg\r\n" + length + b"\r\n"
            peer.sendall(part + picture + b"\r\n")
            time.sleep(0.02)


def test_gray(sender: Sender, cameras: list[OpencvCamera]) -> None:
    camera = make(cameras, sender.address, pixel_format="Mono8")
    (spec,) = camera.open()
    assert spec.pixel_format == "Mono8"
    image = frames(camera, 1)[0].image
    assert image is not None
    assert image.shape == (64, 96)


def test_it_keeps_the_contract_until_the_film_is_over(film: Path) -> None:
    with pytest.raises(DeviceLost, match="sends nothing any more"):
        check(OpencvCamera, {"name": "a", "camera": str(film)}, seconds=60, clock=Monotonic())


def test_a_slow_reader_loses_pictures_and_they_are_counted(
    sender: Sender, cameras: list[OpencvCamera]
) -> None:
    camera = make(cameras, sender.address)
    camera.open()
    reader = (item for item in camera.read() if isinstance(item, Frame))
    found = [next(reader)]
    clock = Monotonic()
    clock.sleep_until(clock.now() + 0.6)  # 30 pictures
    found += itertools.islice(reader, WAITING + 5)
    assert sum(1 + frame.lost for frame in found) == found[-1].device_frame
    lost = [frame.lost for frame in found if frame.lost]
    assert lost[0] > 10


def test_a_source_that_goes_away_is_lost_and_opened_again(
    sender: Sender, cameras: list[OpencvCamera]
) -> None:
    camera = make(cameras, sender.address)
    before = camera.open()
    last = frames(camera, 3)[-1]
    sender.stop()
    with pytest.raises(DeviceLost, match="sends nothing any more; check its cable"):
        frames(camera, 100)
    camera.close()
    with pytest.raises(DeviceError, match="cannot be opened"):
        camera.open()
    with pytest.raises(DeviceError, match="is not open at the moment"):
        camera.command("gain", {"gain": 1})
    sender.start()
    assert camera.open() == before
    assert frames(camera, 1)[0].device_frame > last.device_frame


def test_a_setting_that_is_not_taken_is_an_error_unless_the_nearest_will_do(
    film: Path, cameras: list[OpencvCamera]
) -> None:
    for settings, told in (
        ({"rate_hz": 60}, r"rate_hz = 60\.0 was asked for, but the camera has 25"),
        ({"width": 640}, r"width = 640 was asked for, but the camera has 64"),
        ({"fourcc": "MJPG"}, r"fourcc = 'MJPG' was asked for, but the camera has 'ffv1'"),
    ):
        with pytest.raises(DeviceError, match=told + ".*or set accept_nearest = true"):
            make(cameras, str(film), **settings).open()
    for settings in ({"exposure_us": 900}, {"gain": 3}):
        with pytest.raises(DeviceError, match="cannot be set through FFMPEG; leave it out"):
            make(cameras, str(film), **settings).open()
    camera = make(cameras, str(film), width=640, rate_hz=60, accept_nearest=True)
    (spec,) = camera.open()
    assert (spec.width, spec.rate_hz) == (64, 25)
    assert spec.desc["rounded_by_camera"] == (
        "rate_hz: asked for 60.0, the camera took 25; width: asked for 640, the camera took 64"
    )


def test_absent_unreadable_and_nameless_cameras(
    tmp_path: Path, cameras: list[OpencvCamera], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("no film")
    monkeypatch.setattr(opencv_sources, "CLASS", _video_class(tmp_path))
    for camera, told in (
        (77, r"there is no /dev/video77; there are: 2 \(HD Webcam\) or 10 \(Other\)"),
        ("/dev/video78", "there is no /dev/video78"),
        ("Old Webcam", "no camera of that name; there are: 'HD Webcam' or 'Other'"),
        (str(text), "cannot be opened; check that it is there and that no other program"),
        ("HD Webcam", "there is no /dev/video2"),
    ):
        with pytest.raises(DeviceError, match=told) as caught:
            make(cameras, camera).open()
        assert type(caught.value) is DeviceError
        assert "\n" not in str(caught.value)


def test_one_of_two_cameras_of_a_name_is_not_taken_by_chance(
    tmp_path: Path, cameras: list[OpencvCamera], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first one was: face and room changed places with the sockets."""
    there = _video_class(tmp_path)
    (there / "video10" / "name").write_text("HD Webcam\n")
    monkeypatch.setattr(opencv_sources, "CLASS", there)
    with pytest.raises(DeviceError, match="2 cameras of that name: /dev/video2 and /dev/video10"):
        make(cameras, "HD Webcam").open()


def test_discovery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opencv_sources, "CLASS", _video_class(tmp_path))
    found = OpencvCamera.found()
    assert [(one.id, one.description) for one in found] == [
        ("/dev/video2", "HD Webcam"),
        ("/dev/video10", "Other"),
    ]
    assert "camera = 2" in found[0].snippet
    monkeypatch.setattr(opencv_sources, "CLASS", tmp_path / "none")
    assert OpencvCamera.found() == ()


def _video_class(folder: Path) -> Path:
    """Lay out what Linux shows of two webcams; the first has a second node, for its meta-data."""
    for number, index, name in ((2, 0, "HD Webcam"), (3, 1, "HD Webcam"), (10, 0, "Other")):
        node = folder / "video4linux" / f"video{number}"
        node.mkdir(parents=True)
        (node / "index").write_text(f"{index}\n")
        (node / "name").write_text(f"{name}\n")
    return folder / "video4linux"


@pytest.mark.parametrize("backend", ["V4L2", "DSHOW", "MSMF"])
def test_exposure_in_the_units_of_each_backend(backend: str) -> None:
    assert exposure_us(backend, exposure_units(backend, 15_625)) == pytest.approx(15_625)
    assert exposure_units("V4L2", 5000) == 50
    assert exposure_units("DSHOW", 15_625) == pytest.approx(-6)


def test_the_environment_is_left_alone() -> None:
    code = (
        "import os; before = dict(os.environ)\n"
        "from devices.camera.opencv_capture import import_cv2; import_cv2()\n"
        "changed = {k for k in before | dict(os.environ) if before.get(k) != os.environ.get(k)}\n"
        "print(*(name for name in changed if not name.startswith('OPENCV_VIDEOIO_')))"
    )
    environment = os.environ | {"QT_QPA_FONTDIR": "mine"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert done.stdout.strip() == ""


def test_commands(film: Path, cameras: list[OpencvCamera]) -> None:
    camera = make(cameras, str(film))
    camera.open()
    for name, args in (("zoom", {}), ("gain", {"gain": "x"}), ("exposure", {"gain": 1})):
        with pytest.raises(DeviceError, match="unknown command"):
            camera.command(name, args)
