"""What ends a recording: Ctrl-C, SIGTERM, a line that says stop; and what does not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from acquire.cli.exits import INTERRUPTED
from acquire.engine import stop_signals
from acquire.engine.stop_signals import LEFT_AT_ONCE, SAME_S, Stopper
from recordings.manifest import Manifest, State
from recordings.video.reader import VideoReader, count_packets
from tests.acquire.program import (
    Result,
    Unisono,
    alive,
    load,
    module_of,
    posix_only,
    unisono,
    wait_for,
    write_rig,
)

pytestmark = posix_only

RIG = """
[[device]]
name = "eeg"
driver = "simulated-eeg"
channels = 4
rate_hz = 500

[[device]]
name = "face"
driver = "simulated-camera"
width = 320
height = 64
rate_hz = 100
"""


def arguments(folder: Path, *more: str) -> tuple[str | Path, ...]:
    rig = write_rig(folder, RIG)
    return ("record", rig, "--data-dir", folder, "--participant", "01", "--no-report", "--json",
            *more)  # fmt: skip


def check_complete(result: Result, least_s: float) -> None:
    """Assert that everything is closed and counted."""
    manifest = Manifest.load(result.session)
    assert manifest.state is State.COMPLETE
    assert all(f.sha256 for f in manifest.files)
    streams = load(result.session / "recording.xdf")
    for entry in manifest.streams:
        assert streams[entry.name].footer_count == entry.samples
    assert len(streams["eeg"].stamps) > least_s * 500
    (video,) = manifest.videos
    assert video.frames > least_s * 100
    path = result.session / video.file
    assert count_packets(path) == video.frames
    with VideoReader(path) as reader:
        assert reader.frame(video.frames - 1).shape == (64, 320)


def run_for_a_while(program: Unisono, folder: Path) -> None:
    """Wait until it has recorded something."""
    program.wait_for_line()
    file = next(folder.rglob("recording.xdf"))
    wait_for(lambda: file.stat().st_size > 25_000)  # 1 s


@pytest.mark.parametrize("how", ["ctrl-c", "sigterm"])
def test_an_interrupt_ends_with_a_complete_session(how: str, tmp_path: Path) -> None:
    with Unisono(*arguments(tmp_path), folder=tmp_path) as program:
        if how == "sigterm":  # a closed standard input does not stop it, a signal still does
            program.close_stdin()
        run_for_a_while(program, tmp_path)
        assert program.process.poll() is None
        processes = program.tree()
        modules = {module_of(p) for p in processes}
        assert {"acquire.host.device_host", "acquire.camera.encoder_host"} <= modules
        if how == "ctrl-c":
            program.ctrl_c()
        else:
            os.kill(program.process.pid, signal.SIGTERM)
        result = program.wait()
        assert not alive(processes)
    assert result.code == result.json["exit"] == 3
    assert result.stderr.splitlines() == ["recording"]
    check_complete(result, 0.5)


def test_a_line_that_says_stop_ends_it(tmp_path: Path) -> None:
    with Unisono(*arguments(tmp_path), folder=tmp_path) as program:
        program.wait_for_line()
        program.say("go on\nsto")  # not a line yet
        run_for_a_while(program, tmp_path)
        assert program.process.poll() is None
        program.say("p\n")
        result = program.wait()
    assert result.code == 0, result.stderr
    check_complete(result, 0.5)


def test_an_interrupt_while_opening_leaves_nothing(tmp_path: Path) -> None:
    more = ("--streams", "name='never there'", "--wait", "600")
    with Unisono(*arguments(tmp_path, *more), folder=tmp_path) as program:
        wait_for(
            lambda: (
                {"acquire.host.device_host", "acquire.camera.encoder_host"}
                <= {module_of(p) for p in program.tree()}
            )
        )
        processes = program.tree()
        program.ctrl_c()
        result = program.wait()  # not the ten minutes for which it would wait
        assert not alive(processes)
    assert result.code == 3
    assert "Traceback" not in result.stderr
    assert not list(tmp_path.rglob("session.json"))


def test_a_signal_that_comes_while_the_wait_begins_ends_it_every_time() -> None:
    """With a lock in the handler, one in some thousand Ctrl-C hung for ever."""
    program = """
import random, signal
from acquire.engine.stop_signals import Stopper

for number in range(300):
    stopper = Stopper()
    signal.signal(signal.SIGALRM, stopper._on_signal)
    signal.setitimer(signal.ITIMER_REAL, random.uniform(1e-4, 3e-3))
    while not stopper.wait(0.0):
        pass
    assert stopper.stopped and stopper.wait(1e6), number
"""
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, timeout=60, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("seconds", ["nan", "inf", "-1", "0"])
def test_run_refuses_a_time_that_never_comes(seconds: str, tmp_path: Path) -> None:
    result = unisono("run", write_rig(tmp_path, RIG), "--seconds", seconds, folder=tmp_path)
    assert result.code == 2
    assert "give a number above 0" in result.error


def test_a_signal_that_is_passed_on_twice_is_one(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Sent to the group, and once more by the program that started it: nothing was closed."""
    now, left = [100.0], list[int]()
    monkeypatch.setattr(stop_signals, "time", SimpleNamespace(monotonic=lambda: now[0]))
    monkeypatch.setattr(os, "_exit", left.append)
    stopper = Stopper()
    stopper._on_signal(signal.SIGINT, None)
    now[0] += SAME_S / 2
    stopper._on_signal(signal.SIGTERM, None)
    assert stopper.stopped
    assert stopper.interrupted
    assert not left
    now[0] += SAME_S
    stopper._on_signal(signal.SIGINT, None)
    assert left == [LEFT_AT_ONCE]
    assert "left at once" in capfd.readouterr().err


def small_recording(folder: Path, *more: str) -> list[str]:
    """Give the command line of a recording of one stream."""
    rig = write_rig(folder, RIG.rpartition("[[device]]")[0])
    command = [sys.executable, "-c", "from acquire.cli.main import main; main()", "record", rig,
               "--data-dir", folder, "--participant", "01", "--wait", "90", *more]  # fmt: skip
    return list(map(str, command))


def test_who_does_not_listen_any_more_costs_no_recording(tmp_path: Path) -> None:
    """Ctrl-C ends the `tee` behind the pipe as well, and then something is to be told."""
    command = small_recording(tmp_path)
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as program:
        try:
            assert program.stdout
            assert program.stdout.readline() == b"recording\n"
            manifest = next(tmp_path.rglob("session.json"))
            manifest.unlink()
            manifest.mkdir()  # it cannot be written: that is told while the recording is closed
            program.stdout.close()
            program.send_signal(signal.SIGINT)
            assert program.wait(60) == 2
        finally:
            program.kill()
    manifest.rmdir()
    assert load(manifest.parent / "recording.xdf")["eeg"].footer_count > 0


def test_a_terminal_that_is_closed_ends_a_recording_with_its_report(tmp_path: Path) -> None:
    command = small_recording(tmp_path)
    ours, theirs = os.openpty()
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    ) as program:
        try:
            os.close(theirs)
            wait_for(lambda: any(tmp_path.rglob("recording.xdf")), what="a recording")
            file = next(tmp_path.rglob("recording.xdf"))
            wait_for(lambda: file.stat().st_size > 25_000)
            os.close(ours)
            program.send_signal(signal.SIGHUP)  # as the system sends it to a terminal's session
            assert program.wait(60) == 3
        finally:
            program.kill()
    assert Manifest.load(file.parent).state is State.COMPLETE
    assert (file.parent / "report.json").is_file()


def test_what_is_started_with_nohup_outlives_its_terminal(tmp_path: Path) -> None:
    def ignores() -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    with Unisono(*arguments(tmp_path), folder=tmp_path, preexec=ignores) as program:
        run_for_a_while(program, tmp_path)
        program.process.send_signal(signal.SIGHUP)
        file = next(tmp_path.rglob("recording.xdf"))
        size = file.stat().st_size
        wait_for(lambda: file.stat().st_size > size + 25_000, what="the recording to go on")
        result = program.stop()
    assert result.code == 0, result.stderr
    check_complete(result, 1.5)


def test_a_program_without_standard_files_records(tmp_path: Path) -> None:
    command = small_recording(tmp_path, "--seconds", "1")
    closed = ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *command]
    assert subprocess.run(closed, timeout=120, check=False).returncode == 0
    (manifest,) = tmp_path.rglob("session.json")
    assert Manifest.load(manifest.parent).state is State.COMPLETE
    assert load(manifest.parent / "recording.xdf")["eeg"].footer_count > 0


@pytest.mark.parametrize(
    "entry", [("-m", "acquire"), ("-c", "import acquire.cli.main as m; m.main()")]
)
def test_ctrl_c_while_it_still_imports_ends_it_without_a_word(
    tmp_path: Path, entry: tuple[str, str]
) -> None:
    """It was a traceback of whatever was being imported."""
    (tmp_path / "typer.py").write_text(
        "import time\nprint('imports', flush=True)\ntime.sleep(600)\n"
    )
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{Path.cwd()}"}
    with subprocess.Popen(
        [sys.executable, "-P", *entry, "devices"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == "imports\n"
        program.send_signal(signal.SIGINT)
        assert program.communicate(timeout=60) == ("", "")
    assert program.returncode == INTERRUPTED
