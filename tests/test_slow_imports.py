"""What takes a second to load is loaded by what needs it, not by every start of a program."""

from __future__ import annotations

import subprocess
import sys

import pytest

SLOW = ("scipy.signal", "scipy.stats", "scipy.ndimage", "pandas", "mne", "neurokit2", "pyarrow")

LATER = ("asyncio", "tomlkit")


@pytest.mark.parametrize(
    "start",
    [
        "acquire.engine.engine",
        "acquire.host.device_host",
        "gui.coding.app",
        "gui.review.app",
        "gui.window.window",
        "recordings.check.examination",
        "recordings.export.tasks",
        "recordings.features.task",
        "recordings.study.steps",
    ],
)
def test_a_start_loads_nothing_slow(start: str) -> None:
    code = f"import sys, {start}; print([m for m in {SLOW} if m in sys.modules])"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout == "[]\n"


def test_the_window_loads_nothing_that_works_in_the_engine_alone() -> None:
    """It is waited for at each start."""
    engine = ("acquire.pump", "acquire.take", "acquire.node.client", "recordings.xdf", "starlette")
    code = f"import sys, gui.window.app; print([m for m in {engine + LATER} if m in sys.modules])"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout == "[]\n"


def test_a_device_starts_without_looking_through_all_packages() -> None:
    code = "import sys, acquire.host.device_host; print('importlib.metadata' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout == "False\n"


def test_no_model_is_built_before_it_is_used() -> None:
    """All of them, unused, were a tenth of every process's start."""
    code = (
        "import sys, pydantic, acquire.engine.engine, acquire.host.device_host, gui.window.app\n"
        "from acquire.server.api.base import Asked\n"
        "def below(kind):\n"
        "    for one in kind.__subclasses__():\n"
        "        yield one\n"
        "        yield from below(one)\n"
        "ours = ('acquire', 'devices', 'gui', 'recordings')\n"
        "models = [m for m in below(pydantic.BaseModel) if m.__module__.split('.')[0] in ours]\n"
        "assert len(models) > 50\n"
        "built = [m for m in models if m.__pydantic_complete__ and not issubclass(m, Asked)]\n"
        "print(sorted(m.__name__ for m in built))\n"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout == "['Panas', 'Sam']\n"  # the shipped scales
