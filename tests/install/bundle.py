"""The bundle does what the installed program does, with nothing but itself.

`make bundle` runs it on dist/unisono. Figures are those of docs/installing.md.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from acquire.version import EXTRAS
from tests.install.environments import ROOT, Installed
from tests.install.running import opens_a_window

FOLDER = ROOT / "dist" / "unisono"
MAX_MB = 720
WITHOUT = {"parquet", "features", "study"}
START_S = 1.2
"""Of processor time, on a busy computer."""

DRIVER = '''\
"""A driver that needs what nothing in the program imports."""

import wave
import xmlrpc.client

import numpy as np
import scipy.signal
from devices.base import Channel, Chunk, Device, Settings, StreamSpec


class Odd(Device):
    """Counts."""

    Settings = Settings

    def open(self):
        assert wave.Wave_read and xmlrpc.client.ServerProxy and scipy.signal.butter(2, 0.1)
        return [StreamSpec("odd", "Test", (Channel("count"),), 10.0, "float64")]

    def read(self):
        while True:
            self.clock.sleep_until(self.clock.now() + 0.1)
            yield Chunk("odd", np.array([self.clock.now()]), np.zeros((1, 1)))

    def close(self):
        pass
'''
RIG = """\
[rig]
driver_dir = "drivers"

[[device]]
name = "odd"
driver = "odd"
"""


BOARD = """
[rig]
name = "board"

[[device]]
name = "board"
driver = "brainflow"
board = "SYNTHETIC_BOARD"
"""


@pytest.fixture
def program(tmp_path: Path) -> Installed:
    name = "unisono.exe" if sys.platform == "win32" else "unisono"
    if not (FOLDER / name).exists():
        pytest.skip("there is no bundle: make bundle")
    return Installed((str(FOLDER / name),), tmp_path, path="")


def record(program: Installed, *arguments: str | Path) -> Path:
    """Record something; gives the session."""
    done = program.run(*arguments, "--json", "--data-dir", program.home / "data")
    assert done.returncode in (0, 1), done.stderr  # 1: late samples, on a loaded machine
    return Path(json.loads(done.stdout.splitlines()[-1])["session"])


def test_its_size() -> None:
    seen = {p.stat().st_ino: p.stat().st_size for p in FOLDER.rglob("*") if p.is_file()}
    size_mb = sum(seen.values()) / 1e6
    print(f"bundle: {size_mb:.0f} MB")
    assert size_mb <= MAX_MB


def test_it_says_its_version_soon(program: Installed) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    said = program.run("--version").stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    took_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"--version: {took_s:.2f} s")
    assert said.startswith("unisono 0.")
    assert "commit " in said
    extras = said.partition("extras: ")[2].rstrip(")\n").split(", ")
    assert set(EXTRAS) - set(extras) == WITHOUT, "what needs pyarrow"
    assert took_s <= START_S


def test_demo_check_and_exports(program: Installed) -> None:
    session = record(program, "demo", "--seconds", "5")
    assert program.run("check", session).returncode in (0, 1)
    for kind in ("csv", "bids", "edf"):
        done = program.run("export", kind, session, "--to", program.home / kind)
        assert done.returncode == 0, done.stderr
    # A pool of workers: children that multiprocessing starts by itself.
    other = record(program, "demo", "--seconds", "2")
    both = program.run("check", session, other, "--jobs", "2", "--json")
    assert [one["error"] for one in json.loads(both.stdout.splitlines()[-1])] == ["", ""]


def test_brainflow_finds_its_library(program: Installed) -> None:
    """It asks setuptools for the place, without the hooks that every start would wait for."""
    rig = program.home / "rig.toml"
    rig.write_text(BOARD, encoding="utf-8")
    patient = ("--participant", "01", "--wait", "90")
    session = record(program, "record", rig, "--seconds", "2", *patient)
    manifest = json.loads((session / "session.json").read_text(encoding="utf-8"))
    assert max(stream["samples"] for stream in manifest["streams"]) > 100


def test_a_driver_from_a_folder_has_the_standard_library_and_scipy(program: Installed) -> None:
    (program.home / "drivers").mkdir()
    (program.home / "drivers" / "odd.py").write_text(DRIVER, encoding="utf-8")
    rig = program.home / "rig.toml"
    rig.write_text(RIG, encoding="utf-8")
    patient = ("--participant", "01", "--wait", "90")
    session = record(program, "record", rig, "--seconds", "2", *patient)
    manifest = json.loads((session / "session.json").read_text(encoding="utf-8"))
    (odd,) = (stream for stream in manifest["streams"] if stream["name"] == "odd")
    assert odd["samples"] > 10


def test_every_driver_can_be_listed(program: Installed) -> None:
    drivers = json.loads(program.run("devices", "--json").stdout.splitlines()[-1])
    broken = {d["name"]: d["reason"] for d in drivers if not d["available"]}
    assert set(broken) <= {"camera-aravis", "trigger-out-parallel", "trigger-in-parallel"}, broken
    assert "replay" in [d["name"] for d in drivers], "the entry points' own metadata is missing"


def test_the_window_opens_without_a_screen(program: Installed) -> None:
    opens_a_window(program)


def test_the_window_opens_on_a_screen(program: Installed, screen: str) -> None:
    shown = replace(program, display=screen)
    took_s = opens_a_window(shown, visible=True)
    print(f"window: visible after {took_s:.2f} s")


@pytest.fixture
def screen() -> Iterator[str]:
    """An X server of its own."""
    server = shutil.which("Xvfb")
    if server is None:
        pytest.skip("Xvfb is not installed")
    ours, theirs = os.pipe()
    with subprocess.Popen(
        [server, "-displayfd", str(theirs), "-screen", "0", "1600x1000x24", "-nolisten", "tcp"],
        pass_fds=[theirs],
        stderr=subprocess.DEVNULL,
    ) as process:
        os.close(theirs)
        with os.fdopen(ours) as said:
            yield f":{said.readline().strip()}"
        process.terminate()
