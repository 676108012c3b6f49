"""What the check says of values and stamps of other programs, and of what is as it should be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from recordings.certificate import Report
from recordings.check.examination import check
from tests.recordings.bare_files import START, Sent, bare, eeg, texts


def said(report: Report) -> dict[tuple[str, str], str]:
    return {(f.code, f.level): f"{f.subject}: {f.text}" for f in report.findings}


def test_values_that_are_no_measurement(tmp_path: Path) -> None:
    data = np.random.default_rng(1).normal(0, 20, (3000, 5)).astype(np.float32)
    data[:, 0], data[:, 1], data[5, 2], data[7, 2], data[300:2000, 3] = 7, np.nan, np.nan, np.inf, 4
    eyes = np.random.default_rng(2).normal(0, 20, (720, 2))
    labels = ("Fz", "Cz", "Pz", "Oz", "C3")
    amp = Sent("amp", "EEG", 250.0, data, labels=labels, units=("uV",) * 5)
    eye = Sent("eye", "Gaze", 60.0, np.where(eyes > -10, eyes, np.nan))
    found = said(check(bare(tmp_path / "a.xdf", amp, eye)))
    assert found["nan", "warn"].startswith("amp: Cz, Pz: up to 100 % of the samples")
    assert found["inf", "warn"].startswith("amp: Pz")
    assert found["constant", "warn"].startswith("amp: Fz, Oz")
    assert found["nan", "info"].startswith("eye: ")


def test_a_stream_of_another_clock_and_one_that_went(tmp_path: Path) -> None:
    marks = texts("Mk", ["a", "b"], [1.7e9, 1.7e9 + 3])
    short = Sent("ACC", "ACC", 50.0, np.ones((300, 1), np.float32) * np.arange(300)[:, None])
    found = said(check(bare(tmp_path / "a.xdf", eeg(12.0), marks, short)))
    assert found["another-clock", "warn"].startswith("Mk: all its stamps lie 54 years from")
    assert found["ends-early", "warn"].startswith("ACC: ends 6.0")
    assert ("begins-late", "warn") not in found
    near = texts("Mk", ["a", "b", "c"], [START - 5, START + 1, START + 30])
    found = said(check(bare(tmp_path / "b.xdf", eeg(), near)))
    outside = "Mk: 2 of 3 markers lie before or after all signals"
    assert found["markers-outside", "info"] == outside
    assert not {"another-clock", "ends-early", "begins-late"} & {code for code, _ in found}


def test_stamps_that_cannot_be_true_and_those_that_jump(tmp_path: Path) -> None:
    times = START + np.arange(2500) / 250
    times[700] += 200_000
    found = said(check(bare(tmp_path / "a.xdf", eeg(times=times), eeg())))
    assert found["stamps-wrong", "warn"].startswith("EEG: 1 of 2500 stamps cannot be true")
    assert ("ends-early", "warn") not in found
    times = START + np.arange(2500) / 250
    times[1250:] += 200_000
    found = said(check(bare(tmp_path / "b.xdf", eeg(times=times))))
    assert found["stamps-jump", "warn"] == "EEG: stamps jump by 2 days and stay there"


@pytest.mark.parametrize(
    ("types", "warned"), [(("EEG", "ACC", "GYRO"), False), (("EEG", "EEG"), True)]
)
def test_a_headset_of_several_kinds_has_one_source(
    tmp_path: Path, types: tuple[str, ...], warned: bool
) -> None:
    rng = np.random.default_rng(1)
    streams = [Sent("Muse", t, 50.0, rng.normal(size=(300, 2)), source_id="Muse_00") for t in types]
    found = said(check(bare(tmp_path / "a.xdf", *streams)))
    assert (("source-twice", "warn") in found) is warned
