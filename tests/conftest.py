"""LSL on loopback under a session of its own, and no test that leaves something behind."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from hypothesis import HealthCheck, settings

DATA = Path(__file__).parents[2] / "shared" / "data"

_CONFIG = """\
[multicast]
ResolveScope = machine
[lab]
SessionID = test-{session}
KnownPeers = {{127.0.0.1}}
[ports]
IPv6 = disable
BasePort = {port}
PortRange = {ports}
[tuning]
ContinuousResolveInterval = 0.1
MulticastMinRTT = 0.1
MulticastMaxRTT = 2
UnicastMinRTT = 0.1
UnicastMaxRTT = 2
[log]
level = -3
"""
"""On loopback an answer takes a millisecond: nobody has to be asked only every 1.75 s, as a known
peer is by default."""
_PORTS = 256
"""An outlet's port stays taken for a minute after it closed (TIME_WAIT), and one that finds none
free in its range is found by nobody: each run of tests has a range of its own."""
_FIRST, _BEYOND = 17_000, 32_000  # below what systems give out by themselves


def _compile_once() -> None:
    """Let the hundreds of programs that tests start share what is compiled; before they start."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False


_compile_once()
# As the command line does: what runs in this process starts devices too.
os.environ["PYDANTIC_DISABLE_PLUGINS"] = "__all__"


_FOLDER = Path(tempfile.mkdtemp(prefix="unisono-test-"))


def _use_private_folders() -> None:
    """Keep the tests, and all that they start, from the settings of whoever runs them."""
    for kind in ("CONFIG", "STATE"):
        os.environ[f"XDG_{kind}_HOME"] = str(_FOLDER / kind.lower())


def _use_private_lsl() -> None:
    """Write a configuration that this process and all its children use; before the first call."""
    path = _FOLDER / "lsl_api.cfg"
    port = _FIRST + _PORTS * secrets.randbelow((_BEYOND - _FIRST) // _PORTS)
    path.write_text(_CONFIG.format(session=secrets.token_hex(6), port=port, ports=_PORTS))
    os.environ["LSLAPICFG"] = str(path)


def pytest_unconfigure() -> None:
    """Leave nothing of this run behind."""
    shutil.rmtree(_FOLDER, ignore_errors=True)


_use_private_folders()
_use_private_lsl()

# How long an example takes to draw or to run says more about the machine than about the code.
# A folder that the examples of one test share is no state: each writes its own files in it.
settings.register_profile(
    "unisono",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("unisono")


@pytest.fixture
def sample_data() -> Path:
    """The folder with real recordings; the test is skipped where it is absent."""
    if not DATA.is_dir():
        pytest.skip(f"no sample recordings at {DATA}")
    return DATA


def _ours(thread: threading.Thread) -> bool:
    names = {"pump", "housekeeping", "discovery", "face finder", "sound"}
    return thread.name in names or thread.name.startswith(("device ", "write ", "hash "))


def _started_here(before: set[int]) -> list[psutil.Process]:
    """List what this process has started since then, and what that has started.

    What a program of the module's starts meanwhile is for that program to end. A list of numbers
    is had in a tenth of the time that a tree takes, and this is asked around each test.
    """
    found = []
    for pid in set(psutil.pids()) - before:
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(pid)
            above = [parent.pid for parent in process.parents()]
            if os.getpid() in above and before.isdisjoint(above[: above.index(os.getpid())]):
                found.append(process)
    return found


@pytest.fixture(autouse=True)
def _nothing_left_behind() -> Iterator[None]:
    """Fail a test that leaves a process or one of the engine's threads running."""
    before, others = set(psutil.pids()), set(threading.enumerate())
    yield
    _, alive = psutil.wait_procs(_started_here(before), timeout=30)
    names = [p.name() for p in alive]
    for process in alive:
        process.kill()
    threads = [t for t in threading.enumerate() if _ours(t) and t not in others]
    assert not names, f"processes left running: {names}"
    assert not threads, f"threads left running: {threads}"
