"""Kill -9 of the real window: which channels were chosen, and in which order, is there again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gui.client.engine_process import EngineProcess
from tests.acquire.program import posix_only, wait_for
from tests.gui.windows import Names, end

pytestmark = posix_only
ROOT = Path(__file__).parents[3]
RIG = """\
[rig]
name = "killed"

[[device]]
name = "{eeg}"
driver = "simulated-eeg"
channels = 4
rate_hz = 250

[[device]]
name = "{physio}"
driver = "simulated-physio"
rate_hz = 250
"""
Shown = list[tuple[str, str]]


@contextmanager
def engine(rig: Path, data: Path) -> Iterator[str]:
    """Run an engine, which outlives the windows."""
    process = EngineProcess(rig, data)
    try:
        wait_for(lambda: process.url or process.code is not None)
        assert process.url, process.error
        yield process.url
    finally:
        end(process.pid)
        process.forget()


def shown(home: Path, lists: int, *words: str) -> list[Shown]:
    """Open a window, give so many lists of channels that it shows, and kill it, if it lives."""
    command = [sys.executable, "-m", "tests.gui.window.killed_window", *words]
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen", "XDG_CONFIG_HOME": str(home)}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, cwd=ROOT, env=environment, text=True
    ) as window:
        assert window.stdout is not None
        try:
            lines = [window.stdout.readline() for _ in range(lists)]
        finally:
            os.kill(window.pid, signal.SIGKILL)
    assert window.returncode == -signal.SIGKILL
    return [[(stream, label) for stream, label in json.loads(line)] for line in lines]


@pytest.mark.soak  # an engine and two windows take over 10 s
def test_what_was_chosen_and_ordered_survives_the_death_of_the_window(tmp_path: Path) -> None:
    names, home = Names(), tmp_path / "home"
    home.mkdir()
    with engine(names.rig(tmp_path, RIG), tmp_path / "data") as url:
        before, changed = shown(home, 2, "--change", "gui", "--attach", url)
        eeg = [label for stream, label in before if stream == names.eeg]
        assert before[0] == (names.eeg, eeg[0]), "electrodes first"
        assert changed[0][0] == names.physio, "the stream that was moved up"
        wanted = [eeg[2], eeg[1], *eeg[3:]]
        assert [label for stream, label in changed if stream == names.eeg] == wanted
        assert shown(home, 1, "gui", "--attach", url) == [changed]
