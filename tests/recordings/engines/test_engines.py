"""The same work by three engines: one result; what is killed is tried again, and never lost."""

from __future__ import annotations

import multiprocessing
import os
import signal
import stat
import subprocess
import sys
import threading
from dataclasses import dataclass
from multiprocessing import resource_tracker
from pathlib import Path
from types import SimpleNamespace

import pytest

from recordings.engines.cluster import Cluster, compare_versions, versions
from recordings.engines.local import Here, Processes
from recordings.engines.slurm import ArrayScript, Collected, array_folder, do_item
from recordings.engines.work import ONE_THREAD, TRIES, Engine, Lost, Work
from recordings.errors import RecordingError


@dataclass(frozen=True, slots=True)
class Sum:
    """Two numbers; `marks` is a folder in which each try leaves a file."""

    a: int
    b: int
    marks: Path | None = None
    deadly: int = 0  # so many tries end their process


@dataclass(frozen=True, slots=True)
class Total:
    value: int
    threads: str = ""


def add(item: Sum) -> Total:
    if item.marks is not None:
        tries = len(list(item.marks.glob(f"{item.a}-*")))
        (item.marks / f"{item.a}-{tries}").touch()
        if tries < item.deadly:
            os.kill(os.getpid(), signal.SIGKILL)
    return Total(item.a + item.b, os.environ.get("OMP_NUM_THREADS", ""))


ADD = Work("add", add, Sum, Total)
ITEMS = [Sum(n, 10 * n) for n in range(7)]


@pytest.fixture(scope="module", autouse=True)
def _tracker() -> None:
    """Start what follows the resources of pools: it stays until the tests end."""
    resource_tracker.ensure_running()


def results(engine: Engine, items: list[Sum]) -> dict[int, Total | Lost]:
    return {item.a: outcome for item, outcome in engine.run(ADD, items)}


@pytest.mark.parametrize("engine", [Here(), Processes(1), Processes(3)], ids=repr)
def test_each_item_has_its_result(engine: Engine) -> None:
    found = results(engine, ITEMS)
    assert {a: r.value for a, r in found.items() if isinstance(r, Total)} == {
        n: 11 * n for n in range(7)
    }
    assert not list(engine.run(ADD, []))


def test_processes_compute_with_one_thread_and_leave_none_behind() -> None:
    before = os.environ.get("OMP_NUM_THREADS")
    found = results(Processes(2), ITEMS)
    assert {r.threads for r in found.values() if isinstance(r, Total)} == {"1"}
    assert os.environ.get("OMP_NUM_THREADS") == before
    assert not multiprocessing.active_children()
    assert set(ONE_THREAD.values()) == {"1"}


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL there")
def test_what_is_killed_is_tried_again_and_costs_nobody_else(tmp_path: Path) -> None:
    items = [Sum(n, 1, tmp_path, {2: 1, 4: TRIES - 1, 5: 99}.get(n, 0)) for n in range(7)]
    found = results(Processes(2), items)
    assert sorted(found) == list(range(7))
    lost = found.pop(5)
    assert isinstance(lost, Lost)
    assert f"ended from outside {TRIES} times" in lost.reason
    assert all(isinstance(r, Total) for r in found.values())
    tries = {n: len(list(tmp_path.glob(f"{n}-*"))) for n in range(7)}
    assert tries == {0: 1, 1: 1, 2: 2, 3: 1, 4: TRIES, 5: TRIES, 6: 1}


def test_an_end_in_the_middle_leaves_no_process(tmp_path: Path) -> None:
    for _ in Processes(2).run(ADD, ITEMS):
        break
    assert not multiprocessing.active_children()
    assert threading.active_count() < 20


# Slurm.

SBATCH = """#!/bin/sh
# A stand-in: runs each task at once, one after another, as Slurm would.
echo "$@" >> {log}
parse=0; array=0-0; wrap=; output=/dev/null
while [ $# -gt 0 ]; do
  case "$1" in
    --parsable) parse=1 ;;
    --array=*) array=${{1#--array=}} ;;
    --output=*) output=${{1#--output=}} ;;
    --wrap) shift; wrap=$1 ;;
  esac
  shift
done
for n in $(seq ${{array%-*}} ${{array#*-}}); do
  SLURM_ARRAY_TASK_ID=$n sh -c "$wrap" > "$(echo "$output" | sed "s/%a/$n/")" 2>&1 || true
done
[ $parse = 0 ] || echo "4711;cluster"
"""


def stand_in(folder: Path) -> dict[str, str]:
    """Put a program called sbatch into a folder; give the environment that finds it."""
    folder.mkdir(exist_ok=True)
    program = folder / "sbatch"
    program.write_text(SBATCH.format(log=folder / "orders.txt"))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}


def test_an_array_does_the_items_and_what_has_no_result_is_lost(tmp_path: Path) -> None:
    script = tmp_path / "my study.sh"
    engine = ArrayScript(script, (sys.executable, "-c", "pass"), ("collect",))
    assert list(engine.run(ADD, ITEMS)) == []
    folder = array_folder(script)
    for number in range(6):
        do_item(folder, number, {"add": ADD})
    found = results(Collected(folder), ITEMS)
    assert [found[n].value for n in range(6)] == [11 * n for n in range(6)]  # type: ignore[union-attr]
    assert isinstance(found[6], Lost)
    assert "left no result" in found[6].reason
    with pytest.raises(RecordingError, match="has no item 7"):
        do_item(folder, 7, {"add": ADD})
    with pytest.raises(RecordingError, match="has no item 0"):
        do_item(folder, 0, {})
    with pytest.raises(RecordingError, match="exists already"):
        list(engine.run(ADD, ITEMS))


@pytest.mark.skipif(sys.platform == "win32", reason="a shell script")
def test_the_script_hands_over_tasks_and_the_collecting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # what is handed to `touch` beside its mark becomes a file there
    marks = tmp_path / "it's done"
    marks.mkdir()
    script = tmp_path / "array's.sh"
    touch = ("touch", str(marks / "task"))
    engine = ArrayScript(script, touch, (str(marks / "collected"),))
    list(engine.run(ADD, ITEMS[:3]))
    done = subprocess.run(
        ["sh", str(script), "--time=5:00"],
        env=stand_in(tmp_path / "bin"),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    array, collect = (tmp_path / "bin" / "orders.txt").read_text().splitlines()
    assert "--array=0-2" in array
    assert "--time=5:00" in array
    assert "--dependency=afterany:4711 " in collect
    assert (marks / "collected").exists()


def test_a_scheduler_that_is_not_there_is_one_line() -> None:
    pytest.importorskip("distributed")
    code = (
        "from recordings.engines import cluster\n"
        "from recordings.errors import RecordingError\n"
        "from tests.recordings.engines.test_engines import ADD, ITEMS\n"
        "cluster._CONNECT_S = 1.0\n"
        "try:\n"
        "    list(cluster.Cluster('tcp://127.0.0.1:1', 1).run(ADD, ITEMS))\n"
        "except RecordingError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False
    )
    assert "no scheduler with a worker answers" in done.stdout, done.stderr


def test_dask_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(RecordingError, match=r"pip install 'unisono\[cluster\]'"):
        list(Cluster("local", 1).run(ADD, ITEMS))


def test_a_worker_of_other_versions_is_refused_by_name() -> None:
    mine = versions()

    def compare(**theirs: str) -> None:
        answers = {"tcp://a": mine, "tcp://b": mine | theirs}
        compare_versions(SimpleNamespace(run=lambda function: answers))

    compare()
    compare(pyarrow="none", neurokit2="none")  # a task that needs one says that itself
    assert "none" not in (mine["opencv"], mine["numpy"])
    for name in ("numpy", "unisono", "opencv", "scikit-image"):
        with pytest.raises(RecordingError, match=f"tcp://b: has {name} 0.1, this program has"):
            compare(**{name: "0.1"})
    with pytest.raises(RecordingError, match="has numpy none, this program has"):
        compare(numpy="none")
    with pytest.raises(RecordingError, match=r"has mne 0\.1, this program has"):
        compare(mne="0.1")


def blocked(item: Sum) -> Total:
    return Total(int(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, [])))


@pytest.mark.skipif(sys.platform == "win32", reason="signals: not tried on Windows")
def test_a_ctrl_c_reaches_no_process_that_only_imports() -> None:
    """It ended with a traceback of multiprocessing's, among what the parent said."""
    work = Work("blocked", blocked, Sum, Total)
    assert [result for _, result in Processes(1).run(work, [Sum(1, 1)])] == [Total(1)]
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])
