"""The BrainFlow driver on BrainFlow's own boards: the real library, nothing replaced."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from brainflow.board_shim import BoardIds, BoardShim, BrainFlowInputParams
from pydantic import ValidationError

from devices.base import Chunk, DeviceError, DeviceLost
from devices.drivers import brainflow as driver
from devices.drivers.brainflow import Brainflow
from tests.devices.contract import check_data, check_settings, check_specs
from tests.devices.fake_gige import wait_until
from tests.devices.wire import RealClock, read_until, samples, wire
from tests.ports import free_port

SYNTHETIC = {"name": "eeg", "board": "SYNTHETIC_BOARD"}


def board(**changes: Any) -> Brainflow:
    return Brainflow(Brainflow.Settings(**(SYNTHETIC | changes)), RealClock())


def of(found: list[Chunk], stream: str) -> list[Chunk]:
    return [chunk for chunk in found if chunk.stream == stream]


@pytest.fixture
def synthetic() -> Iterator[Brainflow]:
    device = board()
    yield device
    device.close()


def test_contract(synthetic: Brainflow) -> None:
    check_settings(Brainflow, SYNTHETIC)
    synthetic.close()
    first = synthetic.open()
    check_specs(first, "eeg")
    check_data(synthetic, first, cast("Any", RealClock()), {}, 1.0)
    synthetic.close()
    synthetic.close()
    assert synthetic.open() == first, "a board that comes back must go on in the same streams"


def test_streams_have_the_boards_labels_units_and_rates(synthetic: Brainflow) -> None:
    specs = {spec.name: spec for spec in synthetic.open()}
    described = BoardShim.get_board_descr(BoardIds.SYNTHETIC_BOARD.value)
    eeg = specs["eeg-eeg"]
    assert [c.label for c in eeg.channels] == described["eeg_names"].split(",")
    assert {c.unit for c in eeg.channels} == {"microvolts"}
    assert eeg.rate_hz == described["sampling_rate"]
    assert specs["eeg-temperature"].channels[0].unit == "degrees celsius"
    assert specs["eeg-impedance"].channels[0].unit == "kiloohms"
    # ECG, EMG and EOG are listed for the same rows as EEG: published once.
    assert not {"eeg-ecg", "eeg-emg", "eeg-eog"} & set(specs)
    assert specs["eeg-aux-accel"].rate_hz == 250
    assert specs["eeg-markers"].type == "Markers"


def test_values_times_and_losses(synthetic: Brainflow) -> None:
    synthetic.open()
    found = read_until(synthetic, lambda f: samples(of(f, "eeg-eeg")) > 750)
    assert sum(chunk.lost for chunk in found) == 0
    newest = [cast("Any", chunk.device_times)[-1] for chunk in found]
    assert newest == sorted(newest), "a time that falls would reset the host's clock model"
    eeg = of(found, "eeg-eeg")
    own = np.concatenate([cast("Any", c.device_times) for c in eeg])
    # The board keeps its pace by sleeping: on a busy machine it is slower.
    assert 1 / np.diff(own).mean() == pytest.approx(250, rel=0.3)
    delays = np.array([c.times[-1] - c.device_times[-1] for c in eeg if c.device_times is not None])
    assert delays.min() + time.time() - time.monotonic() == pytest.approx(0, abs=0.5)
    kohm = np.concatenate([c.data for c in of(found, "eeg-impedance")])
    assert 0.5 < np.median(kohm) < 2, "about 1000 Ω in BrainFlow's rows"


def test_markers_go_into_the_board_and_come_back(synthetic: Brainflow) -> None:
    device = board(insert_markers="protocol")
    assert [query.name for query in device.inputs()] == ["protocol"]
    device.open()
    read_until(device, lambda f: samples(f) > 10)
    text = np.array([['{"event": "onset", "code": 101}'], ["no code"], ["7"]], dtype=object)
    device.take(Chunk("protocol", np.zeros(3), text))
    assert device.command("marker", {"value": 9}) == {"value": 9.0}
    found = read_until(device, lambda f: samples(of(f, "eeg-markers")) >= 3)
    device.close()
    device.take(Chunk("protocol", np.zeros(1), text[:1]))
    markers = [row for c in of(found, "eeg-markers") for row in c.data[:, 0]]
    assert markers == ["101", "7", "9"]
    assert not synthetic.inputs()


def test_a_board_that_falls_silent_is_lost_and_comes_back(
    synthetic: Brainflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    specs = synthetic.open()
    read_until(synthetic, lambda f: samples(f) > 10)
    synthetic._board.stop_stream()  # what a pulled dongle looks like
    with monkeypatch.context() as patch:
        patch.setattr(driver, "SILENT_S", 0.3)
        with pytest.raises(DeviceLost, match="silent for"):
            read_until(synthetic, lambda f: False)
    assert synthetic.open() == specs
    assert read_until(synthetic, lambda f: samples(f) > 10)


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that BrainFlow itself wrote, about 1 s."""
    path = tmp_path_factory.mktemp("brainflow") / "synthetic.csv"
    shim = BoardShim(BoardIds.SYNTHETIC_BOARD.value, BrainFlowInputParams())
    shim.prepare_session()
    shim.start_stream(45000, f"file://{path}:w")
    wait_until(lambda: shim.get_board_data_count() >= 250, 60, "its rows")
    shim.stop_stream()
    shim.release_session()
    return path


def playback(path: Path, **changes: Any) -> Brainflow:
    params = {"master_board": "SYNTHETIC_BOARD", "file": str(path)}
    return board(board="PLAYBACK_FILE_BOARD", params=params, **changes)


def read_into(found: list[Chunk], device: Brainflow) -> None:
    for chunk in device.read():
        if chunk is not None:
            found.append(chunk)


def test_a_file_is_played_back_and_its_end_is_said(
    recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver, "SILENT_S", 5.0)  # a busy computer pauses, too
    device = playback(recording)
    specs = device.open()
    assert "eeg-aux-accel" not in {spec.name for spec in specs}, "there is no auxiliary file"
    found: list[Chunk] = []
    with pytest.raises(DeviceError, match="the file has ended"):
        read_into(found, device)
    device.close()
    eeg = of(found, "eeg-eeg")
    sent = np.loadtxt(recording, delimiter="\t")
    assert sum(chunk.lost for chunk in eeg) == 0
    got = np.concatenate([chunk.data for chunk in eeg])
    assert len(got) >= 200
    assert got == pytest.approx(sent[: len(got), 1:17], rel=1e-4)


def test_a_gap_in_the_package_numbers_is_lost(recording: Path, tmp_path: Path) -> None:
    rows = recording.read_text().splitlines()
    gapped = tmp_path / "gapped.csv"
    gapped.write_text("\n".join(rows[:100] + rows[107:]) + "\n")
    device = playback(gapped)
    device.open()
    found = read_until(device, lambda f: any(chunk.lost for chunk in f))
    device.close()
    assert [c.lost for c in of(found, "eeg-eeg") if c.lost] == [7]
    assert samples([c for c in of(found, "eeg-eeg") if not c.lost]) == 100


@pytest.mark.parametrize("rows", [100, 143])
def test_a_loop_of_a_file_invents_no_loss(recording: Path, tmp_path: Path, rows: int) -> None:
    lines = recording.read_text().splitlines()
    cut = tmp_path / "cut.csv"
    cut.write_text("\n".join([*lines[:50], *lines[55:rows]]) + "\n")  # and keeps what is one
    device = playback(cut, config=("loopback_true",))
    device.open()
    found = read_until(device, lambda f: samples(of(f, "eeg-eeg")) > 3 * rows)
    device.close()
    assert [c.lost for c in of(found, "eeg-eeg") if c.lost][:3] == [5, 5, 5]


def test_a_board_streamed_by_another_program() -> None:
    shim = BoardShim(BoardIds.SYNTHETIC_BOARD.value, BrainFlowInputParams())
    shim.prepare_session()
    port = free_port(udp=True)  # whoever streams to the same one is heard, too
    shim.start_stream(45000, f"streaming_board://225.1.1.1:{port}")
    params = {"master_board": "SYNTHETIC_BOARD", "ip_address": "225.1.1.1", "ip_port": port}
    device = board(board="STREAMING_BOARD", params=params)
    try:
        device.open()
        found = read_until(device, lambda f: samples(of(f, "eeg-eeg")) > 100)
    finally:
        device.close()
        shim.release_session()
    assert of(found, "eeg-eeg")[0].data.shape[1] == 16


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"board": "CYTON_BOARD"}, "CYTON_BOARD needs params.serial_port"),
        (
            {"board": "STREAMING_BOARD", "params": {"ip_port": 1}},
            "needs params.master_board, params.ip_address",
        ),
        ({"params": {"serial_prt": "x"}}, "serial_prt"),
        ({"params": {"mac_address": "F4:0E:11"}}, "no MAC address"),
        ({"params": {"ip_port": "x"}}, "ip_port"),
        ({"board": "SINTHETIC_BOARD"}, "knows no board .* did you mean SYNTHETIC_BOARD"),
        ({"board": "NO_BOARD"}, "knows no board"),
        (
            {"board": "PLAYBACK_FILE_BOARD", "params": {"master_board": "X", "file": "/no"}},
            "knows no board 'X'",
        ),
        ({"board": "GALEA_BOARD"}, "GALEA_BOARD needs params.ip_address"),
        ({"board": "NTL_WIFI_BOARD"}, "NTL_WIFI_BOARD needs params.ip_port"),
    ],
)
def test_parameters_are_checked_before_anything_is_opened(
    changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValidationError, match=message):
        Brainflow.Settings(**(SYNTHETIC | changes))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"board": "CYTON_BOARD", "params": {"serial_port": "/dev/no-such"}},
            "no port /dev/no-such",
        ),
        (
            {"board": "PLAYBACK_FILE_BOARD",
             "params": {"master_board": "SYNTHETIC_BOARD", "file": "/no"}},
            "no such file: /no",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_opened_is_named(changes: dict[str, Any], message: str) -> None:
    device = board(**changes)
    with pytest.raises(DeviceError, match=message) as caught:
        device.open()
    assert not isinstance(caught.value, DeviceLost)
    device.close()


def test_a_board_of_another_type_at_the_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "FIRST_S", 0.5)
    with wire() as line:
        device = board(board="FREEEEG32_BOARD", params={"serial_port": line.path})
        line.send(b"not what you expect" * 10)
        device.open()  # BrainFlow does not ask this one who it is
        with pytest.raises(DeviceError, match="is it a board of another type") as caught:
            read_until(device, lambda f: False)
        assert not isinstance(caught.value, DeviceLost)
        device.close()


def test_commands_that_are_refused(synthetic: Brainflow) -> None:
    with pytest.raises(DeviceError, match="not open"):
        synthetic.command("status", {})
    synthetic.open()
    with pytest.raises(DeviceError, match="no impedance check"):
        synthetic.command("impedance", {"on": True})
    with pytest.raises(DeviceError, match="give value"):
        synthetic.command("marker", {})
    with pytest.raises(DeviceError, match="has no command"):
        synthetic.command("dance", {})
    read_until(synthetic, lambda f: bool(of(f, "eeg-impedance")))
    assert set(synthetic.command("status", {})["impedance_kohm"]) == {"Z1", "Z2"}


def test_brainflow_says_nothing_on_its_own(capfd: pytest.CaptureFixture[str]) -> None:
    device = board(board="CYTON_BOARD", params={"serial_port": "/dev/null"})
    with pytest.raises(DeviceError):
        device.open()
    device.close()
    out = capfd.readouterr()
    assert out.out + out.err == ""
