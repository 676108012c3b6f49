"""Files are described once nobody writes them: an encoder outlives its device's process."""

from __future__ import annotations

import os
import subprocess
import sys

from acquire.processes.lifeline import Lifeline, lifelines
from tests.acquire.program import posix_only

STARTS_ANOTHER = """
import subprocess, sys
from acquire.processes.lifeline import lifelines
wait = "import sys; sys.stdin.read()"
subprocess.Popen([sys.executable, "-c", wait], pass_fds=lifelines())
"""


@posix_only
def test_it_is_cut_by_the_last_that_ends() -> None:
    """52 of 105 frames were counted: the encoder of a camera that was killed still wrote."""
    line = Lifeline()
    child = subprocess.Popen(
        [sys.executable, "-c", STARTS_ANOTHER],
        stdin=subprocess.PIPE,
        env={**os.environ, **line.handed},
        pass_fds=line.inherited,
    )
    line.let_go()
    assert child.wait() == 0
    assert not line.wait_cut(0.0)
    assert child.stdin is not None
    child.stdin.close()  # what the other one waits for
    assert line.wait_cut(60.0)
    assert line.wait_cut(0.0)  # as often as one asks


def test_without_one_nothing_is_handed_on() -> None:
    assert lifelines() == []
