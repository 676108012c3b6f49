"""Recordings played as live streams and recorded again: the copy equals the original."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from acquire.host.replay import Replay
from acquire.host.replayed import _code
from devices.base import Chunk, DeviceError, Frame, StreamSpec, VideoSpec
from recordings import open_session
from recordings.read.session import Session
from recordings.stream_kinds import REPLAYED_ROWS
from tests.acquire.program import Unisono, wait_for, write_rig
from tests.devices.clock import FakeClock
from tests.recordings.bare_files import bare, eeg
from tests.recordings.brainvision_file import brainvision
from tests.recordings.simulated_session import Plan, make_session

SECONDS = 3.0
RIG = """
[[device]]
name = "old"
driver = "replay"
path = "{path}"
delay_s = 12
"""


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    plan = Plan(seconds=SECONDS, eeg_gap=(1.0, 1.2), lost_frames=(80, 81), jitter_s=0.0003)
    return make_session(tmp_path_factory.mktemp("original"), plan)


def _play(path: Path, seconds: float, **settings: Any) -> tuple[Any, dict[str, Any]]:
    """Run the driver on a clock that does not wait; join what each stream delivered."""
    clock = FakeClock()
    device = Replay(Replay.Settings(name="old", path=path, **settings), clock)
    specs = device.open()
    found: dict[str, list[Any]] = {spec.name: [] for spec in specs}
    end = clock.now() + seconds
    for item in device.read():
        if isinstance(item, Chunk):
            found[item.stream].append((item.times, item.data))
        elif isinstance(item, Frame):
            assert item.image is not None
            found[item.stream].append((item, item.image.copy()))
        if clock.now() >= end:
            break
    device.close()
    joined: dict[str, Any] = {}
    for spec in specs:
        parts = found[spec.name]
        if isinstance(spec, StreamSpec) and parts:
            times, data = zip(*parts, strict=True)
            joined[spec.name] = np.concatenate(times), np.concatenate(data)
        elif isinstance(spec, VideoSpec):
            joined[spec.name] = tuple(zip(*parts, strict=True))
    return {spec.name: spec for spec in specs}, joined


def _same(ours: Session, theirs: Session, name: str) -> None:
    """Values equal, intervals within a microsecond."""
    (a, x), (b, y) = ours[name].read(), theirs[name].read()
    np.testing.assert_array_equal(x, y)
    np.testing.assert_allclose(np.diff(a), np.diff(b), rtol=0, atol=1e-6)


def test_a_session_recorded_again_equals_the_original(original: Path, tmp_path: Path) -> None:
    rig = write_rig(tmp_path, RIG.format(path=original))
    with Unisono(
        *("record", rig, "--data-dir", tmp_path, "--participant", "01", "--no-report", "--json"),
        folder=tmp_path,
    ) as program:
        program.wait_for_line()
        file = next(tmp_path.rglob("recording.xdf"))
        wait_for(lambda: b" is over" in file.read_bytes(), what="the end of what is replayed")
        result = program.stop()
    assert result.code in (0, 1), result.stderr  # 1: the frames that were lost before are lost
    with open_session(result.session) as again, open_session(original) as before:
        assert again["eeg"].xdf.info.rate_hz == 1000.0
        for name in ("eeg", "physio"):
            _same(again, before, name)
        assert again["protocol"].strings == before["protocol"].strings
        camera, film = again.cameras["face"], before.cameras["face"]
        assert len(camera) == len(film)
        np.testing.assert_allclose(np.diff(camera.times), np.diff(film.times), atol=2e-6)
        for k in (0, 79, 80, len(film) - 1):
            np.testing.assert_array_equal(camera.frame(k), film.frame(k))
        np.testing.assert_array_equal(np.diff(camera.device_frames), np.diff(film.device_frames))


def test_the_command_publishes_until_the_recording_is_over(original: Path, tmp_path: Path) -> None:
    with Unisono("replay", original, "--no-video", folder=tmp_path) as program:
        result = program.wait()
    assert result.code == 0, result.stderr
    for name in ("eeg", "physio", "protocol", "face"):
        assert re.search(rf"^{name} \(", result.stderr + result.stdout, re.MULTILINE), name


def test_silence_that_was_recorded_or_asked_for_is_no_fault(tmp_path: Path) -> None:
    """It was warned of as if a cable were out, and the exit code was that of a loss."""
    path = bare(tmp_path / "a.xdf", eeg(4.0), replace(eeg(1.0), name="short"))
    with Unisono("replay", path, "--delay", "3", folder=tmp_path) as program:
        result = program.wait()
    assert result.code == 0, result.stderr
    assert "silent" not in result.stderr


def test_rows_of_frames_that_are_not_replayed_say_so(original: Path) -> None:
    """Recorded again, they were taken for a camera none of whose frames was stored: FAIL."""
    specs, _ = _play(original, 0.1, video=False)
    rows = {name for name, spec in specs.items() if spec.source_id.startswith(REPLAYED_ROWS)}
    assert rows == {"face"}
    specs, _ = _play(original, 0.1)
    assert not [spec for spec in specs.values() if spec.source_id.startswith(REPLAYED_ROWS)]


def test_speed_and_loop(original: Path) -> None:
    specs, found = _play(original, 3.5, speed=2.0, loop=True, streams=("physio",))
    assert specs["physio"].rate_hz == 2000.0
    times, data = found["physio"]
    with open_session(original) as session:
        before, values = session["physio"].read()
    count = len(values)
    np.testing.assert_allclose(np.diff(times[:count]), np.diff(before) / 2, atol=1e-9)
    np.testing.assert_array_equal(data[:count], values)
    np.testing.assert_array_equal(data[count : 2 * count], values)


def test_brainvision(sample_data: Path) -> None:
    path = sample_data / "brainvision" / "test.vhdr"
    specs, found = _play(path, 8.5)
    assert (specs["test"].rate_hz, len(specs["test"].channels)) == (1000.0, 32)
    times, data = found["test"]
    raw = np.fromfile(path.with_name("test.eeg"), "<i2").reshape(-1, 32)
    np.testing.assert_allclose(data[:, 0], raw[:, 0] * 0.5, rtol=1e-9)
    assert len(times) == 7900
    marks, texts = found["test-markers"]
    assert texts[0][0] == "Stimulus/S253"
    assert marks[0] - times[0] == pytest.approx(0.486)


@pytest.mark.parametrize("format_", ["edf", "bdf"])
def test_edf_and_bdf(tmp_path: Path, format_: str) -> None:
    pyedflib = pytest.importorskip("pyedflib")
    rng = np.random.default_rng(0)
    kind = getattr(pyedflib, f"FILETYPE_{format_.upper()}PLUS")
    steps = 2**15 if format_ == "edf" else 2**23
    slow, fast = rng.uniform(-90, 90, 4 * 100), rng.uniform(-90, 90, 4 * 500)
    path = tmp_path / f"x.{format_}"
    with pyedflib.EdfWriter(str(path), 2, file_type=kind) as writer:
        for n, rate in enumerate((100, 500)):
            writer.setSignalHeader(
                n,
                {
                    "label": f"ch{n}", "dimension": "uV", "sample_frequency": rate,
                    "physical_min": -100.0, "physical_max": 100.0, "digital_min": -steps,
                    "digital_max": steps - 1, "prefilter": "", "transducer": "",
                },
            )  # fmt: skip
        writer.writeSamples([slow, fast])
        writer.writeAnnotation(1.5, -1, "S 1")
    specs, found = _play(path, 5.0)
    assert specs["x-500Hz"].channels[0].unit == "microvolts"
    with pyedflib.EdfReader(str(path)) as reader:
        for n, name in enumerate(("x-100Hz", "x-500Hz")):
            times, data = found[name]
            np.testing.assert_allclose(data[:, 0], reader.readSignal(n), atol=1e-9)
            np.testing.assert_allclose(np.diff(times), 1 / specs[name].rate_hz, atol=1e-9)
    assert found["x-markers"][1].tolist() == [["S 1"]]


@pytest.mark.filterwarnings("ignore::DeprecationWarning:bioread")  # beside NumPy 2.5
def test_acqknowledge(sample_data: Path) -> None:
    bioread = pytest.importorskip("bioread")
    path = sample_data / "physio-5.0.1.acq"
    specs, found = _play(path, 3.0)
    file = bioread.read_file(str(path))
    assert {name for name in specs if "markers" not in name} == {
        "physio-5.0.1-2000Hz", "physio-5.0.1-1000Hz", "physio-5.0.1-3.90625Hz"
    }  # fmt: skip
    _, ecg = found["physio-5.0.1-1000Hz"]
    np.testing.assert_array_equal(ecg[:, 0], file.channels[1].data[: len(ecg)])
    assert len(ecg) > 2500
    assert ["Segment 1"] in found["physio-5.0.1-markers"][1].tolist()


def test_what_cannot_be_replayed_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "x.edf").write_bytes(b"no EDF")
    (tmp_path / "x.vhdr").write_text("no BrainVision")
    said = {"x.edf": "is no whole EDF or BDF file", "x.vhdr": "is no BrainVision header"}
    for name, words in said.items():
        with Unisono("replay", tmp_path / name, folder=tmp_path) as program:
            result = program.wait()
        assert result.code == 2
        assert words in result.error
        assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("left", [None, 333])
def test_a_file_that_changes_while_it_is_replayed_is_named(
    left: int | None, tmp_path: Path
) -> None:
    pytest.importorskip("mne")
    path = brainvision(tmp_path, ("uV", "uV"), marker_file=False)
    device = Replay(Replay.Settings(name="old", path=path), FakeClock())
    device.open()
    data = tmp_path / "x.eeg"
    if left is None:
        data.unlink()
    else:
        data.write_bytes(data.read_bytes()[:left])
    with pytest.raises(DeviceError, match=r"old: .*x\.eeg: was moved or changed while it was read"):
        for _ in itertools.islice(device.read(), 1000):
            pass
    device.close()


def test_a_trigger_code_of_0_is_a_code() -> None:
    assert _code(0.0) == 0
    assert _code(5.0) == 5
    assert _code(float("nan")) is None
