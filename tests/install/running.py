"""What an installed program has to do, however it was installed."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import time

import pytest

from acquire.server.data_lock import owner
from tests.acquire.program import wait_for
from tests.install.environments import Installed

OPEN_S = 120.0
TITLE = "Unisono"


def opens_a_window(program: Installed, *, visible: bool = False) -> float:
    """Open the recorder window with a simulated rig until its engine listens, and close it.

    Gives how long it took until the engine listened, or until the window was `visible`, s.
    """
    rig, data = program.home / "rig.toml", program.home / "window"
    program.run("rig", "new", rig)
    command = [*program.command, "gui", str(rig), "--data-dir", str(data)]
    said = program.home / "window.txt"
    begun, took_s = time.monotonic(), 0.0
    with said.open("wb") as file:
        window = subprocess.Popen(
            command, cwd=program.home, env=program.environment, stderr=file, stdout=file
        )
    try:
        if visible:
            wait_for(lambda: _is_viewable(program.display or ""), OPEN_S, "the window")
            took_s = time.monotonic() - begun
        wait_for(lambda: owner(data) is not None or window.poll() is not None, OPEN_S, "the engine")
        took_s = took_s or time.monotonic() - begun
        assert window.poll() is None, said.read_text()
        window.send_signal(signal.SIGTERM)
        assert window.wait(OPEN_S) == 0, said.read_text()
    finally:
        window.kill()
        window.wait()
    assert "Traceback" not in said.read_text()
    return took_s


def _is_viewable(display: str) -> bool:
    """Whether an X server shows a window of ours."""
    tool = shutil.which("xwininfo")
    if tool is None:
        pytest.skip("xwininfo (x11-utils) is not installed")
    ours = re.findall(
        rf'^\s+(0x[0-9a-f]+) "[^"]*{TITLE}', _asked(tool, display, "-root", "-tree"), re.M
    )
    return any("IsViewable" in _asked(tool, display, "-id", window) for window in ours)


def _asked(tool: str, display: str, *question: str) -> str:
    command = [tool, "-display", display, *question]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout
