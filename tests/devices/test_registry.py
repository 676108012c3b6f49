"""Finding drivers, broken ones included."""

from __future__ import annotations

import pkgutil
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from devices import drivers, registry
from devices.base import Device, DeviceError
from devices.drivers.simulated_eeg import SimulatedEEG
from devices.registry import DriverEntry, entry, find, names

DRIVER = '''
from devices.base import Device, Settings

class {name}(Device):
    """A driver in a folder of the lab's own."""

    Settings = Settings
    summary = "made in a test"

    def __init__(self, settings, clock): ...
    def open(self): return ()
    def read(self): yield None
    def close(self): ...
'''


def write(folder: Path, module: str, text: str) -> None:
    (folder / f"{module}.py").write_text(text)


def test_a_driver_is_found_by_its_file_name() -> None:
    assert find("simulated-eeg") is SimulatedEEG


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("simulatd-eeg", "did you mean simulated-eeg"),
        ("simulated_camera", "did you mean simulated-camera"),
        ("Simulated-Markers", "did you mean simulated-markers"),
        ("zzz", "known are: .*simulated-physio"),
        ("base", "unknown driver 'base'"),
        ("", "unknown driver ''"),
        ("../base", "unknown driver"),
        ("os.path", "unknown driver"),
    ],
)
def test_an_unknown_name_gets_the_near_ones(name: str, near: str) -> None:
    with pytest.raises(DeviceError, match=near):
        find(name)


def listed(folder: Path | None = None) -> dict[str, DriverEntry]:
    return {name: entry(name, folder) for name in names(folder)}


def test_a_look_up_imports_that_one_driver() -> None:
    code = (
        "import sys; from devices.registry import find; find('simulated-markers');"
        "print([m for m in ('devices.drivers.simulated_camera', 'av', 'pylsl', 'acquire') "
        "if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_every_module_among_the_drivers_is_one() -> None:
    modules = {module.name for module in pkgutil.iter_modules(drivers.__path__)}
    assert "simulated_eeg" in modules
    for name in modules:
        assert issubclass(find(name.replace("_", "-")), Device)


def test_the_catalogue_lists_our_own_as_available() -> None:
    entries = listed()
    for name in ("eeg", "physio", "camera", "markers"):
        ours = entries[f"simulated-{name}"]
        assert ours.available
        assert ours.simulated
        assert ours.summary
        assert not ours.reason
    assert not entries["video-file"].simulated


def test_a_folder_of_the_rig_adds_drivers_and_comes_first(tmp_path: Path) -> None:
    write(tmp_path, "our_box", DRIVER.format(name="Box"))
    write(tmp_path, "simulated_eeg", DRIVER.format(name="Other"))
    write(tmp_path, "_helper", "raise RuntimeError('never imported')")
    box = find("our-box", tmp_path)
    assert box.__name__ == "Box"
    assert find("our-box", tmp_path) is box
    assert find("simulated-eeg", tmp_path).__name__ == "Other"
    assert find("simulated-eeg") is SimulatedEEG
    entries = listed(tmp_path)
    assert entries["our-box"].summary == "made in a test"
    assert "-helper" not in entries
    with pytest.raises(DeviceError, match="did you mean our-box"):
        find("our-bix", tmp_path)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("def broken(:", "SyntaxError"),
        ("import no_such_sdk", "ModuleNotFoundError: No module named 'no_such_sdk'"),
        ("1 / 0", "ZeroDivisionError"),
        ("x = 1", "defines 0 concrete Device classes \\(none\\)"),
        (
            DRIVER.format(name="A").replace("Settings = Settings", "Settings = dict"),
            "A.Settings is <class 'dict'>, not a class derived from devices.base.Settings",
        ),
        (DRIVER.format(name="A").replace("read", "raed"), "0 .*A lacks read\\(\\)"),
        (DRIVER.format(name="A") + DRIVER.format(name="B"), r"2 concrete .*\(A, B\)"),
    ],
)
def test_a_broken_driver_is_listed_with_the_reason(text: str, reason: str, tmp_path: Path) -> None:
    write(tmp_path, "broken", text)
    for _ in range(2):
        with pytest.raises(DeviceError, match=reason) as caught:
            find("broken", tmp_path)
        assert "\n" not in str(caught.value)
    broken = listed(tmp_path)["broken"]
    assert not broken.available
    assert broken.reason == str(caught.value)
    assert "broken.py" in broken.reason


def test_a_driver_without_settings_of_its_own_has_a_name_alone(tmp_path: Path) -> None:
    write(tmp_path, "bare", DRIVER.format(name="Bare").replace("    Settings = Settings\n", ""))
    settings = find("bare", tmp_path).Settings
    assert settings(name="x").model_dump() == {"name": "x"}


def test_a_driver_that_cannot_run_says_why(tmp_path: Path) -> None:
    write(
        tmp_path,
        "needs_sdk",
        DRIVER.format(name="Sdk")
        + "    @classmethod\n    def unavailable(cls): return 'no SDK: install it'\n",
    )
    write(
        tmp_path,
        "bad_probe",
        DRIVER.format(name="Bad") + "    @classmethod\n    def unavailable(cls): return 1 / 0\n",
    )
    entries = listed(tmp_path)
    assert entries["needs-sdk"].reason == "no SDK: install it"
    assert not entries["needs-sdk"].available
    assert "ZeroDivisionError" in entries["bad-probe"].reason


def test_a_driver_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match="is not a folder; correct `driver_dir`"):
        names(tmp_path / "gone")


def test_entry_points_are_drivers_too(monkeypatch: pytest.MonkeyPatch) -> None:
    points = [
        EntryPoint("good", "devices.drivers.simulated_eeg:SimulatedEEG", registry.GROUP),
        EntryPoint("gone", "no_such_package.driver:Driver", registry.GROUP),
        EntryPoint("odd", "devices.drivers.simulated_eeg:CAP", registry.GROUP),
    ]
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: points)
    assert find("good") is SimulatedEEG
    with pytest.raises(DeviceError, match=r"'gone' cannot be loaded.*No module named"):
        find("gone")
    with pytest.raises(DeviceError, match="not a class derived from"):
        find("odd")
    found = listed()
    assert not found["good"].reason
    assert "no_such_package" in found["gone"].reason
