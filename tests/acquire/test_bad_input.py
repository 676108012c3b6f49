"""Bad input: one line that names file, key and remedy; exit 2; nothing started, nothing written."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acquire.program import Result, unisono, write_rig

EEG = '[[device]]\nname = "eeg"\ndriver = "simulated-eeg"\n'

# What is in the rig file, and what the one line has to say.
RIGS = {
    "unknown key": ('[rig]\ndata_dri = "x"\n', ["rig.data_dri", "did you mean 'data_dir'"]),
    "unknown table": ("[[devices]]\n", ["devices", "did you mean 'device'"]),
    "wrong type": ("[rig]\ndata_dir = 5\n", ["rig.data_dir", "5"]),
    "wrong choice": ("[rig]\npowerline_hz = 55\n", ["rig.powerline_hz", "50 or 60", "55"]),
    "wrong type in a device": (EEG + 'rate_hz = "fast"\n', ["'eeg'", "rate_hz", "'fast'"]),
    "value out of range": (EEG + "channels = 65\n", ["'eeg'", "channels", "64", "65"]),
    "unknown key in a device": (EEG + "chanels = 4\n", ["'eeg'", "chanels", "mean 'channels'"]),
    "unknown nested key": (
        EEG + "faults = { drift_pm = 80 }\n",
        ["'eeg'", "faults.drift_pm", "did you mean 'drift_ppm'"],
    ),
    "device name used twice": (EEG + EEG, ["'eeg'", "used twice", "rename"]),
    "device names that some disks hold for one": (
        EEG + EEG.replace('"eeg"', '"Eeg"'),
        ["'Eeg'", "used twice", "rename"],
    ),
    "a name of ours": (EEG.replace('"eeg"', '"unisono"'), ["'unisono'", "own streams", "rename"]),
    "name of a device": (
        '[[device]]\nname = "a b"\ndriver = "simulated-eeg"\n',
        ["'a b'", "name"],
    ),
    "unknown driver": (
        '[[device]]\nname = "eeg"\ndriver = "simulated-eg"\n',
        ["'eeg'", "driver", "'simulated-eg'", "simulated-eeg"],
    ),
    "no driver": ('[[device]]\nname = "eeg"\n', ["device.0.driver", "missing", "add"]),
    "codec": (
        '[[device]]\nname = "f"\ndriver = "simulated-camera"\ncodec = "mjpeg"\n',
        ["device.0.codec", "magicyuv", "'mjpeg'"],
    ),
    "unknown key of a gate": (
        '[[device]]\nname = "f"\ndriver = "simulated-camera"\n'
        'gate = { source = "m", start_codes = [1], stop_codes = [2], pre = 1 }\n',
        ["device.0.gate.pre: unknown key; did you mean 'pre_s'?"],
    ),
    "a mistyped key in an array": (
        '[[device]]\nname = "s"\ndriver = "serial-lines"\nport = "x"\nrate_hz = 10\n'
        'columns = [{ lable = "x" }]\n',
        ["'s'", "columns.0.lable: unknown key; did you mean 'label'?"],
    ),
    "one code where there may be several": (
        '[[device]]\nname = "f"\ndriver = "simulated-camera"\n'
        'gate = { source = "m", start_codes = 1, stop_codes = [2] }\n',
        ["device.0.gate.start_codes", "should be an array", "1"],
    ),
    "empty expectation": ("[[expect]]\n", ["expect.0", "give a name"]),
    "unknown key in an expectation": ("[[expect]]\nnam = 'x'\n", ["expect.0.nam", "mean 'name'"]),
    "not TOML": ("[rig\n", ["not TOML", "line 1"]),
    "a number without end": (EEG + "channels = " + "9" * 5000, ["not TOML", "digits"]),
    "brackets without end": ("a = " + "[" * 5000 + "]" * 5000, ["not TOML"]),
    "folder of drivers": ('[rig]\ndriver_dir = "nowhere"\n' + EEG, ["driver_dir", "nowhere"]),
}


def check_refused(result: Result, *words: str) -> None:
    """Assert one line with these words, exit 2."""
    assert result.code == 2, result.stderr
    (line,) = result.stderr.splitlines()
    assert line.startswith("error: ")
    for word in words:
        assert word in line
    assert result.stdout == ""


def record(folder: Path, *arguments: str | Path) -> Result:
    """Record a participant who is named, below `folder`, and assert that nothing was begun."""
    more: list[str | Path] = list(arguments)
    if "--participant" not in more:
        more += ["--participant", "01"]
    if "--data-dir" not in more and "--xdf" not in more:
        more += ["--data-dir", folder / "data"]
    result = unisono("record", *more, folder=folder)
    assert not list(folder.rglob("session.json"))
    return result


@pytest.mark.parametrize("case", RIGS)
def test_a_rig_file_that_is_wrong_is_refused(case: str, tmp_path: Path) -> None:
    text, words = RIGS[case]
    rig = write_rig(tmp_path, text)
    check_refused(record(tmp_path, rig), str(rig), *words)
    assert not (tmp_path / "data").exists()


def test_every_command_that_takes_a_rig_says_the_same(tmp_path: Path) -> None:
    rig = write_rig(tmp_path, RIGS["unknown key"][0])
    lines = [
        unisono(*command, rig, folder=tmp_path).stderr for command in (("rig", "check"), ("run",))
    ]
    assert lines[0] == lines[1]
    assert "did you mean 'data_dir'" in lines[0]


def test_a_missing_rig_file_says_how_to_make_one(tmp_path: Path) -> None:
    check_refused(record(tmp_path, tmp_path / "no.toml"), "no.toml", "unisono rig new")


LABELS = {
    "path": ("--participant", "../../etc", ["participant", "'../../etc'", "pseudonym"]),
    "space": ("--participant", "Jane Doe", ["participant", "'Jane Doe'", "pseudonym"]),
    "empty": ("--participant", "", ["participant", "empty"]),
    "task": ("--task", "a_b", ["task", "'a_b'"]),
    "session": ("--session", "1.5", ["session", "'1.5'"]),
    "study": ("--study", "a/b", ["study", "'a/b'"]),
    "zero seconds": ("--seconds", "0", ["--seconds", "0"]),
    "negative seconds": ("--seconds", "-1", ["--seconds", "-1"]),
    "no number of seconds": ("--seconds", "nan", ["--seconds", "nan"]),
}


@pytest.mark.parametrize("case", LABELS)
def test_an_option_that_is_wrong_is_refused(case: str, tmp_path: Path) -> None:
    option, value, words = LABELS[case]
    rig = write_rig(tmp_path, EEG)
    check_refused(record(tmp_path, rig, option, value), *words)


def test_a_file_where_the_data_folder_should_be_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "data"
    file.write_text("precious")
    rig = write_rig(tmp_path, EEG)
    check_refused(record(tmp_path, rig, "--data-dir", file), str(file), "name another")
    below = file / "below"
    check_refused(record(tmp_path, rig, "--data-dir", below), str(below), "name another")
    assert file.read_text() == "precious"


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk that is mounted read-only."""
    folder = tmp_path / "read-only"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "ro,size=1m", "none", str(folder)]
    if (
        sys.platform != "linux"
        or subprocess.run(mount, check=False, capture_output=True).returncode
    ):
        pytest.skip("cannot mount a read-only disk here (it takes root on Linux)")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_read_only_data_folder_is_refused(read_only: Path, tmp_path: Path) -> None:
    rig = write_rig(tmp_path, EEG)
    for folder in (read_only, read_only / "new"):
        result = record(tmp_path, rig, "--data-dir", folder)
        check_refused(result, str(folder), "Read-only file system", "name another")


def test_an_xdf_file_that_exists_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "a.xdf"
    file.write_bytes(b"precious")
    check_refused(record(tmp_path, "--xdf", file), str(file), "exists", "name another")
    assert file.read_bytes() == b"precious"
    check_refused(record(tmp_path, "--xdf", tmp_path / "no" / "a.xdf"), "no such folder", "make it")


def test_a_rig_and_a_bare_file_exclude_each_other(tmp_path: Path) -> None:
    rig = write_rig(tmp_path, EEG)
    check_refused(record(tmp_path, rig, "--xdf", tmp_path / "a.xdf"), "--xdf", "leave out")


def test_what_is_no_recording_cannot_be_checked(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "no.xdf", write_rig(tmp_path, EEG)):
        check_refused(unisono("check", path, folder=tmp_path), str(path))
