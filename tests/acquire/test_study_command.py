"""`unisono study` and `unisono simulate study` as a lab runs them: many sessions, some broken."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from acquire.simulation.study import StudyOrder, write_study
from recordings.disk.hashing import sha256_of
from tests.acquire.program import Result, posix_only, unisono, wait_for
from tests.recordings.engines.test_engines import stand_in
from tests.recordings.exporting import all_files
from tests.recordings.study.simulated_study import BROKEN, make_study

SESSIONS = 20
CSV = ("--set", 'streams=["protocol", "unisono-events"]', "--set", "format=parquet")


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of 40 sessions, three of them broken in different ways; made once."""
    return make_study(tmp_path_factory.mktemp("study"), SESSIONS, broken=BROKEN)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_study(tmp_path_factory.mktemp("small"), 4)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_study(tmp_path_factory.mktemp("pair"), 2)


@pytest.fixture
def own(small: Path, tmp_path: Path) -> Path:
    """A study of four sound sessions that a test may write into."""
    return Path(shutil.copytree(small, tmp_path / "study"))


def rows(result: Result) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(result.stdout.splitlines()[-1])
    return found


def test_a_study_is_simulated_by_a_command(tmp_path: Path) -> None:
    done = unisono(
        *("simulate", "study", "--participants", "2", "--to", tmp_path / "data", "--seconds", "2"),
        *("--no-video", "--broken", "02=no-xdf", "--study", "mine", "--jobs", "2"),
        folder=tmp_path,
    )
    assert done.code == 0, done.stderr
    assert done.stdout.startswith("2 simulated sessions, about 0.00 GB\n1/2 sub-0")
    assert unisono("check", tmp_path / "data" / "mine", folder=tmp_path).code == 2
    again = unisono(
        *("simulate", "study", "--participants", "2", "--to", tmp_path / "data", "--study", "mine"),
        folder=tmp_path,
    )
    assert again.code == 2
    assert "exists already, begun with --seconds 2.0, not 60.0" in again.error
    for wrong, said in (("--size", "--size 'big'"), ("--broken", "--broken 'big'")):
        bad = unisono(
            *("simulate", "study", "--participants", "2", "--to", tmp_path, wrong, "big"),
            folder=tmp_path,
        )
        assert (bad.code, said in bad.error) == (2, True), bad.stderr


@posix_only
def test_a_simulation_that_was_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    order: tuple[str, ...] = (
        *("simulate", "study", "--participants", "8", "--seconds", "2", "--rate", "40"),
        *("--coders", "2", "--broken", "07=no-manifest"),
    )
    whole, killed = tmp_path / "whole" / "simulated", tmp_path / "killed" / "simulated"
    assert unisono(*order, "--to", whole.parent, "--jobs", "1", folder=tmp_path).code == 0
    for _ in range(5):  # where it was done before it could be killed: again
        _kill_amid([*order, "--to", str(killed.parent), "--jobs", "2"])
        if len(list(killed.glob("sub-*/ses-*/sub-*"))) < 8:
            break
        shutil.rmtree(killed)
    # Only what is at its place is kept: what was half made lies in a folder that is thrown away.
    there = {p: p.stat().st_mtime_ns for p in killed.glob("sub-*/ses-*/sub-*/session.json")}
    assert 2 <= len(list(killed.glob("sub-*/ses-*/sub-*"))) < 8

    refused = unisono(*order, "--to", killed.parent, "--seed", "9", folder=tmp_path)
    assert refused.code == 2
    assert "begun with --seed 1, not 9" in refused.error
    done = unisono(*order, "--to", killed.parent, "--jobs", "2", folder=tmp_path)
    assert done.code == 0, done.stderr
    assert " are there already\n" in done.stdout
    assert hashes(killed) == hashes(whole)
    assert {path: path.stat().st_mtime_ns for path in there} == there
    assert not list(killed.rglob("*.simulating"))


def _kill_amid(order: list[str]) -> None:
    """Start a simulation, kill it after two sessions, and wait until its processes have ended."""
    with subprocess.Popen(
        [sys.executable, "-m", "acquire", *order],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    ) as program:
        assert program.stdout is not None
        while not program.stdout.readline().startswith("2/"):
            assert program.poll() is None
        process = psutil.Process(program.pid)
        process.suspend()  # it gives nobody anything more to do
        workers = process.children(recursive=True)
        program.kill()
    wait_for(lambda: not any(map(_runs, workers)), what="the end of its processes")


def hashes(root: Path) -> dict[str, str]:
    """Every file but the empty one that is locked."""
    found = (path for path in root.rglob("*") if path.is_file() and path.suffix != ".lock")
    return {path.relative_to(root).as_posix(): sha256_of(path) for path in found}


def _runs(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_three_broken_sessions_are_three_reasons_and_only_what_failed_is_tried_again(
    study: Path, tmp_path: Path
) -> None:
    first = unisono("study", "run", study, "check", folder=tmp_path)
    assert first.code == 2, first.stderr
    errors = [line for line in first.stderr.splitlines() if line.startswith("error: ")]
    assert [error.split()[2][:6] for error in errors] == [f"sub-{n}" for n in BROKEN]
    reasons = {error.split(": ", 2)[2] for error in errors}
    assert len(reasons) == 3
    assert f"check: {SESSIONS} run, {SESSIONS - 3} done, 3 failed" in first.stdout

    second = unisono("study", "run", study, "check", "--json", folder=tmp_path)
    assert second.code == 2
    assert not any(row["due"] for row in rows(second))
    assert sum(bool(row["reason"]) for row in rows(second)) == 3

    third = unisono("study", "run", study, "check", "--retry-failed", "--json", folder=tmp_path)
    assert third.code == 2
    again = [row["session"][:6] for row in rows(third) if row["due"]]
    assert again == [f"sub-{n}" for n in BROKEN]

    listed = unisono("study", "status", study, "--json", folder=tmp_path).json["sessions"]
    states = [row["steps"]["check"]["state"] for row in listed]
    assert (states.count("done"), states.count("failed")) == (SESSIONS - 3, 3)
    page = tmp_path / "page.html"
    printed = unisono("study", "status", study, "--html", page, folder=tmp_path)
    assert printed.code == 0
    assert printed.stdout.count(" failed: ") >= 3
    assert "<svg" in page.read_text(encoding="utf-8")
    looks = [
        unisono("study", "status", study, "--fail-on", state, folder=tmp_path)
        for state in ("failed", "stale")
    ]
    assert [look.code for look in looks] == [2, 0]
    assert looks[0].stdout == printed.stdout.replace(f"{page}: written\n", "")


def test_two_studies_with_sessions_of_one_name_are_told_apart(tmp_path: Path) -> None:
    data = tmp_path / "data"
    for seed, name in enumerate(("one", "two")):
        write_study(StudyOrder(data, 2, seconds=2.0, film=None, study=name, seed=seed))
    xdf = next((data / "one").rglob("sub-01*/recording.xdf"))
    xdf.write_bytes(b"")
    done = unisono("study", "run", data, "check", folder=tmp_path)
    assert done.code == 2
    assert "check: 4 run, 3 done, 1 failed" in done.stdout
    assert "error: check one/sub-01_" in done.stderr
    done = unisono("study", "run", data, "csv", *CSV, "--json", folder=tmp_path)
    assert done.code == 2, "one folder cannot hold two of one name"
    failed = {row["folder"].split("/")[0] for row in rows(done) if row["reason"]}
    assert len(rows(done)) == 4
    assert failed == {"one", "two"}, "its XDF file is none; and its name is there already"
    told = unisono("study", "status", data, folder=tmp_path)
    assert "one/sub-01_" in told.stdout
    assert "two/sub-01_" in told.stdout


def test_what_is_no_study_and_what_has_lost_its_manifest_is_said(
    pair: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    done = unisono("study", "run", tmp_path / "empty", "check", folder=tmp_path)
    assert (done.code, "no sessions" in done.stderr) == (2, True)
    data = Path(shutil.copytree(pair, tmp_path / "data"))
    next(data.rglob("sub-01*/session.json")).unlink()
    orders: list[list[str | Path]] = [
        ["export", "csv", data, "--to", tmp_path / "csv"],
        ["check", data],
    ]
    for order in orders:
        done = unisono(*order, folder=tmp_path)
        assert done.code == 2
        assert "copy it back from where" in done.stdout + done.stderr


def test_only_stale_work_is_done_again(own: Path, tmp_path: Path) -> None:
    def run(*more: str | Path) -> list[str]:
        order = ("study", "run", own, "csv", *CSV, "--jobs", "1", "--json")
        done = unisono(*order, *more, folder=tmp_path)
        assert done.code == 0, done.stderr
        return [row["session"][:6] for row in rows(done) if row["due"]]

    everybody = ["sub-01", "sub-02", "sub-03", "sub-04"]
    assert run("--only", "sub-02", "--dry-run") == ["sub-02"]
    assert not (own / "exports").exists()
    assert run("--only", "sub-02") == ["sub-02"]
    assert run() == ["sub-01", "sub-03", "sub-04"]
    assert run() == []
    (session,) = own.glob("sub-03/ses-01/*")
    text = json.loads((session / "session.json").read_text())
    (session / "session.json").write_text(json.dumps(text | {"lsl_stop": text["lsl_stop"] + 1}))
    assert run() == ["sub-03"]
    next((own / "exports" / "csv").glob("sub-04*protocol*")).unlink()
    assert run() == ["sub-04"]
    assert run("--set", "stamps=raw") == everybody
    (session / "session.json").write_text(
        json.dumps(text | {"unusable": "slept", "lsl_stop": text["lsl_stop"] + 1})
    )
    left_out = unisono("study", "run", own, "csv", *CSV, folder=tmp_path)
    assert "left out, marked as not usable: slept" in left_out.stderr


@pytest.mark.parametrize(
    ("order", "said"),
    [
        (["knit"], "step 'knit': there are check, bids"),
        (["csv", "--only", "sub-77"], "--only sub-77"),
        (["csv", "--set", "colour=red"], "csv: no setting 'colour'; it has format, stamps"),
        (["csv", "--set", "format=rtf"], "csv: format"),
        (["csv", "--set", "format"], "write KEY=VALUE"),
        (["csv", "check", "--slurm-script", "x.sh"], "one step"),
        (["csv", "--dask", "local", "--slurm-script", "x.sh"], "leave out one"),
    ],
)
def test_a_bad_order_is_refused(own: Path, tmp_path: Path, order: list[str], said: str) -> None:
    done = unisono("study", "run", own, *order, folder=tmp_path, cwd=tmp_path)
    assert done.code == 2
    assert said in done.error


# Three engines.


def files(target: Path) -> dict[str, bytes]:
    return {name: (target / name).read_bytes() for name in all_files(target)}


@pytest.mark.parametrize(
    ("kind", "engine"),
    [
        ("bids", "jobs"),
        ("csv", "dask"),
        pytest.param("csv", "slurm", marks=pytest.mark.soak),
        pytest.param("csv", "jobs", marks=pytest.mark.soak),
        pytest.param("bids", "dask", marks=pytest.mark.soak),
        pytest.param("bids", "slurm", marks=pytest.mark.soak),
    ],
)
@posix_only
def test_every_engine_writes_the_same_bytes(
    pair: Path, tmp_path: Path, kind: str, engine: str
) -> None:
    more = ("--format", "parquet", "--stream", "protocol") if kind == "csv" else ()
    order = ("export", kind, pair, *more)
    plain = unisono(*order, "--to", tmp_path / "plain", "--jobs", "1", folder=tmp_path)
    assert plain.code == 0, plain.stderr
    target = tmp_path / engine
    script = tmp_path / "array.sh"
    options: dict[str, tuple[str | Path, ...]] = {
        "jobs": ("--jobs", "2"),
        "dask": ("--dask", "local", "--jobs", "2"),
        "slurm": ("--slurm-script", script),
    }
    if engine == "dask":
        pytest.importorskip("distributed")
    done = unisono(*order, "--to", target, *options[engine], folder=tmp_path)
    assert done.code == 0, done.stderr
    if engine == "slurm":
        assert "run it where sbatch is" in done.stdout
        assert all_files(target) == {}
        ran = subprocess.run(
            ["sh", script], env=stand_in(tmp_path / "bin"), capture_output=True, text=True
        )
        assert ran.returncode == 0, ran.stderr
        told = (tmp_path / "array.sh.array" / "collected.txt").read_text()
        assert told.count("exported") == 2, told
    assert files(target) == files(tmp_path / "plain")
    assert len(files(target)) >= 2


def killed_while_running(order: list[str | Path], kills: int, cwd: Path) -> tuple[int, str, int]:
    """Run a command and kill one of its workers now and then, as it goes on.

    Returns:
        Exit code, what it said, how many were killed.
    """
    rng = random.Random(4)
    told, killed = "", 0
    with subprocess.Popen(
        [sys.executable, "-m", "acquire", *map(str, order)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    ) as program:
        assert program.stdout is not None
        for line in program.stdout:
            told += line
            if killed < kills and "/" in line and ": " in line and rng.random() < 0.7:
                children = psutil.Process(program.pid).children(recursive=True)
                workers = [c for c in children if _is_worker(c)]
                if workers:
                    rng.choice(workers).kill()
                    killed += 1
    return program.returncode, told, killed


def _is_worker(process: psutil.Process) -> bool:
    try:
        return "spawn_main" in " ".join(process.cmdline())
    except psutil.Error:
        return False


@posix_only
@pytest.mark.parametrize(
    ("engine", "kills"),
    [
        ("--jobs", 4),
        pytest.param("--dask", 2, marks=pytest.mark.soak),
        pytest.param("--jobs", 10, marks=pytest.mark.soak),
    ],
)
def test_no_session_is_lost_when_workers_are_killed(
    study: Path, tmp_path: Path, engine: str, kills: int
) -> None:
    options = ["--jobs", "2"] if engine == "--jobs" else ["--dask", "local", "--jobs", "2"]
    if engine == "--dask":
        pytest.importorskip("distributed")
    order: list[str | Path] = ["export", "csv", study, "--format", "parquet"]
    order += ["--stream", "protocol"]
    plain = unisono(*order, "--to", tmp_path / "plain", folder=tmp_path)
    wanted = files(tmp_path / "plain")
    code, told, killed = killed_while_running(
        [*order, "--to", tmp_path / "killed", *options], kills, tmp_path
    )
    assert killed == kills, told
    assert code == plain.code == 2  # those that are broken
    assert files(tmp_path / "killed") == wanted
    assert not list((tmp_path / "killed").rglob("*.stage")), told
    assert sum(": exported" in line for line in told.splitlines()) == len(wanted)
