"""Who makes a session, and whether that process lives."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from recordings import owner
from tests.acquire.program import posix_only, wait_for

needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")


def here() -> dict[str, str]:
    return {"name": socket.gethostname(), **owner.this_process()}


def test_this_process_lives() -> None:
    assert owner.lives(here()) is not False
    assert owner.lives({**here(), "name": "another"}) is None


@needs_proc
def test_a_number_of_another_container_says_nothing() -> None:
    """It may have the host's name: what it was recording was finished under its hands."""
    assert owner.lives({**here(), "pid": "4000000", "pid_space": "pid:[1]"}) is None
    assert owner.lives({**here(), "pid": "4000000"}) is False


@needs_proc
@posix_only
def test_one_whose_end_nobody_has_asked_for_is_dead() -> None:
    """A container without an init keeps it so for ever, and nobody finished its session."""
    code = "import json; from recordings import owner; print(json.dumps(owner.this_process()))"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as child:
        assert child.stdout
        said = child.stdout.readline().decode()
        described = {"name": socket.gethostname(), **json.loads(said)}
        wait_for(lambda: owner.lives(described) is False, what="the end of a zombie")
