"""`unisono features` as a lab runs it: on any engine, again, and erased with its participant."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.acquire.program import unisono
from tests.recordings.exporting import all_files
from tests.recordings.study.simulated_study import make_study

OPTIONS = ("--length", "2", "--signal", "EEG", "--signal", "SKT")


@pytest.fixture
def study(tmp_path: Path) -> Path:
    return make_study(tmp_path / "data", 3, 4.0, {"02": "no-xdf"})


@pytest.mark.parametrize(
    "other",
    [
        ("--jobs", "2"),
        pytest.param(("--dask", "local", "--jobs", "1"), marks=pytest.mark.soak),
    ],
    ids=("jobs", "dask"),
)
def test_features_are_the_same_on_any_engine_and_are_made_once(
    study: Path, tmp_path: Path, other: tuple[str, ...]
) -> None:
    made = {}
    for name, engine in {"one": ("--jobs", "1"), "two": other}.items():
        to = tmp_path / name
        done = unisono("features", study, "--to", to, *OPTIONS, *engine, folder=tmp_path)
        assert done.code == 2, done.stderr
        assert "recording.xdf" in done.error
        made[name] = {path: (to / path).read_bytes() for path in all_files(to)}
    assert made["one"] == made["two"]
    assert sum(path.endswith(".parquet") for path in made["one"]) == 2

    again = unisono("features", study, "--to", tmp_path / "one", *OPTIONS, folder=tmp_path)
    assert again.code == 2
    assert "features: 0 run, 2 done, 1 failed" in again.stdout
    longer = unisono(
        *("features", study, "--to", tmp_path / "one", "--signal", "SKT", "--length", "4"),
        *("--dry-run", "--json"),
        folder=tmp_path,
    )
    planned = json.loads(longer.stdout.splitlines()[-1])
    assert [row["due"] for row in planned] == [True, True, True]

    status = unisono("study", "status", study, "--json", folder=tmp_path)
    steps = json.loads(status.stdout.splitlines()[-1])["steps"]
    assert "features in two" in steps
    erased = unisono("erase", study, "01", "--yes", folder=tmp_path)
    assert erased.code == 0, erased.stderr
    assert not [path for path in all_files(tmp_path / "one") if "sub-01" in path]


def test_what_there_is_not_is_refused_in_one_line(study: Path, tmp_path: Path) -> None:
    for wrong, said in (
        (("--windows", "hourly"), "windows"),
        (("--signal", "EKG"), "no signal 'EKG'"),
        (("--length", "0"), "length_s"),
    ):
        done = unisono("features", study, "--to", tmp_path / "to", *wrong, folder=tmp_path)
        assert (done.code, said in done.error) == (2, True), done.stderr
        assert "Traceback" not in done.stderr
