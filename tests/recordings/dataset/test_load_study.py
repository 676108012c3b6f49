"""A simulated study, from its folder to arrays, files, and a model."""

from __future__ import annotations

import importlib.util
import json
import os
import pickle
import re
import runpy
import shutil
import socket
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from acquire.simulation.rig import Film
from acquire.simulation.study import StudyOrder, check_order, write_study
from recordings import load_study, open_session
from recordings.dataset.signals import Wanted
from recordings.dataset.tensors import Tensors
from recordings.errors import RecordingError
from recordings.features.windows import Window
from recordings.manifest import Manifest, State
from recordings.owner import this_process
from recordings.read.session import Session

ROOT = Path(__file__).parents[3]
SIGNALS: dict[str, Wanted] = {"emg": 100, "eda": 10, "face": "gray16"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four sessions of 40 s with a small film; the EEG of the third loses samples."""
    film = Film(rate_hz=40.0)
    data = tmp_path_factory.mktemp("dataset") / "data"
    order = StudyOrder(data, 4, seconds=40.0, film=film, broken={"03": "lost-samples"})
    check_order(order)
    write_study(order)
    return order.folder


def test_a_window_has_values_masks_and_times(folder: Path) -> None:
    study = load_study(folder, signals={**SIGNALS, "eeg": 250}, labels="simulated-expression")
    assert set(study.participants) == {"01", "02", "03", "04"}
    assert set(study.labels) == {0, 1}
    number = next(n for n, place in enumerate(study.places) if place.number > 2)
    item = study[number]
    assert item["emg"].shape == (200, 2)
    assert item["eeg"].shape == (500, 64)
    assert item["emg_mask"].all()
    assert np.isfinite(item["emg"]).all()
    assert item["eda_times"] == pytest.approx(np.arange(20) / 10)
    assert item["face"].shape == (len(item["face_times"]), 16, 16)
    assert 78 <= len(item["face_times"]) <= 82
    assert item["face"].dtype == np.uint8
    window = study.places[number].window
    with open_session(study.places[number].session) as session:
        times, values = session["physio"].read(window.start, window.stop, channels="EDA")
    assert item["eda"].mean() == pytest.approx(values.mean(), abs=0.01)
    assert len(times) == 2000
    study.close()


def test_what_lies_before_the_recording_is_unknown_and_not_made_up(folder: Path) -> None:
    study = load_study(folder, signals={"eda": 10})
    first = study[0]
    assert not first["eda_mask"][0]
    assert np.isnan(first["eda"][~first["eda_mask"]]).all()
    assert first["eda_mask"][-1]
    arrays = study.to_numpy()
    assert (np.isnan(arrays["eda"]).any(axis=2) == ~arrays["eda_mask"]).all()


def test_trials_are_padded_and_labelled_with_their_stimulus(folder: Path) -> None:
    with pytest.warns(UserWarning, match=r"2 trials.*trial 7 .*: no end is told; left out"):
        study = load_study(folder, windows="trial", signals={"eda": 20}, labels="stimulus")
    arrays = study.to_numpy()
    lengths = [len(study[n]["eda_times"]) for n in range(len(study))]
    assert min(lengths) < max(lengths) == arrays["eda"].shape[1]
    shortest = int(np.argmin(lengths))
    assert not arrays["eda_mask"][shortest, lengths[shortest] :].any()
    with open_session(study.places[0].session) as session:
        assert arrays["label"][0] == session.trials()[0].stimulus


def test_a_session_that_cannot_be_taken_is_left_out_and_told(tmp_path: Path) -> None:
    order = StudyOrder(
        tmp_path, 3, seconds=3.0, film=None, broken={"01": "no-xdf", "02": "no-manifest"}
    )
    check_order(order)
    write_study(order)
    with pytest.warns(UserWarning, match="2 sessions left out"):
        study = load_study(order.folder, signals={"eda": 10}, length_s=1.0)
    assert set(study.participants) == {"03"}
    assert [path.name[:6] for path, _ in study.left_out] == ["sub-01", "sub-02"]
    with pytest.raises(RecordingError, match="no window in it; 3 sessions left out"):
        load_study(order.folder, signals={"face": "gray8"}, length_s=1.0)


def test_a_session_with_other_channels_is_left_out_and_told_before_anything_is_read(
    tmp_path: Path,
) -> None:
    order = StudyOrder(tmp_path, 3, seconds=3.0, film=None)
    write_study(order)
    first = next(order.folder.glob("sub-01/ses-01/*"))
    xdf = (first / "recording.xdf").read_bytes()
    assert xdf.count(b"<label>Fz</label>") == 1
    (first / "recording.xdf").write_bytes(xdf.replace(b"<label>Fz</label>", b"<label>F9</label>"))
    with pytest.warns(UserWarning, match=r"1 sessions left out, the first sub-01.* most sessions"):
        study = load_study(order.folder, signals={"eeg": 100, "eda": 10}, length_s=1.0)
    assert set(study.participants) == {"02", "03"}
    assert study.to_numpy()["eeg"].shape == (len(study), 100, 64)
    study = load_study(order.folder, signals={"eda": 10}, length_s=1.0)
    assert set(study.participants) == {"01", "02", "03"}


def test_two_studies_of_one_folder_have_no_window_of_one_name(folder: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        copied = shutil.copytree(folder / "sub-01", tmp_path / "data" / name / "sub-01")
        (session,) = Path(copied).glob("ses-01/*")
        Manifest.load(session).model_copy(update={"study": name, "files": ()}).save(session)
    study = load_study(tmp_path / "data", signals={"eda": 10}, length_s=10.0)
    paths = study.to_npz(tmp_path / "npz")
    assert len({path.name for path in paths}) == len(study) == 8
    assert set(study.participants) == {"01"}, "one pseudonym: never on both sides of a split"


def test_a_window_may_hold_no_sample_at_a_low_rate(folder: Path) -> None:
    with load_study(folder, signals={"eda": 10}, length_s=2.0) as study:
        (reader,) = study._readers(study.places[0].session).values()
        place = study.places[0].window
        cut = reader.read(Window(place.start - 0.05, place.start - 0.01, place.start))
    assert cut.values.shape == (0, 1)
    assert len(cut.times) == len(cut.mask) == 0


def test_files_of_another_time_are_not_taken_for_these(folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("webdataset")
    study = load_study(folder, signals={"eda": 10}, length_s=10.0)
    study.to_webdataset(tmp_path / "shards", per_shard=2)
    study.to_npz(tmp_path / "npz")
    for write, place in ((study.to_webdataset, "shards"), (study.to_npz, "npz")):
        with pytest.raises(RecordingError, match="exists already"):
            write(tmp_path / place)


def test_a_session_whose_video_is_gone_or_cut_off_is_left_out(folder: Path, tmp_path: Path) -> None:
    study = Path(shutil.copytree(folder, tmp_path / "data" / "study"))
    (gone,), (cut,) = (study.glob(f"sub-{name}/ses-01/*/face.nut") for name in ("02", "03"))
    gone.unlink()
    os.truncate(cut, cut.stat().st_size // 2)
    with pytest.warns(UserWarning, match=r"2 sessions left out, the first sub-02.*nut is gone"):
        found = load_study(study, signals={"face": "gray8"}, length_s=10.0)
    assert set(found.participants) == {"01", "04"}
    assert "face.nut is not as large as it was" in found.left_out[1][1]
    with load_study(study, signals={"eda": 10}, length_s=10.0) as found:
        assert set(found.participants) == {"01", "02", "03", "04"}


def test_what_is_being_recorded_is_left_out(folder: Path, tmp_path: Path) -> None:
    study = Path(shutil.copytree(folder, tmp_path / "data" / "study"))
    session = next(study.glob("sub-02/ses-01/*"))
    host = {"name": socket.gethostname()} | this_process()
    now = Manifest.load(session).model_copy(update={"state": State.RECORDING, "host": host})
    now.save(session)
    with pytest.warns(UserWarning, match="1 sessions left out, the first sub-02.*: it is being"):
        found = load_study(study, signals={"eda": 10})
    assert found.left_out == ((session, "it is being recorded"),)


def test_what_makes_no_sense_is_said(folder: Path) -> None:
    wrong: dict[str, dict[str, Wanted]] = {
        "no signal 'brain'": {"brain": 10},
        "is no rate": {"eda": 0},
        "no form of pictures": {"face": "rgb"},
        "no camera 'back'; there are: face": {"back": "gray8"},
    }
    for said, signals in wrong.items():
        with pytest.raises(RecordingError, match=said):
            load_study(folder, signals=signals)
    with pytest.raises(RecordingError, match="length_s"):
        load_study(folder, signals={"eda": 10}, length_s=0)


def parity(session: Session) -> Callable[[Window], int]:
    """Any label of one's own."""
    return lambda window: round(window.start - session.start) % 2


def test_xarray_zarr_npz_and_webdataset_hold_what_numpy_does(folder: Path, tmp_path: Path) -> None:
    xarray = pytest.importorskip("xarray")
    zarr = pytest.importorskip("zarr")
    pytest.importorskip("webdataset")
    study = load_study(
        folder, length_s=4.0, step_s=16.0, signals={"emg": 50, "face": "gray8"}, labels=parity
    )
    arrays = study.to_numpy()
    found = study.to_xarray()
    assert isinstance(found, xarray.Dataset)
    assert found["emg"].dims == ("window", "emg_sample", "emg_channel")
    assert found["emg_channel"].values.tolist() == ["EMG A", "EMG B"]
    np.testing.assert_array_equal(found["face"].values, arrays["face"])

    study.to_zarr(tmp_path / "study.zarr")
    group = zarr.open_group(tmp_path / "study.zarr", mode="r")
    for name in ("emg", "emg_mask", "emg_times", "face", "face_mask"):
        np.testing.assert_array_equal(group[name][:], arrays[name])
    for name in ("label", "participant", "key"):
        assert group.attrs[name] == arrays[name].tolist()
    with pytest.raises(RecordingError, match="exists already"):
        study.to_zarr(tmp_path / "study.zarr")

    paths = study.to_npz(tmp_path / "npz")
    assert len(paths) == len(study)
    with np.load(paths[0], allow_pickle=False) as file:
        np.testing.assert_array_equal(file["emg"], study[0]["emg"])
        assert str(file["participant"]) == study[0]["participant"]

    shards = study.to_webdataset(tmp_path / "100 % shards", per_shard=3)
    assert len(shards) == -(-len(study) // 3)
    with tarfile.open(shards[0]) as file:
        names = file.getnames()
        key = study[0]["key"]
        assert f"{key}.emg.npy" in names
        part = file.extractfile(f"{key}.json")
        assert part is not None
        assert json.load(part) == {"label": study[0]["label"], "participant": "01"}


def test_a_process_of_its_own_gets_the_study_and_opens_it_anew(folder: Path) -> None:
    study = load_study(folder, signals={"eda": 10})
    there = study[1]["eda"]  # its session is open now, which no other process could have
    for given in (study, Tensors(study)):
        pickled = pickle.loads(pickle.dumps(given))
        assert len(pickled) == len(study)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(study))[1]["eda"], there)


def test_torch_is_told_to_be_missing_or_gives_tensors(folder: Path) -> None:
    study = load_study(folder, signals={"eda": 10, "face": "gray8"})
    if importlib.util.find_spec("torch") is None:
        with pytest.raises(RecordingError, match="PyTorch is not installed"):
            study.to_torch()
        return
    import torch

    tensors = study.to_torch()
    assert len(tensors) == len(study)
    assert torch.is_tensor(tensors[1]["eda"])
    batch = next(iter(torch.utils.data.DataLoader(tensors, 4, collate_fn=tensors.collate)))
    assert batch["eda"].shape == (4, 20, 1)
    assert torch.isfinite(batch["eda"]).all()


def test_the_model_of_the_page_trains(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("sklearn")
    text = (ROOT / "docs" / "models.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len([line for line in code.splitlines() if line]) <= 25
    monkeypatch.chdir(folder.parents[1])
    space: dict[str, Any] = {}
    exec(compile(code, "models.md", "exec"), space)
    said = capsys.readouterr().out
    assert re.fullmatch(r"balanced accuracy \d\.\d\d, chance 0\.50\n", said)
    # Muscles that move with every expression: a model that learns nothing would be at chance.
    assert np.mean(space["scores"]) > 0.7


def test_the_reference_experiment_learns_from_face_and_physiology(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("sklearn")
    script = ROOT / "docs" / "examples" / "fusion" / "experiment.py"
    monkeypatch.setattr(sys, "argv", [str(script), str(folder), "--folds", "2"])
    runpy.run_path(str(script), run_name="__main__")
    first, _, *rows = capsys.readouterr().out.splitlines()
    assert first.endswith("windows of 4 simulated participants")
    table = {row.split()[0]: [float(part) for part in row.split()[1::2]] for row in rows}
    assert list(table) == ["face", "physiology", "both"]
    for accuracy, chance in table.values():
        assert accuracy > 0.65 > 0.6 > chance


def held(folder: Path) -> set[Path]:
    """Files below a folder that this process holds open."""
    links = (link.resolve() for link in Path("/proc/self/fd").iterdir() if link.exists())
    return {path for path in links if folder in path.parents}


def test_sessions_do_not_stay_open(folder: Path) -> None:
    linux = sys.platform == "linux"
    before = held(folder) if linux else set()
    with load_study(folder, signals={"skt": 4, "face": "gray8"}, length_s=20.0) as study:
        for number in range(len(study)):
            assert study[number]["skt"].shape == (80, 2)
            assert len(study._opened) <= 2
    assert not linux or held(folder) <= before
    assert study[0]["participant"] == "01"
    study.close()
