"""A driver of somebody else's that ends the process it is loaded in ends no engine."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

import pytest

from acquire.errors import ConfigError
from acquire.rig import foreign_driver
from acquire.rig.file import Rig, parse_rig
from acquire.rig.foreign_driver import describe
from acquire.survey import inventory
from devices import registry
from devices.base import Plugged
from devices.registry import DriverEntry, place_of
from tests.acquire.program import posix_only

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


@posix_only
def test_what_a_module_does_to_its_process_is_not_done_to_the_engine(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """It was loaded in the engine after it had been tried: Ctrl-C, folder, limits, output, end."""
    before, threads = (Path.cwd(), signal.getsignal(signal.SIGINT)), set(threading.enumerate())
    deeds = (
        "print('hello')",
        "os.chdir('/')",
        "__import__('signal').signal(2, __import__('signal').SIG_IGN)",
        "threading.Thread(target=time.sleep, args=(600,)).start()",
    )
    rig = rig_with(tmp_path, "; ".join(deeds))
    assert (Path.cwd(), signal.getsignal(signal.SIGINT)) == before
    assert not set(threading.enumerate()) - threads
    assert capfd.readouterr().out == ""
    assert rig.device("a").driver == "odd"
    with pytest.raises(ConfigError, match="gain: unknown key"):
        rig.with_settings("a", {"gain": 3})
    summary, schema = describe("odd", tmp_path)
    assert summary == "made in a test"
    assert set(schema["properties"]) == {"name"}


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"on_settings": "raise KeyError('port')"}, "KeyError: 'port'"),
        ({"on_import": "raise type('Mute', (Exception,), {'__str__': 0})"}, "Mute"),
        ({"on_import": "import nothing_of_the_kind"}, "No module named 'nothing_of_the_kind'"),
    ],
)
def test_what_a_driver_trips_over_is_told_and_tried_again(
    fault: dict[str, str], words: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError) as caught:
        rig_with(tmp_path, **fault)
    assert "device 'a': driver: driver 'odd'" in str(caught.value)
    assert words in str(caught.value)
    assert "Traceback" not in str(caught.value)


def test_what_it_raises_is_told_as_before(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot be loaded from .*SystemExit: 4"):
        rig_with(tmp_path, "raise SystemExit(4)")


@pytest.mark.parametrize("name", ["simulated-eeg", "replay", "no-such-driver"])
def test_nothing_of_ours_costs_a_process(name: str) -> None:
    assert place_of(name) is None


PACKAGES = {
    "well": "",
    "ends": "os._exit(0)",
    "crashes": "ctypes.string_at(0)",
    "hangs": "threading.Event().wait()",
    "leaves": "raise SystemExit(4)",
    "prints": "print('no driver here\\n' * 10_000); threading.Thread(target=print).start()",
    "starts": "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'input()'])",
}
ASKED = """
    @classmethod
    def unavailable(cls):
        {unavailable}
    @classmethod
    def found(cls):
        {found}
"""


def package(folder: Path, name: str, text: str) -> None:
    """Put a package in a folder of installed ones, with an entry point of its own."""
    about = folder / f"odd_{name}-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: odd-{name}\nVersion: 1\n")
    (about / "entry_points.txt").write_text(f"[unisono.devices]\nodd-{name} = odd_{name}:Driver\n")
    (folder / f"odd_{name}.py").write_text(text)


def listed() -> tuple[dict[str, DriverEntry], dict[str, tuple[Plugged, ...]]]:
    entries, found = inventory.drivers()
    return {entry.name: entry for entry in entries}, found


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{Path(__file__).parents[3]}")
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def test_no_other_packages_driver_ends_or_blocks_the_list(
    installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(foreign_driver, "_LOOK_PATIENCE_S", 12.0)
    for name, on_import in PACKAGES.items():
        package(installed, name, DRIVER.format(on_import=on_import, on_settings="pass"))
    entries, _ = listed()
    assert entries["simulated-eeg"].available
    for name in ("well", "prints", "starts"):
        assert entries[f"odd-{name}"] == DriverEntry(f"odd-{name}", "made in a test", False, True)
    reasons = {name: entries[f"odd-{name}"].reason for name in ("ends", "crashes", "hangs")}
    assert reasons == {
        name: f"driver 'odd-{name}', package odd-{name}: {how}; repair or remove it"
        for name, how in (
            ("ends", "ends the process that loads it (status 0)"),
            ("crashes", "ends the process that loads it (signal 11)"),
            ("hangs", "has not been loaded after 12 s"),
        )
    }
    assert "SystemExit: 4" in entries["odd-leaves"].reason
    assert not {f"odd_{name}" for name in PACKAGES} & set(sys.modules), "none was loaded here"


def test_what_another_packages_driver_answers_is_words(installed: Path) -> None:
    plugged = "return [Plugged(1, '\\x1b[2J' * 2000, 'a = 1\\nb = 2')]"
    text = DRIVER.format(on_import="from devices.base import Plugged", on_settings="pass")
    package(installed, "sees", text + ASKED.format(unavailable="return", found=plugged))
    package(installed, "says", text + ASKED.format(unavailable="return 5", found="1 / 0"))
    package(installed, "falls", text + ASKED.format(unavailable="return", found="1 / 0"))
    entries, found = listed()
    assert entries["odd-says"].reason == "5"
    assert entries["odd-falls"].available
    (one,) = found["odd-sees"]
    assert one.id == "1"
    assert "\x1b" not in one.description
    assert len(one.description) <= 2001
    assert one.snippet == "a = 1\nb = 2"


def test_a_list_of_our_own_costs_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foreign_driver, "carry_out", None)
    entries, _ = inventory.drivers()
    assert [entry.name for entry in entries] == sorted(registry.names())
