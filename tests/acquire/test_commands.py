"""The other commands, as scripts use them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.acquire.program import Result, Unisono, posix_only, unique, unisono, wait_for, write_rig
from tests.acquire.sources import Source, Sources
from tests.recordings.simulated_session import Plan, make_session

COMMANDS = (
    (),
    ("demo",),
    ("record",),
    ("run",),
    ("streams",),
    ("devices",),
    ("rig",),
    ("rig", "new"),
    ("rig", "check"),
    ("check",),
    ("import",),
    ("coding",),
    ("coding", "agreement"),
    ("coding", "import"),
    ("coding", "export"),
    ("coding", "turns"),
)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_help(command: tuple[str, ...], tmp_path: Path) -> None:
    result = unisono(*command, "--help", folder=tmp_path)
    assert result.code == 0
    assert "Usage:" in result.stdout
    assert "--help" in result.stdout
    assert result.stderr == ""


def test_the_record_commands_options_are_those_scripts_rely_on(tmp_path: Path) -> None:
    text = unisono("record", "--help", folder=tmp_path).stdout
    for option in (
        "--streams PREDICATE", "--seconds", "--study", "--participant", "--session", "--task",
        "--data-dir", "--wait", "--allow-missing", "--no-report", "--json", "--xdf FILE",
    ):  # fmt: skip
        assert option in text


def seen(result: Result) -> dict[str, dict[str, Any]]:
    assert result.code == 0, result.stderr
    return {s["name"]: s for s in json.loads(result.stdout.splitlines()[-1])}


def test_streams_lists_what_is_on_the_network(tmp_path: Path) -> None:
    name = unique("seen")
    with Sources(
        Source(name, type="Gaze", channels=3, rate_hz=250),
        Source(f"{name}-markers", type="Markers", channels=1, rate_hz=0, format="string"),
    ):
        found = seen(unisono("streams", "--json", "--wait", "2.5", folder=tmp_path))
        table = unisono("streams", folder=tmp_path).stdout
    gaze = found[name]
    assert (gaze["type"], gaze["channels"], gaze["rate_hz"]) == ("Gaze", 3, 250.0)
    assert (gaze["dtype"], gaze["source_id"]) == ("float32", name)
    assert gaze["measured_hz"] == pytest.approx(250, rel=0.02)
    assert gaze["hostname"]
    assert found[f"{name}-markers"]["measured_hz"] is None
    assert name in table
    assert "irregular" in table


def test_devices_lists_the_drivers(tmp_path: Path) -> None:
    found = {d["name"]: d for d in json.loads(unisono("devices", "--json", folder=tmp_path).stdout)}
    for name in ("simulated-eeg", "simulated-camera", "replay", "video-file"):
        assert found[name]["available"]
        assert found[name]["summary"]
    assert all(d["reason"] for d in found.values() if not d["available"])
    assert "simulated-eeg" in unisono("devices", folder=tmp_path).stdout


def test_a_new_rig_file_is_good_and_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "lab.toml"
    made = unisono("rig", "new", path, folder=tmp_path)
    assert (made.code, made.stderr) == (0, "")
    good = unisono("rig", "check", path, folder=tmp_path)
    assert good.code == 0
    assert "good" in good.stdout
    assert "eeg (simulated-eeg)" in good.stdout
    text = path.read_text()
    again = unisono("rig", "new", path, folder=tmp_path)
    assert again.code == 2
    assert "exists already" in again.error
    assert path.read_text() == text


RIG = """
[[device]]
name = "{name}"
driver = "simulated-eeg"
channels = 4

[[device]]
name = "{name}-face"
driver = "simulated-camera"
width = 320
height = 64
rate_hz = 50
"""


def test_run_makes_streams_visible_and_stores_nothing(tmp_path: Path) -> None:
    name = unique("run")
    rig = write_rig(tmp_path, RIG.format(name=name))
    with Unisono("run", rig, folder=tmp_path) as program:
        program.wait_for_line("running")
        found = seen(unisono("streams", "--json", folder=tmp_path))
        assert found[name]["measured_hz"] == pytest.approx(1000, rel=0.02)
        assert found[f"{name}-face"]["type"] == "VideoFrames"
        assert "unisono-events" not in found
        assert program.stop().code == 0
    assert not [p for p in tmp_path.rglob("*") if p.suffix in (".nut", ".xdf", ".json")]


def test_run_ends_after_its_time(tmp_path: Path) -> None:
    rig = write_rig(tmp_path, RIG.format(name=unique("run")))
    with Unisono("run", rig, "--seconds", "1", folder=tmp_path) as program:
        program.wait_for_line("running")
        assert program.wait().code == 0


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Result:
    folder = tmp_path_factory.mktemp("demo")
    return unisono("demo", "--seconds", "5", "--data-dir", folder, "--json", folder=folder)


def test_the_demo_writes_a_session_and_its_report(demo: Result) -> None:
    assert demo.code == demo.json["exit"] == 0, demo.stderr
    assert demo.stderr.splitlines() == [
        "protocol demo: 6 trials, about 1 min 24 s with a person",
        "recording",
    ]
    assert demo.json["verdict"] in ("PASS", "WARN")
    names = {path.name for path in demo.session.iterdir()}
    assert names == {
        "session.json", "recording.xdf", "face.nut", "truth.tsv", "report.html", "report.json",
        "protocol.json",
    }  # fmt: skip
    report = json.loads((demo.session / "report.json").read_text())
    assert report["verdict"] == demo.json["verdict"]


def test_a_session_and_an_xdf_file_can_be_checked(demo: Result, tmp_path: Path) -> None:
    codes = {"PASS": 0, "WARN": 1, "FAIL": 2}
    for path in (demo.session, demo.session / "recording.xdf"):
        result = unisono("check", path, "--json", folder=tmp_path)
        report = result.json
        assert {"verdict", "streams", "pairs", "cameras", "findings"} <= set(report)
        assert result.code == codes[report["verdict"]] < 2, report["findings"]
        assert {s["name"] for s in report["streams"]} >= {"eeg", "physio", "face", "protocol"}
    text = unisono("check", demo.session, folder=tmp_path)
    assert "face – eeg" in text.stdout or "eeg – face" in text.stdout


def test_a_damaged_session_fails_its_check(demo: Result, tmp_path: Path) -> None:
    copy = tmp_path / demo.session.name
    copy.mkdir()
    for path in demo.session.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    xdf = (copy / "recording.xdf").read_bytes()
    (copy / "recording.xdf").write_bytes(xdf[: len(xdf) // 2])
    result = unisono("check", copy, "--json", folder=tmp_path)
    assert result.code == 2
    assert result.json["verdict"] == "FAIL"


def test_the_version_is_told(tmp_path: Path) -> None:
    from acquire import __version__

    assert unisono("--version", folder=tmp_path).stdout.startswith(f"unisono {__version__} (")


def test_the_check_says_of_what_it_speaks(tmp_path: Path) -> None:
    session = make_session(tmp_path, Plan(seconds=3.0, lost_frames=(80, 81), unwritten_frames=2))
    told = unisono("check", session, "--json", folder=tmp_path).json["findings"]
    printed = unisono("check", session, folder=tmp_path).stdout
    named = [f for f in told if f["level"] != "info"]
    assert named
    for finding in named:
        subject = finding["subject"]
        assert f"{finding['level']}: {subject}" in printed.replace("\n", " "), finding


def test_a_new_driver_runs_at_once(tmp_path: Path) -> None:
    made = unisono("device", "new", "my-sensor", folder=tmp_path, cwd=tmp_path)
    assert made.code == 0, made.stderr
    rig = tmp_path / "rig.toml"
    rig.write_text(made.stdout[made.stdout.index("[rig]") :])
    test = tmp_path / "drivers" / "_test_my_sensor.py"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", test],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    good = unisono("rig", "check", rig, folder=tmp_path)
    assert "my-sensor (my-sensor)" in good.stdout, good.stderr
    again = unisono("device", "new", "my-sensor", folder=tmp_path, cwd=tmp_path)
    assert (again.code, "exists already" in again.error) == (2, True)
    wrong = unisono("device", "new", "../evil", folder=tmp_path, cwd=tmp_path)
    assert (wrong.code, "cannot name a driver" in wrong.error) == (2, True)


def test_a_new_driver_may_lie_in_a_folder_of_any_name(tmp_path: Path) -> None:
    made = unisono(
        "device", "new", "my-sensor", "--to", '驱动 "own"', folder=tmp_path, cwd=tmp_path
    )
    rig = tmp_path / "rig.toml"
    rig.write_text(made.stdout[made.stdout.index("[rig]") :], encoding="utf-8")
    good = unisono("rig", "check", rig, folder=tmp_path)
    assert "my-sensor (my-sensor)" in good.stdout, good.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("gui", "--attach", "nonsense"), "--attach nonsense: is http:// or https://"),
        (("rig", "new", "nowhere/rig.toml"), "its folder is not there; make it first"),
        (("doctor", "--report", "nowhere/r.zip"), "its folder is not there; make it first"),
        (("coding", "turns", ".", "anna"), "coding.toml: is not there; write it"),
        (("daemon", "rig.toml", "--port", "99999"), "less than or equal to 65535"),
        (("node", "--data-dir", ".", "--port", "-1"), "greater than or equal to 0"),
    ],
)
def test_what_is_wrong_is_said_with_its_remedy(
    words: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    done = unisono(*words, folder=tmp_path, cwd=tmp_path)
    assert (done.code, done.stdout) == (2, "")
    assert said in done.error


@posix_only
def test_a_tilde_that_the_shell_has_left_is_the_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder called ~ was made where the command was given."""
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert unisono("rig", "new", "~/rig.toml", folder=tmp_path, cwd=tmp_path).code == 0
    made = unisono("device", "new", "my-sensor", "--to=~/drivers", folder=tmp_path, cwd=tmp_path)
    assert made.code == 0, made.stderr
    assert {path.name for path in (tmp_path / "home").iterdir()} >= {"rig.toml", "drivers"}
    assert not (tmp_path / "~").exists()


def test_ctrl_c_is_an_interruption_in_every_command(tmp_path: Path) -> None:
    """Typer's own 130 was in the way of it wherever nothing is recorded."""
    with Unisono("streams", "--wait", "100", folder=tmp_path) as program:
        wait_for(lambda: resolves(program.process.pid), what="its first stream")
        program.ctrl_c()
        done = program.wait()
    assert (done.code, done.stdout) == (3, "")


def resolves(pid: int) -> bool:
    """Whether a process has opened sockets, as LSL does to look for streams."""
    return bool(psutil.Process(pid).net_connections("udp"))


def test_a_folder_of_which_nothing_is_on_nodes_says_so(tmp_path: Path) -> None:
    done = unisono("collect", tmp_path, folder=tmp_path)
    assert (done.code, done.stdout) == (0, f"{tmp_path}: nothing is pending\n")


NOBODY = """
import pwd

def getpwuid(number):
    raise KeyError(number)

pwd.getpwuid = getpwuid
from acquire.cli.main import main

main()
"""


@posix_only
@pytest.mark.parametrize("words", [("ctl", "status"), ("record", "--seconds", "1"), ("nodes",)])
def test_without_a_home_directory_the_variable_is_named(words: tuple[str, ...]) -> None:
    """As with `docker run --user`, and a service without HOME."""
    bare = {
        name: value for name, value in os.environ.items() if not name.startswith(("HOME", "XDG"))
    }
    done = subprocess.run(
        [sys.executable, "-c", NOBODY, *words],
        env=bare,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: this user has no home directory; set the variable HOME\n"


def test_a_sign_that_a_terminal_lacks_costs_no_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Windows terminal has a code page, in which `●` may not be."""
    monkeypatch.setenv("PYTHONIOENCODING", "ascii:strict")
    done = unisono("devices", folder=tmp_path)
    assert done.code == 0, done.stderr
    assert "simulated-eeg" in done.stdout
    assert "?" in done.stdout
