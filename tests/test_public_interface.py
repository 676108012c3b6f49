"""What other people rely on is there, and is what docs/public-interface.md lists."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

import acquire
from devices import base, registry
from recordings import load_study, open_session
from recordings.dataset import study
from recordings.read import session

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "public-interface.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def listed(module: str) -> set[str]:
    """The names of a module that the page imports."""
    blocks = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    imports = [node for block in blocks for node in ast.parse(block).body]
    return {
        name.name
        for node in imports
        if isinstance(node, ast.ImportFrom) and node.module == module
        for name in node.names
    }


def test_sessions_are_opened_from_the_top_of_recordings() -> None:
    assert open_session is session.open_session
    assert listed("recordings") == {"open_session", "load_study"}
    assert load_study is study.load_study


def test_the_device_contract_is_what_base_defines() -> None:
    defined = {
        name
        for name, value in vars(base).items()
        if inspect.isclass(value) and value.__module__ == base.__name__
    }
    assert listed("devices.base") == defined | {"Dtype"}
    assert hasattr(base, "Dtype")


def test_entry_points_lead_to_the_command_and_to_drivers() -> None:
    assert PROJECT["scripts"] == {"unisono": "acquire.cli.main:main"}
    assert callable(EntryPoint("unisono", PROJECT["scripts"]["unisono"], "console_scripts").load())
    assert registry.GROUP == "unisono.devices"
    for name, value in PROJECT["entry-points"][registry.GROUP].items():
        assert issubclass(EntryPoint(name, value, registry.GROUP).load(), base.Device)
    for promised in ("acquire.cli.main:main", registry.GROUP, "python -m acquire"):
        assert f"`{promised}`" in PAGE


def test_the_program_starts_as_a_module() -> None:
    command = [sys.executable, "-m", "acquire", "--version"]
    said = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout
    assert said.startswith(f"unisono {acquire.__version__} (")
