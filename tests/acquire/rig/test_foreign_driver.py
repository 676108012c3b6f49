"""A driver of somebody else's that ends the process it is loaded in ends no engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from acquire.errors import ConfigError
from acquire.rig import foreign_driver
from acquire.rig.file import Rig, parse_rig
from devices.registry import place_of

DRIVER = """
import atexit, ctypes, os, threading, time
from pydantic import model_validator
from devices.base import Device, Settings as Base
{on_import}

class Settings(Base):
    @model_validator(mode="after")
    def look(self):
        {on_settings}
        return self

class Driver(Device):
    Settings, summary = Settings, "made in a test"

    def open(self): ...
    def read(self): ...
    def close(self): ...
"""


def rig_with(folder: Path, on_import: str = "", on_settings: str = "pass") -> Rig:
    text = DRIVER.format(on_import=on_import, on_settings=on_settings)
    (folder / "odd.py").write_text(text)
    table = f'[rig]\ndriver_dir = {str(folder)!r}\n[[device]]\nname = "a"\ndriver = "odd"\n'
    return parse_rig(table)


@pytest.mark.parametrize(
    ("fault", "how"),
    [
        ({"on_import": "os._exit(0)"}, "status 0"),
        ({"on_import": "ctypes.string_at(0)"}, "signal 11"),
        ({"on_settings": "os._exit(3)"}, "status 3"),
    ],
)
def test_what_ends_a_process_is_refused(fault: dict[str, str], how: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        rig_with(tmp_path, **fault)
    assert "device 'a': driver: driver 'odd'" in str(caught.value)
    assert f"odd.py: ends the process that loads it ({how})" in str(caught.value)
    assert rig_with(tmp_path).device("a").driver == "odd", "a repaired file is tried again"


def test_what_never_comes_back_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foreign_driver, "_PATIENCE_S", 2.0)
    with pytest.raises(ConfigError, match="has not been loaded after 2 s"):
        rig_with(tmp_path, "threading.Event().wait()")


def test_what_a_driver_prints_or_leaves_running_is_no_fault(tmp_path: Path) -> None:
    noise = "print('hello'); atexit.register(print, 'bye')"
    thread = "threading.Thread(target=threading.Event().wait, daemon=True).start()"
    assert rig_with(tmp_path, f"{noise}; {thread}").device("a").driver == "odd"


def test_what_it_raises_is_told_as_before(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot be loaded from .*SystemExit: 4"):
        rig_with(tmp_path, "raise SystemExit(4)")


@pytest.mark.parametrize("name", ["simulated-eeg", "replay", "no-such-driver"])
def test_nothing_of_ours_costs_a_process(name: str) -> None:
    assert place_of(name) is None
