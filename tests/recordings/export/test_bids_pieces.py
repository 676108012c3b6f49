"""The EEG of a BIDS export, written in pieces, is what pybv and mne-bids write of the whole."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import mne
import mne_bids
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recordings import open_session
from recordings.export.bids import eeg as bids_eeg
from recordings.export.bids.dataset import Settings
from recordings.export.staging import run_task
from recordings.lateness.pace import Loss
from recordings.read.grid import Grid, grid_of
from recordings.read.to_mne import to_mne
from recordings.repair.imported import Labels, import_xdf
from tests.recordings.bare_files import Sent, bare
from tests.recordings.simulated_session import Plan, make_session


def written_whole(session: Path, root: Path) -> Path:
    """Have mne-bids write the whole EEG as it comes, and return the folder."""
    with open_session(session) as opened:
        assert opened.eeg is not None
        grid = grid_of(opened.eeg)
        raw = to_mne(opened.eeg, grid, (), opened.utc(grid.first), None)
    raw.set_annotations(None)
    with raw.info._unlock():
        raw.info["device_info"] = None
    path = mne_bids.BIDSPath(
        subject="01", session="01", task="test", run="01", datatype="eeg", root=root
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mne_bids.write_raw_bids(
            raw, path, format="BrainVision", allow_preload=True, verbose="error"
        )
    return root / "sub-01" / "ses-01" / "eeg"


@pytest.mark.parametrize("gap", [None, (3.0, 3.5)], ids=["whole", "with a gap"])
def test_every_byte_is_as_pybv_writes_it(
    tmp_path: Path, gap: tuple[float, float] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = make_session(tmp_path / "data", Plan(seconds=8.0, eeg_gap=gap))
    whole = written_whole(session, tmp_path / "whole")
    monkeypatch.setattr(bids_eeg, "_PIECE", 777)  # many pieces, the last one short
    run_task("bids", session, tmp_path / "pieces", Settings(video="none"))
    pieces = tmp_path / "pieces" / "sub-01" / "ses-01" / "eeg"
    stem = "sub-01_ses-01_task-test_run-01"
    for name in (f"{stem}_eeg.vhdr", f"{stem}_eeg.vmrk", f"{stem}_eeg.eeg", f"{stem}_channels.tsv"):
        assert (pieces / name).read_bytes() == (whole / name).read_bytes(), name
    ours, theirs = (json.loads((f / f"{stem}_eeg.json").read_text()) for f in (pieces, whole))
    for key in ("RecordingDuration", "SamplingFrequency", "EEGChannelCount", "MiscChannelCount"):
        assert ours[key] == theirs[key], key


def test_what_float32_does_not_hold_costs_no_other_value(tmp_path: Path) -> None:
    """One endless value, or a sentinel, refused it all; beside a NaN it was written in silence."""
    data = np.random.default_rng(1).normal(0, 20, (500, 4))
    data[7, 0], data[8, 1], data[8, 2], data[9:12, 3] = np.inf, np.nan, -1e300, 3.4e38
    labels, units = ("Fz", "Cz", "Pz", "Oz"), ("uV",) * 4
    path = bare(tmp_path / "a.xdf", Sent("EEG", "EEG", 250.0, data, None, labels, units))
    session = import_xdf(path, tmp_path / "data", Labels("s", "01", "01", "t"), {}).folder
    notes = run_task("bids", session, tmp_path / "out", Settings())
    (told,) = (note for note in notes if "float32" in note)
    assert told.startswith(
        "EEG: 4 values are larger than the float32 of BrainVision holds, in Pz, "
    )
    (header,) = (tmp_path / "out").rglob("*_eeg.vhdr")
    read = mne.io.read_raw_brainvision(header, verbose="error").get_data().T * 1e6
    data[8, 2], data[9:12, 3] = -np.inf, np.inf
    np.testing.assert_allclose(read, data, rtol=1e-6)


@given(
    count=st.integers(1, 60),
    lost=st.dictionaries(st.integers(0, 58), st.integers(1, 9), max_size=4),
    size=st.integers(1, 70),
)
def test_pieces_together_are_the_whole(count: int, lost: dict[int, int], size: int) -> None:
    losses = [Loss(index, number) for index, number in sorted(lost.items()) if index < count - 1]
    grid = Grid(np.arange(count) / 100.0, 100.0, losses)
    data = np.random.default_rng(1).normal(size=(count, 3)).astype(np.float32)
    pieces = list(grid.pieces(lambda first, after: data[first:after], size))
    assert np.array_equal(np.concatenate([rows for rows, _ in pieces]), grid.spread(data))
    filled = np.ones(len(grid), np.bool_)
    filled[grid.at] = False
    assert np.array_equal(np.concatenate([missing for _, missing in pieces]), filled)
