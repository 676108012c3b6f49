"""Studies as they become: sessions copied, repaired, renamed, of other units and devices."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from acquire.simulation.study import StudyOrder, write_study
from recordings import load_study
from recordings.dataset.labels import Label
from recordings.dataset.signals import Wanted
from recordings.manifest import Manifest
from recordings.read.session import Session
from recordings.repair.session import repair
from recordings.report.html import check_and_report


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three sessions of 6 s without video."""
    order = StudyOrder(tmp_path_factory.mktemp("odd") / "data", 3, seconds=6.0, film=None)
    write_study(order)
    return order.folder


@pytest.mark.parametrize("where", ["ses-01/{name} (copy)", "ses-02/{name}", "ses-01/{name}.bak"])
def test_a_session_that_was_copied_counts_once(folder: Path, tmp_path: Path, where: str) -> None:
    study = Path(shutil.copytree(folder, tmp_path / "data" / "study"))
    session = next(study.glob("sub-02/ses-01/*"))
    shutil.copytree(session, study / "sub-02" / where.format(name=session.name))
    with pytest.warns(UserWarning, match=r"1 sessions left out.*the same recording as .*sub-02"):
        found = load_study(study, signals={"eda": 10}, length_s=2.0)
    assert Counter(found.participants) == dict.fromkeys(("01", "02", "03"), 3)
    assert [place.session.name for place in found.places if place.participant == "02"] == [
        session.name
    ] * 3


def test_a_repaired_session_stands_for_the_one_that_crashed(tmp_path: Path) -> None:
    order = StudyOrder(tmp_path, 2, seconds=8.0, film=None, broken={"02": "crashed"})
    write_study(order)
    copy = repair(next(order.folder.glob("sub-02/ses-01/*"))).target.parent
    with pytest.warns(UserWarning, match=f"the same recording as {copy.name}"):
        study = load_study(order.folder, signals={"eda": 10}, length_s=2.0)
    assert {place.session for place in study.places if place.participant == "02"} == {copy}
    assert study.participants.count("02") == 2
    for key in (place.key for place in study.places):
        assert re.fullmatch(r"[\w-]+", key), "a webdataset's key ends at the first dot"


def test_sessions_of_one_name_have_windows_of_names_of_their_own(
    folder: Path, tmp_path: Path
) -> None:
    study = Path(shutil.copytree(folder, tmp_path / "data" / "study"))
    session = next(study.glob("sub-02/ses-01/*"))
    other = Path(shutil.copytree(session, study / "sub-02" / "ses-02" / session.name))
    Manifest.load(other).model_copy(update={"session": "02", "files": ()}).save(other)
    found = load_study(study, signals={"eda": 10}, length_s=2.0)
    assert len({place.key for place in found.places}) == len(found) == 12


def _with_unit(session: Path, unit: bytes) -> None:
    """Let the header tell the EDA in another unit; the values stay."""
    xdf = (session / "recording.xdf").read_bytes()
    before = b"<unit>microsiemens</unit>"
    assert xdf.count(before) == 1
    after = b"<unit>" + unit.ljust(len(b"microsiemens")) + b"</unit>"
    (session / "recording.xdf").write_bytes(xdf.replace(before, after))


def test_values_of_all_sessions_have_one_unit(folder: Path, tmp_path: Path) -> None:
    study = Path(shutil.copytree(folder, tmp_path / "data" / "study"))
    signals: dict[str, Wanted] = {"eda": 10, "physio": 10}
    before = load_study(study, signals=signals, length_s=2.0)[1]
    first = next(study.glob("sub-01/ses-01/*"))
    _with_unit(first, b"nS")
    now = load_study(study, signals=signals, length_s=2.0)[1]
    eda = before["physio"][:, 4]
    for values in (before["eda"][:, 0], now["eda"][:, 0] * 1000, now["physio"][:, 4] * 1000):
        assert values == pytest.approx(eda, rel=1e-5)
    _with_unit(next(study.glob("sub-02/ses-01/*")), b"kOhm")
    with pytest.warns(UserWarning, match=r"sub-02.*eda has the channels EDA \(kOhm\), most"):
        found = load_study(study, signals=signals, length_s=2.0)
    assert set(found.participants) == {"01", "03"}


def test_one_person_under_two_pseudonyms_is_warned_of(folder: Path, tmp_path: Path) -> None:
    study = Path(shutil.copytree(folder, tmp_path / "data" / "study"))
    session = next(study.glob("sub-02/ses-01/*"))
    Manifest.load(session).model_copy(update={"participant": "1"}).save(session)
    with pytest.warns(UserWarning, match="participants 01 and 1 are taken for 2 people"):
        load_study(study, signals={"eda": 10}, length_s=2.0)


def test_each_chunk_of_zarr_is_written_once(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    zarr = pytest.importorskip("zarr")
    written: list[str] = []
    put = zarr.Array.__setitem__

    def noted(self: Any, where: Any, values: Any) -> None:
        written.append(self.name)
        put(self, where, values)

    monkeypatch.setattr(zarr.Array, "__setitem__", noted)

    def first_half(session: Session) -> Label:
        return lambda window: 0 if window.start < session.start + 3.0 else 1

    study = load_study(folder, signals={"eda": 10}, labels=first_half, length_s=1.0, step_s=0.1)
    study.to_zarr(tmp_path / "study.zarr")
    assert len(study) == 153
    assert sorted(written) == sorted(["/eda", "/eda_mask", "/eda_times"] * 3)
    group = zarr.open_group(tmp_path / "study.zarr", mode="r")
    arrays = study.to_numpy()
    for name in ("eda", "eda_mask", "eda_times"):
        np.testing.assert_array_equal(group[name][:], arrays[name])
    assert group.attrs["key"] == [place.key for place in study.places]
    assert group.attrs["label"] == study.labels


def test_a_stop_that_is_far_too_late_makes_no_windows_without_a_sample(
    folder: Path, tmp_path: Path
) -> None:
    study = Path(shutil.copytree(folder, tmp_path / "data" / "study"))
    before = [place.key for place in load_study(study, signals={"eda": 10}, length_s=2.0).places]
    for session in study.glob("sub-*/ses-01/*"):
        manifest = Manifest.load(session)
        assert manifest.lsl_stop is not None
        manifest.model_copy(update={"lsl_stop": manifest.lsl_stop + 1e9}).save(session)
    found = load_study(study, signals={"eda": 10}, length_s=2.0, step_s=2.0)
    assert len(before) <= len(found) <= len(before) + 3  # the last may be cut off
    assert all(item["eda_mask"].any() for item in found)


def test_what_crashed_is_left_out_and_what_is_damaged_is_told(tmp_path: Path) -> None:
    order = StudyOrder(tmp_path, 3, seconds=8.0, film=None, broken={"01": "crashed"})
    write_study(order)
    with next(order.folder.glob("sub-02/ses-01/*/recording.xdf")).open("r+b") as file:
        file.seek(500_000)
        file.write(bytes(300_000))  # more than a chunk, head and all
    with (
        pytest.warns(UserWarning, match="1 sessions left out, the first sub-01"),
        pytest.warns(UserWarning, match="1 sessions are damaged.*first sub-02.* bytes in 1 places"),
    ):
        found = load_study(order.folder, signals={"eda": 10}, length_s=1.0)
    (session,) = order.folder.glob("sub-03/ses-01/*")
    with (session / "recording.xdf").open("r+b") as file:
        file.seek(600_000)
        file.write(bytes(1000))  # within a chunk, whose head and length are right
    check_and_report(session)
    with (
        pytest.warns(UserWarning, match="1 sessions left out"),
        pytest.warns(UserWarning, match="2 sessions are damaged, or their check has failed"),
    ):
        found = load_study(order.folder, signals={"eda": 10}, length_s=1.0)
    assert set(found.participants) == {"02", "03"}
    assert found.left_out[0][1] == "it was never closed; run unisono repair on it"
