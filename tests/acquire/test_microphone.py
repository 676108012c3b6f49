"""A real sound system: a click that is played is in the file where its stamp says."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from recordings.arrays import F64Array
from recordings.manifest import Manifest
from recordings.read.session import open_session
from tests.acquire.program import Unisono, unique, wait_for, write_rig

PLAYER = """
import json, sys
import sounddevice as sd
from pylsl import local_clock

RATE, EVERY = 48000, 24000
done, ahead, broken = 0, float("inf"), False

def play(out, frames, time, flags):
    global done, ahead, broken
    # How PortAudio's clock and LSL's lie: whatever held this thread up makes it too much.
    ahead = min(ahead, local_clock() - time.currentTime)
    broken = broken or (done > RATE and flags.output_underflow)
    out[:] = 0
    first = -done % EVERY
    if first < frames and done > RATE:
        out[first:first + 3] = 0.9
        print(json.dumps([time.outputBufferDacTime + first / RATE, ahead, broken]), flush=True)
    done += frames

with sd.OutputStream(samplerate=RATE, blocksize=1024, channels=1, latency=0.2, callback=play):
    sys.stdin.readline()
"""
CLICKS = 8
ENOUGH = 3
ROUNDS = 4
ERROR_S = 1e-3
EVERY_S = 0.5


def has_lines(file: Path, count: int) -> bool:
    return file.read_text().count("\n") >= count


def _lacking() -> str:
    if sys.platform != "linux" or shutil.which("pulseaudio") is None:
        return "pulseaudio is not installed: no sound system to play into"
    try:
        import sounddevice  # noqa: F401
    except (ImportError, OSError) as error:
        return f"sounddevice cannot be used: {error}"
    return ""


LACKING = _lacking()


@pytest.fixture
def null_sink(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Run a PulseAudio of its own, with a sink that is heard by nothing but its monitor."""
    socket = tmp_path / "pulse.sock"
    home = {"PULSE_RUNTIME_PATH": str(tmp_path), "PULSE_STATE_PATH": str(tmp_path)}
    command = [
        "pulseaudio",
        "-n",
        "--daemonize=no",
        "--use-pid-file=no",
        "--exit-idle-time=-1",
        "-L",
        "module-null-sink rate=48000",
        "-L",
        f"module-native-protocol-unix socket={socket} auth-anonymous=1",
    ]
    with subprocess.Popen(
        command,
        env=os.environ | home,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as server:
        try:
            wait_for(lambda: socket.exists() or server.poll() is not None, what="PulseAudio")
            assert server.poll() is None
            yield os.environ | home | {"PULSE_SERVER": f"unix:{socket}"}
        finally:
            server.terminate()


@contextlib.contextmanager
def playing(environment: dict[str, str], said: Path) -> Iterator[None]:
    with (
        said.open("w") as out,
        subprocess.Popen(
            [sys.executable, "-c", PLAYER], env=environment, stdin=subprocess.PIPE, stdout=out
        ) as player,
    ):
        try:
            yield
        finally:
            player.communicate(b"\n")


@pytest.mark.skipif(bool(LACKING), reason=LACKING)
def test_a_click_is_found_where_it_was_played(
    null_sink: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A busy computer puts the sound system out of step now and then: one round is to be good.

    A round that is not has to show that it was not: the player ran dry, or the clicks, which are
    played evenly, are not even in the file.
    """
    monkeypatch.setenv("PULSE_SERVER", null_sink["PULSE_SERVER"])
    voice = unique("voice")
    rig = write_rig(tmp_path, f'[[device]]\nname = "{voice}"\ndriver = "microphone"\n')
    arguments = ("record", rig, "--data-dir", tmp_path / "data", "--json", "--participant", "01")
    said = [tmp_path / f"said-{number}" for number in range(ROUNDS)]
    with Unisono(*arguments, folder=tmp_path) as program:
        program.wait_for_line()
        for file in said:
            with playing(null_sink, file):
                wait_for(partial(has_lines, file, CLICKS), what="clicks")
        result = program.stop()
    assert result.code in (0, 1), result.stderr
    (entry,) = Manifest.load(result.session).sounds
    assert entry.frames > 200
    with open_session(result.session) as session:
        onsets = session.sounds[f"{voice}-sound"].onsets()
    rounds = [Round(file, onsets) for file in said]
    if any(one.is_exact for one in rounds):
        return
    assert all(one.is_out_of_step for one in rounds), [one.errors for one in rounds]
    pytest.skip("this computer was too busy for its sound system in every round")


class Round:
    """Some clicks, as they were played and as they are in the file."""

    def __init__(self, said: Path, onsets: F64Array) -> None:
        rows = [json.loads(line) for line in said.read_text().splitlines()]
        played = np.array([row[0] for row in rows]) + min(row[1] for row in rows)
        self.found = onsets[np.abs(onsets[:, None] - played).argmin(axis=0)]
        self.errors = self.found - played
        self.ran_dry = any(row[2] for row in rows)

    @property
    def is_exact(self) -> bool:
        """Whether most of the clicks, and no fewer than some, are where they were played."""
        right = int(np.sum(np.abs(self.errors) < ERROR_S))
        return right >= max(ENOUGH, len(self.errors) / 2)

    @property
    def is_out_of_step(self) -> bool:
        """Whether the sound system itself was disturbed."""
        uneven = np.abs(np.diff(self.found) - EVERY_S) > ERROR_S / 2
        return self.ran_dry or bool(uneven.any())
